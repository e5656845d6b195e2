"""Refuses whatever would change something while the portal is under maintenance; reading goes on.

A second lock on the same door: actions of ours refuse by themselves (``logic/command.py``), whoever calls them.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import CKANApp
from flask import Response, g, make_response, request

from ckanext.shopendata import maintenance
from ckanext.shopendata.hardening import errors
from ckanext.shopendata.policy import scrub

__all__ = ["install", "standing"]

_API = "api.action"
#: Signing in and out changes nothing but the session, and an operator has to look; tables ask for their rows by POST.
_READING = {"user.login", "user.logout", "datatablesview.ajax", "datatablesview.filtered_download"}
#: Fields that are made anew, and codes that count once.
_NOT_KEPT = {"_csrf_token", "code"}


def install(app: CKANApp) -> None:
    """Registers the guard, and the answer for what passes it at the moment of the switch."""
    app.before_request(guard)
    app.register_error_handler(maintenance.UnderMaintenance, lambda error: refuse(error.maintenance))


def guard() -> Response | None:
    """The refusal of a request that writes, or ``None``."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.endpoint is None or request.endpoint in _READING:
        return None
    if request.endpoint == _API and _reads((request.view_args or {})["logic_function"]):
        return None
    on = maintenance.standing()
    return refuse(on) if on is not None else None


def refuse(on: maintenance.Maintenance) -> Response:
    """503, with what was typed, so that it can be sent again or copied."""
    if errors.is_api():
        words = {"reason_zh": on.reason_zh, "reason_en": on.reason_en, "until": on.until}
        message = "平台维护中，暂不能修改 The portal is under maintenance and cannot be changed at the moment"
        response = errors.refusal(503, message, **words)
    else:
        told: dict[str, Any] = {
            "maintenance": on,
            "typed": _kept(list(request.form.items(multi=True))),
            "files": [file.filename for _, file in request.files.items(multi=True) if file.filename],
            "address": request.full_path.rstrip("?"),
        }
        response = make_response(tk.render("shopendata/maintenance.html", told), 503)
    response.headers["Retry-After"] = str(on.seconds_left)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _kept(typed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a page may hold of a form: no secret, nor a field of any other name in which one was typed again."""
    secrets = {value for name, value in typed if scrub.is_secret(name)}
    return [(name, value) for name, value in typed if name not in _NOT_KEPT and value not in secrets]


def standing() -> maintenance.Maintenance | None:
    """For every page's header; asked once a request."""
    if "shopendata_maintenance" not in g:
        g.shopendata_maintenance = maintenance.standing()
    return g.shopendata_maintenance


def _reads(name: str) -> bool:
    try:
        return bool(getattr(tk.get_action(name), "side_effect_free", False))
    except KeyError:
        return True  # answered as unknown
