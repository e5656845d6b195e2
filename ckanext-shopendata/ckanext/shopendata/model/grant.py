"""Grants and the keys that open them. The gateway reads both through the views of schema ``gateway``."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import json_object, key, moment, number, text, words

__all__ = ["AccessKey", "Grant"]


class Grant(tk.BaseModel):
    """访问权限: what one applicant may read of one dataset, how much of it, and until when."""

    __tablename__ = "shopendata_grant"
    __table_args__ = (sa.UniqueConstraint("case_id", "dataset_id"),)

    id: Mapped[key]
    case_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_case.id"))
    dataset_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_dataset.id"), index=True)
    holder_id: Mapped[text] = mapped_column(index=True)  #: who applied, or the agent in charge
    state: Mapped[text]  #: policy.grant.GrantState
    item_codes: Mapped[words | None]  #: none: all items of the dataset
    row_filter: Mapped[json_object] = mapped_column(default=dict)
    masks: Mapped[json_object] = mapped_column(default=dict)  #: item code -> mask, beyond the dataset's own
    purpose: Mapped[text] = mapped_column(default="")
    daily_quota: Mapped[number]
    valid_from: Mapped[moment]
    valid_until: Mapped[moment]
    created_at: Mapped[moment]


class AccessKey(tk.BaseModel):
    """访问密钥: a credential for one grant. The secret itself is nowhere."""

    __tablename__ = "shopendata_access_key"

    kid: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    grant_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_grant.id"), index=True)
    mac: Mapped[bytes] = mapped_column(sa.LargeBinary)
    pepper_version: Mapped[number] = mapped_column(default=1)
    hint: Mapped[text]  #: its last four characters
    created_by: Mapped[text]
    custodian_id: Mapped[text]  #: who looks after it: whoever made it, then who took over
    created_at: Mapped[moment]
    expires_at: Mapped[moment]
    revoked_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_by: Mapped[text | None]
    revoke_reason: Mapped[text] = mapped_column(default="")
