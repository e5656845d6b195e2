"""What can be asked of the portal, and by whom: the table of ``inventory.yaml``, enforced.

A page or an action of the API that the table does not know or calls ``off`` answers as if it did not exist, before
anything is looked up; a new plugin or an upgrade opens nothing by itself. What is for staff sends strangers to the
log-in page or answers 403. Code of the portal calls actions freely: this is about requests.

A test compares the table with the running portal both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import ckan.plugins.toolkit as tk
import yaml
from ckan.types import Action, ActionResult, CKANApp, Context, DataDict
from ckan.views import api
from flask import Response, current_app, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

Class = Literal["metadata", "data", "staff", "inside", "off"]

#: Parts of the table that list names by class.
PARTS = ("pages", "actions", "gateway", "front door", "operation")
_API = "api.action"


@cache
def table() -> Mapping[str, Any]:
    """The file's content."""
    return yaml.safe_load(files("ckanext.shopendata.hardening").joinpath("inventory.yaml").read_text())


@cache
def classes(part: str) -> Mapping[str, Class]:
    """Each name of one part with its class. Raises ``ValueError`` for a name that is listed twice."""
    found: dict[str, Class] = {}
    for kind, names in table()[part].items():
        for name in names:
            if name in found:
                raise ValueError(f"inventory.yaml lists {name} twice under {part}")
            found[name] = kind
    return found


def install(app: CKANApp) -> None:
    """Puts the table before every view: what is hidden before all hooks, what is for staff when CKAN knows who asks."""
    app.before_request_funcs.setdefault(None, []).insert(0, hide)
    app.before_request(hold)


def hide() -> None:
    """Turns a request for a hidden page into one for an unknown address, before any hook or error page reads it."""
    if "\0" in request.path:
        # Nothing is called so, and PostgreSQL fails at the question.
        request.url_rule, request.view_args, request.routing_exception = None, None, NotFound()
        return
    if not _hidden():
        return
    # Any address may name a static file, so this is what CKAN finds for one that it does not know.
    static = next(current_app.url_map.iter_rules("static"))
    methods = static.methods or set()
    if request.method in methods:
        request.url_rule, request.view_args = static, {"filename": request.path.lstrip("/")}
        request.routing_exception = None
    else:
        request.url_rule, request.view_args = None, None
        request.routing_exception = MethodNotAllowed(sorted(methods))


def hold() -> Response | None:
    """The refusal of a request whose page or action is not for the caller, or None."""
    if request.endpoint is None:
        return None
    if request.endpoint == _API:
        return _hold_action((request.view_args or {})["logic_function"])
    if classes("pages")[request.endpoint] == "staff" and tk.current_user.is_anonymous:
        if request.method in {"GET", "HEAD"} and not request.path.startswith("/api/"):
            return tk.redirect_to("user.login", came_from=tk.h.current_url())
        return tk.abort(403)
    return None


def _hidden() -> bool:
    if request.endpoint is not None:
        return classes("pages").get(request.endpoint, "off") == "off"
    # The methods that would do betray what is there.
    error, adapter = request.routing_exception, current_app.create_url_adapter(request)
    if not isinstance(error, MethodNotAllowed) or adapter is None:
        return False
    found = {adapter.match(method=method)[0] for method in error.valid_methods or () if method != "OPTIONS"}
    return all(classes("pages").get(endpoint, "off") == "off" for endpoint in found - {"static"})


def _hold_action(name: str) -> Response | None:
    kind = classes("actions").get(name, "off")
    if kind == "off":
        # As CKAN says it of a name that it does not know.
        return api._finish_bad_request(f"Action name not known: {name}")
    if kind == "staff" and tk.current_user.is_anonymous:
        version = (request.view_args or {}).get("ver", api.API_DEFAULT_VERSION)
        return api._finish(
            403,
            {
                "help": tk.url_for(_API, logic_function="help_show", ver=version, name=name, _external=True),
                "error": {"__type": "Authorization Error", "message": tk._("Access denied")},
                "success": False,
            },
            content_type="json",
        )
    return None


@tk.chained_action
@tk.side_effect_free
def help_show(next_action: Action, context: Context, data_dict: DataDict) -> ActionResult.HelpShow:
    """CKAN's help for an action, if the action can be called."""
    name = data_dict.get("name")
    if name is not None and classes("actions").get(name, "off") == "off":
        raise tk.ObjectNotFound("Action function not found")
    return next_action(context, data_dict)
