"""``ckan shopendata maintenance``: read-only for a while."""

from __future__ import annotations

import datetime as dt

import click
import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata import maintenance as switch
from ckanext.shopendata.logic.action.people import CONSOLE
from ckanext.shopendata.model import HarvestRun
from ckanext.shopendata.publish import outbox

__all__ = ["maintenance"]


@click.group(short_help="Make the portal read-only for a while.")
def maintenance() -> None:
    """Make the portal read-only for a while: everything can be read, nothing changed; workers take up nothing new."""


@maintenance.command()
@click.option("--reason-zh", default="", help="Why, in Chinese: shown on every page.")
@click.option("--reason-en", default="", help="Why, in English.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]),
    help="When it will probably be over, in China's time: 2026-11-22 18:00. It ends only by `off`.",
)
@click.pass_context
def on(ctx: click.Context, reason_zh: str, reason_en: str, until: dt.datetime | None) -> None:
    """Switches it on, or changes its words. When the command returns, no change of a person is under way any more."""
    term = until.replace(tzinfo=clock.ZONE) if until else None
    if term and term <= clock.now():
        raise click.BadParameter("lies in the past", param_hint="--until")
    with ctx.meta["flask_app"].test_request_context():
        try:
            switch.begin(CONSOLE, reason_zh, reason_en, term)
        except TimeoutError as error:
            raise click.ClickException(f"{error}; nothing has been switched, try again") from None
        _say()


@maintenance.command()
@click.pass_context
def off(ctx: click.Context) -> None:
    """Switches it off."""
    with ctx.meta["flask_app"].test_request_context():
        if not switch.end(CONSOLE):
            click.echo("it was off already")
        _say()


@maintenance.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Says whether it is on, and what workers still have in hand."""
    with ctx.meta["flask_app"].test_request_context():
        _say()


def _say() -> None:
    standing = switch.standing()
    if standing is None:
        click.echo("maintenance: off")
        return
    click.echo(f"maintenance: on since {standing.since or 'nobody knows when'}, until {standing.until or '(not said)'}")
    for language, reason in (("zh", standing.reason_zh), ("en", standing.reason_en)):
        click.echo(f"  {language}  {reason or '(no reason given)'}")
    running = sa.select(sa.func.count()).where(
        HarvestRun.state == "running", HarvestRun.leased_until > sa.func.clock_timestamp()
    )
    click.echo(f"still in hand: {outbox.in_hand()} tasks, {model.Session.scalar(running)} synchronisations")
