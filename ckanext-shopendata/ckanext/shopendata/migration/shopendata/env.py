"""How Alembic finds and compares the tables of this distribution (all names start with ``shopendata_``)."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from ckan.model.meta import metadata

PREFIX = "shopendata_"
VERSION_TABLE = "shopendata_alembic_version"


def is_ours(_object: Any, name: str, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Only our tables count; everything else in this database is CKAN's or another plugin's."""
    return kind != "table" or (name.startswith(PREFIX) and name != VERSION_TABLE)


def run() -> None:
    """Runs the migrations over a connection of their own."""
    options: dict[str, Any] = {
        "target_metadata": metadata,
        "version_table": VERSION_TABLE,
        "include_object": is_ours,
    }
    url = context.config.get_main_option("sqlalchemy.url")
    if context.is_offline_mode():
        context.configure(url=url, literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    with sa.create_engine(url or "", poolclass=sa.pool.NullPool).connect() as connection:
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


run()
