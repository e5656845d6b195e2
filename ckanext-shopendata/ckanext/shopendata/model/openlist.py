"""Open lists and their versions."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import key, moment, number, text

__all__ = ["OpenList", "OpenListItem"]


class OpenList(tk.BaseModel):
    """One version of an agency's list. From its publication on, ``body`` is what ``digest`` says, for ever."""

    __tablename__ = "shopendata_openlist"
    __table_args__ = (
        sa.UniqueConstraint("agency_id", "year", "number"),
        sa.Index(
            "ux_shopendata_openlist_work",
            "agency_id",
            unique=True,
            postgresql_where=sa.text("state NOT IN ('published', 'superseded')"),
        ),
    )

    id: Mapped[key]
    agency_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_agency.id"), index=True)
    year: Mapped[number]
    number: Mapped[number]
    state: Mapped[text]  #: policy.openlist.ListState
    body: Mapped[text]  #: canonical JSON (policy.openlist.canonical)
    digest: Mapped[text]  #: SHA-256 of the body's UTF-8 bytes, hexadecimal
    compiled_by: Mapped[text]
    compiled_at: Mapped[moment]
    signoff_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_signoff.id"))
    published_by: Mapped[text | None]
    published_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))

    @property
    def version(self) -> str:
        """``2026.1``."""
        return f"{self.year}.{self.number}"


class OpenListItem(tk.BaseModel):
    """Which decision of which dataset stands on a version."""

    __tablename__ = "shopendata_openlist_item"

    list_id: Mapped[str] = mapped_column(sa.ForeignKey("shopendata_openlist.id", ondelete="CASCADE"), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("shopendata_dataset.id"), primary_key=True, index=True)
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("shopendata_decision.id"))
