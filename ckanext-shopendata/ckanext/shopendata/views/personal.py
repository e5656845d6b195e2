"""My data: what is held about me, taking it along, asking for it to be erased; and deciding on that."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import request

from ckanext.shopendata import clock
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    download,
    may_somewhere,
    needs_somewhere,
    person,
    section,
)

__all__ = ["pages"]

pages = section("personal", "/my-data")


@pages.get("")
def index() -> Response:
    """What is held about me, and what becomes of it."""
    return _index()


@pages.get("/export.json")
def export() -> Response:
    """All of it, to take along."""
    held = json.dumps(do("personal_data_show"), ensure_ascii=False, indent=1)
    return download(held, "application/json", f"my-data-{clock.today().isoformat()}.json")


@pages.post("/erasure")
def ask_erasure() -> Response:
    """Asks for my account to be closed, after saying what that means."""
    if not confirmed():
        points = [
            tk._("A security administrator decides on it. You can take the request back until then."),
            tk._("Then you cannot sign in any more, and nobody writes to you: your address is gone, too."),
            tk._("Your access keys end. Your name, address, drafts and notices are erased for good."),
            tk._("Applications that you have submitted, and what was decided on them, stay in the file."),
        ]
        back = tk.h.url_for("shopendata_personal.index")
        return ask(tk._("Close your account?"), tk._("Ask for it"), points=points, back=back, grave=True)
    try:
        do("erasure_ask", note=request.form.get("note", "").strip())
    except Failed as failed:
        return _index(failed)
    return back_to(
        "shopendata_personal.index", tk._("Your request is recorded. A security administrator decides on it.")
    )


@pages.post("/erasure/<key>/withdraw")
def withdraw_erasure(key: str) -> Response:
    """Takes the request back."""
    try:
        do("erasure_withdraw", id=key)
    except Failed as failed:
        return _index(failed)
    return back_to("shopendata_personal.index", tk._("The request is withdrawn. Nothing changes."))


@pages.get("/requests")
def requests() -> Response:
    """What people have asked, for those who decide on it."""
    return _requests()


@pages.post("/requests/<key>/approve")
def approve(key: str) -> Response:
    """Erases, after asking."""
    needs_somewhere("erasure.decide")
    if not confirmed():
        one = next((one for one in do("erasure_list") if one["id"] == key), None)
        if one is None or one["state"] != "asked":
            return _requests(Failed(404, {"message": [tk._("This request has been answered already")]}))
        points = [
            f"{one['name']}（{one['user']}）",
            tk._("Make sure that it was this person who asked: a stolen session can ask, too."),
            tk._("The account is closed and its personal data erased at once. It cannot be brought back."),
            tk._("Contents of events that name the person are then asked to be erased; another person confirms each."),
        ]
        back = tk.h.url_for("shopendata_personal.requests")
        return ask(tk._("Erase this person's data?"), tk._("Erase for good"), points=points, back=back, grave=True)
    return _answered(
        "erasure_approve", tk._("The account is closed. What is kept, and why, stands with the request."), id=key
    )


@pages.post("/requests/<key>/refuse")
def refuse(key: str) -> Response:
    """Declines."""
    needs_somewhere("erasure.decide")
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _requests(Failed(409, {"reason": [tk._("Please say why: the person reads it.")]}))
    return _answered("erasure_refuse", tk._("Declined. The person reads why."), id=key, reason=reason)


def kinds() -> dict[str, str]:
    """Tables (policy.personal.HELD) in words."""
    return {
        "user": tk._("Account: name, address, what you wrote about yourself"),
        "api_token": tk._("API tokens"),
        "member": tk._("Memberships"),
        "dashboard": tk._("Dashboard"),
        "user_following_dataset": tk._("Datasets that you follow"),
        "user_following_group": tk._("Agencies that you follow"),
        "user_following_user": tk._("People who follow, or are followed"),
        "shopendata_session": tk._("Sessions in which you are signed in"),
        "shopendata_notice": tk._("Notices to you"),
        "shopendata_notice_preference": tk._("How you want to be told"),
        "shopendata_application": tk._("Applications"),
        "shopendata_grant": tk._("Access rights"),
        "shopendata_access_key": tk._("Access keys"),
        "shopendata_person": tk._("That your identity was verified"),
        "shopendata_role_holding": tk._("Roles"),
        "shopendata_role_request": tk._("Roles asked for you"),
        "shopendata_delegation": tk._("For whom you stand in"),
        "shopendata_stand_in": tk._("What was done in somebody's stead"),
        "shopendata_erasure": tk._("Requests to erase personal data"),
    }


def fates() -> dict[str, str]:
    """What an erasure does (policy.personal.Fate)."""
    return {"erased": tk._("erased"), "emptied": tk._("closed and emptied"), "kept": tk._("kept")}


def reasons() -> dict[str, str]:
    """Why something stays (policy.retention.RecordKind)."""
    return {
        "decision": tk._("Files of public bodies are kept for their archive period (Archives Law, articles 13 and 14)"),
        "account": tk._("Who could do what, and did it, is part of the audit record (GB/T 22239-2019)"),
    }


def states() -> dict[str, str]:
    """Where a request is (policy.personal.ErasureState)."""
    return {
        "asked": tk._("Waits for a decision"),
        "withdrawn": tk._("Withdrawn"),
        "refused": tk._("Declined"),
        "done": tk._("Erased"),
    }


def _words() -> dict[str, Any]:
    return {"kinds": kinds(), "fates": fates(), "reasons": reasons(), "states": states()}


def _index(failed: Failed | None = None) -> Response:
    return answer(
        "personal/index.html",
        failed=failed,
        shown=do("personal_data_show"),
        typed=request.form.get("note", ""),
        may_decide=may_somewhere(person(), "erasure.decide"),
        **_words(),
    )


def _requests(failed: Failed | None = None) -> Response:
    needs_somewhere("erasure.decide")
    return answer(
        "personal/requests.html",
        failed=failed,
        shown=do("erasure_list"),
        **_words(),
    )


def _answered(action: str, said: str, **data: str) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _requests(failed)
    return back_to("shopendata_personal.requests", said)
