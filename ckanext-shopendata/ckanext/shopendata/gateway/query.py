"""Rows of the vault, scoped by construction.

Every statement has the form ``SELECT ... FROM (SELECT granted columns, masked FROM table WHERE row filters OFFSET 0)
v WHERE what the caller wants``. A caller's filter, order, search and count can only name columns of ``v``: a hidden
column does not exist for them, a masked one holds nothing but its mask. ``OFFSET 0`` keeps the planner from moving a
caller's condition to the raw rows. PostgreSQL renders the records: no value passes through Python, decimals stay exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql
from psycopg_pool import ConnectionPool

from ckanext.shopendata.gateway.access import Table
from ckanext.shopendata.gateway.parameters import Wish, filters_of
from ckanext.shopendata.policy.scope import Column, Mask, vault_table

__all__ = ["ROW_ID", "VAULT_SESSION", "fetch", "shown"]

#: The stored order of rows.
ROW_ID = Column("_id", "", "int")

#: How long a query may run, in milliseconds, and that it cannot write.
VAULT_SESSION = "-c statement_timeout=5000 -c default_transaction_read_only=on"

_ARRAYS = {
    "text": "text[]",
    "int": "bigint[]",
    "decimal": "numeric[]",
    "date": "date[]",
    "datetime": "timestamp[]",
    "time": "time[]",
    "bool": "boolean[]",
}

#: ``{0}`` is the raw column. Masks have a fixed length, so that they do not tell how long a value is, and a value too
#: short for its mask shows nothing. A percent sign in here would be taken for a parameter.
_MASKS: dict[Mask, str] = {
    Mask.NONE: "{0}",
    Mask.FIRST_CHAR: "CASE WHEN btrim({0}::text) = '' THEN '' ELSE left(btrim({0}::text), 1) || '**' END",
    Mask.PHONE: """CASE WHEN {0} IS NULL THEN NULL WHEN length(btrim({0}::text)) >= 11
        THEN left(btrim({0}::text), 3) || '****' || right(btrim({0}::text), 4) ELSE '****' END""",
    Mask.IDENTITY: """CASE WHEN {0} IS NULL THEN NULL WHEN length(btrim({0}::text)) >= 15
        THEN left(btrim({0}::text), 6) || '********' || right(btrim({0}::text), 4) ELSE '********' END""",
    # 345 -> 100-999; below one 0-1; -345 -> -(100-999). By digits: no value can fail, and a pattern takes far longer.
    Mask.BAND: """CASE WHEN {0} IS NULL THEN NULL
        WHEN translate(ltrim(btrim({0}::text), '+-'), '0123456789', '') NOT IN ('', '.')
            OR btrim({0}::text, '+-. ') = '' THEN '**'
        ELSE (SELECT CASE WHEN n.negative THEN '-(' || n.band || ')' ELSE n.band END FROM (
            SELECT left(btrim({0}::text), 1) = '-' AS negative,
                   CASE WHEN d.digits = '' THEN '0-1'
                        ELSE rpad('1', length(d.digits), '0') || '-' || repeat('9', length(d.digits)) END AS band
            FROM (SELECT ltrim(split_part(ltrim(btrim({0}::text), '+-'), '.', 1), '0') AS digits) d) n) END""",
}


def shown(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Columns as a caller meets them: what is masked is text."""
    return tuple(
        column if column.mask is Mask.NONE else Column(column.code, column.name, "text", column.unit, column.mask)
        for column in columns
    )


def fetch(pool: ConnectionPool, table: Table, wish: Wish) -> tuple[str, int | None]:
    """The records as JSON text and, if wished for, the number of all that match.

    Raises :class:`~ckanext.shopendata.gateway.problems.Refusal` ``scope_unreadable``, ``psycopg.errors.QueryCanceled``
    after five seconds, other ``psycopg.Error`` and ``PoolTimeout`` when the vault does not answer.
    """
    statement, values = compose(table, wish)
    with pool.connection() as connection:
        row = connection.execute(statement, values).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return row[0], row[1]


