"""Suspension: one row that every door reads. Needs PostgreSQL and nothing else (DESIGN invariant 7)."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.model import Block, Dataset, Resource
from ckanext.shopendata.policy.classification import Tier, tightens
from ckanext.shopendata.publish import outbox

__all__ = ["LASTING", "blocked", "lift", "put", "reason_of", "standing", "tighten", "too_open"]

#: Reasons of blocks that nobody resumes: a decision ends the first, nothing the second.
LASTING = frozenset({"tightened", "rejected"})


def put(dataset_id: str, reason: str, by: str, note: str = "") -> bool:
    """Blocks a dataset unless it is blocked already; tells whether it did. The caller commits."""
    if blocked(dataset_id):
        return False
    block = Block(dataset_id=dataset_id, reason=reason, note=note, blocked_by=by, blocked_at=clock.now())
    model.Session.add(block)
    model.Session.flush([block])
    return True


def tighten(dataset: Dataset, by: str) -> None:
    """Refuses what stands in public as more than was decided; cleaning up follows. The caller commits."""
    if too_open(dataset):
        put(dataset.id, "tightened", by)
        outbox.put("conceal", dataset.id)


def too_open(dataset: Dataset) -> bool:
    """Whether a dataset stands in CKAN as more than was decided."""
    return dataset.published_tier is not None and tightens(Tier.read(dataset.published_tier), Tier.read(dataset.tier))


def lift(dataset_id: str, by: str, reason: str | None = None) -> bool:
    """Lifts a dataset's block (only one with this reason, if given); tells whether one stood. The caller commits."""
    standing_one = sa.and_(Block.dataset_id == dataset_id, Block.lifted_at.is_(None))
    lifted = sa.update(Block).where(standing_one).values(lifted_at=clock.now(), lifted_by=by)
    if reason is not None:
        lifted = lifted.where(Block.reason == reason)
    return bool(model.Session.execute(lifted).rowcount)  # type: ignore[attr-defined]


def reason_of(dataset_id: str) -> str | None:
    """Why a dataset is blocked; ``None`` when it is not."""
    return model.Session.scalar(
        sa.select(Block.reason).where(Block.dataset_id == dataset_id, Block.lifted_at.is_(None))
    )


def blocked(reference: str) -> bool:
    """Whether the dataset, or the dataset of the resource, of this identifier or name is blocked."""
    return reference in {key for row in _rows() for key in row}


def standing() -> dict[str, str]:
    """Identifiers of the blocked datasets -> name."""
    return {row[0]: row[1] for row in _rows()}


def _rows() -> list[tuple[str, str, str | None]]:
    """(dataset, its name, one of its resources) for everything blocked. Few, so they are read whole."""
    rows = (
        sa.select(Dataset.id, Dataset.name, Resource.id)
        .join(Block, Block.dataset_id == Dataset.id)
        .join(Resource, Resource.dataset_id == Dataset.id, isouter=True)
        .where(Block.lifted_at.is_(None))
    )
    return [tuple(row) for row in model.Session.execute(rows)]
