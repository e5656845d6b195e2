"""Repeats: what a source delivers more than once becomes one record. Pure, and independent of the order it came in."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ckanext.shopendata.policy.classification import Tier

from .proposals import Grounds
from .record import Mapped

__all__ = ["Grouped", "code_holders", "group"]

_LONG_AGO = dt.date.min


@dataclass
class Grouped:
    """Records after grouping, by guid, and what was found on the way."""

    records: dict[str, Mapped] = field(default_factory=dict)
    exact: int = 0  #: repeats that said the same once more
    differing: dict[str, list[str]] = field(default_factory=dict)  #: guid -> fields in which its repeats differ
    held: set[str] = field(default_factory=set)  #: guids whose repeats contradict each other on the tier


def group(mapped: Iterable[Mapped]) -> Grouped:
    """One record for each guid.

    Of differing repeats the one with the latest ``modified`` wins, then the latest ``issued``, then the one with more
    fields filled, then the smaller digest. Repeats that declare different tiers, under one guid or as records of their
    own with the same title and provider, are kept without any tier: a person has to say which is true.
    """
    result = Grouped()
    same: dict[str, list[Mapped]] = defaultdict(list)
    for record in mapped:
        same[record.guid].append(record)
    for guid, repeats in same.items():
        distinct = {record.digest(): record for record in sorted(repeats, key=lambda one: one.changed)}
        result.exact += len(repeats) - len(distinct)
        result.records[guid] = max(distinct.items(), key=_rank)[1]
        if len(distinct) > 1:
            result.differing[guid] = _differences(distinct.values())
        if len({record.tier for record in distinct.values()}) > 1:
            result.held.add(guid)
    twins: dict[tuple[str, str], list[Mapped]] = defaultdict(list)
    for record in result.records.values():
        twins[record.title, record.agency].append(record)
    for namesakes in twins.values():
        if len({record.tier for record in namesakes}) > 1:
            result.held |= {record.guid for record in namesakes}
    for guid in result.held:
        result.records[guid] = replace(
            result.records[guid], tier=Tier.UNDECIDED, grounds=Grounds(), fault="tiers_differ"
        )
    return result


def _rank(found: tuple[str, Mapped]) -> tuple[dt.date, dt.date, int, int]:
    digest, record = found
    return (
        record.entry.get("modified", _LONG_AGO),
        record.entry.get("issued", _LONG_AGO),
        len(record.entry),
        -int(digest, 16),
    )


def _differences(repeats: Iterable[Mapped]) -> list[str]:
    entries = [dict(record.entry) | {"tier": record.tier.value, "state": record.state} for record in repeats]
    columns = sorted({column for entry in entries for column in entry})
    return [column for column in columns if len({repr(entry.get(column)) for entry in entries}) > 1]


def code_holders(
    records: Iterable[Mapped], standing: Mapping[str, tuple[str, str]], taken: Mapping[str, str]
) -> dict[str, str]:
    """Catalogue code -> the agency that it belongs to, of codes that more than one agency uses.

    A code that another source's entry has (``taken``: code -> agency) stays with that agency, then with the record
    that has it already (``standing``: guid -> code and agency). Else it belongs to the agency with most codes of the
    same series (what stands before ``/``), then to the one whose record was issued first.
    """
    users: dict[str, list[Mapped]] = defaultdict(list)
    series: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        if record.code:
            users[record.code].append(record)
            series[record.code.partition("/")[0]][record.agency] += 1

    def claim(record: Mapped) -> tuple[bool, int, dt.date, str]:
        in_series = series[record.code.partition("/")[0]][record.agency]
        stands = standing.get(record.guid) == (record.code, record.agency)
        return (not stands, -in_series, record.entry.get("issued", dt.date.max), record.guid)

    holders = {}
    for code, using in users.items():
        if code in taken:
            holders[code] = taken[code]
        elif len({record.agency for record in using}) > 1:
            holders[code] = min(using, key=claim).agency
    return holders
