"""``datastore_search`` as CKAN's clients know it, over what a key may read.

Rules and rows are those of the gateway's own interface; parameters, envelope and errors have CKAN's shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Request, Response, json

from ckanext.shopendata.gateway.access import Table
from ckanext.shopendata.gateway.parameters import (
    MAX_LIMIT,
    MAX_OFFSET,
    Wish,
    natural,
    parse_json,
    read_fields,
    read_filters,
    read_sort,
    storable,
)
from ckanext.shopendata.gateway.problems import Refusal, clean, with_headers
from ckanext.shopendata.gateway.query import ROW_ID, shown
from ckanext.shopendata.policy.scope import Column, Mask

__all__ = ["answer", "parameters", "refuse", "wish_of"]

PATH = "/gateway/api/3/action/datastore_search"

_KNOWN = {
    "resource_id", "id", "filters", "q", "plain", "language", "fields", "sort", "limit", "offset", "include_total",
    "distinct", "records_format",
}  # fmt: skip
_TYPES = {
    "text": "text", "int": "int8", "decimal": "numeric", "date": "date", "datetime": "timestamp", "time": "time",
    "bool": "bool",
}  # fmt: skip
_ERRORS = {
    401: "Authorization Error",
    403: "Authorization Error",
    404: "Not Found Error",
    405: "Bad Request",
    413: "Bad Request",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def parameters(request: Request) -> dict[str, Any]:
    """What was sent: a JSON body, a form, or the address. Raises :class:`Refusal` for what is no JSON object."""
    if request.method != "POST":
        return {name: values[0] if len(values) == 1 else values for name, values in request.args.lists()}
    body = request.get_data(parse_form_data=True)
    if request.form:
        return {name: values[0] if len(values) == 1 else values for name, values in request.form.lists()}
    sent = parse_json(body, "bad_request", "") if body else {}
    if not isinstance(sent, dict):
        raise Refusal("bad_request", "请求内容应为 JSON 对象")
    return sent


def wish_of(sent: Mapping[str, Any], columns: tuple[Column, ...]) -> Wish:
    """The request in our terms. Raises :class:`Refusal`; ``limit`` is cut like CKAN's, everything else is exact."""
    if unknown := sorted(set(sent) - _KNOWN):
        raise Refusal("unknown_parameter", f"可用的参数：{'、'.join(sorted(_KNOWN))}", clean(unknown[0]))
    if sent.get("records_format", "objects") != "objects":
        raise Refusal("bad_value", "只支持 objects", "records_format")
    visible = (ROW_ID, *shown(columns))
    distinct = _flag(sent, "distinct", default=False)
    fields = read_fields(_list(sent.get("fields"), "fields"), visible) or visible
    sort = read_sort(_list(sent.get("sort"), "sort"), fields if distinct else visible)
    filters = sent.get("filters") or {}
    if isinstance(filters, str):
        filters = parse_json(filters, "bad_filters", "filters")
    q = sent.get("q") or ""
    if not isinstance(q, str) or len(q) > 200 or not storable(q):
        raise Refusal("bad_value", "q 应为不超过 200 字的文本", "q")
    return Wish(
        fields,
        read_filters(filters, visible),
        sort,
        min(natural(_given(sent, "limit", 100), "bad_limit", "limit", 10**18), MAX_LIMIT),
        natural(_given(sent, "offset", 0), "bad_offset", "offset", MAX_OFFSET),
        q,
        distinct,
        _flag(sent, "include_total", default=True),
    )


def answer(site: str, sent: Mapping[str, Any], table: Table, wish: Wish, found: tuple[str, int | None]) -> Response:
    """CKAN's envelope around records that are JSON already."""
    records, total = found
    result: dict[str, Any] = {
        "resource_id": table.resource_id,
        "include_total": wish.total,
        "limit": wish.limit,
        "offset": wish.offset,
        "records_format": "objects",
        "fields": [_field(column) for column in wish.fields],
        "_links": _links(sent, table, wish),
    }
    if total is not None:
        result |= {"total": total, "total_was_estimated": False}
    head = json.dumps({"help": _help(site), "success": True})[:-1]
    body = f'{head}, "result": {json.dumps(result)[:-1]}, "records": {records}}}}}'
    return Response(body, content_type="application/json;charset=utf-8")


def refuse(refusal: Refusal, site: str) -> Response:
    """A refusal in CKAN's shape; what is wrong with a parameter is CKAN's validation error."""
    message = refusal.title + (f"：{refusal.detail}" if refusal.detail else "")
    status = 409 if refusal.status == 400 and refusal.code not in ("key_in_query", "bad_request") else refusal.status
    error: dict[str, Any] = {"__type": _ERRORS.get(status, "Validation Error")}
    error |= {"message": message, "code": refusal.code}
    if status == 409 and refusal.parameter:
        error[refusal.parameter] = [message]
    body = json.dumps({"help": _help(site), "success": False, "error": error})
    return with_headers(Response(body, status, content_type="application/json;charset=utf-8"), refusal)


def _help(site: str) -> str:
    return f"{site}/api/3/action/help_show?name=datastore_search"


def _field(column: Column) -> dict[str, Any]:
    if column == ROW_ID:
        return {"id": "_id", "type": "int"}
    info = {"label": column.name, "notes": column.unit, "masked": column.mask is not Mask.NONE}
    return {"id": column.code, "type": _TYPES[column.type], "info": info}


def _links(sent: Mapping[str, Any], table: Table, wish: Wish) -> dict[str, str]:
    kept = {"resource_id": table.resource_id} | {
        name: _in_address(sent[name])
        for name in ("filters", "q", "fields", "sort", "distinct", "include_total")
        if sent.get(name) not in (None, "", [], {})
    }

    def link(offset: int) -> str:
        return f"{PATH}?{urlencode(kept | {'limit': wish.limit, 'offset': offset})}"

    links = {"start": link(0), "next": link(wish.offset + wish.limit)}
    if wish.offset:
        links["prev"] = link(max(0, wish.offset - wish.limit))
    return links


def _in_address(value: Any) -> str:
    """A parameter as an address carries it: columns with commas, everything else that is no text as JSON."""
    if isinstance(value, list):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def _given(sent: Mapping[str, Any], name: str, default: int) -> Any:
    return default if sent.get(name) in (None, "") else sent[name]


def _flag(sent: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = _given(sent, name, default)
    if isinstance(value, str) and value.lower() in ("true", "1", "false", "0"):
        value = value.lower() in ("true", "1")
    if not isinstance(value, bool):
        raise Refusal("bad_value", f"{name} 应为 true 或 false", name)
    return value


def _list(value: object, parameter: str) -> list[object]:
    """A list, or text with commas (CKAN takes both)."""
    if value in (None, "", []):
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if isinstance(value, list) and len(value) <= 1000:
        return value
    raise Refusal(f"bad_{parameter}", f"{parameter} 应为列表或以逗号分隔的文本", parameter)
