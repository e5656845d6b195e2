"""Migrations of the vault's database. They are plain SQL: no process maps its tables to classes."""

import sqlalchemy as sa
from alembic import context

with sa.create_engine(
    context.config.get_main_option("sqlalchemy.url") or "", poolclass=sa.pool.NullPool
).connect() as c:
    context.configure(connection=c, target_metadata=None, version_table="shopendata_vault_version")
    with context.begin_transaction():
        context.run_migrations()
