"""Reads the chain from PostgreSQL, as the policy's records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata.model.audit import events, links, payloads, waiting
from ckanext.shopendata.policy.chain import Columns, Link, Payload, Record, instant
from ckanext.shopendata.policy.redaction import CONFIRM

__all__ = ["Lag", "chain", "lag", "of_row", "selection", "unerased"]

_ROWS_AT_ONCE = 1000


def selection(source: sa.Table = events) -> sa.Select[Any]:
    """Events (or what waits) with their links and payloads; columns as :func:`of_row` reads them."""
    mine = [source.c[column.name].label(f"event_{column.name}") for column in events.columns]
    theirs = [
        links.c.position, links.c.sealed_at, links.c.previous, links.c.digest.label("link_digest"),
        payloads.c.event_id.label("payload_of"), payloads.c.salt, payloads.c.body,
    ]  # fmt: skip
    joined = source.outerjoin(links, links.c.event_id == source.c.id)
    return sa.select(*mine, *theirs).select_from(joined.outerjoin(payloads, payloads.c.event_id == source.c.id))


def of_row(row: Any) -> Record:
    """A record of a row of :func:`selection`."""
    columns = link = payload = None
    if row.event_id is not None:
        columns = Columns(
            id=row.event_id, seq=row.event_seq, at=instant(row.event_at), actor=row.event_actor, role=row.event_role,
            agency=row.event_agency_id, verb=row.event_verb, object_type=row.event_object_type,
            object_id=row.event_object_id, request_id=row.event_request_id, digest=row.event_digest,
        )  # fmt: skip
    if row.position is not None:
        link = Link(
            position=row.position, sealed_at=instant(row.sealed_at), previous=row.previous, digest=row.link_digest
        )
    if row.payload_of is not None:
        payload = Payload(salt=row.salt, body=row.body)
    return Record(columns=columns, link=link, payload=payload)


@contextmanager
def chain() -> Iterator[Iterator[Record]]:
    """All records of one moment: the sealed ones in the chain's order, then what waits. They are not kept in memory."""
    engine = model.meta.engine
    if engine is None:
        raise RuntimeError("CKAN has no database yet")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        streaming = connection.execution_options(yield_per=_ROWS_AT_ONCE)

        def rows() -> Iterator[Record]:
            for statement in (_sealed().order_by(links.c.position), selection(waiting).order_by(waiting.c.seq)):
                yield from map(of_row, streaming.execute(statement))

        yield rows()


def _sealed() -> sa.Select[Any]:
    """Links first: one whose event is gone has to show."""
    whole = links.outerjoin(events, events.c.id == links.c.event_id)
    whole = whole.outerjoin(payloads, payloads.c.event_id == events.c.id)
    return sa.select(*selection().selected_columns).select_from(whole)


@dataclass(frozen=True)
class Lag:
    """How far the sealer is behind: number of events that wait, when the oldest was recorded; where the chain ends."""

    waiting: int
    since: dt.datetime | None
    head: int
    sealed_at: dt.datetime | None


def lag() -> Lag:
    """Asks the database."""
    number, since = model.Session.execute(sa.select(sa.func.count(), sa.func.min(waiting.c.at))).one()
    head = model.Session.execute(
        sa.select(links.c.position, links.c.sealed_at).order_by(links.c.position.desc()).limit(1)
    ).first()
    return Lag(number, since, head.position if head else 0, head.sealed_at if head else None)


def unerased() -> list[str]:
    """Events whose payload is there although its redaction has been confirmed and sealed; there should be none."""
    confirmed, asked = events.alias("confirmed"), events.alias("asked")
    remaining = (
        sa.select(payloads.c.event_id)
        .join(asked, asked.c.object_id == payloads.c.event_id)
        .join(confirmed, confirmed.c.object_id == asked.c.id)
        .join(links, links.c.event_id == confirmed.c.id)
        .where(confirmed.c.verb == CONFIRM, payloads.c.body.is_not(None))
    )
    return list(model.Session.scalars(remaining))
