"""What people are told, and how they want to be told."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import json_object, key, moment, number, text

__all__ = ["Notice", "NoticePreference"]


class Notice(tk.BaseModel):
    """通知: one moment, for one person. Written in the transaction of the change, sent by a task of the outbox.

    It holds numbers, days and names of agencies, and nothing of what an application or a dataset says: mail travels
    through others' machines.
    """

    __tablename__ = "shopendata_notice"
    __table_args__ = (sa.UniqueConstraint("recipient_id", "moment", "object_id", "occurrence"),)

    id: Mapped[key]
    recipient_id: Mapped[text] = mapped_column(index=True)
    moment: Mapped[text]  #: policy.notice.MOMENTS
    object_id: Mapped[text] = mapped_column(index=True)  #: of the moment's kind
    occurrence: Mapped[text]  #: which time it is that this happens to the object: it is told once
    agency_id: Mapped[text | None]  #: in which the recipient's role is held
    data: Mapped[json_object] = mapped_column(default=dict)
    mode: Mapped[text]  #: policy.notice.Mode, as the recipient wanted it then
    created_at: Mapped[moment]
    state: Mapped[text]  #: waiting | sent | dropped | failed | unconfirmed
    why: Mapped[text] = mapped_column(default="")  #: it was not sent
    mail_id: Mapped[text] = mapped_column(default="", index=True)  #: of its Message-ID, fixed before the first try
    begun: Mapped[number] = mapped_column(default=0)  #: tries of which nobody knows whether the server took the mail
    sent_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class NoticePreference(tk.BaseModel):
    """How somebody wants to be told; people without a row get the defaults."""

    __tablename__ = "shopendata_notice_preference"

    user_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    modes: Mapped[json_object] = mapped_column(default=dict)  #: policy.notice.Group -> policy.notice.Mode
    language: Mapped[text] = mapped_column(default="")  #: empty: the portal's
    updated_at: Mapped[moment]
