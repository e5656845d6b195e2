"""How I sign in: my device for codes and my log-ins; and, for security administrators, replacing others' credentials.

What people do with their own credentials is no action: a token for the API must not change what it stands for.
"""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Response
from flask import request

from ckanext.shopendata import audit, config
from ckanext.shopendata.logic import notice, password, presence, session, totp
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    left_empty,
    may,
    needs,
    person,
    section,
    sent,
    went_back,
)

__all__ = ["pages"]

pages = section("security", "/security")

#: How browsers and systems call themselves, the more particular first.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


@pages.get("")
def index() -> Response:
    """My device and my log-ins."""
    user, actor = _me(), person()
    listed = [one | {"browser": _called(one["browser"])} for one in session.list_of(user.id)]
    device = totp.enrolled_at(user.id)
    return answer(
        "security/index.html",
        sessions=listed,
        device=device.isoformat() if device else None,
        needed=bool(actor.holdings),
        reads_resets=may(actor, "credential.read"),
        idle=config.session_idle_minutes(),
        user=user,
    )


@pages.post("/sessions/end")
def end_session() -> Response:
    """Ends one of my log-ins, or all but this one."""
    user, key = _me(), request.form.get("key", "")
    ended = session.end(user.id, key) if key else session.end_all(user.id, but=presence.own_session())
    if ended:
        audit.record(_event(user, "session.end", {"count": ended}))
    model.Session.commit()
    return back_to("shopendata_security.index", tk._("{count} log-ins have been ended.").format(count=ended))


@pages.get("/device")
def device() -> Response:
    """Setting up a device for codes: first the password (and, for another device, a code of the old one)."""
    return _device()


@pages.post("/device")
def begin_device() -> Response:
    """Shows the new secret to who knows the password."""
    user = _me()
    try:
        password.check_current(user, request.form.get("old_password", ""))
        if totp.enrolled_at(user.id):
            totp.use(user.id, request.form.get("code", ""))
        draft = totp.begin(user)
    except Refused as refused:
        model.Session.rollback()
        return _device(refused)
    model.Session.commit()
    return _draft(draft)


@pages.post("/device/confirm")
def confirm_device() -> Response:
    """The first code of the new device: from now on it counts, and other log-ins are over."""
    user, sealed = _me(), request.form.get("draft", "")
    try:
        before = totp.enrolled_at(user.id)
        totp.enrol(user, sealed, request.form.get("code", ""))
    except Refused as refused:
        model.Session.rollback()
        if refused.code in {"draft_over", "codes_not_configured"}:
            return _device(refused)
        return _draft(totp.draft_of(user, sealed), refused)
    session.end_all(user.id, but=presence.own_session())
    happened = audit.record(_event(user, "account.device", {"replaced": before is not None}))
    notice.tell("account.device", user.id, user.id, occurrence=happened[0])
    model.Session.commit()
    said = tk._("The device is set up. Other log-ins of yours have been ended.")
    return back_to("shopendata_security.index", said)


@pages.get("/resets")
def resets() -> Response:
    """Requests to replace credentials, for security administrators and auditors."""
    return _resets()


@pages.post("/resets")
def ask_reset() -> Response:
    """Asks for somebody's credentials to be replaced, after asking."""
    needs("credential.ask")
    typed = sent("user", "email", "reason")
    empty = left_empty(typed, "user", "reason")
    if empty or went_back():
        return _resets(empty)
    if not confirmed():
        points = [
            tk._("Account: {name}").format(name=typed["user"]),
            *([tk._("New mail address: {address}").format(address=typed["email"])] if typed["email"] else []),
            tk._("Another security administrator has to confirm. Then the old password, device, log-ins and tokens no"
                 " longer work, and the holder gets a link by mail. You do not get to see it."),
        ]  # fmt: skip
        title, button = tk._("Ask for these credentials to be replaced?"), tk._("Ask for it")
        back = tk.h.url_for("shopendata_security.resets")
        return ask(title, button, points=points, back=back, grave=True, changeable=True)
    return _act(
        tk._("The request is recorded. Another security administrator confirms it."),
        "credential_ask", **{name: value for name, value in typed.items() if value},
    )  # fmt: skip


@pages.post("/resets/<key>/confirm")
def confirm_reset(key: str) -> Response:
    """Confirms what another one asked for."""
    needs("credential.ask")
    return _act(tk._("Done: the old credentials no longer work, and the holder gets a link by mail."),
                "credential_confirm", id=key)  # fmt: skip


@pages.post("/resets/<key>/decline")
def decline_reset(key: str) -> Response:
    """Turns it down."""
    needs("credential.ask")
    return _act(tk._("The request is declined."), "credential_decline", id=key)


def reset_states() -> dict[str, tuple[str, str]]:
    """States of requests (policy.credential.ResetState): word and kind."""
    return {
        "asked": (tk._("Waits to be confirmed"), "waiting"),
        "confirmed": (tk._("Replaced"), "good"),
        "declined": (tk._("Declined"), ""),
        "lapsed": (tk._("Too old"), "bad"),
    }


def _me() -> model.User:
    return model.Session.get_one(model.User, tk.current_user.id)


def _event(user: model.User, verb: str, body: dict[str, Any]) -> Event:
    return Event(verb=verb, object_type="account", object_id=user.id, actor=user.id, body=body)


def _device(refused: Refused | None = None) -> Response:
    return answer(
        "security/device.html",
        409 if refused else 200,
        errors=_errors(refused),
        device=totp.enrolled_at(tk.current_user.id) is not None,
    )


def _draft(draft: totp.Draft, refused: Refused | None = None) -> Response:
    spaced = " ".join(re.findall(".{1,4}", draft.secret))
    errors = _errors(refused)
    return answer("security/draft.html", 409 if refused else 200, errors=errors, draft=draft, spaced=spaced)


def _errors(refused: Refused | None) -> dict[str, list[str]]:
    return {refused.field or "message": [message(refused)]} if refused else {}


def _act(said: str, action: str, **data: Any) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _resets(failed)
    return back_to("shopendata_security.resets", said)


def _resets(failed: Failed | None = None) -> Response:
    actor = needs("credential.read")
    return answer(
        "security/resets.html",
        failed=failed,
        resets=do("credential_list"),
        states=reset_states(),
        asks=may(actor, "credential.ask"),
        values=request.form,
    )


def _called(browser: str) -> str:
    """What a browser is, in a few words."""
    known = [next((name for mark, name in words if mark in browser), "") for words in (_BROWSERS, _SYSTEMS)]
    return " · ".join(word for word in known if word) or tk._("Unknown browser")
