"""The applicant's pages: applications, their form and their way, agreements, access rights and keys."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.policy.application import FORM
from ckanext.shopendata.views import application_form as forms
from ckanext.shopendata.views import labels_form
from ckanext.shopendata.views.common import Failed, answer, ask, back_to, confirmed, do, section, see

pages = section("application", "/applications")

PER_PAGE = 20
_EDITABLE = ("draft", "correction_requested")
_WITHDRAWABLE = (*_EDITABLE, "submitted", "accepted")


@pages.get("")
def index() -> Response:
    """My applications and my access rights."""
    return _index()


@pages.get("/new")
def new() -> Response:
    """An empty form, for the datasets named in the address."""
    wanted = request.args.getlist("dataset")[: forms.MOST]
    datasets = [forms.described(name) for name in wanted]
    if None in datasets:
        abort(404)
    return _form(None, datasets, {}, {}, token=str(uuid4()))


@pages.post("/new")
def create() -> Response:
    """Saves or submits a new application."""
    return _store(None, request.form.get("token", ""))


@pages.get("/<key>")
def read(key: str) -> Response:
    """One application of mine: where it is; its form while it can be changed."""
    return _read(_mine(key))


@pages.post("/<key>")
def change(key: str) -> Response:
    """Saves or submits an application that is not with the data centre."""
    return _store(_mine(key), "")


@pages.post("/<key>/withdraw")
def withdraw(key: str) -> Response:
    """Takes an application back, after asking."""
    application = _mine(key)
    if not confirmed():
        points = [
            tk._("Application {number} will be withdrawn; agencies that have not decided yet stop their work.").format(
                number=application["number"]
            ),
            tk._("This cannot be undone. You may apply again at any time. Access already granted stays."),
        ]
        back = tk.h.url_for("shopendata_application.read", key=key)
        return ask(tk._("Withdraw this application?"), tk._("Withdraw"), points=points, back=back, grave=True)
    try:
        do("application_withdraw", id=key)
    except Failed as failed:
        return _read(_mine(key), failed)
    return back_to("shopendata_application.read", tk._("The application has been withdrawn."), key=key)


@pages.post("/<key>/agreement")
def agree(key: str) -> Response:
    """Confirms the agreement with one agency online, after asking."""
    application = _mine(key)
    case = next((one for one in application["cases"] if one["id"] == request.form.get("case")), None)
    if case is None:
        abort(404)
    if not confirmed():
        points = [
            tk._("You confirm the data use agreement with: {agency}").format(agency=case["agency_title"]),
            tk._("This is an online confirmation, not an electronic signature."),
            tk._("Access starts as soon as the agency has confirmed as well."),
        ]
        back = tk.h.url_for("shopendata_application.read", key=key)
        return ask(tk._("Confirm the agreement?"), tk._("Confirm online"), points=points, back=back)
    try:
        do("agreement_confirm", id=case["id"])
    except Failed as failed:
        return _read(_mine(key), failed)
    return back_to("shopendata_application.read", tk._("You have confirmed the agreement."), key=key)


@pages.post("/keys")
def make_key() -> Response:
    """Makes a key and answers with it: the one time that it is shown."""
    grant = next((one for one in do("grant_list") if one["id"] == request.form.get("grant")), None)
    if grant is None:
        abort(404)
    try:
        key = do("key_create", grant=grant["id"], known=request.form.get("known", ""))
    except Failed as failed:
        return _index(failed)
    return answer("application/key.html", key=key, grant=grant, site=tk.config["ckan.site_url"].rstrip("/"))


@pages.post("/keys/revoke")
def end_key() -> Response:
    """Revokes a key of mine, after asking."""
    kid = request.form.get("kid", "")
    key = next((key for grant in do("grant_list") for key in grant["keys"] if key["kid"] == kid), None)
    if key is None:
        abort(404)
    if not confirmed():
        points = [
            tk._("The key ending in {hint} will be refused from the next call on.").format(hint=key["hint"]),
            tk._("This cannot be undone. If programs still use it, make a new key first."),
        ]
        back = tk.h.url_for("shopendata_application.index")
        return ask(tk._("Revoke this key?"), tk._("Revoke the key"), points=points, back=back, grave=True)
    try:
        do("key_revoke", kid=kid)
    except Failed as failed:
        return _index(failed)
    return back_to("shopendata_application.index", tk._("The key has been revoked."))


def _index(failed: Failed | None = None) -> Response:
    number = max(request.args.get("page", 1, type=int), 1)
    grants = do("grant_list")
    mine = do("application_list", limit=PER_PAGE, offset=min(number - 1, 500) * PER_PAGE)
    return answer(
        "application/index.html",
        failed=failed,
        applications=[one | {"next": forms.next_step(one, grants)} for one in mine["results"]],
        count=mine["count"],
        number=number,
        last=max(-(-mine["count"] // PER_PAGE), 1),
        grants=grants,
    )


def _mine(key: str) -> dict[str, Any]:
    """An application of the caller's side; those of others do not exist here, whatever roles the caller holds."""
    application = see("application_show", id=key)
    if "application.read" not in application["may"]:
        abort(404)
    return application


