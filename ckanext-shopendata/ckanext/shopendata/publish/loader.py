"""Puts a table where its tier says: into the DataStore for everybody, or into the vault.

A table is made beside the one in use, filled by COPY and takes its place in one step: readers see the old rows or the
new ones. Types are the dictionary's where every value fits; a column with one value that does not stays text.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import ckan.plugins.toolkit as tk
import psycopg
from psycopg import sql

from ckanext.datastore.backend import DatastoreBackend
from ckanext.shopendata.policy import values
from ckanext.shopendata.policy.catalogue import ItemType
from ckanext.shopendata.policy.scope import Column, Mask, Scan, findings_in, vault_table, veil, verdict_on
from ckanext.shopendata.publish import intake

__all__ = [
    "Table",
    "drop_from_datastore",
    "drop_from_vault",
    "into_datastore",
    "into_vault",
    "lies_in_vault",
    "measure",
]

#: Type of an item -> type of its column.
SQL_TYPES = {
    "text": "text",
    "int": "bigint",
    "decimal": "numeric",
    "date": "date",
    "datetime": "timestamp",
    "time": "time",
    "bool": "boolean",
}


@dataclass(frozen=True)
class Table:
    """A delivered table, looked through: its columns with the types that hold, and what the scan found."""

    original: str
    columns: tuple[Column, ...]
    row_count: int
    findings: dict[tuple[str, str], int]  #: (column, kind) -> rows

    @property
    def scan(self) -> Scan:
        """Whether its rows may open: every finding lies in a masked column."""
        return verdict_on(self.findings, {column.code: column.mask for column in self.columns})


def measure(vault: psycopg.Connection[Any], original: str, columns: Iterable[Column]) -> Table:
    """Looks through a table once. Raises ``LookupError`` when a column of the dictionary was not delivered."""
    wanted = list(columns)
    places = _places(vault, original, wanted)
    kinds = [ItemType(column.type) for column in wanted]
    fits, findings, count = [True] * len(wanted), Counter[tuple[str, str]](), 0
    for row in intake.rows(vault, original):
        count += 1
        for index, place in enumerate(places):
            value = values.plain(row[place])
            for kind in findings_in(value):
                findings[(wanted[index].code, kind)] += 1
            if fits[index] and kinds[index] is not ItemType.TEXT:
                try:
                    values.read(value, kinds[index])
                except ValueError:
                    fits[index] = False
    typed = tuple(column if fits[i] else replace(column, type="text") for i, column in enumerate(wanted))
    return Table(original, typed, count, dict(findings))


def into_datastore(
    vault: psycopg.Connection[Any], resource_id: str, table: Table, row_filter: dict[str, list[str]]
) -> int:
    """Loads a table into the DataStore with its masks applied; returns the number of rows.

    Through the DataStore's backend, not its action: that one wants the resource to be in CKAN already, and then the
    public would see it before its rows.
    """
    if table.scan is not Scan.PASSED:
        raise ValueError("the scan has not passed")
    columns = tuple(replace(c, type="text") if c.mask is not Mask.NONE else c for c in table.columns)
    staging = f"staging_{resource_id}_{secrets.token_hex(4)}"
    backend = DatastoreBackend.get_active_backend()
    with _datastore() as target:
        _drop_staging(target, resource_id)
        fields = [
            {"id": c.code, "type": SQL_TYPES[c.type], "info": {"label": c.name, "notes": c.unit}} for c in columns
        ]
        context: Any = {"ignore_auth": True}
        backend.create(context, {"resource_id": staging, "fields": fields}, {})
        with target.transaction():
            target.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(staging)))
            rows = _prepared(vault, table, columns, row_filter, mask=True)
            count = _copy(target, sql.Identifier(staging), [c.code for c in columns], rows)
            texts = sql.SQL(", ").join(sql.Identifier(c.code) for c in columns)
            target.execute(
                sql.SQL("UPDATE {} SET _full_text = to_tsvector(concat_ws(' ', {}))").format(
                    sql.Identifier(staging), texts
                )
            )
            target.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(staging)))
            target.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(resource_id)))
            target.execute(
                sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(staging), sql.Identifier(resource_id))
            )
        target.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(resource_id)))
    backend.clear_table_stats(resource_id)
    return count


def into_vault(vault: psycopg.Connection[Any], target: psycopg.Connection[Any], resource_id: str, table: Table) -> int:
    """Loads a table into the vault as it is: the gateway masks and filters. Returns the number of rows.

    ``vault`` reads what was delivered while ``target``, another connection to the vault, writes.
    """
    name = vault_table(resource_id)
    staging = f"{name}_{secrets.token_hex(4)}"
    definitions = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(c.code), sql.SQL(SQL_TYPES[c.type]))  # type: ignore[arg-type]
        for c in table.columns
    )
    with target.transaction():
        target.execute(
            sql.SQL("CREATE TABLE {} (_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {})").format(
                sql.Identifier("vault", staging), definitions
            )
        )
        rows = _prepared(vault, table, table.columns, {}, mask=False)
        count = _copy(target, sql.Identifier("vault", staging), [c.code for c in table.columns], rows)
        target.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("vault", name)))
        target.execute(
            sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier("vault", staging), sql.Identifier(name))
        )
    return count


def drop_from_datastore(resource_id: str) -> None:
    """Removes a table from the DataStore, if it is there."""
    with _datastore() as target:
        _drop_staging(target, resource_id)
        target.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(resource_id)))


def drop_from_vault(vault: psycopg.Connection[Any], resource_id: str) -> None:
    """Removes a table from the vault, if it is there; commits."""
    with vault.transaction():
        vault.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("vault", vault_table(resource_id))))


def lies_in_vault(vault: psycopg.Connection[Any], resource_id: str) -> bool:
    """Whether the vault has a table for a resource."""
    name = sql.Identifier("vault", vault_table(resource_id)).as_string(vault)
    found = vault.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone()
    return bool(found and found[0])


def _datastore() -> psycopg.Connection[Any]:
    return psycopg.connect(tk.config["ckan.datastore.write_url"], autocommit=True, connect_timeout=5)


def _drop_staging(target: psycopg.Connection[Any], resource_id: str) -> None:
    """What a killed load left."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND starts_with(tablename, %s)"
    for (name,) in target.execute(query, (f"staging_{resource_id}_",)).fetchall():
        target.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))


