"""Whether who decides is there in person: their own session, and a code typed in it a short while ago.

The session is found by what its cookie names (hardening/sessions.py), never by what a request says about itself; a
request that carries a token is nobody's own session, whatever else it carries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import has_request_context, request, session

from ckanext.shopendata import clock, config
from ckanext.shopendata.model.session import hash_of, sessions
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy.credential import Presence

__all__ = ["carries_token", "in_person", "mark", "own_session", "require"]

_vouched: ContextVar[Presence | None] = ContextVar("shopendata_presence", default=None)


@contextmanager
def in_person(user_id: str, code_at: dt.datetime | None = None) -> Iterator[None]:
    """Vouches, until the block ends, that this person is there and typed a code (at ``code_at``; else just now).

    For programs of the machine without a browser: the demonstration, tests. No request reaches it; a test looks for
    others that do.
    """
    token = _vouched.set(Presence(user_id, code_at or clock.now()))
    try:
        yield
    finally:
        _vouched.reset(token)


def require(user_id: str) -> None:
    """Raises :class:`~ckanext.shopendata.policy.refusal.Refused` ``code_needed`` unless this person may decide now."""
    lasts = dt.timedelta(minutes=config.code_minutes())
    credential.check_presence(_presence(), user_id, clock.now(), lasts)


def mark(user_id: str) -> None:
    """Notes in this request's own session that its holder has just typed a code; the caller commits."""
    mine = sa.and_(sessions.c.token_hash == own_session(), sessions.c.user_id == user_id)
    model.Session.execute(sa.update(sessions).where(mine).values(code_at=clock.now()))


def own_session() -> str:
    """What the table of sessions knows this request's session by; empty: it is nobody's own."""
    if not has_request_context() or carries_token():
        return ""
    token = getattr(session, "token", None)
    return hash_of(token) if token else ""


def carries_token() -> bool:
    """Whether the request carries something in a place of tokens, be it valid or not."""
    places = ("Authorization", tk.config["apitoken_header_name"])
    return has_request_context() and any(request.headers.get(name) for name in places)


def _presence() -> Presence | None:
    if (vouched := _vouched.get()) is not None:
        return vouched
    if not (key := own_session()):
        return None
    wanted = sa.select(sessions.c.user_id, sessions.c.code_at).where(sessions.c.token_hash == key)
    row = model.Session.execute(wanted).first()
    return Presence(*row) if row else None
