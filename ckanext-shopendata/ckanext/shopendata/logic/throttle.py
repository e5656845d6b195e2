"""Counts tries at what can be guessed, before they are looked at: who guesses at once in many requests gains nothing.

Tries are counted in PostgreSQL, without which nobody could log in anyhow: with Redis down guessing is as slow as ever,
and people get in. A try is counted in a transaction of its own, so that what happens to it afterwards cannot undo that.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from ipaddress import ip_address, ip_network

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import has_request_context, request
from sqlalchemy.dialects.postgresql import insert

from ckanext.shopendata import audit, clock
from ckanext.shopendata.logic import notice
from ckanext.shopendata.model import tries
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.credential import LIMITS, Guess, Tries, Verdict

__all__ = ["address", "admit", "forgive", "note_lock"]

#: Who acts where the portal does by itself.
PORTAL = "portal"
#: Counters are forgotten after this.
_KEPT = dt.timedelta(days=1)


def admit(kind: Guess, subject: str) -> Verdict:
    """Counts a try; commits. Only :attr:`Verdict.ADMITTED` ones may be looked at."""
    now, key = clock.now(), {"kind": kind.value, "subject": _hidden(subject)}
    mine = sa.and_(*(tries.c[name] == value for name, value in key.items()))
    with _engine().begin() as connection:
        connection.execute(insert(tries).values(**key, made=0, since=now).on_conflict_do_nothing())
        row = connection.execute(sa.select(tries).where(mine).with_for_update()).one()
        counted, verdict = credential.weigh(Tries(row.made, row.since, row.locked_until), LIMITS[kind], now)
        new = {"made": counted.count, "since": counted.since, "locked_until": counted.locked_until}
        connection.execute(sa.update(tries).where(mine).values(new))
        if row.made == 0:
            connection.execute(sa.delete(tries).where(tries.c.since < now - _KEPT))
    return verdict


def forgive(kind: Guess, subject: str, *, all_of_them: bool = True) -> None:
    """The try was right: none before it count any more (or only this one not, where others share the subject)."""
    mine = sa.and_(tries.c.kind == kind.value, tries.c.subject == _hidden(subject))
    with _engine().begin() as connection:
        if all_of_them:
            connection.execute(sa.delete(tries).where(mine))
        else:
            connection.execute(sa.update(tries).where(mine, tries.c.made > 0).values(made=tries.c.made - 1))


def note_lock(kind: Guess, user_id: str) -> None:
    """Records that an account was locked against guessing, and tells its holder; commits."""
    body = {"guessed": kind.value, "address": address()}
    event = Event(verb="account.lock", object_type="account", object_id=user_id, actor=PORTAL, body=body)
    notice.tell("account.locked", user_id, user_id, occurrence=audit.record(event)[0])
    model.Session.commit()


def address() -> str:
    """Where the request comes from, as the front door says; an IPv6 network counts as one."""
    if not has_request_context():
        return ""
    given = request.headers.get("X-Forwarded-For", request.remote_addr or "").split(",")[0].strip()
    try:
        known = ip_address(given)
    except ValueError:
        return ""
    return str(ip_network(f"{known}/64", strict=False)) if known.version == 6 else str(known)


def _engine() -> sa.engine.Engine:
    engine = model.meta.engine
    if engine is None:
        raise RuntimeError("CKAN has no database yet")
    return engine


def _hidden(subject: str) -> str:
    return hmac.new(str(tk.config["SECRET_KEY"]).encode(), f"tries\n{subject}".encode(), hashlib.sha256).hexdigest()
