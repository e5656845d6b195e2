"""My organisations: what they are, their proof, their members; handing in, inviting, handing over."""

from __future__ import annotations

import base64
import io
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request, send_file

from ckanext.shopendata.policy.organisation import FIELDS, PROOF_SIZE, Function
from ckanext.shopendata.views import labels_organisation as words
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    languages,
    section,
    see,
)

__all__ = ["attachment", "pages"]

pages = section("organisation", "/organisations")


@pages.get("")
def index() -> Response:
    """The organisations for which I act."""
    return answer("organisation/index.html", found=do("organisation_list", limit=100), words=words)


@pages.get("/new")
def new() -> Response:
    """The form by which one begins."""
    return _new()


@pages.post("/new")
def create() -> Response:
    """Begins it."""
    try:
        made = do("organisation_create", **_typed())
    except Failed as failed:
        return _new(failed)
    said = tk._("Saved. Please add a proof and hand the organisation in to be verified.")
    return back_to("shopendata_organisation.read", said, key=made["id"])


@pages.get("/<key>")
def read(key: str) -> Response:
    """One of mine."""
    return _read(key)


@pages.post("/<key>")
def save(key: str) -> Response:
    """Changes it, and hands it in where that was asked for. What the proof shows is asked about first."""
    shown, typed = _mine(key), _typed()
    proved = ("kind", "name", "code", "legal_representative")
    if shown["state"] == "verified" and any(typed[name] != shown[name] for name in proved) and not confirmed():
        points = [
            tk._("Kind, name, code and legal representative are what the data centre has verified."),
            tk._("The organisation is unverified until the data centre has read the change; applications can be saved"),
        ]
        return ask(tk._("Change what was verified?"), tk._("Change it"), points=points, back=_address(key), grave=True)
    try:
        do("organisation_save", id=key, **typed)
        if request.form.get("intent") == "submit":
            do("organisation_submit", id=key)
    except Failed as failed:
        return _read(key, failed)
    if request.form.get("intent") == "submit":
        return back_to(
            "shopendata_organisation.read", tk._("Handed in. The data centre compares it with the proof."), key=key
        )
    return back_to("shopendata_organisation.read", tk._("Saved."), key=key)


@pages.post("/<key>/take-back")
def take_back(key: str) -> Response:
    """Takes it back, to change it."""
    return _do(key, tk._("Taken back. Please hand it in again when it is complete."), "organisation_take_back", id=key)


@pages.post("/<key>/close")
def close(key: str) -> Response:
    """Closes it, after asking."""
    shown = _mine(key)
    if not confirmed():
        points = [
            shown["name"],
            tk._("All memberships end; nobody can apply for the organisation any more. This cannot be undone."),
        ]
        return ask(tk._("Close this organisation?"), tk._("Close it"), points=points, back=_address(key), grave=True)
    try:
        do("organisation_close", id=key)
    except Failed as failed:
        return _read(key, failed)
    return back_to("shopendata_organisation.index", tk._("The organisation is closed."))


@pages.post("/<key>/proofs")
def add_proof(key: str) -> Response:
    """Adds a file."""
    shown, given = _mine(key), request.files.get("proof")
    if given is None or not given.filename:
        return _read(key, Failed(409, {"proof": [tk._("Please choose a file")]}))
    # One byte more tells that it is too large; the rest is not read.
    content = given.stream.read(PROOF_SIZE + 1)
    name = given.filename
    return _do(
        shown["id"], tk._("The file is added."), "proof_add", organisation=key, name=name,
        content=base64.b64encode(content).decode() or "AA==",
    )  # fmt: skip


@pages.get("/<key>/proofs/<proof>")
def proof(key: str, proof: str) -> Response:
    """One file, to be stored, never shown by the browser."""
    if proof not in {one["id"] for one in _mine(key)["proofs"]}:
        abort(404)
    return attachment(proof)


@pages.post("/<key>/proofs/<proof>/remove")
def remove_proof(key: str, proof: str) -> Response:
    """Takes a file away."""
    if proof not in {one["id"] for one in _mine(key)["proofs"]}:
        abort(404)
    return _do(key, tk._("The file is removed."), "proof_remove", id=proof)


