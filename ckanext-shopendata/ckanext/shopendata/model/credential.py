"""Devices whose codes prove who decides, requests to replace credentials, and tries at guessing them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import key, moment, number, text

__all__ = ["CodeDevice", "CredentialReset", "tries"]


class CodeDevice(tk.BaseModel):
    """The device that shows somebody's codes (TOTP)."""

    __tablename__ = "shopendata_code_device"

    user_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    secret: Mapped[text]  #: encrypted together with the account's identifier (logic.totp)
    used_step: Mapped[number | None]  #: time step of the last code that counted
    enrolled_at: Mapped[moment]


class CredentialReset(tk.BaseModel):
    """凭据重置: one security administrator asks for somebody's credentials to be replaced, another confirms."""

    __tablename__ = "shopendata_credential_reset"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_credential_reset_open",
            "user_id",
            unique=True,
            postgresql_where=sa.text("state = 'asked'"),
        ),
    )

    id: Mapped[key]
    user_id: Mapped[text]
    email: Mapped[text] = mapped_column(default="")  #: the account's new address; empty: it stays
    reason: Mapped[text]
    state: Mapped[text]  #: policy.credential.ResetState
    asked_by: Mapped[text]
    asked_at: Mapped[moment]
    closed_by: Mapped[text | None]
    closed_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


#: A plain table, no mapped class: tries are counted in short transactions of their own.
tries = sa.Table(
    "shopendata_tries",
    tk.BaseModel.metadata,
    sa.Column("kind", sa.Text, primary_key=True),  # policy.credential.Guess
    sa.Column("subject", sa.Text, primary_key=True),  # keyed hash: people type passwords where names belong
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("locked_until", sa.DateTime(timezone=True)),
)
