"""Applicant organisations, their proofs and members; one-time links; what accounts lack

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "shopendata_organisation",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "name", "code", "legal_representative")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("address", "phone", "state")),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT),
        sa.Column("verified_by", sa.Text),
        sa.Column("verified_at", MOMENT),
    )
    op.create_index("ix_shopendata_organisation_code", "shopendata_organisation", ["code"])
    op.create_index("ix_shopendata_organisation_state", "shopendata_organisation", ["state"])
    op.create_index(
        "ux_shopendata_organisation_verified",
        "shopendata_organisation",
        ["code"],
        unique=True,
        postgresql_where=sa.text("state = 'verified'"),
    )
    op.create_table(
        "shopendata_proof",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation_id", sa.Text, sa.ForeignKey("shopendata_organisation.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("uploaded_by", sa.Text, nullable=False),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT),
        sa.Column("removed_at", MOMENT),
    )
    op.create_index("ix_shopendata_proof_organisation_id", "shopendata_proof", ["organisation_id"])
    op.create_table(
        "shopendata_member",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation_id", sa.Text, sa.ForeignKey("shopendata_organisation.id"), nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("functions", ARRAY(sa.Text), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("invited_by", sa.Text),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.Text),
        sa.Column("successor_id", sa.Text),
    )
    op.create_index("ix_shopendata_member_user_id", "shopendata_member", ["user_id"])
    op.create_index(
        "ux_shopendata_member_live",
        "shopendata_member",
        ["organisation_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "shopendata_account",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("mail_verified_at", MOMENT),
    )
    op.create_table(
        "shopendata_link",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("purpose", "mail")),
        sa.Column("digest", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("language", "asked_from")),
        sa.Column("user_id", sa.Text),
        sa.Column("reset_id", sa.Text),
        sa.Column("organisation_id", sa.Text, sa.ForeignKey("shopendata_organisation.id")),
        sa.Column("functions", ARRAY(sa.Text), nullable=False),
        sa.Column("asked_by", sa.Text),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("ending", "state", "why", "mail_id")),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("sent_at", MOMENT),
    )
    for column in ("mail", "asked_from", "organisation_id"):
        op.create_index(f"ix_shopendata_link_{column}", "shopendata_link", [column])
    op.add_column(
        "shopendata_application",
        sa.Column("organisation_id", sa.Text, sa.ForeignKey("shopendata_organisation.id")),
    )
    op.create_index("ix_shopendata_application_organisation_id", "shopendata_application", ["organisation_id"])
    op.add_column("shopendata_access_key", sa.Column("custodian_id", sa.Text))
    op.execute("UPDATE shopendata_access_key SET custodian_id = created_by")
    op.alter_column("shopendata_access_key", "custodian_id", nullable=False)


def downgrade() -> None:
    op.drop_column("shopendata_access_key", "custodian_id")
    op.drop_column("shopendata_application", "organisation_id")
    for table in ("link", "account", "member", "proof", "organisation"):
        op.drop_table(f"shopendata_{table}")
