"""What sources deliver, as delivered: read by the loader and the scanner, by nobody else

Revision ID: 0001
Revises:
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE intake.original (
            id text PRIMARY KEY,
            entry_id text NOT NULL,
            columns jsonb NOT NULL,
            row_count bigint,
            digest text,
            fetched_at timestamptz NOT NULL
        )
    """)
    op.execute("CREATE INDEX ix_original_entry ON intake.original (entry_id)")
    op.execute("""
        CREATE TABLE intake.chunk (
            original_id text NOT NULL REFERENCES intake.original (id) ON DELETE CASCADE,
            position bigint NOT NULL,
            body bytea NOT NULL,
            PRIMARY KEY (original_id, position)
        )
    """)
    op.execute("COMMENT ON COLUMN intake.original.digest IS 'SHA-256 of all rows; NULL while they still arrive'")
    op.execute("COMMENT ON COLUMN intake.chunk.body IS 'gzip of JSON lines, one array a row, values as delivered'")


def downgrade() -> None:
    op.execute("DROP TABLE intake.chunk, intake.original")
