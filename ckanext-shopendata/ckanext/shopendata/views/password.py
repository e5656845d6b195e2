"""The page of a link by which a password is set. Who has the link needs no log-in."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Response
from flask import Blueprint, request

from ckanext.shopendata.logic import password_link
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.views.common import answer

__all__ = ["pages"]

pages = Blueprint("shopendata_password", __name__, url_prefix="/password")


@pages.get("")
def read() -> Response:
    """The form."""
    return _form(request.args.get("token", ""))


@pages.post("")
def use() -> Response:
    """Sets the password."""
    token = request.form.get("token", "")
    typed = [request.form.get(name, "") for name in ("password", "again", "code")]
    try:
        password_link.use(token, *typed)
    except Refused as refused:
        model.Session.rollback()
        return _form(token, refused)
    tk.h.flash_success(tk._("Your password is set, and all your log-ins have been ended. Please sign in."))
    return tk.redirect_to("user.login")


def _form(token: str, refused: Refused | None = None) -> Response:
    try:
        user = password_link.owner_of(token)
    except Refused as dead:
        shown = answer("security/dead_link.html", 404, why=message(dead))
    else:
        errors = {refused.field or "message": [message(refused)]} if refused else {}
        status = 409 if refused else 200
        code = password_link.needs_code(user)
        shown = answer("security/link.html", status, errors=errors, user=user, token=token, code=code)
    # The address is the secret: it must not travel on.
    shown.headers["Referrer-Policy"] = "no-referrer"
    return shown
