"""The catalogue: entries of every tier, their items, and the datasets made of them.

Nothing here is CKAN's: undecided and closed datasets exist in these tables alone (DESIGN invariant 1).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import flag, json_list, json_object, key, moment, number, text, words
from ckanext.shopendata.policy.scope import Column, Mask, opened

__all__ = ["Dataset", "Entry", "Item", "Resource"]

_ENTRY = "shopendata_entry.id"
_DATASET = "shopendata_dataset.id"


class Entry(tk.BaseModel):
    """目录条目: one resource of the city's or a district's catalogue."""

    __tablename__ = "shopendata_entry"
    __table_args__ = (sa.UniqueConstraint("source_id", "guid"),)

    id: Mapped[key]
    source_id: Mapped[text | None]  #: harvest source; none: drafted here
    guid: Mapped[text | None]  #: the record's identity at its source
    code: Mapped[text | None] = mapped_column(index=True)  #: 信息资源代码
    title: Mapped[text]
    abstract: Mapped[text] = mapped_column(default="")
    agency_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_agency.id"), index=True)  #: 数据提供单位
    responsible_unit: Mapped[text] = mapped_column(default="")
    source_unit: Mapped[text] = mapped_column(default="")
    division: Mapped[text] = mapped_column(default="")
    acquisition_method: Mapped[text | None]  #: policy.catalogue.Acquisition; none: unknown
    consent_scope: Mapped[text] = mapped_column(default="")
    share_class: Mapped[text] = mapped_column(default="")
    share_reason: Mapped[text] = mapped_column(default="")
    share_basis: Mapped[text] = mapped_column(default="")
    update_frequency: Mapped[text]  #: policy.catalogue.Frequency
    frequency_note: Mapped[text] = mapped_column(default="")
    domain: Mapped[text] = mapped_column(default="")
    subject: Mapped[text] = mapped_column(default="")
    level: Mapped[text] = mapped_column(default="city")
    labels: Mapped[words] = mapped_column(default=list)
    contact: Mapped[text] = mapped_column(default="")
    issued: Mapped[dt.date | None]
    modified: Mapped[dt.date | None]
    planned_open: Mapped[dt.date | None]
    resource_form: Mapped[text] = mapped_column(default="")
    formats: Mapped[words] = mapped_column(default=list)
    has_data: Mapped[flag] = mapped_column(default=False)  #: the source delivers rows
    row_count_declared: Mapped[number | None]
    high_value: Mapped[text] = mapped_column(default="")
    address: Mapped[text] = mapped_column(default="")  #: where the source describes it: for the staff only
    state: Mapped[text] = mapped_column(index=True)  #: policy.catalogue.EntryState
    source_state: Mapped[text] = mapped_column(default="published")  #: the source's word; ``missing`` is ours
    missing_since: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    digest: Mapped[text] = mapped_column(default="")  #: of what the source delivered last
    created_at: Mapped[moment]
    updated_at: Mapped[moment]


class Item(tk.BaseModel):
    """数据项: a column of an entry's data."""

    __tablename__ = "shopendata_item"
    __table_args__ = (sa.UniqueConstraint("entry_id", "code"),)

    id: Mapped[key]
    entry_id: Mapped[text] = mapped_column(sa.ForeignKey(_ENTRY, ondelete="CASCADE"), index=True)
    position: Mapped[number]
    code: Mapped[text]  #: ASCII name, the column's in tables and interfaces
    name: Mapped[text]  #: 中文名称
    type: Mapped[text]  #: policy.catalogue.ItemType
    unit: Mapped[text] = mapped_column(default="")
    is_key: Mapped[flag] = mapped_column(default=False)
    sensitivity: Mapped[text] = mapped_column(default="none")
    mask: Mapped[text] = mapped_column(default="none")  #: policy.scope.Mask that the source proposes
    description: Mapped[text] = mapped_column(default="")


class Dataset(tk.BaseModel):
    """开放数据集: a selection of an entry's items and rows, with a tier of its own. Its identifier is the package's."""

    __tablename__ = "shopendata_dataset"

    id: Mapped[key]
    entry_id: Mapped[text] = mapped_column(sa.ForeignKey(_ENTRY), index=True)
    name: Mapped[text] = mapped_column(unique=True)  #: in addresses
    title: Mapped[text]
    notes: Mapped[text] = mapped_column(default="")
    item_codes: Mapped[words | None]  #: none: all items of the entry
    masks: Mapped[json_object] = mapped_column(default=dict)  #: item code -> policy.scope.Mask
    row_filter: Mapped[json_object] = mapped_column(default=dict)  #: item code -> allowed values
    decided_items: Mapped[json_object | None]  #: item code -> mask, as the decision saw them; none: it saw none
    state: Mapped[text] = mapped_column(index=True)  #: policy.classification.DatasetState
    tier: Mapped[text]  #: written by a decision only (DESIGN invariant 3)
    decision_id: Mapped[text | None]
    conditions: Mapped[text] = mapped_column(default="")  #: 开放条件, of a conditional one
    review_by: Mapped[dt.date | None]
    published_tier: Mapped[text | None]  #: as which it stands in CKAN now
    first_published_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    published_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[moment]
    updated_at: Mapped[moment]

    def opened(self, items: Iterable[Item]) -> tuple[Column, ...]:
        """Those of its entry's items that are opened, each with its mask (policy.scope.opened)."""
        known = [Column(item.code, item.name, item.type, item.unit, Mask(item.mask)) for item in items]
        return opened(known, self.item_codes, self.masks, self.decided_items)


class Resource(tk.BaseModel):
    """A table of a dataset. Its identifier is CKAN's resource's; the rows lie where ``location`` says."""

    __tablename__ = "shopendata_resource"

    id: Mapped[key]
    dataset_id: Mapped[text] = mapped_column(sa.ForeignKey(_DATASET), index=True)
    position: Mapped[number] = mapped_column(default=0)
    name: Mapped[text]
    original_id: Mapped[text | None]  #: intake.original in the vault's database: what the source delivered
    columns: Mapped[json_list] = mapped_column(default=list)  #: loaded columns: code, name, type, unit, mask
    row_count: Mapped[number | None]
    scan: Mapped[text] = mapped_column(default="pending")  #: policy.scope.Scan
    findings: Mapped[json_list] = mapped_column(default=list)  #: of the scan: column, kind, count; never a value
    location: Mapped[text | None]  #: datastore | vault
    loaded_original_id: Mapped[text | None]
    loaded_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
