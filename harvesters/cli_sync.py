"""``ckan shopendata harvest work | sync | report | providers | source create``."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
import click
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import Entry, HarvestRecord, HarvestRun

from . import cleaning, configuration, mapping, planning, report, runs, synchronise, worker
from .connectors import TYPES, Unreadable, connect
from .rules import names, rules

__all__ = ["COMMANDS"]


@click.command()
@click.option("--once", is_flag=True, help="Do what is planned now, then stop.")
def work(once: bool) -> None:
    """Runs planned synchronisations."""
    if not once:
        worker.work()
    while worker.one_round():
        pass


@click.command()
@click.argument("source")
@click.option("--dry-run", is_flag=True, help="Compare and show, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--limit", default=100, show_default=True, help="Most records to show of a dry run.")
def sync(source: str, dry_run: bool, as_json: bool, limit: int) -> None:
    """Synchronises with SOURCE (name or identifier), here and now."""
    key = _source(source).id
    if dry_run:
        try:
            found = synchronise.compare(key)
        except Unreadable as error:
            raise click.ClickException(str(error)) from None
        values = found.counters | planning.tally(found.steps)
        _show(found.refusal, "dry", values, report.changes(found.steps, limit), as_json=as_json)
        failed = bool(found.refusal)
    else:
        held = runs.begin(key)
        if held is None:
            raise click.ClickException("another run of this source is under way")
        summary = synchronise.run(held)
        _show(summary.error, summary.state, summary.counters | {"run": held.run_id}, [], as_json=as_json)
        failed = summary.state == "failed"
    if failed:
        raise click.exceptions.Exit(1)


@click.command("report")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(run: str, as_json: bool) -> None:
    """Shows what RUN counted, and the records it could not take over as they stand now."""
    row = model.Session.get(HarvestRun, run)
    if row is None:
        raise click.ClickException("there is no such run")
    record = HarvestRecord.__table__
    rows = model.Session.execute(
        sa.select(record, Entry.title)
        .outerjoin(Entry, Entry.id == record.c.entry_id)
        .where(record.c.source_id == row.source_id, record.c.reason != "")
        .order_by(record.c.reason, record.c.guid)
    ).mappings()
    faulty = [
        {
            "kind": found["outcome"],
            "guid": found["guid"],
            "title": found["title"] or "",
            "reason": found["reason"],
            "changes": [{"field": found["field"], "before": None, "after": found["value"]}],
        }
        for found in rows
    ]
    _show(row.error, row.state, dict(row.counters), faulty, as_json=as_json)


@click.command()
@click.argument("source")
def providers(source: str) -> None:
    """Lists who provides the records of SOURCE: name, credit code, number of records."""
    harvest_source = _source(source)
    settings = configuration.read(harvest_source.config)
    chosen = rules(settings.mapping)
    found: dict[tuple[str, str], int] = {}
    try:
        for raw in connect(harvest_source.type, harvest_source.url, settings).records():
            names_of = (mapping.value_at(raw, path) if path else "" for path in (chosen.provider, chosen.provider_code))
            try:
                name, code = map(cleaning.clean, names_of)
            except cleaning.Malformed:
                continue
            found[name, code] = found.get((name, code), 0) + 1
    except Unreadable as error:
        raise click.ClickException(str(error)) from None
    for (name, code), number in sorted(found.items()):
        click.echo(f"{name}\t{code}\t{number}")


@click.group()
def source() -> None:
    """Harvest sources."""


@source.command()
@click.argument("name")
@click.option("--type", "type_", required=True, type=click.Choice([key.removeprefix("shopendata_") for key in TYPES]))
@click.option("--url", required=True, help="Address of the platform, or path of the file.")
@click.option("--mapping", "mapping_name", required=True, type=click.Choice(names()))
@click.option("--organization", required=True, help="To whom it belongs: the data centre's organization.")
@click.option("--title", default="", help="Name on pages.")
@click.option("--secret", default="", help="Environment variable that holds the secret (SHOPENDATA_SOURCE_...).")
@click.option("--app-id", default="", help="Name of this application at the platform.")
@click.option("--allow-private", is_flag=True, help="The platform has a private address.")
@click.option(
    "--frequency", default="MANUAL", type=click.Choice(["MANUAL", "MONTHLY", "WEEKLY", "BIWEEKLY", "DAILY", "ALWAYS"])
)
def create(name: str, type_: str, url: str, mapping_name: str, title: str, **options: Any) -> None:
    """Creates the source NAME, unless there is one already, and prints its identifier."""
    standing = model.Package.get(name)
    if standing is not None:
        click.echo(standing.id)
        return
    settings = {"mapping": mapping_name, "secret": options["secret"], "app_id": options["app_id"]}
    settings["allow_private"] = options["allow_private"]
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    context: Any = {"user": user["name"], "ignore_auth": True}
    data = {
        "name": name,
        "title": title or name,
        "url": url,
        "owner_org": options["organization"],
        "source_type": f"shopendata_{type_}",
        "frequency": options["frequency"],
        "config": json.dumps(settings),
    }
    try:
        made = tk.get_action("harvest_source_create")(context, data)
    except tk.ValidationError as error:
        raise click.ClickException(json.dumps(error.error_dict, ensure_ascii=False)) from None
    click.echo(made["id"])


def _source(name: str) -> Any:
    try:
        return synchronise.find(name)
    except KeyError:
        raise click.ClickException("there is no such source") from None


def _show(error: str, state: str, values: dict[str, Any], found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        answer = {"state": state, "error": error, "counters": values, "records": found}
        click.echo(json.dumps(answer, ensure_ascii=False, default=str))
        return
    click.echo(f"{state} {error}".strip())
    for line in report.lines(values, found):
        click.echo(line)


COMMANDS: tuple[click.Command, ...] = (work, sync, show, providers, source)
