"""Runs of the harvesters, and where each record went."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import flag, json_object, key, moment, text

__all__ = ["HarvestRecord", "HarvestRun"]


class HarvestRun(tk.BaseModel):
    """One synchronisation with one source. A worker holds it by a lease that it renews."""

    __tablename__ = "shopendata_harvest_run"

    id: Mapped[key]
    source_id: Mapped[text] = mapped_column(index=True)
    job_id: Mapped[text | None] = mapped_column(unique=True)  #: ckanext-harvest's job; none: started by command
    guard_id: Mapped[text | None]  #: the job's one harvest object, which keeps it open
    dry: Mapped[flag] = mapped_column(default=False)
    state: Mapped[text] = mapped_column(index=True)  #: planned | running | done | done_with_errors | failed
    counters: Mapped[json_object] = mapped_column(default=dict)
    error: Mapped[text] = mapped_column(default="")
    created_at: Mapped[moment]
    started_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    leased_until: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class HarvestRecord(tk.BaseModel):
    """Provenance of one record: what it was last time and what became of it. Holds no content but the wrong value."""

    __tablename__ = "shopendata_harvest_record"

    source_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    guid: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    entry_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_entry.id"))
    digest: Mapped[text]
    outcome: Mapped[text]  #: mapped | quarantined | refused
    reason: Mapped[text] = mapped_column(default="")  #: code of harvesters.errors
    field: Mapped[text] = mapped_column(default="")
    value: Mapped[text] = mapped_column(default="")
    run_id: Mapped[text]
    seen_at: Mapped[moment]
