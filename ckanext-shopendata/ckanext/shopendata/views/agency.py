"""Agencies and their divisions: the list for staff, one agency with its divisions, and how agencies are reorganised."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    forbidden,
    left_empty,
    may,
    may_somewhere,
    needs,
    person,
    section,
    see,
    sent,
    went_back,
)

pages = section("agency", "/agencies")

#: What the forms send.
_NEW = ("title", "name", "code", "kind", "level", "parent", "aliases", "contact", "description")
_CHANGE = ("kind", "level", "parent", "aliases", "contact")
_FORMS = ("change", "rename", "merge", "dissolve")
_DIVISION = ("id", "title", "contact_name", "contact_phone")


@pages.get("")
def index() -> Response:
    """All agencies that exist now."""
    actor = person()
    if not (may_somewhere(actor, "division.read") or may(actor, "agency.create")):
        forbidden()
    agencies = do("agency_list")
    return answer(
        "agency/index.html", agencies=agencies, titles=_titles(agencies, by="id"), makes=may(actor, "agency.create")
    )


@pages.get("/new")
def new() -> Response:
    """The form by which an agency is registered."""
    return _new()


@pages.post("/new")
def create() -> Response:
    """Registers an agency."""
    needs("agency.create")
    try:
        made = do("agency_create", **{name: value for name, value in _typed(*_NEW).items() if value})
    except Failed as failed:
        return _new(failed)
    return back_to("shopendata_agency.read", tk._("The agency is registered."), name=made["name"])


@pages.get("/<name>")
def read(name: str) -> Response:
    """One agency with its divisions."""
    actor = person()
    agency = see("agency_show", id=name)
    reads = may(actor, "division.read", agency["id"])
    if not (reads or may(actor, "agency.create")):
        forbidden()
    related = [agency["parent_id"], agency["successor_id"]]
    return answer(
        "agency/read.html",
        agency=agency,
        related={key: see("agency_show", id=key) for key in related if key},
        divisions=do("division_list", agency=name) if reads else None,
        manages=may(actor, "division.change", agency["id"]) and not agency["dissolved_at"],
        operates=may(actor, "agency.change") and not agency["dissolved_at"],
    )


@pages.get("/<name>/edit/<what>")
def edit(name: str, what: str) -> Response:
    """The form by which an agency is changed, renamed, merged into another, or dissolved."""
    if what not in _FORMS:
        abort(404)
    return _form(name, what)


@pages.post("/<name>/change")
def change(name: str) -> Response:
    """Kind, level, the body above, aliases, contact."""
    return _act(name, "change", tk._("The changes are saved."), _typed(*_CHANGE))


@pages.post("/<name>/rename")
def rename(name: str) -> Response:
    """Another title or code, after asking."""
    typed = sent("title", "code", "reason")
    points = [
        tk._("New title: {title}").format(title=typed["title"]),
        tk._("The title so far becomes an alias, so that sources still find the agency. Its address stays."),
        tk._("Published lists keep saying what they said; pages of its datasets say the new title."),
    ]
    return _asked(name, "rename", points, typed) or _act(name, "rename", tk._("The agency is renamed."), typed)


@pages.post("/<name>/merge")
def merge(name: str) -> Response:
    """Merges it into another agency, after asking."""
    typed = sent("into", "reason")
    points = [
        tk._("{agency} takes over its entries, datasets, applications, access rights and divisions.").format(
            agency=_titles(do("agency_list")).get(typed["into"], "—")
        ),
        tk._("Lists in preparation on both sides are thrown away; the published list stands until the next."),
        tk._("All roles held in it end at once."),
        tk._("This cannot be undone."),
    ]
    return _asked(name, "merge", points, typed) or _act(name, "merge", tk._("The agencies are merged."), typed)


@pages.post("/<name>/dissolve")
def dissolve(name: str) -> Response:
    """Ends it, after asking."""
    typed = sent("reason")
    points = [
        tk._("The agency leaves all lists of agencies; all roles held in it end at once."),
        tk._("This is only possible when nothing belongs to it any more. It cannot be undone."),
    ]
    return _asked(name, "dissolve", points, typed) or _act(name, "dissolve", tk._("The agency is dissolved."), typed)


@pages.get("/<name>/division")
def division(name: str) -> Response:
    """The form by which a division is entered, or changed (``id``)."""
    return _division(name)


@pages.post("/<name>/division")
def save_division(name: str) -> Response:
    """Enters a division, or changes one."""
    typed = sent(*_DIVISION)
    try:
        do("division_save", agency=name, **{key: value for key, value in typed.items() if value or key != "id"})
    except Failed as failed:
        return _division(name, failed)
    return back_to("shopendata_agency.read", tk._("The division is saved."), name=name)


@pages.post("/<name>/division/<key>/remove")
def remove_division(name: str, key: str) -> Response:
    """Takes a division out, after asking."""
    found = _found_division(name, key)
    if not confirmed():
        points = [found["title"], tk._("Entries that name it keep its name.")]
        back = tk.h.url_for("shopendata_agency.read", name=name)
        return ask(tk._("Take this division out?"), tk._("Take out"), points=points, back=back)
    do("division_remove", agency=name, id=key)
    return back_to("shopendata_agency.read", tk._("The division is taken out."), name=name)


def _typed(*names: str) -> dict[str, Any]:
    """What was typed; aliases stand one a line."""
    lines = request.form.get("aliases", "").splitlines()
    return sent(*names) | {"aliases": [line.strip() for line in lines if line.strip()]}


def _asked(name: str, what: str, points: list[str], typed: dict[str, str]) -> Response | None:
    """The page that asks first, or the form again when something is missing or to be changed; nothing once asked."""
    needs(f"agency.{what}")
    empty = left_empty(typed, *(typed.keys() - {"code"}))
    if empty or went_back():
        return _form(name, what, empty)
    if confirmed():
        return None
    title, button = {
        "rename": (tk._("Rename this agency?"), tk._("Rename")),
        "merge": (tk._("Merge this agency?"), tk._("Merge")),
        "dissolve": (tk._("Dissolve this agency?"), tk._("Dissolve")),
    }[what]
    told = [see("agency_show", id=name)["title"], *points]
    back = tk.h.url_for("shopendata_agency.read", name=name)
    return ask(title, button, points=told, back=back, grave=True, changeable=True)


def _act(name: str, what: str, said: str, typed: dict[str, Any]) -> Response:
    """Does it, and shows the agency that there is afterwards."""
    needs(f"agency.{what}")
    given = {key: value for key, value in typed.items() if value or what == "change"}
    try:
        done = do(f"agency_{what}", id=name, **given)
    except Failed as failed:
        return _form(name, what, failed)
    return back_to("shopendata_agency.read", said, name=done["name"])


def _new(failed: Failed | None = None) -> Response:
    needs("agency.create")
    return answer(
        "agency/new.html",
        failed=failed,
        agencies=_titles(do("agency_list")),
        values=request.form,
    )


def _form(name: str, what: str, failed: Failed | None = None) -> Response:
    needs(f"agency.{what}")
    agency, agencies = see("agency_show", id=name), do("agency_list")
    parent = next((one["name"] for one in agencies if one["id"] == agency["parent_id"]), "")
    stands = agency | {"parent": parent, "aliases": "\n".join(agency["aliases"]), "code": agency["code"] or ""}
    return answer(
        "agency/edit.html",
        failed=failed,
        what=what,
        agency=agency,
        agencies={key: title for key, title in _titles(agencies).items() if key != agency["name"]},
        values=request.form if request.method == "POST" else stands,
    )


def _division(name: str, failed: Failed | None = None) -> Response:
    agency = see("agency_show", id=name)
    needs("division.change", agency["id"])
    key = request.values.get("id", "")
    stands = _found_division(name, key) if key else {}
    return answer(
        "agency/division.html",
        failed=failed,
        agency=agency,
        values=request.form if failed else stands,
    )


def _found_division(name: str, key: str) -> dict[str, Any]:
    found = next((one for one in see("division_list", agency=name) if one["id"] == key), None)
    if found is None:
        raise Failed(404, {"message": [tk._("This division has been taken out already")]})
    return found


def _titles(agencies: list[dict[str, Any]], by: str = "name") -> dict[str, str]:
    return {one[by]: one["title"] for one in agencies}
