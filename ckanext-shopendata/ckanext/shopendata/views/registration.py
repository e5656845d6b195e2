"""Registration: an address, the letter, then name and password. These pages say the same to everybody."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import Blueprint, g, request

from ckanext.shopendata.logic import registration
from ckanext.shopendata.views.common import Failed, answer, attempt, languages

__all__ = ["pages"]

pages = Blueprint("shopendata_registration", __name__, url_prefix="/register")


@pages.get("")
def index() -> Response:
    """Where registration begins: the mail address."""
    return answer("registration/index.html", mail="")


@pages.post("")
def ask() -> Response:
    """Sends the letter; the answer is the same whether there is an account or not."""
    mail = request.form.get("mail", "")
    try:
        attempt(registration.ask, mail, tk.h.lang(), g.remote_addr or "")
    except Failed as failed:
        return answer("registration/index.html", failed=failed, mail=mail)
    return tk.redirect_to("shopendata_registration.sent")


@pages.get("/sent")
def sent() -> Response:
    """What to do now."""
    return answer("registration/sent.html")


@pages.get("/begin")
def begin() -> Response:
    """The form that the letter's link opens. Looking at it uses nothing up: mail servers look, too."""
    return _begin(request.args.get("token", ""))


@pages.post("/begin")
def complete() -> Response:
    """Makes the account."""
    token = request.form.get("token", "")
    typed = {name: request.form.get(name, "") for name in ("name", "password", "repeated", "language")}
    if typed["password"] != typed["repeated"]:
        differ = {"repeated": [tk._("The two passwords differ")]}
        return _begin(token, Failed(409, differ))
    language = typed["language"] if typed["language"] in languages() else ""
    try:
        attempt(registration.complete, token, typed["name"].strip(), typed["password"], language)
    except Failed as failed:
        return _begin(token, failed)
    tk.h.flash_success(tk._("Your account is ready. Please sign in with your mail address and your password."))
    return tk.redirect_to("user.login", **({"locale": language} if language else {}))


def _begin(token: str, failed: Failed | None = None) -> Response:
    try:
        mail = attempt(registration.look, token)
    except Failed as dead:
        return answer("registration/dead.html", failed=dead)
    values: dict[str, Any] = {"name": request.form.get("name", ""), "language": request.form.get("language", "")}
    return answer(
        "registration/begin.html",
        failed=failed,
        token=token,
        mail=mail,
        values=values | {"language": values["language"] or tk.h.lang()},
        languages=languages(),
    )
