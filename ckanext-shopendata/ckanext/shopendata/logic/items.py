"""The items of datasets: those that are opened, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata.model import Dataset, Item
from ckanext.shopendata.policy.scope import Mask

__all__ = ["items_of"]


def items_of(dataset_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Dataset -> its opened items: code, name, type, unit, and whether values are masked."""
    shown = {}
    for dataset in model.Session.scalars(sa.select(Dataset).where(Dataset.id.in_(dataset_ids))):
        rows = sa.select(Item).where(Item.entry_id == dataset.entry_id).order_by(Item.position)
        shown[dataset.id] = [
            {
                "code": one.code, "name": one.name, "type": one.type, "unit": one.unit,
                "masked": one.mask is not Mask.NONE,
            }
            for one in dataset.opened(model.Session.scalars(rows))
        ]  # fmt: skip
    return shown
