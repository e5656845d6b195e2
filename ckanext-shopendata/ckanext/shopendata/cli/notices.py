"""``ckan shopendata notices``: the notifier's process."""

from __future__ import annotations

import time

import click
from ckan import model

from ckanext.shopendata import maintenance
from ckanext.shopendata.notices import deliver
from ckanext.shopendata.notices.forget import forget
from ckanext.shopendata.notices.remind import remind as look
from ckanext.shopendata.publish import outbox

__all__ = ["notices"]

#: Seconds between two looks at an empty outbox, and between two looks for time limits.
PAUSE, LOOK = 1.0, 600.0


@click.group(short_help="Send notices, remind of time limits.")
def notices() -> None:
    """Send notices, remind of time limits."""


@notices.command()
@click.option("--until-empty", is_flag=True, help="Look for time limits once and stop when nothing is due.")
@click.pass_context
def work(ctx: click.Context, until_empty: bool) -> None:
    """Sends notices that are due, again and again, and writes reminders.

    An error of a notice is written to its task, and it is tried again later; an error of the database ends the process,
    and its supervisor starts it anew.
    """
    looked = None
    while True:
        # A context of its own for each round: a language or a plugin's cache must not outlive it.
        with ctx.meta["flask_app"].test_request_context():
            if (looked is None or time.monotonic() - looked > LOOK) and not maintenance.pauses():
                look()
                forget()
                looked = time.monotonic()
            taken = deliver.work()
            model.Session.remove()
        if not taken:
            if until_empty:
                return
            time.sleep(PAUSE)


@notices.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Says how many tasks wait, by kind."""
    with ctx.meta["flask_app"].test_request_context():
        for kind in deliver.HANDLERS:
            click.echo(f"{kind:10} {outbox.waiting([kind])}")