def _places(vault: psycopg.Connection[Any], original: str, columns: Iterable[Column]) -> list[int]:
    delivered = {code: place for place, code in enumerate(intake.columns(vault, original))}
    if missing := [column.code for column in columns if column.code not in delivered]:
        raise LookupError(f"the source delivered no column {', '.join(missing)}")
    return [delivered[column.code] for column in columns]


def _prepared(
    vault: psycopg.Connection[Any],
    table: Table,
    columns: tuple[Column, ...],
    row_filter: dict[str, list[str]],
    *,
    mask: bool,
) -> Iterator[list[str | None]]:
    """The rows as PostgreSQL reads them."""
    places = _places(vault, table.original, columns)
    readers = [_reader(column, mask=mask) for column in columns]
    wanted = [
        (place, set(row_filter[column.code]))
        for place, column in zip(places, columns, strict=True)
        if column.code in row_filter
    ]
    for row in intake.rows(vault, table.original):
        if all(values.plain(row[place]) in allowed for place, allowed in wanted):
            yield [read(values.plain(row[place])) for place, read in zip(places, readers, strict=True)]


def _reader(column: Column, *, mask: bool) -> Callable[[str | None], str | None]:
    kind = ItemType(column.type)
    if mask and column.mask is not Mask.NONE:
        return lambda value: None if value is None else veil(value, column.mask)
    return lambda value: values.read(value, kind)


def _copy(
    target: psycopg.Connection[Any], table: sql.Identifier, codes: list[str], rows: Iterable[list[str | None]]
) -> int:
    count = 0
    names = sql.SQL(", ").join(map(sql.Identifier, codes))
    with target.cursor() as cursor, cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count
