"""What people ask about their own data."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import json_list, key, moment, text

__all__ = ["Erasure"]


class Erasure(tk.BaseModel):
    """注销与删除个人信息: somebody's request to close the account and erase what no law wants kept."""

    __tablename__ = "shopendata_erasure"
    __table_args__ = (
        sa.Index("ux_shopendata_erasure_open", "user_id", unique=True, postgresql_where=sa.text("state = 'asked'")),
    )

    id: Mapped[key]
    user_id: Mapped[text] = mapped_column(index=True)
    state: Mapped[text]  #: policy.personal.ErasureState
    asked_at: Mapped[moment]
    note: Mapped[text] = mapped_column(default="")  #: the person's words; gone when it is done
    decided_by: Mapped[text | None]
    decided_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    answer: Mapped[text] = mapped_column(default="")  #: why it was refused
    kept: Mapped[json_list] = mapped_column(default=list)  #: table, rows, kind of record (policy.retention)
