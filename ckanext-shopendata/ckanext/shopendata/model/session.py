"""Log-in sessions (see :mod:`ckanext.shopendata.hardening.sessions`)."""

from __future__ import annotations

import hashlib

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
    sa.Column("code_at", sa.DateTime(timezone=True)),  # when a code was last typed in this session
    sa.Column("address", sa.Text, nullable=False, server_default=""),  # from where it was opened
    sa.Column("browser", sa.Text, nullable=False, server_default=""),  # with what
)


def hash_of(token: str) -> str:
    """What the table knows of a session's token, or of a link's."""
    return hashlib.sha256(token.encode()).hexdigest()
