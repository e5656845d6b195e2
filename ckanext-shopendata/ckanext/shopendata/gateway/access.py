"""Who calls, and what that key may read now.

One query of the access database answers both, at every request. Nothing is remembered between requests, so a revoked
key or a suspended dataset is refused by the next one, and no other service is needed for that (DESIGN invariant 7).
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from werkzeug.datastructures import Headers

from ckanext.shopendata.gateway.problems import Refusal
from ckanext.shopendata.policy import key as keys
from ckanext.shopendata.policy.catalogue import ItemType
from ckanext.shopendata.policy.grant import KeyFacts, Standing, standing
from ckanext.shopendata.policy.scope import Column, Mask, columns_of

__all__ = ["Admission", "Door", "Table", "key_in_headers", "refuse_key_in_query"]

log = logging.getLogger(__name__)

_QUERY = """
SELECT k.mac, k.expires_at, k.revoked_at, k.state, k.valid_from, k.valid_until,
       k.grant_id, k.dataset_id, k.item_codes, k.row_filter, k.masks, k.daily_quota, k.purpose,
       r.id AS resource_id, r.name AS resource_name, r.columns, r.blocked,
       r.dataset_id AS resource_dataset, r.dataset_name, r.dataset_title,
       r.masks AS dataset_masks, r.row_filter AS dataset_filter
