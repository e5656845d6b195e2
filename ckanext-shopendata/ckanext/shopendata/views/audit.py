"""The auditors' pages: searching the record of events, one event, an extract; and erasing contents, by two people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import request

from ckanext.shopendata import clock
from ckanext.shopendata.views import labels_audit
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    download,
    left_empty,
    may_somewhere,
    needs_somewhere,
    section,
    see,
    sent,
    went_back,
)

pages = section("audit", "/audit")

_FILTERS = ("object_type", "object", "actor", "verb", "since", "until")
_PER_PAGE = 50


@pages.get("")
def index() -> Response:
    """Search by object, actor, verb and period."""
    needs_somewhere("event.read")
    chosen = _chosen(request.args)
    number = min(max(request.args.get("page", 1, type=int), 1), 200)
    try:
        found = do("event_list", **chosen, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
    except Failed as failed:
        return _index(chosen, {"count": 0, "results": []}, 1, failed)
    return _index(chosen, found, number)


@pages.get("/events/<key>")
def event(key: str) -> Response:
    """One event, with what was before and after."""
    shown = see("event_show", id=key)
    return answer("audit/event.html", event=shown, words=labels_audit, content=content(shown["body"] or {}))


@pages.post("/export")
def export() -> Response:
    """An extract as a file: JSON lines, checked with ``ckan shopendata audit verify --file``."""
    needs_somewhere("event.read")
    chosen = _chosen(request.form)
    try:
        given = do("event_export", **chosen)
    except Failed as failed:
        return _index(chosen, {"count": 0, "results": []}, 1, failed)
    name = f"audit-{clock.now().astimezone(clock.ZONE):%Y%m%d-%H%M%S}.jsonl"
    return download("".join(given["lines"]), "application/x-ndjson", name)


@pages.get("/redactions")
def redactions() -> Response:
    """What was asked to be erased, and a form to ask."""
    return _redactions()


@pages.post("/redactions")
def ask_redaction() -> Response:
    """One person asks, after having been told what it means."""
    typed = sent("event", "reason")
    empty = left_empty(typed)
    if empty or went_back():
        return _redactions(empty)
    if not confirmed():
        points = [
            tk._("The content of event {event} is to be erased for good.").format(event=typed["event"]),
            tk._("Reason, kept in the record: {reason}").format(reason=typed["reason"]),
            tk._("Nothing is erased before another security administrator confirms."),
        ]
        title, button = tk._("Ask for this content to be erased?"), tk._("Ask")
        return ask(title, button, points=points, back=_address(), grave=True, changeable=True)
    return _answered("redaction_ask", tk._("Asked. Another security administrator has to confirm."), **typed)


@pages.post("/redactions/<key>/confirm")
def confirm_redaction(key: str) -> Response:
    """Another person confirms, after having been told what it means."""
    if not confirmed():
        points = [
            tk._("The content is erased within a minute. It cannot be brought back from this database."),
            tk._("That it was there, what it was about and who caused it stays in the record."),
        ]
        title, button = tk._("Erase this content?"), tk._("Erase for good")
        return ask(title, button, points=points, back=_address(), grave=True)
    return _answered("redaction_confirm", tk._("Confirmed. The content is being erased."), id=key)


@pages.post("/redactions/<key>/refuse")
def refuse_redaction(key: str) -> Response:
    """Declines, or takes back."""
    reason = request.form.get("refusal", "").strip()
    if not reason:
        return _redactions(Failed(409, {"refusal": [tk._("Please say why the content stays.")]}))
    return _answered("redaction_refuse", tk._("Declined. The content stays."), id=key, reason=reason)


def content(body: Mapping[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    """What changed (name, before, after), and everything else (name, value), as texts."""
    before, after = body.get("before"), body.get("after")
    changes = []
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        old, new = before if isinstance(before, Mapping) else {}, after if isinstance(after, Mapping) else {}
        changes = [(name, _text(old.get(name)), _text(new.get(name))) for name in sorted({*old, *new})]
    elif "before" in body or "after" in body:
        changes = [("", _text(before), _text(after))]
    rest = [(name, _text(value)) for name, value in sorted(body.items()) if name not in ("before", "after")]
    return {"changes": changes, "rest": rest}


def _text(value: Any) -> str:
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _chosen(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name].strip() for name in _FILTERS if given.get(name, "").strip()}


def _index(chosen: dict[str, str], found: dict[str, Any], number: int, failed: Failed | None = None) -> Response:
    return answer(
        "audit/index.html",
        failed=failed,
        chosen=chosen,
        found=found,
        number=number,
        last=max(1, -(-found["count"] // _PER_PAGE)),
        words=labels_audit,
    )


def _redactions(failed: Failed | None = None) -> Response:
    actor = needs_somewhere("redaction.read")
    return answer(
        "audit/redactions.html",
        failed=failed,
        shown=do("redaction_list"),
        words=labels_audit,
        may_ask=may_somewhere(actor, "redaction.ask"),
        typed={name: request.form.get(name, "") for name in ("event", "reason")},
    )


def _answered(action: str, said: str, **data: str) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _redactions(failed)
    return back_to("shopendata_audit.redactions", said)


def _address() -> Any:
    return tk.h.url_for("shopendata_audit.redactions")