@pages.post("/<key>/members")
def invite(key: str) -> Response:
    """Asks somebody in."""
    _mine(key)
    given: dict[str, Any] = {"mail": request.form.get("mail", ""), "functions": request.form.getlist("functions")}
    language = request.form.get("language", "")
    said = tk._("The invitation is on its way.")
    return _do(key, said, "member_invite", organisation=key, language=language, **given)


@pages.post("/<key>/invitations/<link>/withdraw")
def withdraw(key: str, link: str) -> Response:
    """Makes an invitation worthless."""
    if link not in {one["id"] for one in _mine(key)["invitations"]}:
        abort(404)
    return _do(key, tk._("The invitation is withdrawn."), "invitation_withdraw", id=link)


@pages.post("/<key>/members/<member>")
def change_member(key: str, member: str) -> Response:
    """Gives a member other functions, or ends the membership, after asking."""
    shown = _mine(key)
    found = next((one for one in shown["members"] if one["id"] == member), None)
    if found is None:
        abort(404)
    successor = request.form.get("successor", "")
    if request.form.get("intent") != "end":
        functions = request.form.getlist("functions")
        if not functions:
            return _read(key, Failed(409, {"functions": [tk._("Please choose at least one function")]}))
        said = tk._("The functions are changed.")
        return _do(key, said, "member_change", id=member, functions=functions, successor=successor)
    if not confirmed():
        return _ask_end(key, shown, found, successor)
    try:
        do("member_end", id=member, successor=successor)
    except Failed as failed:
        return _read(key, failed)
    if found["me"]:
        return back_to("shopendata_organisation.index", tk._("You have left the organisation."))
    return back_to("shopendata_organisation.read", tk._("The membership has ended."), key=key)


def attachment(key: str) -> Response:
    """A proof as a file that the browser stores and does not open."""
    found = see("proof_show", id=key)
    content = io.BytesIO(base64.b64decode(found["content"]))
    made = send_file(content, mimetype=found["kind"], as_attachment=True, download_name=found["name"])
    made.headers["X-Content-Type-Options"] = "nosniff"
    made.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    made.headers["Cache-Control"] = "private, no-store"
    return made


def _ask_end(key: str, shown: dict[str, Any], member: dict[str, Any], successor: str) -> Response:
    heir = next((one["name"] for one in shown["members"] if one["id"] == successor), "")
    points = [
        tk._("You leave {organisation}.").format(organisation=shown["name"])
        if member["me"]
        else tk._("{name} leaves {organisation}.").format(name=member["name"], organisation=shown["name"]),
        tk._("From then on nothing of the organisation can be seen by this account."),
    ]
    if heir:
        points.append(tk._("{name} takes over open applications, access rights and keys.").format(name=heir))
    return ask(tk._("End this membership?"), tk._("End it"), points=points, back=_address(key), grave=True)


def _typed() -> dict[str, str]:
    return {name: " ".join(request.form.get(name, "").split()) for name in FIELDS}


def _mine(key: str) -> dict[str, Any]:
    """An organisation of mine; those of others do not exist here, whatever roles I hold."""
    shown = see("organisation_show", id=key)
    if "organisation.read" not in shown["may"]:
        abort(404)
    return shown


def _do(key: str, said: str, action: str, **data: Any) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _read(key, failed)
    return back_to("shopendata_organisation.read", said, key=key)


def _address(key: str) -> Any:
    return tk.h.url_for("shopendata_organisation.read", key=key)


def _read(key: str, failed: Failed | None = None) -> Response:
    shown = _mine(key)
    typed = {name: request.form[name] for name in FIELDS if name in request.form}
    return answer(
        "organisation/read.html",
        failed=failed,
        organisation=shown,
        values={name: shown[name] for name in FIELDS} | typed,
        invited=request.form,
        invited_functions=request.form.getlist("functions"),
        functions=[one.value for one in Function],
        languages=languages(),
        words=words,
        editable=shown["state"] in {"unverified", "returned", "verified"} and "organisation.change" in shown["may"],
        size=PROOF_SIZE // 1024**2,
    )


def _new(failed: Failed | None = None) -> Response:
    return answer(
        "organisation/new.html",
        failed=failed,
        values=request.form,
        words=words,
    )
