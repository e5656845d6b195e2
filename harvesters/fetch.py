"""Brings the rows of an entry from its source into the intake: work of the outbox, repeated until it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import Dataset, Entry, Resource, Task
from ckanext.shopendata.policy.catalogue import EntryState
from ckanext.shopendata.publish import intake, outbox

from . import configuration, synchronise
from .connectors import connect
from .rules import TAKEN_BACK

__all__ = ["fetch"]


def fetch(tasks: Sequence[Task]) -> None:
    """Stores what the sources deliver now; datasets that are public get it with the publisher's next step."""
    for task in tasks:
        _fetch(task.object_id)
        outbox.done(task.id)
        model.Session.commit()


def _fetch(entry_id: str) -> None:
    entry = model.Session.get_one(Entry, entry_id)
    if entry.source_id is None or entry.guid is None:
        return
    # They may have been asked for before the source said so.
    if entry.source_state in TAKEN_BACK or entry.state == EntryState.REJECTED.value:
        return
    source: Any = synchronise.find(entry.source_id)
    connection = connect(source.type, source.url, configuration.read(source.config))
    guid = entry.guid
    model.Session.commit()  # fetching takes its time: no transaction waits for it
    table = connection.table(guid)
    if table is None:
        return
    with intake.connect() as vault:
        delivered = intake.store(vault, entry_id, table.columns, table.rows)
        forgotten = _replace(vault, entry_id, delivered)
        model.Session.commit()
        intake.forget(vault, forgotten)


def _replace(vault: psycopg.Connection[Any], entry_id: str, delivered: intake.Original) -> list[str]:
    """Points the entry's tables to what was delivered, if it differs; returns the originals nobody needs any more."""
    rows = (
        sa.select(Resource, Dataset)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Dataset.entry_id == entry_id)
        .with_for_update(of=Resource)
    )
    forgotten = {delivered.id}
    for resource, dataset in model.Session.execute(rows).all():
        if intake.digest_of(vault, resource.original_id) == delivered.digest:
            continue
        forgotten.discard(delivered.id)
        if resource.original_id:
            forgotten.add(resource.original_id)
        resource.original_id = delivered.id
        if dataset.published_tier:
            outbox.put("publish", dataset.id)
    return sorted(forgotten)
