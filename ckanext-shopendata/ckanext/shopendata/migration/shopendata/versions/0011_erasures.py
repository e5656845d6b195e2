"""Requests of people to erase what is held about them

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "shopendata_erasure",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", MOMENT),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("kept", JSONB, nullable=False),
    )
    op.create_index("ix_shopendata_erasure_user_id", "shopendata_erasure", ["user_id"])
    op.create_index(
        "ux_shopendata_erasure_open",
        "shopendata_erasure",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    op.drop_table("shopendata_erasure")
