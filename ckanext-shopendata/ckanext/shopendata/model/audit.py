"""The record of state changes: appended in the transaction of the change, never altered (DESIGN invariant 5).

Their schema belongs to another owner; CKAN's role may insert and read. They are not among CKAN's tables, so that
whoever empties those (tests do) leaves them alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

__all__ = ["events", "links", "payloads", "waiting"]

metadata = sa.MetaData(schema="audit")

events = sa.Table(
    "event",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("agency_id", sa.Text),
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("object_type", sa.Text, nullable=False),
    sa.Column("object_id", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Index("ix_event_object", "object_type", "object_id"),
)

#: What an event is about; apart from it, so that a payload can be erased and the event stay true. Both are null then:
#: the row stays, so that nobody can put another one in its place.
payloads = sa.Table(
    "payload",
    metadata,
    sa.Column("event_id", sa.Text, sa.ForeignKey("audit.event.id"), primary_key=True),
    sa.Column("salt", sa.Text),
    sa.Column("body", JSONB(none_as_null=True)),
)

#: The chain. The sealer alone appends to it; CKAN's role reads.
links = sa.Table(
    "link",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("event_id", sa.Text, sa.ForeignKey("audit.event.id"), nullable=False, unique=True),
    sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("previous", sa.Text, nullable=False, unique=True),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    schema="seal",
)

#: A view: committed events that have no link yet.
waiting = sa.Table(
    "waiting", metadata, *(sa.Column(column.name, column.type) for column in events.columns), schema="seal"
)
