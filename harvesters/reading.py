"""All records of a source, mapped and sorted by what becomes of them. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ckanext.shopendata.policy.classification import Tier

from . import grouping, mapping
from .proposals import Grounds
from .providers import Providers
from .record import Invalid, Mapped, Refuse
from .rules import Rules

__all__ = ["Held", "Reading", "read"]


@dataclass(frozen=True)
class Held:
    """A record that is quarantined: why, and a digest by which the same one is known again.

    ``state`` and ``tier`` are what it declares all the same, as far as that can be read: what suspends is not to be
    hidden by another fault.
    """

    reason: str
    field: str
    value: str
    digest: str
    state: str = ""
    tier: str = ""


@dataclass
class Reading:
    """What a source delivered. Every guid is in exactly one of the three."""

    read: int = 0
    records: dict[str, Mapped] = field(default_factory=dict)
    quarantined: dict[str, Held] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    repeats_exact: int = 0
    differing: dict[str, list[str]] = field(default_factory=dict)

    @property
    def seen(self) -> set[str]:
        """Every guid that the source knows."""
        return {*self.records, *self.quarantined, *self.refused}

    def counters(self) -> dict[str, Any]:
        """Of the reading alone."""
        held = sorted(guid for guid, record in self.records.items() if record.fault)
        return {
            "read": self.read,
            "quarantined": dict(sorted(Counter(held.reason for held in self.quarantined.values()).items())),
            "refused": len(self.refused),
            "held": len(held),
            "held_guids": held,
            "repeats_exact": self.repeats_exact,
            "repeats_differing": len(self.differing),
            "differing": self.differing,
        }


def read(
    rules: Rules,
    raws: Iterable[Any],
    providers: Providers,
    today: dt.date,
    *,
    standing: Mapping[str, tuple[str, str]] | None = None,
    taken: Mapping[str, str] | None = None,
) -> Reading:
    """Maps and groups.

    Args:
        rules: the source's mapping.
        raws: its records.
        providers: our agencies.
        today: the day after which nothing can have been changed.
        standing: guid -> (catalogue code, agency) of the source's entries.
        taken: catalogue code -> agency of all other entries.
    """
    result = Reading()
    mapped: list[Mapped] = []
    for raw in raws:
        result.read += 1
        guid = mapping.guid_of(rules, raw)
        try:
            mapped.append(mapping.map_record(rules, raw, providers, today))
        except Refuse:
            result.refused.add(guid)
        except Invalid as error:
            found = Held(error.reason, error.field, error.value, mapping.raw_digest(raw), *mapping.declared(rules, raw))
            # Of several faulty repeats, one: which does not depend on their order.
            known = result.quarantined.get(guid)
            result.quarantined[guid] = min(known, found, key=lambda held: held.digest) if known else found
    grouped = grouping.group(record for record in mapped if record.guid not in result.refused)
    result.repeats_exact, result.differing = grouped.exact, grouped.differing
    for guid in result.refused & set(result.quarantined):
        del result.quarantined[guid]
    for guid, record in grouped.records.items():
        if guid in result.quarantined:
            # One repeat is in order and another is not: an entry, but nothing it declares is proposed.
            del result.quarantined[guid]
            record = replace(record, tier=Tier.UNDECIDED, grounds=Grounds(), fault="repeat_quarantined")  # noqa: PLW2901
        result.records[guid] = record
    _settle_codes(result, standing or {}, taken or {})
    return result


def _settle_codes(result: Reading, standing: Mapping[str, tuple[str, str]], taken: Mapping[str, str]) -> None:
    holders = grouping.code_holders(result.records.values(), standing, taken)
    for guid, record in list(result.records.items()):
        if holders.get(record.code, record.agency) != record.agency:
            del result.records[guid]
            result.quarantined[guid] = Held(
                "code_taken", "code", record.code, record.digest(), record.state, record.tier.value
            )
