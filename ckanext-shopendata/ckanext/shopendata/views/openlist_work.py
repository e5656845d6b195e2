"""An agency's open list in preparation: compile, sign, publish, discard."""

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
    may,
    person,
    section,
    see,
    went_back,
)

__all__ = ["pages"]

pages = section("openlist_work", "/catalogue/open-list")

_DOCUMENT = ("title", "number", "signer", "signed_on")


@pages.get("/<agency>")
def read(agency: str) -> Response:
    """The version in preparation, what is not on it and why, and the published versions."""
    return _read(agency)


@pages.post("/<agency>/compile")
def compile_list(agency: str) -> Response:
    """Compiles the next version, or its draft anew."""
    _seen(agency)
    try:
        do("openlist_compile", agency=agency)
    except Failed as failed:
        return _read(agency, failed)
    said = tk._("The list has been compiled. Please check it before it is signed.")
    return back_to("shopendata_openlist_work.read", said, agency=agency)


@pages.post("/<agency>/sign")
def sign(agency: str) -> Response:
    """Signs the version: confirmed online, or with the signed document registered; after asking."""
    version = _version(agency)
    if went_back():
        return _read(agency)
    document = {name: request.form.get(name, "").strip() for name in _DOCUMENT}
    offline = request.form.get("way") == "document"
    if offline and not all(document[name] for name in ("number", "signer", "signed_on")):
        said = tk._("Please give number, signer and date of the signed document")
        return _read(agency, Failed(409, {"document": [said]}))
    if not confirmed():
        points = [_named(version)]
        if offline:
            points.append(
                tk._("Registered document: {number}, signed by {signer} on {day}").format(
                    number=document["number"], signer=document["signer"], day=document["signed_on"]
                )
            )
        else:
            points.append(tk._("This is an online confirmation, not an electronic signature."))
        title, button = tk._("Sign this version?"), tk._("Register the document") if offline else tk._("Confirm online")
        return ask(title, button, points=points, back=_address(agency), changeable=offline)
    data: dict[str, Any] = {"document": {n: v for n, v in document.items() if v}} if offline else {}
    said = tk._("The version is signed; another person can publish it now.")
    return _act(agency, said, "openlist_sign", id=version["id"], **data)


@pages.post("/<agency>/publish")
def publish(agency: str) -> Response:
    """Publishes the signed version, after asking."""
    version = _version(agency)
    if not confirmed():
        points = [
            _named(version),
            tk._("{count} datasets go to the public; what is no longer listed is taken back.").format(
                count=version["count"]
            ),
            tk._("A published version can never be changed; a new one can follow."),
        ]
        return ask(tk._("Publish this version?"), tk._("Publish"), points=points, back=_address(agency))
    return _act(agency, tk._("The list is published."), "openlist_publish", id=version["id"])


@pages.post("/<agency>/discard")
def discard(agency: str) -> Response:
    """Throws the version in preparation away, after asking."""
    version = _version(agency)
    if not confirmed():
        points = [_named(version), tk._("Decisions stay as they are; the list can be compiled again.")]
        title, button = tk._("Discard this version?"), tk._("Discard")
        return ask(title, button, points=points, back=_address(agency), grave=True)
    return _act(agency, tk._("The version has been discarded."), "openlist_discard", id=version["id"])


def _seen(agency: str) -> dict[str, Any]:
    """What the agency's staff may see of its list; for others there is no such page."""
    return {
        "agency": see("agency_show", id=agency),
        "version": see("openlist_work", agency=agency),
        "excluded": see("openlist_excluded", agency=agency),
        "published": see("openlist_list", agency=agency),
    }


def _version(agency: str) -> dict[str, Any]:
    """The version that the form was about: a repeated or late form must not reach another one."""
    version = _seen(agency)["version"]
    if version is None or version["digest"] != request.form.get("digest"):
        abort(409, tk._("This version has changed or is gone: please look at the page again."))
    return version


def _read(agency: str, failed: Failed | None = None) -> Response:
    seen, actor = _seen(agency), person()
    key, version = seen["agency"]["id"], seen["version"]
    state = version["state"] if version else ""
    return answer(
        "catalogue/openlist.html",
        failed=failed,
        **seen,
        compiles=state in {"", "drafting"} and may(actor, "openlist.compile", key),
        signs=state in {"drafting", "unit_signing"} and may(actor, "openlist.sign", key),
        signs_online=any(held.role.value == "signer" and held.agency == key for held in actor.holdings),
        publishes=state == "filed" and may(actor, "openlist.publish", key),
        discards=bool(version) and may(actor, "openlist.discard", key),
        values=request.form,
    )


def _act(agency: str, said: str, action: str, **data: Any) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _read(agency, failed)
    return back_to("shopendata_openlist_work.read", said, agency=agency)


def _named(version: dict[str, Any]) -> str:
    return tk._("Open list {version} of {agency}").format(version=version["version"], agency=version["agency"]["title"])


def _address(agency: str) -> str:
    return tk.h.url_for("shopendata_openlist_work.read", agency=agency)
