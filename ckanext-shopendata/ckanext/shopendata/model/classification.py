"""Proposals and decisions on a dataset's tier, and the sign-offs that confirm them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import json_list, key, moment, text, words

__all__ = ["Decision", "Proposal", "SignOff"]


class Proposal(tk.BaseModel):
    """A tier somebody, or a source, proposes for a dataset. At most one is open for a dataset."""

    __tablename__ = "shopendata_proposal"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_proposal_open", "dataset_id", unique=True, postgresql_where=sa.text("closed_at IS NULL")
        ),
    )

    id: Mapped[key]
    dataset_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_dataset.id"), index=True)
    tier: Mapped[text]
    reasons: Mapped[words] = mapped_column(default=list)  #: 理由: codes of the pack
    bases: Mapped[json_list] = mapped_column(default=list)  #: 依据: rule, article
    conditions: Mapped[text] = mapped_column(default="")
    note: Mapped[text] = mapped_column(default="")
    proposed_by: Mapped[text | None]  #: user; none: the source declared it
    proposed_at: Mapped[moment]
    closed_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class SignOff(tk.BaseModel):
    """Who confirmed a decision, list or agreement: online, or on paper with the document registered here."""

    __tablename__ = "shopendata_signoff"

    id: Mapped[key]
    kind: Mapped[text]  #: online (线上确认) | offline
    title: Mapped[text] = mapped_column(default="")
    number: Mapped[text] = mapped_column(default="")  #: the document's
    signer: Mapped[text]
    signed_on: Mapped[dt.date]
    scan_digest: Mapped[text] = mapped_column(default="")
    recorded_by: Mapped[text]
    recorded_at: Mapped[moment]


class Decision(tk.BaseModel):
    """开放类型认定. Rows are only added; a dataset's tier is that of its last one."""

    __tablename__ = "shopendata_decision"

    id: Mapped[key]
    dataset_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_dataset.id"), index=True)
    proposal_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_proposal.id"))
    signoff_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_signoff.id"), index=True)
    tier: Mapped[text]
    reasons: Mapped[words] = mapped_column(default=list)
    bases: Mapped[json_list] = mapped_column(default=list)
    conditions: Mapped[text] = mapped_column(default="")
    note: Mapped[text] = mapped_column(default="")
    review_by: Mapped[dt.date | None]
    decided_by: Mapped[text]
    decided_at: Mapped[moment]
