"""The gateway's own interface, ``/gateway/v1``: its parameters and its answers."""

from __future__ import annotations

from typing import Any

from flask import Response, json
from werkzeug.datastructures import MultiDict

from ckanext.shopendata.gateway.access import Admission, Table
from ckanext.shopendata.gateway.parameters import (
    MAX_LIMIT,
    MAX_OFFSET,
    Wish,
    natural,
    parse_json,
    read_fields,
    read_filters,
    read_sort,
)
from ckanext.shopendata.gateway.problems import Refusal, clean
from ckanext.shopendata.gateway.query import shown
from ckanext.shopendata.policy.scope import Column, Mask

__all__ = ["answer", "describe", "me", "wish_of"]

_KNOWN = ("limit", "offset", "filters", "sort", "fields")


def wish_of(sent: MultiDict[str, str], columns: tuple[Column, ...]) -> Wish:
    """The request's parameters. Raises :class:`Refusal` for unknown, repeated and wrong ones."""
    for name, values in sent.lists():
        if name not in _KNOWN:
            raise Refusal("unknown_parameter", f"可用的参数：{'、'.join(_KNOWN)}", clean(name))
        if len(values) > 1:
            raise Refusal("repeated_parameter", "每个参数只能出现一次", name)
    filters = parse_json(sent["filters"], "bad_filters", "filters") if "filters" in sent else {}
    return Wish(
        read_fields(_parts(sent["fields"]), columns) if "fields" in sent else columns,
        read_filters(filters, columns),
        read_sort(_parts(sent["sort"]), columns) if "sort" in sent else (),
        natural(sent.get("limit", "100"), "bad_limit", "limit", MAX_LIMIT),
        natural(sent.get("offset", "0"), "bad_offset", "offset", MAX_OFFSET),
    )


def answer(table: Table, wish: Wish, found: tuple[str, int | None]) -> Response:
    """Rows with what is needed to read them; the records are JSON already."""
    records, total = found
    head = _named(table) | {"fields": [_field(column) for column in wish.fields]}
    tail = {"total": total, "limit": wish.limit, "offset": wish.offset}
    body = f'{json.dumps(head)[:-1]}, "records": {records}, {json.dumps(tail)[1:]}'
    return Response(body, content_type="application/json; charset=utf-8")


def describe(table: Table) -> dict[str, Any]:
    """What a key may read of one resource."""
    return _named(table) | {"fields": [_field(column) for column in shown(table.columns)]}


def me(admission: Admission) -> dict[str, Any]:
    """What a key may read. Raises :class:`Refusal` like :meth:`Admission.tables`."""
    tables = admission.tables()
    return {
        "grant": admission.grant_id,
        "dataset": describe(tables[0])["dataset"],
        "resources": [
            {"id": table.resource_id, "name": table.resource_name, "fields": describe(table)["fields"]}
            for table in tables
        ],
        "items": list(dict.fromkeys(column.code for table in tables for column in table.columns)),
        "purpose": admission.purpose,
        "daily_quota": admission.daily_quota,
        "valid_from": admission.valid_from.isoformat(),
        "valid_until": admission.valid_until.isoformat(),
        "key_expires_at": admission.key_expires_at.isoformat(),
    }


def _named(table: Table) -> dict[str, Any]:
    dataset = {"id": table.dataset_id, "name": table.dataset_name, "title": table.dataset_title}
    return {"dataset": dataset, "resource": {"id": table.resource_id, "name": table.resource_name}}


def _field(column: Column) -> dict[str, Any]:
    return {
        "id": column.code,
        "label": column.name,
        "type": column.type,
        "unit": column.unit,
        "masked": column.mask is not Mask.NONE,
    }


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]
