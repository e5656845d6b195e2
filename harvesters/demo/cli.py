"""``ckan shopendata demo``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import demonstration
from ckanext.shopendata.model import Agency as AgencyRow
from ckanext.shopendata.model import Dataset, Resource

from ..sandbox.sample import Sample
from . import applications, scenes
from .stage import Stage

__all__ = ["demo"]

SOURCE = "sharing-platform-demo"
#: Decided for the second version of the first agency's list.
HELD_BACK = "道路运输从业资格考点"


@click.group(short_help="The demonstration.")
def demo() -> None:
    """The demonstration: the sample, lived through by the people who would."""


@demo.command()
@click.option("--platform", required=True, help="Address of the demonstration's sharing platform.")
@click.option("--app-id", default="shopendata", show_default=True, help="Our name there.")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Where accounts and keys are written.")
@click.pass_context
def load(ctx: click.Context, platform: str, app_id: str, output: Path) -> None:
    """Fills an empty portal. The publisher must be running: it does its part in its own process."""
    with ctx.meta["flask_app"].test_request_context():
        if model.Session.scalar(sa.select(sa.func.count()).select_from(AgencyRow)):
            raise click.ClickException("this portal has agencies already; the demonstration fills empty ones only")
        demonstration.mark()
        stage, sample = Stage(), Sample()
        with stage.days_ago(120):
            agencies = scenes.make_people(stage, sample)
        click.echo(f"  {len(stage.people)} people, {len(agencies)} agencies")
        source_id = _source(platform, app_id)
        # Today: to a synchronisation in the past, yesterday's data would come from the future.
        counters = scenes.take_over(stage, agencies, source_id)
        click.echo(f"  catalogue: {json.dumps(counters, ensure_ascii=False)}")
        with stage.days_ago(80):
            for agency in agencies:
                scenes.decide(stage, agency, (HELD_BACK,))
        stage.published()  # the rows that the platform delivers
        with stage.days_ago(70):
            for agency in agencies:
                scenes.list_and_publish(stage, agency)
        stage.published()
        click.echo("  first lists published")
        first = applications.grant(stage, agencies)
        with stage.days_ago(20):
            scenes.second_versions(stage, agencies, HELD_BACK)
        stage.published()
        told = applications.apply(stage, agencies, first)
        click.echo(f"  {len(told['applications'])} applications, one key")
        _write(output, _report(stage, told))


def _source(platform: str, app_id: str) -> str:
    settings = {
        "mapping": "sandbox", "secret": "SHOPENDATA_SOURCE_SANDBOX", "app_id": app_id, "allow_private": True,
    }  # fmt: skip
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    made = tk.get_action("harvest_source_create")(
        {"user": user, "ignore_auth": True},
        {
            "name": SOURCE,
            "title": "共享交换平台（演示）",
            "url": platform,
            "owner_org": "data-centre",
            "source_type": "shopendata_sharing_platform",
            "frequency": "MANUAL",
            "config": json.dumps(settings),
        },
    )
    return made["id"]


def _report(stage: Stage, told: dict[str, Any]) -> dict[str, Any]:
    """What scripts and tests need: accounts by name, one dataset of each tier, the key."""
    accounts = {
        person.name: {"title": person.title, "roles": person.roles, "password": person.password}
        | ({"totp": person.totp} if person.totp else {})
        for person in stage.people.values()
    }
    for name in ("wangmin", "linxiao"):
        made = tk.get_action("api_token_create")({"user": name}, {"user": name, "name": "demo"})
        accounts[name]["token"] = made["token"]
    return {
        "notice": "演示数据 · 非官方",
        "portal": tk.config["ckan.site_url"],
        "accounts": accounts,
        "datasets": {tier: _example(tier) for tier in ("unconditional", "conditional", "closed", "undecided")},
        "key": {
            "text": told["key"],
            "dataset": told["grant"]["dataset"]["name"],
            "resource": told["grant"]["resources"][0],
        },
        "applications": told["applications"],
    }


def _example(tier: str) -> dict[str, str]:
    rows = sa.select(Dataset, Resource).join(Resource, Resource.dataset_id == Dataset.id, isouter=True)
    rows = rows.where(Dataset.tier == tier).order_by(Resource.loaded_at.is_(None), Dataset.name).limit(1)
    dataset, resource = model.Session.execute(rows).one()
    found = {"id": dataset.id, "entry": dataset.entry_id, "name": dataset.name, "title": dataset.title}
    return found | ({"resource": resource.id} if resource else {})


def _write(output: Path, report: dict[str, Any]) -> None:
    """It holds passwords: nobody but its owner may read it, from its first byte on."""
    draft = output.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    draft.rename(output)
