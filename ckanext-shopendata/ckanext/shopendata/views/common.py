"""What the pages share: who is signed in, calling actions, their refusals, and asking before something happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Response
from flask import Blueprint, abort, current_app, make_response, request
from werkzeug.exceptions import default_exceptions

from ckanext.shopendata import clock, config
from ckanext.shopendata.logic import totp
from ckanext.shopendata.logic.command import Actor, actor_of
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.views import labels

__all__ = [
    "CodeNeeded",
    "Failed",
    "answer",
    "ask",
    "attempt",
    "back_to",
    "confirmed",
    "do",
    "download",
    "forbidden",
    "languages",
    "left_empty",
    "local_time",
    "may",
    "may_somewhere",
    "needs",
    "needs_somewhere",
    "person",
    "section",
    "see",
    "sent",
    "went_back",
]


class Failed(Exception):  # noqa: N818 - an answer of an action, shown on the page
    """An action refused. ``errors``: field -> messages; ``code``: the policy's word, where it has one."""

    def __init__(self, status: int, errors: dict[str, list[str]], code: str = "") -> None:
        super().__init__(code)
        self.status, self.errors, self.code = status, errors, code


class CodeNeeded(Exception):  # noqa: N818 - an answer of an action: who decides has to type a code first
    """A decision needs its maker in person. Not a :class:`Failed`: no view has to think of it."""


def sign_in() -> Response | None:
    """For ``before_request``: strangers go to the log-in page, and come back to what they wanted to read."""
    if tk.current_user.is_authenticated:
        return None
    wanted = tk.h.current_url() if request.method == "GET" else tk.h.url_for("home.index")
    return tk.redirect_to("user.login", came_from=wanted)


def refused(failed: Failed) -> Response:
    """For what no form of ours sends: an action's refusal as an error page."""
    said = " ".join(one for said in failed.errors.values() for one in said)
    # What a handler raises is nobody's to handle any more, and would be answered 500.
    return current_app.make_response(current_app.handle_user_exception(default_exceptions[failed.status](said)))


def section(name: str, prefix: str) -> Blueprint:
    """A group of pages for people who are signed in."""
    pages = Blueprint(f"shopendata_{name}", __name__, url_prefix=prefix)
    pages.before_request(sign_in)
    pages.before_request(take_code)
    pages.register_error_handler(Failed, refused)
    pages.register_error_handler(CodeNeeded, ask_code)
    return pages


def take_code() -> Response | None:
    """For ``before_request``: the code that :func:`ask_code` asked for comes with the form that it kept."""
    if request.method != "POST" or _CODE not in request.form:
        return None
    try:
        totp.reauthenticate(tk.current_user.id, request.form[_CODE])
    except Refused as refused:
        model.Session.rollback()
        return _code_form(409, {"code": [message(refused)]})
    return None


def ask_code(needed: CodeNeeded) -> Response:
    """Asks for a code, and keeps what was typed: the form is sent again with it."""
    if request.method != "POST":
        abort(403)
    return _code_form(200, {})


def _code_form(status: int, errors: dict[str, list[str]]) -> Response:
    back = request.referrer if request.referrer and tk.h.url_is_local(request.referrer) else ""
    # As the address stands, in the reader's language.
    same, query = tk.h.url_for(request.endpoint, **(request.view_args or {})), request.query_string.decode()
    return answer(
        "work/code.html",
        status,
        address=f"{same}?{query}" if query else same,
        errors=errors,
        name=_CODE,
        kept=_kept(),
        device=totp.enrolled_at(tk.current_user.id) is not None,
        back=back or tk.h.url_for("shopendata_work.index"),
        minutes=config.code_minutes(),
    )


def person() -> Actor:
    """Who is signed in, with the roles held now."""
    return actor_of({"user": tk.current_user.name})


def may(actor: Actor, verb: str, agency: str | None = None) -> bool:
    """Whether somebody may do ``verb`` to something of ``agency``: decides what is offered, never what is done."""
    try:
        people.require(actor.holdings, verb, agency)
    except Refused:
        return False
    return True


def may_somewhere(actor: Actor, verb: str) -> bool:
    """Whether somebody may do ``verb`` in some agency."""
    return any(held.role in people.roles_for(verb) for held in actor.holdings)


def see(action: str, **data: Any) -> Any:
    """Reads one object. What may not be read is answered like what does not exist."""
    try:
        return _call(action, data)
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        abort(404)


