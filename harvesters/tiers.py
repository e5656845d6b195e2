"""What a declared tier does: it proposes, and a stricter one suspends. It never is the tier (DESIGN invariant 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ckanext.shopendata.policy.classification import SUSPENDABLE, DatasetState, Tier, step, tightens
from ckanext.shopendata.policy.refusal import Refused

from .record import Mapped
from .standing import Row, Standing

__all__ = ["UNSETTLED", "Change", "blocks", "change", "first", "stricter"]

#: States of a dataset on which nobody has decided yet.
UNSETTLED = frozenset({DatasetState.UNDECIDED.value, DatasetState.PROPOSED.value})


@dataclass
class Change:
    """What follows from a declared tier."""

    dataset_id: str = ""
    state: str = ""  #: the default dataset's new one
    close: str = ""  #: the open proposal that goes
    proposal: dict[str, Any] | None = None
    blocks: list[tuple[str, str]] = field(default_factory=list)  #: dataset, reason
    before: str = ""
    differs: bool = False
    found: str = ""  #: the default dataset's state when it was read: people may change it meanwhile


def first(record: Mapped, dataset_id: str) -> Change:
    """For a new dataset."""
    if record.tier is Tier.UNDECIDED:
        return Change(dataset_id, DatasetState.UNDECIDED.value)
    return Change(dataset_id, DatasetState.PROPOSED.value, proposal=_proposal(record, dataset_id))


def change(
    record: Mapped,
    default: Row | None,
    datasets: Iterable[Row],
    standing: Standing,
    last: str | None,
) -> Change:
    """For a changed record.

    Args:
        record: what the source says now.
        default: the dataset over all of the entry; none if people have taken it away: nothing is proposed then.
        datasets: all of the entry.
        standing: what there is.
        last: the tier that the source declared last; ``None``: ask the proposals.
    """
    before, found = stricter(record.tier, default, datasets, standing, last)
    result = Change(blocks=found, before=before.value, differs=before is not record.tier)
    if default is not None:
        result.dataset_id, result.found = default["id"], default["state"]
        _propose(result, record, default, standing)
    return result


def stricter(
    tier: Tier, default: Row | None, datasets: Iterable[Row], standing: Standing, last: str | None
) -> tuple[Tier, list[tuple[str, str]]]:
    """The tier that the source declared before, and what is suspended now that it declares another."""
    proposed = standing.declared.get(default["id"]) if default is not None else None
    before = Tier.read(last if last is not None else proposed)
    return before, [] if before is tier else blocks(datasets, tier, standing, "source_tightened")


def blocks(datasets: Iterable[Row], tier: Tier, standing: Standing, reason: str) -> list[tuple[str, str]]:
    """Those that stand in public as more than ``tier``, or are decided to, and are not suspended yet.

    A tightening that people have decided blocks until its list is published; a suspension goes on until they end it.
    """
    return [
        (row["id"], reason)
        for row in datasets
        if any(tightens(open_as, tier) for open_as in _open_as(row))
        and not (row["id"] in standing.blocked and row["state"] == DatasetState.SUSPENDED.value)
    ]


def _open_as(row: Row) -> Iterator[Tier]:
    yield Tier.read(row["published_tier"])
    if DatasetState(row["state"]) in SUSPENDABLE:
        yield Tier.read(row["tier"])


def _propose(result: Change, record: Mapped, default: Row, standing: Standing) -> None:
    """A person's open proposal stays: whoever decides sees both, the source's in the report."""
    open_one = standing.proposals.get(default["id"])
    if open_one is not None and open_one["proposed_by"] is not None:
        return
    wanted = _proposal(record, default["id"]) if record.tier is not Tier.UNDECIDED else None
    if open_one is None and not result.differs:
        return
    if open_one is not None and wanted is not None and all(open_one[key] == wanted[key] for key in wanted):
        return
    result.close = open_one["id"] if open_one is not None else ""
    try:
        state = step(DatasetState(default["state"]), "propose" if wanted else "retract").value
    except Refused:
        # Under special review, or withdrawn. What the source takes back is taken back all the same.
        result.close = "" if wanted else result.close
        return
    result.proposal, result.state = wanted, state if state != default["state"] else ""


def _proposal(record: Mapped, dataset_id: str) -> dict[str, Any]:
    grounds = record.grounds
    return {
        "dataset_id": dataset_id,
        "tier": record.tier.value,
        "reasons": list(grounds.reasons),
        "bases": [{"rule": rule, "article": article, "kind": kind} for rule, article, kind in grounds.bases],
        "conditions": grounds.conditions,
        "note": grounds.note,
        "proposed_by": None,
    }
