"""What the platform holds: records in the order they were registered, tables, and the ways a test may change them."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from .sample import Record, Sample, Table


class Catalogue:
    """Thread-safe; a record keeps its place when it changes, so that paging never skips one.

    A ``resourceId`` may occur more than once (platforms do deliver repeats); look-ups find the first.
    """

    def __init__(self, records: Iterable[Record] = (), tables: Mapping[str, Table] | None = None) -> None:
        self._records = [copy.deepcopy(record) for record in records]
        self._tables = dict(tables or {})
        self._lock = threading.Lock()

    @classmethod
    def of_sample(cls, today: date) -> Catalogue:
        """The demonstration catalogue as it looks on that day."""
        sample = Sample(today)
        return cls(sample.records, sample.tables)

    def page(self, start: int, size: int, changed_since: datetime | None = None) -> tuple[int, list[Record]]:
        """How many records match, and up to ``size`` of them from the ``start``-th (from 0)."""
        with self._lock:
            found = [
                record
                for record in self._records
                if changed_since is None or datetime.fromisoformat(record["modified"]) >= changed_since
            ]
            return len(found), copy.deepcopy(found[start : start + size])

    def find(self, resource_id: str) -> Record | None:
        """One record."""
        with self._lock:
            return copy.deepcopy(self._first(resource_id))

    def table(self, resource_id: str) -> Table | None:
        """The rows of a published record that has some."""
        with self._lock:
            record = self._first(resource_id)
            return self._tables.get(resource_id) if record and record["state"] == "published" else None

    def add(self, record: Record, table: Table | None = None) -> None:
        """Registers a record behind all others."""
        with self._lock:
            self._records.append(copy.deepcopy(record))
            if table:
                self._tables[record["resourceId"]] = table

    def change(self, resource_id: str, at: datetime, **fields: Any) -> None:
        """Sets fields of a record; ``at`` (with time zone) becomes its ``modified``.

        Raises:
            KeyError: no such record.
        """
        with self._lock:
            record = self._first(resource_id)
            if record is None:
                raise KeyError(resource_id)
            record.update(copy.deepcopy(fields), modified=at.isoformat())

    def revoke(self, resource_id: str, at: datetime) -> None:
        """Takes a record back: it stays listed in state ``revoked``, its rows are gone."""
        self.change(resource_id, at, state="revoked")

    def _first(self, resource_id: str) -> Record | None:
        return next((record for record in self._records if record["resourceId"] == resource_id), None)
