"""Writes the steps of a batch, table by table; the caller commits.

All identifiers follow from source and guid, and every insertion gives way to a row that is there: a batch that is
written twice is written once.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from ckanext.shopendata import audit
from ckanext.shopendata.model import Block, Dataset, Entry, HarvestRecord, Item, Proposal, Resource
from ckanext.shopendata.policy.classification import SUSPENDABLE, DatasetState
from ckanext.shopendata.publish import outbox
from sqlalchemy.dialects.postgresql import insert

from .planning import Step, item_rows

__all__ = ["write"]

_RECORD = HarvestRecord.__table__
_ITEM = Item.__table__
_PROPOSAL = Proposal.__table__
_SUSPENDABLE = sorted(state.value for state in SUSPENDABLE)


def write(steps: Sequence[Step], source_id: str, now: dt.datetime) -> None:
    """Writes them all."""
    _insert(Entry.__table__, [step.entry for step in steps if step.kind == "new"])
    _update(Entry.__table__, [(step.entry_id, step.entry) for step in steps if step.kind != "new" and step.entry])
    _items([step for step in steps if step.items is not None])
    _insert(Dataset.__table__, [step.dataset for step in steps if step.dataset])
    _insert(Resource.__table__, [step.resource for step in steps if step.resource])
    _datasets(steps, now)
    _proposals(steps, now)
    _blocks([block for step in steps for block in step.tier.blocks], now)
    outbox.put("fetch", *(step.entry_id for step in steps if step.fetch))
    _records(steps, source_id)
    audit.record(*(step.event for step in steps if step.event))


def _insert(table: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        model.Session.execute(insert(table).on_conflict_do_nothing(), rows)


def _update(table: Any, rows: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Rows that change the same columns go together."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for key, columns in rows:
        alike[tuple(sorted(columns))].append({f"new_{name}": value for name, value in columns.items()} | {"key": key})
    for names, values in alike.items():
        statement = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("key"))
            .values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
        )
        model.Session.connection().execute(statement, values)


def _items(steps: list[Step]) -> None:
    if not steps:
        return
    old = [step.entry_id for step in steps if step.kind != "new"]
    if old:
        model.Session.execute(sa.delete(_ITEM).where(_ITEM.c.entry_id.in_(old)))
    _insert(_ITEM, [row for step in steps for row in item_rows(step)])


def _datasets(steps: Sequence[Step], now: dt.datetime) -> None:
    """States and titles of datasets that were there, unless people have taken them further meanwhile; never a tier."""
    table = Dataset.__table__
    for step in steps:
        columns = dict(step.retitle)
        if step.kind != "new" and step.tier.state:
            columns["state"] = step.tier.state
        if columns:
            model.Session.execute(
                sa.update(table)
                .where(table.c.id == step.tier.dataset_id, table.c.state == step.tier.found)
                .values(columns | {"updated_at": now})
            )


def _proposals(steps: Sequence[Step], now: dt.datetime) -> None:
    closing = [step.tier.close for step in steps if step.tier.close]
    if closing:
        model.Session.execute(
            sa.update(_PROPOSAL)
            .where(_PROPOSAL.c.id.in_(closing), _PROPOSAL.c.closed_at.is_(None))
            .values(closed_at=now)
        )
    _insert(
        _PROPOSAL,
        [step.tier.proposal | {"id": make_uuid(), "proposed_at": now} for step in steps if step.tier.proposal],
    )


def _blocks(found: list[tuple[str, str]], now: dt.datetime) -> None:
    """Every door reads the row itself; taking down what stands in public follows as work of the outbox.

    The state is that of any suspension: it keeps a dataset off lists, and people end it.
    """
    rows = [
        {"id": make_uuid(), "dataset_id": dataset, "reason": reason, "note": "", "blocked_by": "source",
         "blocked_at": now}
        for dataset, reason in found
    ]  # fmt: skip
    _insert(Block.__table__, rows)
    if found:
        table = Dataset.__table__
        model.Session.execute(
            sa.update(table)
            .where(table.c.id.in_([dataset for dataset, _ in found]), table.c.state.in_(_SUSPENDABLE))
            .values(state=DatasetState.SUSPENDED.value, updated_at=now)
        )
    outbox.put("conceal", *(dataset for dataset, _ in found))


def _records(steps: Sequence[Step], source_id: str) -> None:
    gone = [step.guid for step in steps if step.kind == "forgotten"]
    if gone:
        model.Session.execute(sa.delete(_RECORD).where(_RECORD.c.source_id == source_id, _RECORD.c.guid.in_(gone)))
    rows = [step.record for step in steps if step.record]
    if not rows:
        return
    statement = insert(_RECORD)
    changing = [column for column in _RECORD.c.keys() if column not in {"source_id", "guid"}]  # noqa: SIM118
    statement = statement.on_conflict_do_update(
        index_elements=["source_id", "guid"], set_={column: statement.excluded[column] for column in changing}
    )
    model.Session.execute(statement, rows)
