"""A sharing platform's catalogue as a city might have it: 12 agencies, 171 good entries, 16 bad records, 28 tables.

How the entries are counted. An agency's entries are counted by what becomes of them, not by what the source declares:

====  ==================================================  =====================================================
Tier  Meaning                                             What the record declares (``openType``)
====  ==================================================  =====================================================
U     unconditional (91)                                  ``1``
C     conditional (34)                                    ``2`` with reason, basis and conditions
N     closed (22)                                         ``3`` with reason and basis
?     undecided (14)                                      ``0``, but for one entry, see below
X     cannot stand on the unit's own list (10)            ``acquisition`` ``4`` (negotiated, ``openType`` ``2``) or
                                                          ``5`` (shared in, ``openType`` ``3``)
====  ==================================================  =====================================================

The sixteen bad records come on top, so the platform delivers 187. Fourteen have titles of their own. One repeats a good
record to the letter, ``resourceId`` included. One says of 设立演出经纪机构许可 (an undecided entry of agency 8,
declared ``1``) that it is ``2``: two sources that contradict each other leave the entry undecided.

Everything is computed from ``today`` and one seed; data end yesterday. Each of the 28 tables belongs to a U or C entry:
closed, undecided and X entries have no rows.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import cached_property
from typing import Any

from .bad import MUST_MAP, Bad, bad_records
from .records import CANARY, CYCLES, DOMAINS, NOTICE, Agency, Entry, Record, agencies, entries, tables
from .table import Table

__all__ = [
    "CANARY",
    "CYCLES",
    "DOMAINS",
    "MUST_MAP",
    "NOTICE",
    "REFERENCE_DAY",
    "Agency",
    "Bad",
    "Entry",
    "Record",
    "Sample",
    "Table",
    "digest",
]

#: The day that published digests are computed for.
REFERENCE_DAY = date(2026, 3, 6)

#: A bad record stands behind every so many good ones.
_EVERY = 10


class Sample:
    """The whole sample as it looks on one day."""

    def __init__(self, today: date = REFERENCE_DAY) -> None:
        self.today = today
        self.agencies: tuple[Agency, ...] = agencies()
        self.entries: tuple[Entry, ...] = entries(today)
        self.bad: tuple[Bad, ...] = bad_records(self.entries, today)
        self.tables: dict[str, Table] = dict(tables(self.entries, today))

    @cached_property
    def records(self) -> list[Record]:
        """All records in the platform's order: good ones by agency, the bad ones spread between them."""
        found = [entry.record for entry in self.entries]
        for place, bad in enumerate(self.bad):
            found.insert((place + 1) * (_EVERY + 1) - 1, bad.record)
        return found

    def digest(self) -> str:
        """SHA-256 (hexadecimal) over every agency, record and row."""
        total = hashlib.sha256()
        for agency in self.agencies:
            total.update(_line([agency.code, agency.name, agency.kind, agency.level, agency.aliases]))
        for record in self.records:
            total.update(_line(record))
        for resource_id, table in self.tables.items():
            total.update(_line([resource_id, table.columns]))
            for row in table.rows():
                total.update(_line(row))
        return total.hexdigest()


def digest(today: date = REFERENCE_DAY) -> str:
    """What the sample of ``today`` hashes to; two equal digests mean the same bytes in every record and row."""
    return Sample(today).digest()


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
