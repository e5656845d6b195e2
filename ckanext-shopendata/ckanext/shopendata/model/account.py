"""What CKAN's accounts lack: a phone number, and the one-time links that people get by mail."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import key, moment, number, text, words

__all__ = ["Account", "Link"]


class Account(tk.BaseModel):
    """An account that somebody registered by themselves, with an address that is theirs."""

    __tablename__ = "shopendata_account"

    user_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    phone: Mapped[text] = mapped_column(default="")
    mail_verified_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Link(tk.BaseModel):
    """A one-time link to a mail address, with the letter that carries it. Its secret is not here."""

    __tablename__ = "shopendata_link"

    id: Mapped[key]
    purpose: Mapped[text]  #: policy.link.Purpose
    mail: Mapped[text] = mapped_column(index=True)  #: policy.link.address
    digest: Mapped[text] = mapped_column(unique=True)  #: policy.link.digest
    language: Mapped[text]
    asked_from: Mapped[text] = mapped_column(default="", index=True)  #: keyed hash of the network address
    user_id: Mapped[text | None]  #: whose address or password is to change
    reset_id: Mapped[text | None]  #: the two people's decision behind it
    organisation_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_organisation.id"), index=True)
    functions: Mapped[words] = mapped_column(default=list)
    asked_by: Mapped[text | None]  #: who invites
    created_at: Mapped[moment]
    expires_at: Mapped[moment]
    ended_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ending: Mapped[text] = mapped_column(default="")  #: used | withdrawn | replaced
    # The letter, as a notice (model/notice.py).
    state: Mapped[text] = mapped_column(default="waiting")
    why: Mapped[text] = mapped_column(default="")
    mail_id: Mapped[text] = mapped_column(default="")
    begun: Mapped[number] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
