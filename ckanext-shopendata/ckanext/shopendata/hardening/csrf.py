"""CKAN 2.12.0 forgets that a CSRF exemption was meant for one request (CVE-2026-41255).

For callers without a session CKAN exempts the *view* from CSRF checks, and the list of exempt views belongs to the
process: after one anonymous GET, forged forms of logged-in users pass in that worker. Here the exemption is kept with
the request. CKAN's own fix brings a class ``CSRFProtectPerRequest``; a test fails when it appears, so that this module
can go.
"""

from __future__ import annotations

from typing import Any

from ckan.config.middleware import flask_app
from flask import g, has_request_context

#: Set on the request that is exempt, and on the repaired object.
MARK = "_shopendata_csrf_exempt"


def exempt_per_request() -> None:
    """Makes ``csrf.exempt("module.view")``, called during a request, hold for that request only.

    Calls outside a request (decorators of views and blueprints, made at start) keep their meaning. Repeating it
    changes nothing.
    """
    csrf = flask_app.csrf
    if hasattr(csrf, "exempt_this_request") or getattr(csrf, MARK, False):
        return
    exempt_always, is_exempt = csrf.exempt, csrf._is_exempt

    def exempt(view: Any) -> Any:
        if isinstance(view, str) and has_request_context():
            setattr(g, MARK, True)
            return view
        return exempt_always(view)

    def is_exempt_now() -> bool:
        return bool(g.get(MARK, False)) or bool(is_exempt())

    csrf.exempt = exempt
    csrf._is_exempt = is_exempt_now
    setattr(csrf, MARK, True)
