"""``ckan shopendata audit``: the sealer's process, and checking what it made."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import IO, Any

import ckan.plugins.toolkit as tk
import click
import psycopg
from ckan import model

from ckanext.shopendata import audit as recording
from ckanext.shopendata import clock, config
from ckanext.shopendata.audit import files, purge, sealer, stored
from ckanext.shopendata.logic.action.people import CONSOLE
from ckanext.shopendata.policy import audit as policy
from ckanext.shopendata.policy import retention
from ckanext.shopendata.policy.chain import Anchor, Check, Fault, Finding, instant

__all__ = ["audit"]

log = logging.getLogger(__name__)

#: Seconds between two looks for new events, and until a second sealer asks for the lock again.
PAUSE, AGAIN = 1.0, 5.0
#: An event that has waited longer is a fault.
PATIENCE = dt.timedelta(minutes=10)

_SAID = {
    Fault.ALTERED: "has been altered",
    Fault.MISSING: "is missing",
    Fault.REORDERED: "stands in the place of another",
    Fault.TRUNCATED: "has been cut off the end",
    Fault.REWRITTEN: "is not what was anchored outside of the database",
    Fault.PAYLOAD_ALTERED: "has another content than it was recorded with",
    Fault.PAYLOAD_MISSING: "has lost its content without a recorded redaction",
    Fault.UNSEALED: "should have been sealed long ago",
    Fault.WAITING: "waits to be sealed",
    Fault.REDACTED: "had its content erased, as two people recorded",
}


@click.group(short_help="The record of events: sealing, checking, exporting.")
def audit() -> None:
    """The record of events: sealing, checking, exporting."""


@audit.command()
@click.option("--until-empty", is_flag=True, help="Stop when nothing waits.")
def seal(until_empty: bool) -> None:
    """Links committed events into the chain, again and again; writes its head down outside of the database.

    Needs SHOPENDATA_SEALER_URL. Of several only one works, the others wait for it to end.
    """
    stopping = _asked_to_stop()
    while not stopping.is_set():
        try:
            _seal(stopping, until_empty)
        except sealer.AnotherSealsError:
            if until_empty:
                raise click.ClickException("another sealer is at work") from None
            stopping.wait(AGAIN)
        except sealer.ContradictedError as error:
            raise click.ClickException(
                f"{error}. Nothing is sealed on top of it: see `ckan shopendata audit verify`; after a restore from a "
                "backup, `ckan shopendata audit restored`"
            ) from None
        else:
            return


def _seal(stopping: Event, until_empty: bool) -> None:
    with sealer.connect(os.environ["SHOPENDATA_SEALER_URL"]) as connection:
        at_work = sealer.Sealer(connection, _anchors_file(), config.audit_syslog(), config.audit_anchor_minutes() * 60)
        at_work.agree()
        purged: dt.date | None = None
        while not stopping.is_set():
            if purged != clock.today():
                purged = clock.today()
                _purge()
            if at_work.work() < sealer.BATCH:
                if until_empty:
                    break
                stopping.wait(PAUSE)
        at_work.anchor()


def _purge() -> None:
    """The sealer keeps the records, so it also ends those that have an end. What goes wrong there does not stop it."""
    if not config.audit_access_logs():
        return
    try:
        deleted = purge.access_logs(Path(config.audit_access_logs()), clock.today(), config.audit_access_log_days())
    except (OSError, ValueError) as error:
        log.error("the access log is not purged: %s", error)  # noqa: TRY400 - one line says it
    else:
        log.info("access log: %s days deleted", len(deleted))


def _asked_to_stop() -> Event:
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


@audit.command()
@click.option("--file", "source", type=click.File(encoding="utf-8"), help="Check an export instead of the database.")
@click.option(
    "--anchors", type=click.Path(path_type=Path, dir_okay=False), help="Heads of the chain to hold it against."
)
@click.pass_context
def verify(ctx: click.Context, source: IO[str] | None, anchors: Path | None) -> None:
    """Checks every link, event and content; ends with an error when something is wrong.

    Without --anchors those of this installation are used for the database, and none for a file.
    """
    path = anchors or (None if source else _anchors_file())
    try:
        known = files.anchors(path) if path else []
        if source:
            export = files.Export(source)
            check = Check(anchors=known, whole=export.whole)
            findings = list(check.run(export.records()))
            findings += _told(export, check)
        else:
            with ctx.meta["flask_app"].test_request_context(), stored.chain() as records:
                check = Check(anchors=known, due=instant(dt.datetime.now(dt.timezone.utc) - PATIENCE))
                findings = list(check.run(records))
    except files.Broken as broken:
        raise click.ClickException(str(broken)) from None
    _report(findings)
    whole = "" if check.whole else ", an extract: order and completeness cannot be told"
    click.echo(f"{check.count} events, {len(known)} anchors, head {check.head.position} {check.head.digest}{whole}")
    if any(not one.fault.harmless for one in findings):
        raise click.exceptions.Exit(1)


def _told(export: files.Export, check: Check) -> Iterator[Finding]:
    """What the last line of a file knows beyond its records."""
    if export.end is None:
        yield Finding(Fault.TRUNCATED, check.head.position + 1)
    elif export.told != check.count or (export.whole and export.end.digest != check.head.digest):
        yield Finding(Fault.TRUNCATED, check.head.position + 1, last=export.end.position)


def _report(findings: Iterable[Finding]) -> None:
    for fault, count in Counter(one.fault for one in findings if one.fault.harmless).items():
        click.echo(f"  {count} × {_SAID[fault]}")
    for one in findings:
        if not one.fault.harmless:
            place = "—" if one.position is None else str(one.position)
            if one.last is not None and one.last != one.position:
                place += f" to {one.last}"
            click.secho(
                f"✗ {one.fault.value}: {place} {_SAID[one.fault]}" + (f" (event {one.event})" if one.event else ""),
                fg="red",
            )


@audit.command()
@click.argument("target", type=click.File("w", encoding="utf-8", atomic=True), default="-")
@click.pass_context
def export(ctx: click.Context, target: IO[str]) -> None:
    """Writes the whole record as JSON lines, with all that is needed to check it elsewhere; contents included."""
    with ctx.meta["flask_app"].test_request_context(), stored.chain() as records:
        made_at = instant(dt.datetime.now(dt.timezone.utc))
        target.writelines(files.lines(records, portal=tk.config["ckan.site_url"], made_at=made_at, whole=True))


@audit.command("purge")
def purge_now() -> None:
    """Deletes the days of the access log that have been kept long enough; the sealer does it daily."""
    folder = config.audit_access_logs()
    if not folder:
        raise click.ClickException("ckanext.shopendata.audit.access_logs is not set")
    try:
        for name in purge.access_logs(Path(folder), clock.today(), config.audit_access_log_days()):
            click.echo(name)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


@audit.command()
@click.pass_context
def status(ctx: click.Context) -> None:
    """Says how long the chain is, what waits for the sealer, what was last anchored, and what is kept how long."""
    with ctx.meta["flask_app"].test_request_context():
        lag = stored.lag()
        click.echo(f"sealed     {lag.head}" + (f", last {lag.sealed_at:%Y-%m-%d %H:%M:%S %z}" if lag.sealed_at else ""))
        click.echo(f"waiting    {lag.waiting}" + (f", oldest {lag.since:%Y-%m-%d %H:%M:%S %z}" if lag.since else ""))
        last = files.anchors(path)[-1:] if (path := _anchors_file()) else []
        click.echo("anchored   " + (f"{last[0].position}, {last[0].at}" if last else "never"))
        if remaining := stored.unerased():
            click.secho(f"✗ confirmed but not erased: {', '.join(remaining)}", fg="red")
        for kept in retention.KINDS:
            term = "no program deletes it" if kept.minimum is None else f"at least {kept.minimum} days"
            click.echo(f"kept       {kept.kind.value}: {term}; {kept.source}; ended by: {kept.ends}")
    if remaining:
        raise click.exceptions.Exit(1)


@audit.command()
@click.option("--reason", required=True, help="Which backup, why, at whose word.")
@click.pass_context
def restored(ctx: click.Context, reason: str) -> None:
    """Writes down that the chain ends earlier than it did, after a restore from a backup.

    The heads it voids stay in the file. The event says the same; it is sealed like any other.
    """
    path = _anchors_file()
    if path is None:
        raise click.ClickException("ckanext.shopendata.audit.anchors is not set")
    with _sealing() as connection, ctx.meta["flask_app"].test_request_context():
        head = sealer.Sealer(connection).head()
        body = {"reason": reason, "position": head.position, "digest": head.digest}
        recording.record(
            policy.Event(
                verb="audit.restore", object_type="audit", object_id="-", actor=CONSOLE, role=CONSOLE, body=body
            )
        )
        model.Session.commit()
        now = instant(dt.datetime.now(dt.timezone.utc))
        files.append(path, Anchor(position=head.position, digest=head.digest, at=now), restored=reason)
    click.echo(f"the chain goes on after {head.position}")


def _anchors_file() -> Path | None:
    return Path(config.audit_anchors()) if config.audit_anchors() else None


@contextmanager
def _sealing() -> Iterator[psycopg.Connection[Any]]:
    try:
        with sealer.connect(os.environ["SHOPENDATA_SEALER_URL"]) as connection:
            yield connection
    except sealer.AnotherSealsError:
        raise click.ClickException("stop the sealer first") from None
