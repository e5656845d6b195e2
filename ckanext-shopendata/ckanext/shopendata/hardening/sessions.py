"""Log-in sessions live in PostgreSQL; visitors without a log-in carry theirs in a signed cookie.

CKAN's default keeps everything in a cookie that is valid for a year and cannot be revoked, not even by logging out.
Here a log-in is a row: deleting the row ends it at once, while Redis may be down (DESIGN invariant 7). The row knows
the SHA-256 of the cookie's token, so a copy of the database opens no session. Visitors who have not logged in cost no
write: what they carry (a CSRF token, a notice to show) opens nothing, and a log-in found in such a cookie is ignored.

Two limits end a session: ``PERMANENT_SESSION_LIFETIME`` after it began, whatever happens, and
``ckanext.shopendata.session.idle_minutes`` without a request. "Remember me" is not offered: its cookie would be a
second, irrevocable log-in.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import CKANApp
from flask import Flask, Request, Response, request
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from sqlalchemy.dialects.postgresql import insert

from ckanext.shopendata import config
from ckanext.shopendata.logic import throttle
from ckanext.shopendata.model.session import hash_of, sessions

#: Marks a cookie that names a row; a signed cookie never begins like this.
_ROW = "row."

#: Flask-Login's keys: believed only when they come from a row.
_LOGIN_KEYS = ("_user_id", "_id", "_fresh", "_remember", "_remember_seconds")

#: A request writes "seen" at most this often (seconds).
_SEEN_EVERY = 60

#: So much of what a browser calls itself is kept.
_BROWSER = 300

_serializer = TaggedJSONSerializer()


class PortalSession(SecureCookieSession):
    """A session that knows the token of its row; visitors' sessions have none."""

    token: str | None = None
    #: A token that a log-in or log-out made worthless; its row goes with the response.
    discarded: str | None = None


class PortalSessionInterface(SecureCookieSessionInterface):
    """Opens and saves sessions; see the module's text."""

    session_class = PortalSession

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        """The session named or carried by the request's cookie; a new one if there is none that holds."""
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        if cookie.startswith(_ROW):
            return _load(cookie.removeprefix(_ROW)) or PortalSession()
        carried = super().open_session(app, request)
        session = PortalSession(carried or {})
        for key in _LOGIN_KEYS:
            session.pop(key, None)
        session.modified = False
        return session

    def regenerate(self, session: PortalSession) -> None:
        """A new identity for the session (CKAN calls this at log-in: nobody can have planted the token)."""
        session.discarded, session.token = session.token, None
        session.modified = True

    def save_session(self, app: Flask, session: PortalSession, response: Response) -> None:
        """Writes the row of a logged-in session, or the visitor's cookie; removes what a log-out left."""
        _drop_remember_cookie(app, response)
        if "_user_id" not in session:
            session.discarded, session.token = session.discarded or session.token, None
        if session.discarded:
            revoke(session.discarded)
        if "_user_id" not in session:
            session.permanent = False
            super().save_session(app, session, response)
            return
        fresh = session.token is None
        if fresh:
            session.token = secrets.token_urlsafe(32)
        if fresh or session.modified:
            _store(session, app.permanent_session_lifetime)
        if fresh:
            response.set_cookie(
                self.get_cookie_name(app),
                _ROW + str(session.token),
                max_age=app.permanent_session_lifetime,
                httponly=True,
                secure=self.get_cookie_secure(app),
                samesite=self.get_cookie_samesite(app),
                domain=self.get_cookie_domain(app),
                path=self.get_cookie_path(app),
            )
        response.vary.add("Cookie")


def install(app: CKANApp) -> None:
    """Replaces CKAN's session interface."""
    app.session_interface = PortalSessionInterface()


def revoke(token: str) -> None:
    """Ends the session with this token at once."""
    with _engine().begin() as connection:
        connection.execute(sa.delete(sessions).where(sessions.c.token_hash == hash_of(token)))


def _engine() -> sa.engine.Engine:
    """Sessions have short transactions of their own: what a request rolls back must not take its session along."""
    engine = model.meta.engine
    if engine is None:
        raise RuntimeError("CKAN has no database yet")
    return engine


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _load(token: str) -> PortalSession | None:
    now = _now()
    row_of_token = sessions.c.token_hash == hash_of(token)
    with _engine().begin() as connection:
        row = connection.execute(sa.select(sessions).where(row_of_token)).mappings().first()
        if row is None:
            return None
        idle_since = now - timedelta(minutes=config.session_idle_minutes())
        if row["expires_at"] <= now or row["seen_at"] <= idle_since:
            connection.execute(sa.delete(sessions).where(row_of_token))
            return None
        if now - row["seen_at"] > timedelta(seconds=_SEEN_EVERY):
            connection.execute(sa.update(sessions).where(row_of_token).values(seen_at=now))
    session = PortalSession(_serializer.loads(row["data"]))
    session.token = token
    return session


def _store(session: PortalSession, lifetime: timedelta) -> None:
    now = _now()
    values: dict[str, Any] = {"user_id": session["_user_id"], "data": _serializer.dumps(dict(session)), "seen_at": now}
    begun = {"created_at": now, "expires_at": now + lifetime, "address": throttle.address(),
             "browser": request.user_agent.string[:_BROWSER]}  # fmt: skip
    statement = insert(sessions).values(token_hash=hash_of(str(session.token)), **begun, **values)
    with _engine().begin() as connection:
        # The lifetime counts from the log-in: an update never prolongs it.
        connection.execute(statement.on_conflict_do_update(index_elements=["token_hash"], set_=values))
        connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))


def _drop_remember_cookie(app: Flask, response: Response) -> None:
    name = app.config.get("REMEMBER_COOKIE_NAME", "remember_token")
    kept = [value for value in response.headers.getlist("Set-Cookie") if not value.startswith(f"{name}=")]
    response.headers.setlist("Set-Cookie", kept)
