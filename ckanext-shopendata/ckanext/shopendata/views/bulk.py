"""Changing many entries at once: choose, read what will happen to how many, then do it. All or none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.profile import profile
from ckanext.shopendata.views import labels
from ckanext.shopendata.views.catalogue import agencies_of, filters
from ckanext.shopendata.views.catalogue_verbs import MOST, VERBS, Verb, applicable, words
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    back_to,
    confirmed,
    do,
    needs_somewhere,
    person,
    section,
)

__all__ = ["pages"]

pages = section("bulk", "/catalogue/bulk")

_SHOWN, _PAGE = 20, 1000


@pages.post("")
def change() -> Response:
    """First shows what will happen, with the fields that it needs; the same form, confirmed, does it."""
    needs_somewhere("entry.read")
    verb = VERBS.get(request.form.get("verb", ""))
    if verb is None:
        abort(404)
    if not confirmed():
        return _page(verb, _targets(verb))
    picked = [one for one in request.form.get("picked", "").split(",") if one][:MOST]
    if not picked:
        return _page(verb, [])
    try:
        done = do(verb.action, ids=picked, **verb.data())
    except Failed as failed:
        return _page(verb, picked, failed)
    said = tk._("{verb}: done for {count}.").format(verb=words()[verb.name], count=done["changed"])
    if request.form.get("back"):
        return back_to("shopendata_catalogue.read", said, key=request.form["back"])
    return back_to("shopendata_catalogue.index", said, **_filters())


def _targets(verb: Verb) -> list[str]:
    """What the verb would reach of what was chosen: those in a fitting state, where the person has the role."""
    actor = person()
    return list(dict.fromkeys(verb.target(row) for row in _rows() if verb.name in applicable(actor, row)))


def _rows() -> list[dict[str, Any]]:
    """The rows chosen: those ticked, or all that match the address."""
    if request.form.get("all") == "yes":
        chosen: dict[str, Any] = {**_filters()}
    else:
        chosen = {"ids": [one for one in request.form.getlist("ids") if one][:MOST]}
        if not chosen["ids"]:
            return []
    rows: list[dict[str, Any]] = []
    while len(rows) < MOST:
        found = do("entry_list", **chosen, limit=min(_PAGE, MOST - len(rows)), offset=len(rows))["results"]
        rows += found
        if len(found) < _PAGE:
            break
    return rows


def _filters() -> dict[str, str]:
    """What the address narrows the table down to, and nothing else that it may carry: links are made of it."""
    return filters(agencies_of(person()))


def _page(verb: Verb, targets: list[str], failed: Failed | None = None) -> Response:
    """The page before the change. After a refusal it knows the targets only, and shows the form as it was typed."""
    rows = [] if failed else _rows()
    reached = [row for row in rows if verb.target(row) in set(targets)]
    proposed = Counter(row["dataset"]["proposal"]["tier"] for row in reached if row["dataset"]["proposal"])
    return answer(
        "catalogue/bulk.html",
        200 if targets else 409,
        failed=failed,
        verb=verb,
        title=words()[verb.name],
        picked=",".join(targets),
        count=len(targets),
        left=len(rows) - len(reached),
        shown=[row["title"] for row in reached[:_SHOWN]],
        more=max(len(reached) - _SHOWN, 0),
        proposed=dict(proposed),
        values=request.form,
        reasons={tier: labels.reasons_of(tier) for tier in ("conditional", "closed")},
        example=labels.of_pack(profile().default_conditions),
        query=_filters(),
    )
