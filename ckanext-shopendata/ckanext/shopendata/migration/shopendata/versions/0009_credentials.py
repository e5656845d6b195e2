"""Devices for codes, replaced credentials, counted tries; what a session knows of its browser

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("shopendata_session", sa.Column("code_at", _WHEN))
    for column in ("address", "browser"):
        op.add_column("shopendata_session", sa.Column(column, sa.Text, nullable=False, server_default=""))
    op.create_table(
        "shopendata_code_device",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("used_step", sa.BigInteger),
        sa.Column("enrolled_at", _WHEN, nullable=False),
    )
    op.create_table(
        "shopendata_credential_reset",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", _WHEN, nullable=False),
        sa.Column("closed_by", sa.Text),
        sa.Column("closed_at", _WHEN),
    )
    op.create_index(
        "ux_shopendata_credential_reset_open",
        "shopendata_credential_reset",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_table(
        "shopendata_tries",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("since", _WHEN, nullable=False, index=True),
        sa.Column("locked_until", _WHEN),
    )


def downgrade() -> None:
    for table in ("tries", "credential_reset", "code_device"):
        op.drop_table(f"shopendata_{table}")
    for column in ("browser", "address", "code_at"):
        op.drop_column("shopendata_session", column)
