"""What a run is going to do, record by record. Decides, and neither reads nor writes a table."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.classification import Tier
from ckanext.shopendata.slugs import slug

from . import tiers
from .mapping import hidden_guid
from .reading import Held, Reading
from .record import ItemSpec, Mapped, changed_of
from .rules import PUBLISHED, REVOKED, TAKEN_BACK
from .standing import Row, Standing, identifier

__all__ = ["Step", "blocks_only", "item_rows", "plan", "tally", "too_many_missing"]

#: A source that loses more than a tenth of its records, and at least so many, is not believed.
_SHARE, _LEAST = 0.1, 50

_NEW_ENTRY: dict[str, Any] = {
    "code": None, "abstract": "", "responsible_unit": "", "source_unit": "", "division": "",
    "acquisition_method": None, "consent_scope": "", "share_class": "", "share_reason": "", "share_basis": "",
    "update_frequency": "other", "frequency_note": "", "domain": "", "subject": "", "level": "city", "labels": [],
    "contact": "", "issued": None, "modified": None, "planned_open": None, "resource_form": "", "formats": [],
    "has_data": False, "row_count_declared": None, "high_value": "", "address": "", "missing_since": None,
}  # fmt: skip


@dataclass
class Step:
    """All that one record changes. ``kind`` is the counter it counts for."""

    kind: str  #: new | changed | missing | quarantined | refused | not_published | forgotten
    guid: str
    title: str = ""
    record: dict[str, Any] | None = None  #: row of provenance
    entry_id: str = ""
    entry: dict[str, Any] = field(default_factory=dict)  #: a new row, or the changed columns
    items: tuple[ItemSpec, ...] | None = None
    dataset: dict[str, Any] | None = None
    resource: dict[str, Any] | None = None
    tier: tiers.Change = field(default_factory=tiers.Change)
    retitle: dict[str, Any] = field(default_factory=dict)  #: columns of the default dataset
    fetch: bool = False
    event: Event | None = None
    differences: list[tuple[str, Any, Any]] = field(default_factory=list)


def plan(reading: Reading, standing: Standing, run_id: str, now: dt.datetime) -> list[Step]:
    """The steps, in the order of guids. A record with nothing to do has none."""
    planner = _Planner(standing, run_id, now)
    steps = [planner.refused(guid) for guid in sorted(reading.refused)]
    steps += [planner.quarantined(guid, held) for guid, held in sorted(reading.quarantined.items())]
    steps += [planner.mapped(record) for _, record in sorted(reading.records.items())]
    steps += [planner.missing(guid) for guid in sorted(_missing(reading, standing))]
    steps += [Step("forgotten", guid) for guid in sorted(_forgotten(reading, standing))]
    return [step for step in steps if step is not None]


def too_many_missing(reading: Reading, standing: Standing) -> str:
    """Why the source is not to be believed; empty if it is."""
    known = sum(row["source_state"] != "missing" for row in standing.entries.values())
    gone = len(_missing(reading, standing))
    return f"mass_disappearance: {gone} of {known}" if gone >= _LEAST and gone > known * _SHARE else ""


def _missing(reading: Reading, standing: Standing) -> set[str]:
    gone = set(standing.entries) - reading.seen
    return {guid for guid in gone if standing.entries[guid]["source_state"] != "missing"}


def _forgotten(reading: Reading, standing: Standing) -> set[str]:
    """Provenance of records that made no entry and are not delivered any more."""
    delivered = reading.seen - reading.refused | {hidden_guid(guid) for guid in reading.refused}
    return {guid for guid, row in standing.records.items() if row["entry_id"] is None and guid not in delivered}


class _Planner:
    def __init__(self, standing: Standing, run_id: str, now: dt.datetime) -> None:
        self._standing, self._run_id, self._now = standing, run_id, now

    def refused(self, guid: str) -> Step | None:
        """Nothing of it is kept but that it was there; one event, once. What stands in public is stopped."""
        hidden = hidden_guid(guid)
        entry = self._standing.entries.get(guid)
        if hidden in self._standing.records and (entry is None or entry["source_state"] == "refused"):
            return None
        step = Step("refused", hidden, record=self._record(hidden, "refused", reason="state_secret"))
        body = {"source": self._standing.source_id, "reason": "state_secret"}
        step.event = Event(
            verb="harvest.refuse", object_type="harvest_record", object_id=hidden, actor="harvest", body=body
        )
        if entry is not None:
            step.entry_id = entry["id"]
            step.entry = {"source_state": "refused", "updated_at": self._now}
            step.tier = tiers.Change(blocks=self._blocks(entry, "source_revoked"))
        return step

    def quarantined(self, guid: str, held: Held) -> Step | None:
        """Kept out; an entry that it once made stays as it was, and is not missing. What suspends does so."""
        known = self._standing.records.get(guid)
        entry = self._standing.entries.get(guid)
        row = self._record(
            guid, "quarantined", entry_id=entry["id"] if entry else None, digest=held.digest, reason=held.reason,
            field=held.field, value=held.value,
        )  # fmt: skip
        back = entry is not None and entry["source_state"] == "missing"
        if known is not None and _same(known, row) and not back:
            return None
        step = Step("quarantined", guid, record=row)
        if entry is None:
            return step
        step.entry_id, step.entry = entry["id"], self._returned() if back else {}
        if held.state in REVOKED and entry["source_state"] not in REVOKED:
            step.entry = self._returned() | {"source_state": held.state}
            step.tier = tiers.Change(blocks=self._blocks(entry, "source_revoked"))
        elif held.tier:
            default, datasets = self._datasets(entry)
            _, found = tiers.stricter(Tier(held.tier), default, datasets, self._standing, _last(known))
            step.tier = tiers.Change(blocks=found)
        return step

    def mapped(self, record: Mapped) -> Step | None:
        entry = self._standing.entries.get(record.guid)
        if record.state != PUBLISHED:
            return self._unpublished(record, entry)
        return self._new(record) if entry is None else self._changed(record, entry)

    def missing(self, guid: str) -> Step:
        """Marked, never withdrawn: that is for people to do."""
        entry = self._standing.entries[guid]
        columns = {"source_state": "missing", "missing_since": self._now, "updated_at": self._now}
        return Step(
            "missing", guid, entry["title"], entry_id=entry["id"], entry=columns,
            differences=[("source_state", entry["source_state"], "missing")],
        )  # fmt: skip

    def _new(self, record: Mapped) -> Step:
        entry_id = identifier(self._standing.source_id, record.guid)
        dataset_id = identifier(entry_id, "dataset")
        entry = _NEW_ENTRY | dict(record.entry)
        entry |= {
            "id": entry_id, "source_id": self._standing.source_id, "guid": record.guid, "agency_id": record.agency,
            "state": "harvested", "source_state": record.state, "digest": record.digest(),
            "created_at": self._now, "updated_at": self._now,
        }  # fmt: skip
        change = tiers.first(record, dataset_id)
        dataset = {
            "id": dataset_id, "entry_id": entry_id, "title": record.title, "notes": entry["abstract"],
            "name": slug(record.title, f"{self._standing.source_id}\n{record.guid}"), "state": change.state,
            "tier": "undecided", "masks": {}, "row_filter": {}, "conditions": "", "created_at": self._now,
            "updated_at": self._now,
        }  # fmt: skip
        return Step(
            "new", record.guid, record.title, self._of(record, entry_id), entry_id, entry, record.items or None,
            dataset, _resource(entry, dataset_id), change, fetch=entry["has_data"],
        )  # fmt: skip

    def _changed(self, record: Mapped, entry: Row) -> Step | None:
        row = self._of(record, entry["id"])
        known = self._standing.records.get(record.guid)
        if known is not None and _same(known, row) and entry["source_state"] == record.state:
            return None
        delivered = dict(record.entry) | {"agency_id": record.agency, "source_state": record.state}
        if entry["state"] == "rejected":
            # People have said no to it: nothing it says is taken over any more.
            delivered = {"source_state": record.state}
        differences = [(column, entry[column], value) for column, value in delivered.items() if entry[column] != value]
        step = Step("changed", record.guid, record.title, row, entry["id"], differences=differences)
        step.entry = {column: after for column, _, after in differences}
        if entry["missing_since"] is not None:
            step.entry["missing_since"] = None
        step.entry |= {"digest": record.digest(), "updated_at": self._now}
        if entry["state"] == "rejected":
            return step
        if record.items and record.items != self._standing.items.get(entry["id"], ()):
            step.items = record.items
            differences.append(("items", len(self._standing.items.get(entry["id"], ())), len(record.items)))
        self._follow(step, record, entry, known)
        return step

    def _follow(self, step: Step, record: Mapped, entry: Row, known: Row | None) -> None:
        """What of a change concerns the datasets."""
        dataset_id = identifier(entry["id"], "dataset")
        default, datasets = self._datasets(entry)
        step.tier = tiers.change(record, default, datasets, self._standing, _last(known))
        if step.tier.differs:
            step.differences.append(("tier", step.tier.before, record.tier.value))
        after = _NEW_ENTRY | dict(entry) | step.entry
        if default is not None and default["state"] in tiers.UNSETTLED:
            new = {"title": after["title"], "notes": after["abstract"]}
            old = {"title": entry["title"], "notes": entry["abstract"]}
            # A wording of our own is not the source's to change.
            step.retitle = {
                key: value for key, value in new.items() if default[key] == old[key] and default[key] != value
            }
        has_data = bool(after["has_data"])
        if has_data and not entry["has_data"]:
            step.resource = _resource(after, dataset_id)
        again = known is None or changed_of(known["digest"]) != record.changed or entry["source_state"] in TAKEN_BACK
        step.fetch = has_data and (not entry["has_data"] or again)

    def _unpublished(self, record: Mapped, entry: Row | None) -> Step | None:
        """Makes no entry. A revocation of one that there is suspends at once."""
        row = self._of(record, entry["id"] if entry else None)
        row |= {"reason": "not_published", "field": "state", "value": record.state}
        known = self._standing.records.get(record.guid)
        if known is not None and _same(known, row) and (entry is None or entry["source_state"] == record.state):
            return None
        step = Step("not_published", record.guid, entry["title"] if entry else "", row)
        if entry is not None:
            step.entry_id = entry["id"]
            step.differences = [("source_state", entry["source_state"], record.state)]
            step.entry = self._returned() | {"source_state": record.state}
            if record.state in REVOKED and entry["source_state"] not in REVOKED:
                step.tier = tiers.Change(blocks=self._blocks(entry, "source_revoked"))
        return step

    def _datasets(self, entry: Row) -> tuple[Row | None, list[Row]]:
        """The default dataset, if it is still there, and all."""
        dataset_id = identifier(entry["id"], "dataset")
        datasets = self._standing.datasets.get(entry["id"], [])
        return next((row for row in datasets if row["id"] == dataset_id), None), datasets

    def _blocks(self, entry: Row, reason: str) -> list[tuple[str, str]]:
        return tiers.blocks(self._standing.datasets.get(entry["id"], []), Tier.CLOSED, self._standing, reason)

    def _returned(self) -> dict[str, Any]:
        return {"source_state": PUBLISHED, "missing_since": None, "updated_at": self._now}

    def _of(self, record: Mapped, entry_id: str | None) -> dict[str, Any]:
        return self._record(
            record.guid,
            "mapped",
            entry_id=entry_id,
            digest=record.mark(),
            reason=record.fault,
            field="tier",
            value=record.tier.value,
        )

    def _record(self, guid: str, outcome: str, **columns: Any) -> dict[str, Any]:
        blank = {"entry_id": None, "digest": "", "reason": "", "field": "", "value": ""}
        fixed = {"source_id": self._standing.source_id, "run_id": self._run_id, "seen_at": self._now}
        return fixed | blank | columns | {"guid": guid, "outcome": outcome}


def _same(known: Row, row: Mapping[str, Any]) -> bool:
    return all(known[column] == row[column] for column in ("digest", "outcome", "reason", "field", "value"))


def _last(known: Row | None) -> str | None:
    """The tier that the record declared when it was mapped last, if that was the last time."""
    return known["value"] if known is not None and known["field"] == "tier" else None


def _resource(entry: Row, dataset_id: str) -> dict[str, Any] | None:
    if not entry["has_data"]:
        return None
    return {
        "id": identifier(dataset_id, "resource"), "dataset_id": dataset_id, "position": 0, "name": entry["title"],
        "columns": [], "scan": "pending", "findings": [],
    }  # fmt: skip


def blocks_only(steps: list[Step]) -> list[Step]:
    """What takes effect even when the source is not believed otherwise."""
    return [Step("held", step.guid, tier=tiers.Change(blocks=step.tier.blocks)) for step in steps if step.tier.blocks]


def item_rows(step: Step) -> list[dict[str, Any]]:
    """Rows of a step's items."""
    return [
        asdict(item) | {"id": identifier(step.entry_id, "item", item.code), "entry_id": step.entry_id}
        for item in step.items or ()
    ]


def tally(steps: list[Step]) -> dict[str, int]:
    """What steps count for, once they are written."""
    counted: Counter[str] = Counter()
    for step in steps:
        if step.kind in {"new", "changed", "missing"}:
            counted[step.kind] += 1
        counted["proposals"] += step.tier.proposal is not None
        counted["blocks"] += len(step.tier.blocks)
        counted["fetches"] += step.fetch
    return {key: value for key, value in counted.items() if value}
