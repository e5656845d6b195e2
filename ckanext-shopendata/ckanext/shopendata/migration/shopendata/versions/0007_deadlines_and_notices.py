"""Time limits of applications and cases, notices and how people want them

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("shopendata_application", "shopendata_case"):
        op.add_column(table, sa.Column("clock", JSONB))
        op.add_column(table, sa.Column("due_on", sa.Date))
        op.create_index(f"ix_{table}_due_on", table, ["due_on"])
    op.add_column("shopendata_case", sa.Column("extension_reason", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "shopendata_notice",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("recipient_id", sa.Text, nullable=False),
        sa.Column("moment", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("mail_id", sa.Text, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("sent_at", _WHEN),
        sa.UniqueConstraint("recipient_id", "moment", "object_id", "occurrence"),
    )
    for column in ("recipient_id", "object_id", "mail_id"):
        op.create_index(f"ix_shopendata_notice_{column}", "shopendata_notice", [column])
    op.create_table(
        "shopendata_notice_preference",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("modes", JSONB, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("updated_at", _WHEN, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("shopendata_notice_preference")
    op.drop_table("shopendata_notice")
    op.drop_column("shopendata_case", "extension_reason")
    for table in ("shopendata_application", "shopendata_case"):
        op.drop_column(table, "due_on")
        op.drop_column(table, "clock")
