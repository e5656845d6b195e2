"""The intake's pages of applicant organisations: what waits to be verified, one to compare with its proof."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.policy.organisation import FIELDS, State
from ckanext.shopendata.views import labels_organisation as words
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    may,
    needs,
    person,
    section,
    see,
    went_back,
)
from ckanext.shopendata.views.organisation import attachment

__all__ = ["pages"]

pages = section("verification", "/desk/organisations")

_PER_PAGE = 50


@pages.get("")
def index() -> Response:
    """Organisations by their state; those that wait first."""
    needs("organisation.read")
    wanted = request.args.get("state", State.SUBMITTED.value)
    state = wanted if wanted in {one.value for one in State} else State.SUBMITTED.value
    number = min(max(request.args.get("page", 1, type=int), 1), 1000)
    found = do("organisation_list", mine="false", state=state, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
    last = max(-(-found["count"] // _PER_PAGE), 1)
    return answer("organisation/waiting.html", found=found, state=state, number=number, last=last, words=words)


@pages.get("/<key>")
def read(key: str) -> Response:
    """One, with its proof."""
    return _read(key)


@pages.get("/<key>/proofs/<proof>")
def proof(key: str, proof: str) -> Response:
    """One file, for who verifies."""
    if proof not in {one["id"] for one in _seen(key)["proofs"]} or not may(person(), "organisation.verify"):
        abort(404)
    return attachment(proof)


@pages.post("/<key>/verify")
def verify(key: str) -> Response:
    """Verifies it, after asking."""
    shown = _seen(key)
    if not confirmed():
        points = [
            f"{shown['name']} · {shown['code']}",
            tk._("Name, code, kind and legal representative are as on the proof."),
            tk._("From now on the organisation can submit applications."),
        ]
        return ask(tk._("Verify this organisation?"), tk._("Verify"), points=points, back=_address(key))
    return _act(key, tk._("The organisation is verified."), "organisation_verify", {})


@pages.post("/<key>/take-over")
def take_over(key: str) -> Response:
    """Has its members act for the verified organisation that nobody acts for, after asking."""
    shown = _seen(key)
    if not confirmed():
        points = [
            f"{shown['name']} · {shown['code']}",
            tk._("Name, code, kind and legal representative are as on the proof."),
            tk._("Its members act for the verified organisation from now on, with its applications, access and keys."),
            tk._("Members of that one whose accounts are gone belong to it no more."),
            tk._("Its access is suspended until the agencies let it run again; they are told."),
        ]
        title, button = tk._("Let these members take over?"), tk._("Take over")
        return ask(title, button, points=points, back=_address(key), grave=True)
    return _act(key, tk._("The members act for the verified organisation now."), "organisation_take_over", {})


@pages.post("/<key>/return")
def send_back(key: str) -> Response:
    """Returns it with reasons, after asking."""
    _seen(key)
    reasons = request.form.get("reasons", "").strip().replace("\r\n", "\n")
    if went_back():
        return _read(key)
    if not reasons:
        missing = tk._("Please name everything that does not agree with the proof or is missing.")
        return _read(key, Failed(409, {"reasons": [missing]}))
    if not confirmed():
        points = [reasons, tk._("The organisation's agents read these reasons and can hand it in again.")]
        title, button = tk._("Return this organisation?"), tk._("Return it")
        return ask(title, button, points=points, back=_address(key), changeable=True)
    said = tk._("The organisation is returned; its agents have been told.")
    return _act(key, said, "organisation_return", {"reasons": reasons})


def _act(key: str, said: str, action: str, data: dict[str, Any]) -> Response:
    try:
        do(action, id=key, version=request.form.get("version", ""), **data)
    except Failed as failed:
        return _read(key, failed)
    return back_to("shopendata_verification.index", said)


def _seen(key: str) -> dict[str, Any]:
    """By right of a role; that it is one's own opens another page."""
    if not may(person(), "organisation.read"):
        abort(404)
    return see("organisation_show", id=key)


def _read(key: str, failed: Failed | None = None) -> Response:
    shown, actor = _seen(key), person()
    return answer(
        "organisation/verify.html",
        failed=failed,
        organisation=shown,
        fields=list(FIELDS),
        words=words,
        opens=may(actor, "organisation.verify"),
        verifies=shown["state"] == "submitted" and may(actor, "organisation.verify") and not shown["may"],
        reasons=request.form.get("reasons", ""),
    )


def _address(key: str) -> Any:
    return tk.h.url_for("shopendata_verification.read", key=key)
