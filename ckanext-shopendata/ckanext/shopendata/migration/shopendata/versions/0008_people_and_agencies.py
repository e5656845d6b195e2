"""Persons behind accounts, roles given by two people, substitutes, divisions, agencies that end

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    agency, holding = "shopendata_agency", "shopendata_role_holding"
    op.add_column(agency, sa.Column("former_codes", ARRAY(sa.Text), nullable=False, server_default="{}"))
    op.add_column(agency, sa.Column("successor_id", sa.Text, sa.ForeignKey("shopendata_agency.id")))
    op.add_column(agency, sa.Column("dissolved_at", MOMENT))
    op.add_column(holding, sa.Column("confirmed_by", sa.Text))
    op.add_column(holding, sa.Column("ending", sa.Text, nullable=False, server_default=""))
    op.add_column(holding, sa.Column("ending_note", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE shopendata_role_holding SET ending = 'revoked' WHERE revoked_at IS NOT NULL")
    op.drop_constraint("shopendata_case_application_id_agency_id_key", "shopendata_case")
    op.create_index(
        "ux_shopendata_case_open",
        "shopendata_case",
        ["application_id", "agency_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('active', 'refused', 'withdrawn', 'lapsed')"),
    )
    op.create_table(
        "shopendata_division",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("agency_id", sa.Text, sa.ForeignKey("shopendata_agency.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("contact_name", sa.Text, nullable=False),
        sa.Column("contact_phone", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.UniqueConstraint("agency_id", "title"),
    )
    op.create_table(
        "shopendata_person",
        sa.Column("user_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("staff", sa.Boolean, nullable=False),
        sa.Column("verified_by", sa.Text, nullable=False),
        sa.Column("verified_at", MOMENT, nullable=False),
    )
    op.create_index("ix_shopendata_person_digest", "shopendata_person", ["digest"])
    op.create_index(
        "ux_shopendata_person_staff", "shopendata_person", ["digest"], unique=True, postgresql_where=sa.text("staff")
    )
    op.create_table(
        "shopendata_role_request",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, sa.ForeignKey("shopendata_agency.id")),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("closed_by", sa.Text),
        sa.Column("closed_at", MOMENT),
    )
    op.create_index("ix_shopendata_role_request_user_id", "shopendata_role_request", ["user_id"])
    op.create_index(
        "ux_shopendata_role_request_open",
        "shopendata_role_request",
        ["user_id", "role", sa.text("coalesce(agency_id, '')")],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_table(
        "shopendata_delegation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("holding_id", sa.Text, sa.ForeignKey("shopendata_role_holding.id"), nullable=False),
        sa.Column("substitute_id", sa.Text, nullable=False),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_by", sa.Text),
    )
    op.create_index("ix_shopendata_delegation_holding_id", "shopendata_delegation", ["holding_id"])
    op.create_index("ix_shopendata_delegation_substitute_id", "shopendata_delegation", ["substitute_id"])
    op.create_table(
        "shopendata_stand_in",
        sa.Column("object_id", sa.Text, primary_key=True),
        sa.Column("account_id", sa.Text, primary_key=True),
        sa.Column("stead_id", sa.Text, primary_key=True),
    )


def downgrade() -> None:
    op.drop_index("ux_shopendata_case_open", "shopendata_case")
    op.create_unique_constraint(None, "shopendata_case", ["application_id", "agency_id"])
    for table in ("stand_in", "delegation", "role_request", "person", "division"):
        op.drop_table(f"shopendata_{table}")
    for column in ("ending_note", "ending", "confirmed_by"):
        op.drop_column("shopendata_role_holding", column)
    for column in ("dissolved_at", "successor_id", "former_codes"):
        op.drop_column("shopendata_agency", column)
