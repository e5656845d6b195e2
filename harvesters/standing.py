"""What of a source stands in our tables before a run. Reads, in a handful of queries, and writes nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import Agency, Block, Dataset, Entry, HarvestRecord, Item, Proposal
from sqlalchemy.dialects.postgresql import ARRAY

from .providers import Known, Providers
from .record import ItemSpec

#: A row of a table, by column.
Row = Mapping[Any, Any]

__all__ = ["Standing", "identifier", "load", "providers"]

_SPACE = uuid.UUID("6c1f0d0e-5a53-4a1b-9f67-2f5d6f4f9d11")


def identifier(*parts: str) -> str:
    """The same for the same parts, so that a repeated batch finds what an interrupted one left."""
    return str(uuid.uuid5(_SPACE, "\n".join(parts)))


@dataclass
class Standing:
    """Rows of one source, by guid, entry or dataset."""

    source_id: str
    records: dict[str, Row] = field(default_factory=dict)
    entries: dict[str, Row] = field(default_factory=dict)
    items: dict[str, tuple[ItemSpec, ...]] = field(default_factory=dict)
    datasets: dict[str, list[Row]] = field(default_factory=dict)
    proposals: dict[str, Row] = field(default_factory=dict)  #: the open one
    declared: dict[str, str] = field(default_factory=dict)  #: tier that the source proposed last
    blocked: set[str] = field(default_factory=set)
    taken: dict[str, str] = field(default_factory=dict)  #: catalogue code -> agency, of other entries

    def codes(self) -> dict[str, tuple[str, str]]:
        """Guid -> catalogue code and agency."""
        return {guid: (row["code"] or "", row["agency_id"]) for guid, row in self.entries.items()}


def providers() -> Providers:
    """Our agencies; those that have ended are found by their successor's aliases and former codes."""
    columns = (Agency.id, Agency.title, Agency.code, Agency.aliases, Agency.former_codes)
    rows = model.Session.execute(sa.select(*columns).where(Agency.dissolved_at.is_(None)))
    return Providers.of(
        Known(key, title, code or "", tuple(aliases), tuple(former)) for key, title, code, aliases, former in rows
    )


def load(source_id: str) -> Standing:
    """All of it."""
    session = model.Session
    found = Standing(source_id)
    entry, dataset, proposal = Entry.__table__, Dataset.__table__, Proposal.__table__
    of_source = entry.c.source_id == source_id
    record = HarvestRecord.__table__
    for row in session.execute(sa.select(record).where(record.c.source_id == source_id)).mappings():
        found.records[row["guid"]] = row
    for row in session.execute(sa.select(entry).where(of_source)).mappings():
        found.entries[row["guid"]] = row
    datasets: dict[str, list[Row]] = defaultdict(list)
    entries = [row["id"] for row in found.entries.values()]
    of_entries = _among(dataset.c.entry_id, entries)
    for row in session.execute(sa.select(dataset).where(of_entries)).mappings():
        datasets[row["entry_id"]].append(row)
    found.datasets = dict(datasets)
    keys = [row["id"] for rows in datasets.values() for row in rows]
    rows = session.execute(
        sa.select(proposal).where(_among(proposal.c.dataset_id, keys)).order_by(proposal.c.proposed_at)
    ).mappings()
    for row in rows:
        if row["closed_at"] is None:
            found.proposals[row["dataset_id"]] = row
        if row["proposed_by"] is None:
            found.declared[row["dataset_id"]] = row["tier"]
    block = Block.__table__
    statement = sa.select(block.c.dataset_id).where(block.c.lifted_at.is_(None), _among(block.c.dataset_id, keys))
    found.blocked = set(session.execute(statement).scalars())
    found.items = _items(entries)
    found.taken = _taken(source_id)
    return found


def _among(column: Any, keys: list[str]) -> sa.ColumnElement[bool]:
    """Whether a column holds one of the keys, which go as one array.

    No join: while PostgreSQL has no statistics of tables that a first run has just filled, it joins row by row.
    """
    return column == sa.any_(sa.literal(keys, ARRAY(sa.Text)))


def _items(entries: list[str]) -> dict[str, tuple[ItemSpec, ...]]:
    item = Item.__table__
    columns = [item.c[name] for name in ItemSpec.__dataclass_fields__]
    statement = sa.select(item.c.entry_id, *columns).where(_among(item.c.entry_id, entries))
    statement = statement.order_by(item.c.entry_id, item.c.position)
    found: dict[str, list[ItemSpec]] = defaultdict(list)
    for entry_id, *values in model.Session.execute(statement):
        found[entry_id].append(ItemSpec(*values))
    return {entry_id: tuple(items) for entry_id, items in found.items()}


def _taken(source_id: str) -> dict[str, str]:
    entry = Entry.__table__
    statement = sa.select(entry.c.code, entry.c.agency_id).where(
        entry.c.source_id.is_distinct_from(source_id), entry.c.code.is_not(None), entry.c.state != "rejected"
    )
    return {code: agency for code, agency in model.Session.execute(statement)}
