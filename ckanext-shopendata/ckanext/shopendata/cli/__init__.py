"""``ckan shopendata ...``: the operator's commands. Other plugins of the distribution add their groups to it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Any

import ckan.plugins.toolkit as tk
import click

from ckanext.shopendata import installation
from ckanext.shopendata.cli.audit import audit
from ckanext.shopendata.cli.backup import backup
from ckanext.shopendata.cli.maintenance import maintenance
from ckanext.shopendata.cli.notices import notices
from ckanext.shopendata.cli.people import check_setpass, people
from ckanext.shopendata.cli.publish import publish
from ckanext.shopendata.doctor import examine
from ckanext.shopendata.maintenance import UnderMaintenance
from ckanext.shopendata.telemetry import logs

__all__ = ["check_setpass", "shopendata"]


class _Commands(click.Group):
    """Says in one line why nothing was changed while the portal is read-only."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UnderMaintenance as standing:
            raise click.ClickException(str(standing)) from None


@click.group(cls=_Commands, short_help="ShopenData: the open data portal.")
def shopendata() -> None:
    """ShopenData: the open data portal."""
    if not sys.stderr.isatty():  # a process of the supervisor's, or a job: whoever reads it reads lines
        logs.tell_crashes()


@shopendata.command()
@click.option("--admin", required=True, help="Name of the first administrator's account.")
def prepare(admin: str) -> None:
    """Compiles bundles and translations and makes the first account.

    The account's password is taken from SHOPENDATA_ADMIN_PASSWORD; an existing account is left as it is.
    """
    installation.build_front_end()
    if installation.ensure_admin(admin, os.environ["SHOPENDATA_ADMIN_PASSWORD"]):
        click.echo(f"account {admin} made")


@shopendata.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--quiet", is_flag=True, help="Print only what is wrong.")
@click.option("--known", multiple=True, metavar="CODE", help="A finding that is known here and does not count.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, quiet: bool, known: tuple[str, ...]) -> None:
    """Looks this installation over; ends with an error when something is dangerous or broken."""
    with ctx.meta["flask_app"].app_context():
        findings = list(examine(tk.config))
    wrong = [finding for finding in findings if not finding.ok and finding.code not in known]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in wrong if quiet else findings:
            click.secho(f"{'✓' if finding.ok else '✗'} {finding.code}", fg="green" if finding.ok else "red")
            if not finding.ok:
                click.echo(f"    {finding.wrong}" + (f" ({finding.detail})" if finding.detail else ""))
                click.echo(f"    → {finding.remedy}")
        click.echo(f"{len(findings)} checks, {len(wrong)} wrong")
    if wrong:
        raise click.exceptions.Exit(1)


shopendata.add_command(audit)
shopendata.add_command(maintenance)
shopendata.add_command(backup)
shopendata.add_command(notices)
shopendata.add_command(people)
shopendata.add_command(publish)