def do(action: str, **data: Any) -> Any:
    """Asks an action to change something, or to list. Raises :class:`Failed`."""
    try:
        return _call(action, data)
    except tk.NotAuthorized as error:
        if getattr(error.__cause__, "code", "") == "code_needed":
            raise CodeNeeded from error
        raise Failed(403, {"message": [str(error)]}) from error
    except tk.ObjectNotFound as error:
        raise Failed(404, {"message": [tk._("What this is about does not exist, or is not yours")]}) from error
    except tk.ValidationError as error:
        raise _failed(error.error_dict) from error


def answer(template: str, status: int = 200, *, failed: Failed | None = None, **data: Any) -> Response:
    """A page, with what an action refused if it did. It holds what is not everybody's: only its reader may keep it."""
    errors = failed.errors if failed else {}
    shown = tk.render(f"shopendata/{template}", {"labels": labels, "when": local_time, "errors": errors, **data})
    response = make_response(shown, failed.status if failed else status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def download(text: str, mimetype: str, name: str) -> Response:
    """A file to keep, for its reader only."""
    response = make_response(text)
    response.headers["Content-Type"] = f"{mimetype}; charset=utf-8"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def sent(*names: str) -> dict[str, str]:
    """What was typed into these fields of a form, without the blanks around it."""
    return {name: request.form.get(name, "").strip() for name in names}


def left_empty(typed: Mapping[str, Any], *names: str) -> Failed | None:
    """For forms that ask before they act: what the action would say of these fields, before anybody is asked."""
    empty = {name: [tk._("Missing value")] for name in names or typed if not typed[name]}
    return Failed(409, empty) if empty else None


def attempt(function: Callable[..., Any], *given: Any) -> Any:
    """As :func:`do`, for what is no action because it is for pages only. Raises :class:`Failed`."""
    try:
        return function(*given)
    except tk.ValidationError as error:
        raise _failed(error.error_dict) from error


def languages() -> dict[str, str]:
    """The languages that the portal speaks."""
    return {"zh_Hans_CN": "中文", "en": "English"}


def confirmed() -> bool:
    """Whether the request comes from the page that asked."""
    return request.form.get("confirmed") == "yes"


def went_back() -> bool:
    """Whether the person, asked, chose to change what was typed."""
    return request.form.get("confirmed") == "no"


def ask(
    title: str, button: str, *, points: list[str], back: str, grave: bool = False, changeable: bool = False
) -> Response:
    """The page that says what will happen before it does. It sends the same form again, with the answer.

    ``changeable``: something was typed that one may want to change; the view has to ask :func:`went_back` then.
    """
    kept = [(name, value) for name, value in _kept() if name != "confirmed"]
    return answer(
        "work/confirm.html", title=title, button=button, points=points, back=back, grave=grave, kept=kept,
        changeable=changeable,
    )  # fmt: skip


def back_to(endpoint: str, said: str = "", **values: Any) -> Response:
    """After a change: to a page that can be reloaded. ``said`` holds nothing that people typed: it is not escaped."""
    if said:
        tk.h.flash_success(said)
    return tk.redirect_to(endpoint, **values)


def needs(verb: str, agency: str | None = None) -> Actor:
    """Who is signed in, for a page that is for those who may do ``verb`` to something of ``agency``; else 403."""
    actor = person()
    if not may(actor, verb, agency):
        forbidden()
    return actor


def needs_somewhere(verb: str) -> Actor:
    """As :func:`needs`, for those who may do ``verb`` in some agency."""
    actor = person()
    if not may_somewhere(actor, verb):
        forbidden()
    return actor


def forbidden() -> NoReturn:
    """For pages that need a role."""
    abort(403, tk._("This page is for people who hold a role. Please ask your security administrator."))


#: The field of a code. No form of ours has another of this name.
_CODE = "code_of_device"


def _kept() -> list[tuple[str, str]]:
    """What was sent, to be sent again."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in {_CODE, "_csrf_token"}]


def _call(action: str, data: dict[str, Any]) -> Any:
    return tk.get_action(f"shopendata_{action}")({"user": tk.current_user.name}, data)


def _failed(errors: dict[str, Any]) -> Failed:
    given = {
        name: [str(one) for one in said] if isinstance(said, list) else [str(said)] for name, said in errors.items()
    }
    code = next(iter(given.pop("code", [])), "")
    if code == "not_in_this_state":
        given["message"] = [tk._("This is not possible any more: the matter has moved on. Below is how it stands now.")]
    return Failed(429 if code == "too_many" else 409, given, code)


def local_time(value: str | None, *, day: bool = False) -> str:
    """An instant of an action's answer as people in China read it."""
    if not value:
        return ""
    local = dt.datetime.fromisoformat(value).astimezone(clock.ZONE)
    return local.strftime("%Y-%m-%d" if day else "%Y-%m-%d %H:%M")
