"""The databases as of one moment, without stopping anything.

PostgreSQL has no snapshot across databases. What ties ours together is the order in which everybody writes: rows go to
the vault or the DataStore first, and the commit in ``ckan`` that makes them count comes after. So the tables of that
commit are held while three snapshots are taken, ``ckan`` first: whoever is between the two looks, in the backup, as if
he had been killed there, which is what the outbox and the harvest's leases are made for. The hold lasts milliseconds;
the dumps then read from the snapshots for as long as they take, beside all writers.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from stack import databases
from stack.backup.parts import EMPTIED, WRITTEN
from stack.console import StackError
from stack.settings import Settings

__all__ = ["Snapshot", "Table", "compare", "snapshots"]

#: Databases in the order of their snapshots.
ORDER = ("ckan", "datastore", "vault")
#: How long writers are waited for, and how often that is tried again: they must not queue up behind us.
HOLD, TRIES, PAUSE = "2s", 30, 0.5

#: The same text for the same row on every server.
_PLAIN = {
    "search_path": "",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "idle_in_transaction_session_timeout": "0",
}

Table = tuple[int, str]


@dataclass(frozen=True)
class Snapshot:
    """One database as of the moment; ``name`` is what ``pg_dump --snapshot`` takes."""

    database: str
    name: str
    connection: psycopg.Connection[Any]

    def one(self, question: str) -> Any:
        """The first column of the first row; ``None`` where there is none."""
        row = self.connection.execute(question).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None

    def tables(self) -> dict[str, Table]:
        """Every table -> how many rows the backup has of it, and a checksum of them in any order."""
        left = EMPTIED.get(self.database, ())
        return {name: (0, "0") if name in left else _sum(self.connection, name) for name in _names(self.connection)}

    def migrations(self) -> dict[str, str]:
        """Table of versions -> the version in it."""
        found = {}
        for name in _names(self.connection):
            if name.endswith(("alembic_version", "vault_version")):
                found[name] = self.one(f"SELECT string_agg(version_num, ' ') FROM {name}") or ""  # noqa: S608
        return found


def _names(connection: psycopg.Connection[Any]) -> list[str]:
    question = (
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname !~ '^pg_' ORDER BY 1"
    )
    return [name for (name,) in connection.execute(question)]


def _sum(connection: psycopg.Connection[Any], name: str) -> Table:
    checksum = "coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text"
    question = f"SELECT count(*), {checksum} FROM {name} t"  # noqa: S608 - quoted by the server
    rows, found = connection.execute(question).fetchone()  # type: ignore[misc, arg-type]
    return int(rows), str(found)


@contextmanager
def snapshots(settings: Settings) -> Iterator[dict[str, Snapshot]]:
    """All databases as of now. Raises :class:`StackError` when the writers do not let us in."""
    with ExitStack() as held:
        with _pause(settings):
            taken = {database: held.enter_context(snapshot(settings, database)) for database in ORDER}
        yield taken


@contextmanager
def snapshot(settings: Settings, database: str) -> Iterator[Snapshot]:
    """One database as of now, to be read only."""
    with databases.connect(settings, database) as connection:
        for name, value in _PLAIN.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.autocommit = False
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield Snapshot(database, str(row[0]) if row else "", connection)


@contextmanager
def _pause(settings: Settings) -> Iterator[None]:
    """Nobody commits the end of a piece of work while this is held."""
    with databases.connect(settings, "ckan") as holding:
        there = [
            name for name in WRITTEN if holding.execute("SELECT to_regclass(%s)", (name,)).fetchone() != (None,)
        ]  # an older version may not have them all
        statement = sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.SQL(", ").join(map(sql.Identifier, there)))
        holding.execute("SELECT set_config('lock_timeout', %s, false)", (HOLD,))
        for _ in range(TRIES):
            try:
                with holding.transaction():
                    if there:
                        holding.execute(statement)
                    yield
                    return
            except psycopg.errors.LockNotAvailable:
                time.sleep(PAUSE)
        raise StackError("something has been writing for so long that no moment for the backup could be found")


def compare(before: dict[str, Table], after: dict[str, Table]) -> list[str]:
    """In which tables two readings differ, in words."""
    found = [f"{name} is missing" for name in sorted(before.keys() - after.keys())]
    found += [f"{name} is new" for name in sorted(after.keys() - before.keys())]
    for name in sorted(before.keys() & after.keys()):
        if before[name][0] != after[name][0]:
            found.append(f"{name} has {after[name][0]} rows instead of {before[name][0]}")
        elif tuple(before[name]) != tuple(after[name]):
            found.append(f"{name} has other contents")
    return found
