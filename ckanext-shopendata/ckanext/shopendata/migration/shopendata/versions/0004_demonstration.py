"""Whether the portal is marked as a demonstration, for the gateway to see

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: One row. CKAN's table also holds the site's settings: nothing else of it is the gateway's to see.
VIEW = """
CREATE VIEW gateway.portal AS
    SELECT EXISTS (
        SELECT FROM system_info WHERE key = 'ckanext.shopendata.demonstration' AND value <> ''
    ) AS demonstration
"""


def upgrade() -> None:
    op.execute(VIEW)


def downgrade() -> None:
    op.execute("DROP VIEW gateway.portal")
