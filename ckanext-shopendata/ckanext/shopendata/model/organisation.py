"""Organisations that apply for data, their proofs and their members."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import key, moment, number, text, words

__all__ = ["Member", "Organisation", "Proof"]


class Organisation(tk.BaseModel):
    """申请单位: acts through its members. It is no organization of CKAN's, which are agencies."""

    __tablename__ = "shopendata_organisation"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_organisation_verified", "code", unique=True, postgresql_where=sa.text("state = 'verified'")
        ),
    )

    id: Mapped[key]
    kind: Mapped[text]  #: policy.organisation.Kind
    name: Mapped[text] = mapped_column(default="")
    code: Mapped[text] = mapped_column(default="", index=True)  #: unified social credit code in its one form
    legal_representative: Mapped[text] = mapped_column(default="")
    address: Mapped[text] = mapped_column(default="")
    phone: Mapped[text] = mapped_column(default="")
    state: Mapped[text] = mapped_column(index=True)  #: policy.organisation.State
    version: Mapped[number] = mapped_column(default=0)  #: how often it was handed in: what the intake has read
    reasons: Mapped[text] = mapped_column(default="")  #: why it was returned
    created_by: Mapped[text]
    created_at: Mapped[moment]
    updated_at: Mapped[moment]
    submitted_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    verified_by: Mapped[text | None]
    verified_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Proof(tk.BaseModel):
    """证明材料: a file that shows who an organisation is. In the database: no folder that anything serves has it."""

    __tablename__ = "shopendata_proof"

    id: Mapped[key]
    organisation_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_organisation.id"), index=True)
    name: Mapped[text]
    kind: Mapped[text]  #: its type, as the content shows: a key of policy.organisation.PROOFS
    size: Mapped[number]  #: bytes
    digest: Mapped[text]  #: SHA-256, hexadecimal
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_by: Mapped[text]
    uploaded_at: Mapped[moment]
    submitted_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))  #: kept from then on
    removed_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Member(tk.BaseModel):
    """Somebody acting for an organisation, for a time. Ended rows say who belonged to it when."""

    __tablename__ = "shopendata_member"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_member_live",
            "organisation_id",
            "user_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[key]
    organisation_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_organisation.id"))
    user_id: Mapped[text] = mapped_column(index=True)
    functions: Mapped[words]  #: policy.organisation.Function
    begun_at: Mapped[moment]
    invited_by: Mapped[text | None]  #: none: made the organisation
    ended_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_by: Mapped[text | None]
    successor_id: Mapped[text | None]  #: account that took over