FROM gateway.access_key k LEFT JOIN gateway.resource r ON {}
WHERE k.kid = %(kid)s ORDER BY r.name, r.id
"""
_ONE = _QUERY.format("r.id = %(resource)s")
_OWN = _QUERY.format("r.dataset_id = k.dataset_id")

_RESOURCE_ID = re.compile(r"[0-9A-Za-z-]{1,60}")
_CODE = re.compile(r"[A-Za-z][0-9A-Za-z_]{0,62}")
_TYPES = {item.value for item in ItemType}
_MASKS = {mask.value for mask in Mask}

#: Names under which somebody might send a key in an address, where logs and histories would keep it.
_QUERY_NAMES = {"key", "access_key", "access-key", "x-access-key", "apikey", "api_key", "x-ckan-api-key"} | {
    "authorization",
    "token",
    "access_token",
}
_TRACE = re.compile(r"sod_[0-9A-Za-z]{12}_")


@dataclass(frozen=True)
class Table:
    """What a key may read of one resource."""

    dataset_id: str
    dataset_name: str
    dataset_title: str
    resource_id: str
    resource_name: str
    columns: tuple[Column, ...]  #: granted, each with its strictest mask
    loaded: Mapping[str, Column]  #: all columns of the stored table, by code: row filters may need any
    row_filters: tuple[Mapping[str, list[Any]], ...]  #: all must hold: code -> allowed values


@dataclass(frozen=True)
class Admission:
    """A proved key of a standing grant, with the resources that were asked for."""

    grant_id: str
    dataset_id: str
    daily_quota: int
    purpose: str
    valid_from: datetime
    valid_until: datetime
    key_expires_at: datetime
    _rows: list[dict[str, Any]] = field(repr=False)

    def tables(self, dataset: str | None = None) -> list[Table]:
        """What the key opens of the resources asked for.

        Raises :class:`Refusal` ``not_found`` when there is none (that exists for the public), ``scope_dataset`` when
        they are another dataset's, ``dataset_suspended``, and ``scope_unreadable`` where what is stored of the grant
        makes no sense: unknown means closed.
        """
        rows = [row for row in self._rows if row["resource_id"] is not None]
        if not rows or (dataset is not None and dataset not in (rows[0]["resource_dataset"], rows[0]["dataset_name"])):
            raise Refusal("not_found")
        if rows[0]["resource_dataset"] != self.dataset_id:
            raise Refusal("scope_dataset")
        if rows[0]["blocked"]:
            raise Refusal("dataset_suspended")
        try:
            tables = [_table(row) for row in rows]
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            log.exception("grant %s or resource %s cannot be read", self.grant_id, rows[0]["resource_id"])
            raise Refusal("scope_unreadable") from error
        if not (open_ones := [table for table in tables if table.columns]):
            raise Refusal("not_found")
        return open_ones


class Door:
    """Proves keys against the access database."""

    def __init__(
        self,
        pool: ConnectionPool,
        pepper: str,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._pool, self._pepper, self._now = pool, pepper, now

    def admit(self, text: str | None, resource_id: object = None) -> Admission:
        """What the key stands for, with one resource to look up beside it; without one, all of its dataset's.

        Raises :class:`Refusal`: ``key_invalid`` whatever is wrong with the key itself, other codes only to those who
        proved it; ``psycopg.Error`` and ``PoolTimeout`` when the database does not answer.
        """
        key = keys.read(text) if text else None
        if key is None:
            raise Refusal("key_invalid")
        if resource_id is None:
            query = _OWN
        else:
            query = _ONE
            # What cannot be an identifier is looked up like one, as nothing.
            if not isinstance(resource_id, str) or not _RESOURCE_ID.fullmatch(resource_id):
                resource_id = ""
        with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query, {"kid": key.kid, "resource": resource_id}).fetchall()
        stored = bytes(rows[0]["mac"]) if rows else b""
        if not hmac.compare_digest(keys.seal(key, self._pepper), stored):
            raise Refusal("key_invalid")
        row = rows[0]
        facts = KeyFacts(row["expires_at"], row["revoked_at"], row["state"], row["valid_from"], row["valid_until"])
        worth = standing(facts, self._now())
        if worth is not Standing.GOOD:
            raise Refusal(worth.value)
        return Admission(
            row["grant_id"],
            row["dataset_id"],
            row["daily_quota"],
            row["purpose"],
            row["valid_from"],
            row["valid_until"],
            row["expires_at"],
            rows,
        )


def key_in_headers(headers: Headers, *, bare: bool = False) -> str | None:
    """The one key that a request shows; ``bare`` also takes it where CKAN's clients put it.

    Clients may repeat themselves; two different keys are none.
    """
    shown = {headers[name].strip() for name in ("X-Access-Key",) if name in headers}
    if "Authorization" in headers:
        scheme, _, rest = headers["Authorization"].strip().partition(" ")
        if scheme.lower() == "bearer":
            shown.add(rest.strip())
        elif bare:
            shown.add(headers["Authorization"].strip())
    if bare and "X-CKAN-API-Key" in headers:
        shown.add(headers["X-CKAN-API-Key"].strip())
    return shown.pop() if len(shown) == 1 else None


def refuse_key_in_query(query: str) -> None:
    """Raises :class:`Refusal` ``key_in_query`` for an address that carries a key, or a parameter meant to hold one."""
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.lower() in _QUERY_NAMES or _TRACE.search(name) or _TRACE.search(value):
            raise Refusal(
                "key_in_query", "请使用请求头 X-Access-Key 或 Authorization: Bearer；该密钥可能已泄露，请尽快更换"
            )


def _table(row: Mapping[str, Any]) -> Table:
    loaded = tuple(
        Column(one["code"], one["name"], one["type"], one.get("unit") or "", _mask(one.get("mask") or "none"))
        for one in row["columns"]
    )
    for column in loaded:
        if not _CODE.fullmatch(column.code) or column.type not in _TYPES:
            raise ValueError(f"column {column.code!r} of type {column.type!r}")
    filters = (row["dataset_filter"], row["row_filter"])
    if not all(isinstance(values, list) for each in filters for values in each.values()):
        raise ValueError("a row filter without a list of values")
    known = {column.code: column for column in loaded}
    opened = columns_of(loaded, None, _masks(row["dataset_masks"], known))
    # A grant speaks of a dataset's items; each of its resources has some of them.
    codes = {column.code for column in opened}
    chosen = codes if row["item_codes"] is None else codes & set(row["item_codes"])
    return Table(
        row["resource_dataset"],
        row["dataset_name"],
        row["dataset_title"],
        row["resource_id"],
        row["resource_name"],
        columns_of(opened, chosen, _masks(row["masks"], known)),
        known,
        filters,
    )


def _masks(stored: Mapping[str, str], known: Mapping[str, Column]) -> dict[str, str]:
    return {code: _mask(word).value for code, word in stored.items() if code in known}


def _mask(word: str) -> Mask:
    """A word that is no mask hides the column (DESIGN invariant 6)."""
    return Mask(word) if word in _MASKS else Mask.DROP
