"""Malformed calls of CKAN's action API are answered with 400 before an action sees them.

CKAN's actions trust the types of what they are given: about a quarter of malformed calls (an object where an id should
be, a text where a number should be) end in a 500. Here the data of a call is read by CKAN's own reader, within bounds,
and compared with what the action reads (:mod:`action_table`). Actions that the table does not know, our own among them,
are checked for size and structure only; they validate the rest themselves.

A refusal has the shape of CKAN's own errors. It names the parameter and what is expected, never what was sent.
"""

from __future__ import annotations

import functools
from itertools import islice
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Action, CKANApp, Context
from ckan.views import api
from flask import Response, g, request
from psycopg2.errors import DuplicateColumn, ForeignKeyViolation, UniqueViolation
from sqlalchemy.exc import DataError, StatementError
from werkzeug.exceptions import RequestEntityTooLarge

from ckanext.shopendata import config
from ckanext.shopendata.hardening import action_table
from ckanext.shopendata.hardening.action_types import StrictJSON, Wrong, unsound, unsound_name

_ENDPOINT = "api.action"
_MARK = "_shopendata_malformed"

#: What CKAN asserts instead of looking: the action, the parameter, and what it names.
_EXISTS: dict[str, tuple[str, Any, str]] = {
    "group_member_delete": ("id", model.Group, "Group not found"),
    "organization_member_delete": ("id", model.Group, "Organization not found"),
    "package_collaborator_create": ("id", model.Package, "Dataset not found"),
    "package_collaborator_delete": ("id", model.Package, "Dataset not found"),
    "package_collaborator_list": ("id", model.Package, "Dataset not found"),
}
#: Two callers, or a name that a deleted dataset still holds.
_CONFLICTS = (DuplicateColumn, ForeignKeyViolation, UniqueViolation)
#: An object where a value should be; a colon in text that the datastore puts into its SQL (quoted).
_ABOUT_VALUES = ("can't adapt type 'dict'", "A value is required for bind parameter")
#: More faults of one parameter say nothing more.
_MOST_FAULTS = 10


class _Refused(Exception):  # noqa: N818
    """The call is malformed: what to say, about which parameters, and with which status."""

    def __init__(
        self,
        message: str,
        errors: dict[str, list[str]] | None = None,
        status: int = 400,
        kind: str = "Validation Error",
    ) -> None:
        self.error = {**(errors or {}), "__type": kind, "message": message}
        self.status = status


def install(app: CKANApp) -> None:
    """Puts the guard before the action API of this application, and the net around its actions."""
    app.before_request(refuse_malformed)
    app.after_request(_malformed_is_400)
    # The API's view looks actions up by a name of its module.
    names = app.view_functions[_ENDPOINT].__globals__
    look_up = names["get_action"]
    names["get_action"] = lambda name: _with_net(look_up(name))


def refuse_malformed() -> Response | None:
    """The refusal of a malformed call, or None."""
    if request.endpoint != _ENDPOINT:
        return None
    name = (request.view_args or {})["logic_function"]
    if name in action_table.NOT_ACTIONS:
        return api._finish_bad_request(f"Action name not known: {name}")
    try:
        by_query = getattr(tk.get_action(name), "side_effect_free", False)
    except KeyError:
        return None
    if request.method == "GET" and not by_query:
        return None
    try:
        data = _read(name, by_query)
        _check(name, data)
        _check_world(name, data)
    except _Refused as refused:
        return _answer(name, refused)
    return None


def _read(name: str, by_query: bool) -> dict[str, Any]:
    """The call's data as the view is going to read it, but within bounds and by strict JSON."""
    reads = action_table.ACTIONS.get(name)
    limit = config.action_body_limit()
    request.max_form_memory_size = limit
    if request.mimetype != "multipart/form-data" or (reads and not reads.takes_file):
        request.max_content_length = limit
    request.json_module = StrictJSON
    try:
        return api._get_request_data(try_url_params=by_query)
    except RequestEntityTooLarge as error:
        raise _Refused(tk._("The request is too large"), status=413) from error
    except (ValueError, RecursionError) as error:
        raise _Refused(tk._("Must be one JSON object; names may not be repeated")) from error


def _check(name: str, data: dict[str, Any]) -> None:
    """Raises :class:`_Refused` for data that is unsound or not what the action reads."""
    errors: dict[str, list[str]] = {}
    for parameter, value in data.items():
        if fault := unsound_name(parameter):
            raise _Refused(tk._(fault))
        if fault := unsound(value):
            errors[parameter] = [tk._(fault)]
    reads = action_table.ACTIONS.get(name)
    if not errors and reads:
        for parameter, wrong in islice(
            reads.wrong(data, bool(getattr(tk.current_user, "sysadmin", False))), _MOST_FAULTS
        ):
            errors.setdefault(parameter, []).append(_sentence(wrong))
    if errors:
        raise _Refused(tk._("The request is malformed"), errors)


def _check_world(name: str, data: dict[str, Any]) -> None:
    """The same for what CKAN takes for granted about the portal's contents."""
    if name.startswith("package_collaborator_") and tk.current_user.is_anonymous:
        raise _Refused(tk._("Access denied"), status=403, kind="Authorization Error")
    parameter, model_class, message = _EXISTS.get(name, ("", None, ""))
    if model_class and model_class.get(data.get(parameter)) is None:
        raise _Refused(tk._("The request is malformed"), {parameter: [tk._(message)]})
    # CKAN would put the resource into the dataset twice, and could never update the dataset again.
    if name == "resource_create" and data.get("id") and model.Resource.get(data["id"]):
        raise _Refused(tk._("The request is malformed"), {"id": [tk._("Resource id already exists.")]})


def _sentence(wrong: Wrong) -> str:
    where = ".".join(map(str, wrong.path))
    return f"{where}: " * bool(where) + " ".join(filter(None, (tk._(wrong.message), wrong.detail)))


def _answer(name: str, refused: _Refused) -> Response:
    """CKAN's envelope of an error."""
    version = (request.view_args or {}).get("ver", api.API_DEFAULT_VERSION)
    return api._finish(
        refused.status,
        {
            "help": tk.url_for(_ENDPOINT, logic_function="help_show", ver=version, name=name, _external=True),
            "error": refused.error,
            "success": False,
        },
        content_type="json",
    )


def _with_net(action: Action) -> Action:
    """The action; what the database cannot take is the caller's fault, whatever else it raises is not."""

    @functools.wraps(action)
    def call(context: Context, data_dict: dict[str, Any]) -> Any:
        try:
            return action(context, data_dict)
        except StatementError as error:
            if isinstance(error.orig, _CONFLICTS):
                message = tk._("This contradicts what exists already")
            elif isinstance(error, DataError) or any(phrase in str(error.orig) for phrase in _ABOUT_VALUES):
                message = tk._("A parameter has a value that the database cannot take")
                setattr(g, _MARK, True)
            else:
                raise
            model.Session.rollback()
            raise tk.ValidationError({"message": message}) from error

    return call


def _malformed_is_400(response: Response) -> Response:
    """CKAN answers validation errors with 409, which is right for conflicts only."""
    if g.get(_MARK) and response.status_code == 409:
        response.status_code = 400
    return response
