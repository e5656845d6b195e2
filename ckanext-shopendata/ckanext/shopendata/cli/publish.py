"""``ckan shopendata publish``: the publisher's process."""

from __future__ import annotations

import time

import click
from ckan import model

from ckanext.shopendata.publish import outbox, publisher

__all__ = ["publish"]

#: Seconds between two looks at an empty outbox.
PAUSE = 0.5


@click.group(short_help="Publish decided datasets.")
def publish() -> None:
    """Publish decided datasets."""


@publish.command()
@click.option("--until-empty", is_flag=True, help="Stop when nothing is due.")
@click.pass_context
def work(ctx: click.Context, until_empty: bool) -> None:
    """Does the work of the outbox, again and again.

    An error of a task is written to it, and it is tried again later; an error of the outbox itself ends the process,
    and its supervisor starts it anew with fresh connections.
    """
    with ctx.meta["flask_app"].test_request_context():
        while True:
            taken = publisher.work()
            model.Session.remove()
            if not taken:
                if until_empty:
                    return
                time.sleep(PAUSE)


@publish.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Says how many tasks wait, by kind."""
    with ctx.meta["flask_app"].test_request_context():
        for kind in publisher.HANDLERS:
            click.echo(f"{kind:10} {outbox.waiting([kind])}")


@publish.command()
@click.pass_context
def reindex(ctx: click.Context) -> None:
    """Makes the search index anew, without what is suspended: after a restore, or when Solr's configuration changed."""
    with ctx.meta["flask_app"].test_request_context():
        click.echo(f"{publisher.reindex()} packages")