def compose(table: Table, wish: Wish) -> tuple[sql.Composed, dict[str, Any]]:
    """The statement and its values; one statement, so that records and count are of the same moment."""
    bound = _Values()
    rows = _View(table, bound)
    where = _all([_condition(column, values, bound) for column, values in wish.filters] + _search(table, wish.q, bound))
    fields = sql.SQL(", ").join(_name(column) for column in wish.fields)
    page = sql.SQL("ORDER BY {} LIMIT {} OFFSET {}").format(_order(wish), bound.add(wish.limit), bound.add(wish.offset))
    if wish.distinct:
        counted = sql.SQL("SELECT DISTINCT {} FROM {} WHERE {}").format(fields, rows(), where)
        chosen = sql.SQL("{} {}").format(counted, page)
    else:
        counted = sql.SQL("SELECT FROM {} WHERE {}").format(rows(), where)
        # First which rows, then their values: masks are worked out for one page only, not for all that lies before it.
        # In the stored order PostgreSQL walks the index of _id instead of sorting.
        picked = sql.SQL("SELECT {} FROM {} WHERE {} {}").format(
            _name(ROW_ID), rows(ordered=not wish.sort), where, page
        )
        chosen = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(fields, rows(among=picked), _order(wish))
    total = sql.SQL("(SELECT count(*) FROM ({}) _counted)").format(counted) if wish.total else sql.SQL("NULL")
    statement = sql.SQL("SELECT (SELECT coalesce(json_agg(_page), '[]')::text FROM ({}) _page), {}")
    return statement.format(chosen, total), bound.values


class _Values:
    """Values beside the statement, each under a name."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def add(self, value: Any) -> sql.Placeholder:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return sql.Placeholder(name)


class _View:
    """What the key may read, as a subquery. No code begins with an underscore: names cannot clash."""

    def __init__(self, table: Table, bound: _Values) -> None:
        self._name = sql.Identifier("vault", vault_table(table.resource_id))
        self._columns = [sql.SQL("{}").format(_name(ROW_ID))]
        for column in table.columns:
            masked = sql.SQL(_MASKS[column.mask]).format(sql.Identifier("_raw", column.code))  # type: ignore[arg-type]
            self._columns.append(sql.SQL("{} AS {}").format(masked, _name(column)))
        self._conditions = [
            _condition(Column(column.code, column.name, column.type), values, bound)
            for row_filter in table.row_filters
            for column, values in filters_of(row_filter, table.loaded)
        ]

    def __call__(self, *, ordered: bool = False, among: sql.Composed | None = None) -> sql.Composed:
        """The subquery ``_v``: in the stored order, or only rows whose ``_id`` a query finds."""
        picked = [] if among is None else [sql.SQL("{} IN ({})").format(_name(ROW_ID), among)]
        return sql.SQL("(SELECT {} FROM {} _raw WHERE {} {} OFFSET 0) _v").format(
            sql.SQL(", ").join(self._columns),
            self._name,
            _all(self._conditions + picked),
            sql.SQL("ORDER BY {}").format(_name(ROW_ID)) if ordered else sql.SQL(""),
        )


def _condition(column: Column, values: list[Any], bound: _Values) -> sql.Composed:
    """Whether a column holds one of these values; none of them: never."""
    present = [value for value in values if value is not None]
    kind = sql.SQL(_ARRAYS[column.type])  # type: ignore[arg-type]
    equal = sql.SQL("{} = ANY({}::{})").format(_name(column), bound.add(present), kind)
    if len(present) == len(values):
        return equal
    return sql.SQL("({} OR {} IS NULL)").format(equal, _name(column))


def _search(table: Table, words: str, bound: _Values) -> list[sql.Composed]:
    if not words:
        return []
    pattern = "%" + words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    searched = [column for column in table.columns if column.type == "text" and column.mask is Mask.NONE]
    hits = [sql.SQL("{} ILIKE {}").format(_name(column), bound.add(pattern)) for column in searched]
    return [sql.SQL("({})").format(sql.SQL(" OR ").join(hits))] if hits else [sql.SQL("{}").format(sql.SQL("false"))]


def _order(wish: Wish) -> sql.Composed:
    """The wished order; what it leaves open follows the stored one, so that pages neither overlap nor miss a row."""
    terms = [
        sql.SQL("{} {}").format(_name(column), sql.SQL("DESC NULLS LAST" if descending else "ASC"))
        for column, descending in wish.sort
    ]
    rest = wish.fields if wish.distinct else (ROW_ID,)
    terms += [sql.SQL("{}").format(_name(column)) for column in rest if column not in dict(wish.sort)]
    return sql.SQL(", ").join(terms)


def _all(conditions: Sequence[sql.Composed]) -> sql.Composed:
    return sql.SQL(" AND ").join(conditions) if conditions else sql.Composed([sql.SQL("true")])


def _name(column: Column) -> sql.Identifier:
    return sql.Identifier(column.code)
