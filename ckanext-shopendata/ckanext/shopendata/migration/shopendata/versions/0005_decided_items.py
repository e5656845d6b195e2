"""The items that a decision has seen: what a source adds to them later waits for the next one

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: What is decided already has been decided with the items that there are.
SEEN = """
UPDATE shopendata_dataset d SET decided_items = i.items
FROM (SELECT entry_id, jsonb_object_agg(code, mask) AS items FROM shopendata_item GROUP BY entry_id) i
WHERE i.entry_id = d.entry_id AND d.decision_id IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("shopendata_dataset", sa.Column("decided_items", JSONB))
    op.execute(SEEN)


def downgrade() -> None:
    op.drop_column("shopendata_dataset", "decided_items")
