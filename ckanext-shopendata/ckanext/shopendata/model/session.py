"""Log-in sessions (see :mod:`ckanext.shopendata.hardening.sessions`)."""

from __future__ import annotations

import sqlalchemy as sa
from ckan.plugins import toolkit as tk

#: A plain table, no mapped class: it is read on every request, by key, outside CKAN's session.
sessions = sa.Table(
    "shopendata_session",
    tk.BaseModel.metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False, index=True),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
)
