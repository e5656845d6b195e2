"""The catalogue's pages: the table of entries, one entry, suspending and resuming what is public."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.logic.command import Actor
from ckanext.shopendata.views import catalogue_verbs as verbs
from ckanext.shopendata.views import labels
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    may,
    needs_somewhere,
    person,
    section,
    see,
    went_back,
)

__all__ = ["agencies_of", "filters", "pages"]

pages = section("catalogue", "/catalogue")

PER_PAGE = 100


@pages.get("")
def index() -> Response:
    """The entries that I may see, narrowed down by what the address says."""
    actor = needs_somewhere("entry.read")
    agencies = agencies_of(actor)
    chosen = filters(agencies)
    number = min(max(request.args.get("page", 1, type=int), 1), 10_000)
    found = do("entry_list", **chosen, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    offered = {name for row in found["results"] for name in verbs.applicable(actor, row)}
    return answer(
        "catalogue/index.html",
        found=found,
        chosen=chosen,
        agencies=agencies,
        own=[
            one
            for one in agencies
            if may(actor, "openlist.sign", one["id"]) or may(actor, "openlist.publish", one["id"])
        ],
        number=number,
        last=max(-(-found["count"] // PER_PAGE), 1),
        most=verbs.MOST,
        verbs=[verb for verb in verbs.VERBS.values() if verb.name in offered],
        words=verbs.words(),
    )


@pages.get("/<key>")
def read(key: str) -> Response:
    """Everything about one entry."""
    return _read(key)


@pages.post("/<key>/suspend")
def suspend(key: str) -> Response:
    """暂停开放, after asking."""
    dataset = _dataset(key)
    reason, note = request.form.get("reason", ""), request.form.get("note", "").strip()
    if went_back():
        return _read(key)
    problems = {}
    if reason not in labels.suspensions():
        problems["reason"] = [tk._("Please choose a reason.")]
    if not note:
        problems["note"] = [tk._("Please say what happened.")]
    if problems:
        return _read(key, Failed(409, problems))
    if not confirmed():
        points = [
            tk._("{title} is refused at every door from this moment: page, search, download, interface.").format(
                title=dataset["title"]
            ),
            f"{labels.suspensions()[reason]}：{note}",
        ]
        back = tk.h.url_for("shopendata_catalogue.read", key=key)
        title, button = tk._("Suspend opening?"), tk._("Suspend opening")
        return ask(title, button, points=points, back=back, grave=True, changeable=True)
    said = tk._("Opening is suspended.")
    return _act(key, said, "dataset_suspend", id=dataset["id"], reason=reason, note=note)


@pages.post("/<key>/resume")
def resume(key: str) -> Response:
    """恢复开放, after asking."""
    dataset, note = _dataset(key), request.form.get("note", "").strip()
    if went_back():
        return _read(key)
    if not note:
        return _read(key, Failed(409, {"note": [tk._("Please say what has been put right.")]}))
    if not confirmed():
        points = [tk._("{title} is published again as it stands on the list.").format(title=dataset["title"]), note]
        back = tk.h.url_for("shopendata_catalogue.read", key=key)
        title, button = tk._("Resume opening?"), tk._("Resume opening")
        return ask(title, button, points=points, back=back, changeable=True)
    return _act(key, tk._("Opening is resumed."), "dataset_resume", id=dataset["id"], note=note)


def filters(agencies: list[dict[str, Any]]) -> dict[str, str]:
    """What the address narrows the table down to; words that the catalogue does not know are left out."""
    allowed: dict[str, set[str]] = {
        "agency": {one["name"] for one in agencies},
        "state": set(labels.entry_states()),
        "dataset_state": set(labels.dataset_states()),
        "tier": set(labels.tiers()),
        "proposed": set(labels.tiers()) - {"undecided"},
        "acquisition": {"unknown", *labels.acquisitions()},
    }
    chosen = {name: request.args.get(name, "") for name in allowed}
    chosen = {name: value for name, value in chosen.items() if value in allowed[name]}
    if text := request.args.get("q", "").replace("\0", "").strip()[:200]:
        chosen["q"] = text
    return chosen


def agencies_of(actor: Actor) -> list[dict[str, Any]]:
    """The agencies whose entries somebody may see."""
    visible = actor.agencies("entry.read")
    return [one for one in do("agency_list") if visible is None or one["id"] in visible]


def _read(key: str, failed: Failed | None = None) -> Response:
    entry, actor = see("entry_show", id=key), person()
    agency = entry["agency"]["id"]
    rows = [{**entry, "dataset": dataset} for dataset in entry["datasets"]]
    offered = {name for row in rows for name in verbs.applicable(actor, row)}
    return answer(
        "catalogue/entry.html",
        failed=failed,
        entry=entry,
        verbs=[verb for verb in verbs.VERBS.values() if verb.name in offered],
        words=verbs.words(),
        suspends=may(actor, "dataset.suspend", agency),
        resumes=may(actor, "dataset.resume", agency),
        suspendable={one["id"] for one in entry["datasets"] if one["published_tier"] or one["state"] == "listed"},
        values=request.form,
        basis=verbs.basis_text,
    )


def _dataset(key: str) -> dict[str, Any]:
    """The dataset of the entry that the form names."""
    entry = see("entry_show", id=key)
    dataset = next((one for one in entry["datasets"] if one["id"] == request.form.get("dataset")), None)
    if dataset is None:
        abort(404)
    return dataset


def _act(key: str, said: str, action: str, **data: Any) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _read(key, failed)
    return back_to("shopendata_catalogue.read", said, key=key)
