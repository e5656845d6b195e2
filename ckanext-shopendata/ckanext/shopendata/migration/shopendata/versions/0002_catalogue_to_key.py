"""The catalogue, decisions, open lists, publication, applications, grants and keys

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shopendata_agency",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("aliases", ARRAY(sa.Text), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Text),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["shopendata_agency.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("title"),
    )
    op.create_table(
        "shopendata_application",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("year", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("applicant_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("form", JSONB, nullable=False),
        sa.Column("deficiencies", JSONB, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("year", "sequence"),
    )
    op.create_index("ix_shopendata_application_applicant_id", "shopendata_application", ["applicant_id"])
    op.create_index("ix_shopendata_application_state", "shopendata_application", ["state"])
    op.create_table(
        "shopendata_harvest_run",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text),
        sa.Column("guard_id", sa.Text),
        sa.Column("dry", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("counters", JSONB, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
    )
    op.create_index("ix_shopendata_harvest_run_source_id", "shopendata_harvest_run", ["source_id"])
    op.create_index("ix_shopendata_harvest_run_state", "shopendata_harvest_run", ["state"])
    op.create_table(
        "shopendata_signoff",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("signer", sa.Text, nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("scan_digest", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "shopendata_task",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_shopendata_task_due", "shopendata_task", ["due_at"], postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_index("ix_shopendata_task_object_id", "shopendata_task", ["object_id"])
    op.create_index(
        "ux_shopendata_task_waiting",
        "shopendata_task",
        ["kind", "object_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL AND leased_until IS NULL"),
    )
    op.create_table(
        "shopendata_case",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("application_id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opinion", sa.Text, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("confirmed_by_applicant", sa.Text),
        sa.Column("confirmed_by_provider", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["shopendata_agency.id"]),
        sa.ForeignKeyConstraint(["application_id"], ["shopendata_application.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("application_id", "agency_id"),
    )
    op.create_index("ix_shopendata_case_agency_id", "shopendata_case", ["agency_id"])
    op.create_index("ix_shopendata_case_state", "shopendata_case", ["state"])
    op.create_table(
        "shopendata_entry",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text),
        sa.Column("guid", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("responsible_unit", sa.Text, nullable=False),
        sa.Column("source_unit", sa.Text, nullable=False),
        sa.Column("division", sa.Text, nullable=False),
        sa.Column("acquisition_method", sa.Text),
        sa.Column("consent_scope", sa.Text, nullable=False),
        sa.Column("share_class", sa.Text, nullable=False),
        sa.Column("share_reason", sa.Text, nullable=False),
        sa.Column("share_basis", sa.Text, nullable=False),
        sa.Column("update_frequency", sa.Text, nullable=False),
        sa.Column("frequency_note", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("labels", ARRAY(sa.Text), nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("issued", sa.Date),
        sa.Column("modified", sa.Date),
        sa.Column("planned_open", sa.Date),
        sa.Column("resource_form", sa.Text, nullable=False),
        sa.Column("formats", ARRAY(sa.Text), nullable=False),
        sa.Column("has_data", sa.Boolean, nullable=False),
        sa.Column("row_count_declared", sa.BigInteger),
        sa.Column("high_value", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source_state", sa.Text, nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True)),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["shopendata_agency.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "guid"),
    )
    op.create_index("ix_shopendata_entry_agency_id", "shopendata_entry", ["agency_id"])
    op.create_index("ix_shopendata_entry_code", "shopendata_entry", ["code"])
    op.create_index("ix_shopendata_entry_state", "shopendata_entry", ["state"])
    op.create_table(
        "shopendata_openlist",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text, nullable=False),
        sa.Column("year", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("compiled_by", sa.Text, nullable=False),
        sa.Column("compiled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signoff_id", sa.Text),
        sa.Column("published_by", sa.Text),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["agency_id"], ["shopendata_agency.id"]),
        sa.ForeignKeyConstraint(["signoff_id"], ["shopendata_signoff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agency_id", "year", "number"),
    )
    op.create_index("ix_shopendata_openlist_agency_id", "shopendata_openlist", ["agency_id"])
    op.create_index(
        "ux_shopendata_openlist_work",
        "shopendata_openlist",
        ["agency_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('published', 'superseded')"),
    )
    op.create_table(
        "shopendata_role_holding",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Text),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Text),
        sa.ForeignKeyConstraint(["agency_id"], ["shopendata_agency.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shopendata_role_holding_user_id", "shopendata_role_holding", ["user_id"])
    op.create_index(
        "ux_shopendata_role_holding_live",
        "shopendata_role_holding",
        ["user_id", "role", sa.text("coalesce(agency_id, '')")],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "shopendata_dataset",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("item_codes", ARRAY(sa.Text)),
        sa.Column("masks", JSONB, nullable=False),
        sa.Column("row_filter", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text),
        sa.Column("conditions", sa.Text, nullable=False),
        sa.Column("review_by", sa.Date),
        sa.Column("published_tier", sa.Text),
        sa.Column("first_published_at", sa.DateTime(timezone=True)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["shopendata_entry.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_shopendata_dataset_entry_id", "shopendata_dataset", ["entry_id"])
    op.create_index("ix_shopendata_dataset_state", "shopendata_dataset", ["state"])
    op.create_table(
        "shopendata_harvest_record",
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("guid", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["shopendata_entry.id"]),
        sa.PrimaryKeyConstraint("source_id", "guid"),
    )
    op.create_table(
        "shopendata_item",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("entry_id", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("is_key", sa.Boolean, nullable=False),
        sa.Column("sensitivity", sa.Text, nullable=False),
        sa.Column("mask", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["shopendata_entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("entry_id", "code"),
    )
    op.create_index("ix_shopendata_item_entry_id", "shopendata_item", ["entry_id"])
    op.create_table(
        "shopendata_block",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("blocked_by", sa.Text, nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ux_shopendata_block_standing",
        "shopendata_block",
        ["dataset_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "shopendata_grant",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("holder_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("item_codes", ARRAY(sa.Text)),
        sa.Column("row_filter", JSONB, nullable=False),
        sa.Column("masks", JSONB, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("daily_quota", sa.BigInteger, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["shopendata_case.id"]),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "dataset_id"),
    )
    op.create_index("ix_shopendata_grant_dataset_id", "shopendata_grant", ["dataset_id"])
    op.create_index("ix_shopendata_grant_holder_id", "shopendata_grant", ["holder_id"])
    op.create_table(
        "shopendata_proposal",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("reasons", ARRAY(sa.Text), nullable=False),
        sa.Column("bases", JSONB, nullable=False),
        sa.Column("conditions", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shopendata_proposal_dataset_id", "shopendata_proposal", ["dataset_id"])
    op.create_index(
        "ux_shopendata_proposal_open",
        "shopendata_proposal",
        ["dataset_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "shopendata_requested_dataset",
        sa.Column("application_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("item_codes", ARRAY(sa.Text)),
        sa.Column("granted_codes", ARRAY(sa.Text)),
        sa.ForeignKeyConstraint(["application_id"], ["shopendata_application.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.PrimaryKeyConstraint("application_id", "dataset_id"),
    )
    op.create_table(
        "shopendata_resource",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("original_id", sa.Text),
        sa.Column("columns", JSONB, nullable=False),
        sa.Column("row_count", sa.BigInteger),
        sa.Column("scan", sa.Text, nullable=False),
        sa.Column("findings", JSONB, nullable=False),
        sa.Column("location", sa.Text),
        sa.Column("loaded_original_id", sa.Text),
        sa.Column("loaded_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shopendata_resource_dataset_id", "shopendata_resource", ["dataset_id"])
    op.create_table(
        "shopendata_access_key",
        sa.Column("kid", sa.Text, nullable=False),
        sa.Column("grant_id", sa.Text, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("pepper_version", sa.BigInteger, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoke_reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["shopendata_grant.id"]),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_index("ix_shopendata_access_key_grant_id", "shopendata_access_key", ["grant_id"])
    op.create_table(
        "shopendata_decision",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("proposal_id", sa.Text),
        sa.Column("signoff_id", sa.Text),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("reasons", ARRAY(sa.Text), nullable=False),
        sa.Column("bases", JSONB, nullable=False),
        sa.Column("conditions", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("review_by", sa.Date),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["shopendata_proposal.id"]),
        sa.ForeignKeyConstraint(["signoff_id"], ["shopendata_signoff.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_shopendata_decision_dataset_id", "shopendata_decision", ["dataset_id"])
    op.create_index("ix_shopendata_decision_signoff_id", "shopendata_decision", ["signoff_id"])
    op.create_table(
        "shopendata_openlist_item",
        sa.Column("list_id", sa.Text, nullable=False),
        sa.Column("dataset_id", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["shopendata_dataset.id"]),
        sa.ForeignKeyConstraint(["decision_id"], ["shopendata_decision.id"]),
        sa.ForeignKeyConstraint(["list_id"], ["shopendata_openlist.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("list_id", "dataset_id"),
    )
    op.create_index("ix_shopendata_openlist_item_dataset_id", "shopendata_openlist_item", ["dataset_id"])


def downgrade() -> None:
    for table in (
        "shopendata_openlist_item",
        "shopendata_decision",
        "shopendata_access_key",
        "shopendata_resource",
        "shopendata_requested_dataset",
        "shopendata_proposal",
        "shopendata_grant",
        "shopendata_block",
        "shopendata_item",
        "shopendata_harvest_record",
        "shopendata_dataset",
        "shopendata_role_holding",
        "shopendata_openlist",
        "shopendata_entry",
        "shopendata_case",
        "shopendata_task",
        "shopendata_signoff",
        "shopendata_harvest_run",
        "shopendata_application",
        "shopendata_agency",
    ):
        op.drop_table(table)