def _store(application: dict[str, Any] | None, token: str) -> Response:
    form, chosen = forms.typed(), request.form.getlist("datasets")[: forms.MOST]
    given: dict[str, Any] = {"form": form, "datasets": chosen}
    if application:
        given["id"] = application["id"]
    elif token:
        given["token"] = token
    given |= forms.party()
    submits = request.form.get("intent") == "submit"
    try:
        saved = do("application_save", **given)
    except Failed as failed:
        if failed.code == "not_in_this_state":
            return back_to("shopendata_application.read", key=application["id"] if application else token)
        missing = forms.lacking(form, chosen, given.get("organisation", "")) if submits else {}
        datasets = [forms.described(name) or {"name": name, "title": name} for name in chosen]
        return _form(application, datasets, form, missing | failed.errors, token=token, status=failed.status)
    if not submits:
        said = tk._("Saved. You can come back and go on at any time.")
        return back_to("shopendata_application.read", said, key=saved["id"])
    try:
        do("application_submit", id=saved["id"])
    except Failed as failed:
        return _form(_mine(saved["id"]), saved["datasets"], form, failed.errors, status=failed.status)
    said = tk._("Submitted. The data centre now checks whether the application is complete.")
    return back_to("shopendata_application.read", said, key=saved["id"])


def _read(application: dict[str, Any], failed: Failed | None = None) -> Response:
    if application["state"] in _EDITABLE and failed is None and "application.write" in application["may"]:
        return _form(application, application["datasets"], application["form"], {})
    cases = {case["id"] for case in application["cases"]}
    grants = [grant for grant in do("grant_list") if grant["case"] in cases]
    return answer(
        "application/read.html",
        failed=failed,
        application=application,
        fields=FORM,
        words=labels_form,
        timeline=forms.timeline(application),
        next_step=forms.next_step(application, grants),
        withdrawable=application["state"] in _WITHDRAWABLE
        and not forms.ended(application)
        and "application.write" in application["may"],
        grants=grants,
    )


def _form(
    application: dict[str, Any] | None,
    datasets: list[Any],
    values: dict[str, str],
    errors: dict[str, list[str]],
    *,
    token: str = "",
    status: int = 200,
) -> Response:
    returned = application["deficiencies"] if application else []
    parties = forms.parties(application)
    if "applicant_kind" in errors:  # nobody types it: it follows from who applies
        errors = {"organisation": errors["applicant_kind"]} | {k: v for k, v in errors.items() if k != "applicant_kind"}
    return answer(
        "application/form.html",
        status,
        errors=errors,
        application=application,
        token=token,
        datasets=datasets,
        others=forms.others({dataset["name"] for dataset in datasets}),
        values=values,
        parties=parties,
        party=forms.chosen_party(application, values, parties),
        fields=FORM,
        words=labels_form,
        timeline=forms.timeline(application) if application else [],
        returned=returned,
        returned_at={point["field"]: point["text"] for point in returned},
    )
