"""What is held about a person: shown to them, and erased at their word as far as the law allows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import audit as record
from ckanext.shopendata.logic.action import grant as grants
from ckanext.shopendata.model import Application, Case, Erasure, Grant, Member
from ckanext.shopendata.model.audit import events, payloads
from ckanext.shopendata.policy import personal as policy
from ckanext.shopendata.policy.personal import ErasureState, Fate, Held

__all__ = ["erasure_approve", "erasure_ask", "erasure_list", "erasure_refuse", "erasure_withdraw", "personal_data_show"]

#: Rows of one kind that one answer holds.
MOST = 10_000
#: Applications, and cases, on which somebody still has to act.
_OPEN = ("submitted", "correction_requested")
_OPEN_CASES = ("in_review", "special_review", "agreement_pending", "re_examination")


@c.query(s.fields())
def personal_data_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Everything that is held about the caller's own account, and what an erasure would leave of it.

    :returns: ``held``: table, ``rows``, ``count``, ``fate`` (a word of policy.personal.Fate), ``kept_as``; ``events``:
        what the record has of the caller as the one who acted; ``erasure``: the last request, or none
    """
    held = [_shown(one, actor.id) for one in policy.HELD]
    acted = sa.select(events.c.at, events.c.verb, events.c.object_type, events.c.object_id, events.c.role)
    acted = acted.where(events.c.actor == actor.id).order_by(events.c.seq.desc()).limit(MOST)
    latest = sa.select(Erasure).where(Erasure.user_id == actor.id).order_by(Erasure.asked_at.desc()).limit(1)
    erasure = model.Session.scalar(latest)
    return {
        "made_at": clock.now().isoformat(),
        "held": [one for one in held if one["count"]],
        "events": [{name: _plain(value) for name, value in row.items()} for row in _mappings(acted)],
        "erasure": _erasure(erasure) if erasure else None,
    }


@c.command(s.fields(note=s.maybe(s.text)))
def erasure_ask(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Asks for the caller's account to be closed and for what is held about them to be erased.

    :param note: what the person wants to say; it is erased with the rest
    """
    c.lock(f"erasure:{actor.id}")
    policy.check_ask(_standing(actor.id))
    made = Erasure(
        user_id=actor.id, state=ErasureState.ASKED.value, asked_at=clock.now(), note=data.get("note", "")[:1000],
        answer="", kept=[],
    )  # fmt: skip
    model.Session.add(made)
    model.Session.flush()
    c.events("erasure.ask", "erasure", actor, "", [(made.id, None, {})])
    return _erasure(made)


@c.command(s.fields(id=s.filled))
def erasure_withdraw(actor: c.Actor, data: DataDict) -> None:
    """Takes one's own request back."""
    erasure = c.found(model.Session.get(Erasure, data["id"], with_for_update=True))
    if erasure.user_id != actor.id:
        c.found(None)
    erasure.state = policy.step(ErasureState(erasure.state), "withdraw").value
    c.events("erasure.withdraw", "erasure", actor, "", [(erasure.id, None, {})])


@c.query(s.fields())
def erasure_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """Requests of all people, those that wait first, at most 200; for those who decide on them."""
    actor.require("erasure.decide")
    waits = Erasure.state != ErasureState.ASKED.value
    rows = list(model.Session.scalars(sa.select(Erasure).order_by(waits, Erasure.asked_at.desc()).limit(200)))
    known = sa.select(model.User.id, model.User.name, model.User.fullname).where(
        model.User.id.in_({key for one in rows for key in (one.user_id, one.decided_by)})
    )
    people = {key: (name, full or name) for key, name, full in model.Session.execute(known)}
    return [
        _erasure(one)
        | {
            "user": people.get(one.user_id, ("", ""))[0],
            "name": people.get(one.user_id, ("", ""))[1],
            "decided_by": people.get(one.decided_by or "", ("", ""))[1],
            "own": one.user_id == actor.id,
        }
        for one in rows
    ]


@c.command(s.fields(id=s.filled, reason=s.filled))
def erasure_refuse(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Declines a request, saying why."""
    role = actor.require("erasure.decide")
    erasure = c.found(model.Session.get(Erasure, data["id"], with_for_update=True))
    policy.check_decide(actor.eyes, eyes.of(erasure.user_id), None)
    erasure.state = policy.step(ErasureState(erasure.state), "refuse").value
    erasure.decided_by, erasure.decided_at, erasure.answer = actor.id, clock.now(), data["reason"]
    c.events("erasure.refuse", "erasure", actor, role, [(erasure.id, None, {"reason": data["reason"]})])
    return _erasure(erasure)


@c.command(s.fields(id=s.filled))
def erasure_approve(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Closes the account and erases what no law wants kept, at once and for good.

    Keys end; drafts, notices, sessions, tokens and memberships go; the account stays without a name. Contents of events
    that name the person are asked to be erased, which another security administrator confirms; decisions are not.

    :returns: the request; ``kept``: what stays, with the kind of record that it is; ``asked``: events to be erased
    """
    role = actor.require("erasure.decide")
    erasure = c.found(model.Session.get(Erasure, data["id"], with_for_update=True))
    owner = erasure.user_id
    c.lock(f"erasure:{owner}")
    policy.check_decide(actor.eyes, eyes.of(owner), _standing(owner))
    erasure.state = policy.step(ErasureState(erasure.state), "approve").value
    erasure.decided_by, erasure.decided_at, erasure.note = actor.id, clock.now(), ""
    words = _words(owner)
    for grant in model.Session.scalars(sa.select(Grant).where(Grant.holder_id == owner).order_by(Grant.id)):
        grants.revoke_keys(grant, actor, role, "account closed")
    model.Session.flush()
    _erase(owner)
    erasure.kept = [
        {"table": one.table, "count": count, "kept_as": one.kept_as.value if one.kept_as else ""}
        for one in policy.HELD
        if one.fate is Fate.KEPT and (count := _count(one, owner))
    ]
    asked = _ask_for_redactions(actor, role, erasure.id, words)
    body = {"kept": erasure.kept, "redactions": asked}
    c.events("erasure.approve", "erasure", actor, role, [(erasure.id, None, body)])
    return _erasure(erasure) | {"asked": asked}


def _standing(user_id: str) -> policy.Standing:
    user = model.Session.get(model.User, user_id)
    mine = sa.select(Application.id).where(Application.applicant_id == user_id)
    waiting = sa.select(sa.func.count()).select_from(mine.where(Application.state.in_(_OPEN)).subquery())
    cases = sa.select(sa.func.count()).where(Case.application_id.in_(mine), Case.state.in_(_OPEN_CASES))
    pending = sa.select(Erasure.id).where(Erasure.user_id == user_id, Erasure.state == ErasureState.ASKED.value)
    member = sa.select(sa.func.count()).where(Member.user_id == user_id, Member.ended_at.is_(None))
    return policy.Standing(
        roles=len([one for one in c.holdings_of(user_id) if one.stead is None]),
        organisations=model.Session.scalar(member) or 0,
        matters=(model.Session.scalar(waiting) or 0) + (model.Session.scalar(cases) or 0),
        pending=model.Session.scalar(pending) is not None,
        administrator=bool(user and user.sysadmin),
    )


def _table(held: Held) -> sa.TableClause:
    columns = [sa.column(name) for name in held.columns]
    return sa.table(held.table, *columns, sa.column("submitted_at"), sa.column("table_name"))


def _mine(held: Held, table: sa.TableClause, user_id: str) -> sa.ColumnElement[bool]:
    mine = sa.or_(*(table.c[name] == user_id for name in held.columns))
    return sa.and_(mine, table.c.table_name == "user") if held.table == "member" else mine


def _mappings(statement: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in model.Session.execute(statement).mappings()]


def _shown(held: Held, user_id: str) -> dict[str, Any]:
    table = _table(held)
    statement = sa.select(sa.text("*")).select_from(table).where(_mine(held, table, user_id)).limit(MOST)
    rows = [
        {name: _plain(value) for name, value in row.items() if name not in held.hidden} for row in _mappings(statement)
    ]
    return {
        "table": held.table,
        "fate": held.fate.value,
        "kept_as": held.kept_as.value if held.kept_as else None,
        "count": len(rows),
        "rows": rows,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool | list | dict) else str(value)


def _count(held: Held, user_id: str) -> int:
    table = _table(held)
    counted = sa.select(sa.func.count()).select_from(table).where(_mine(held, table, user_id))
    return model.Session.scalar(counted) or 0


def _words(user_id: str) -> set[str]:
    """By what the content of an event would name the person."""
    user = model.Session.get_one(model.User, user_id)
    forms = model.Session.scalars(sa.select(Application.form).where(Application.applicant_id == user_id))
    told = [form.get(name) for form in forms for name in ("contact_name", "contact_phone", "contact_mail")]
    return {word for word in (user.email, user.fullname, *told) if word and len(word) > 1}


def _erase(user_id: str) -> None:
    drafts = sa.delete(Application).where(Application.applicant_id == user_id, Application.submitted_at.is_(None))
    model.Session.execute(drafts)
    for held in policy.HELD:
        table = _table(held)
        if held.fate is Fate.ERASED:
            model.Session.execute(sa.delete(table).where(_mine(held, table, user_id)))
    if not _count(next(one for one in policy.HELD if one.table == "shopendata_role_holding"), user_id):
        model.Session.execute(sa.text("DELETE FROM shopendata_person WHERE user_id = :id"), {"id": user_id})
    # The row stays, for what points to it; nobody can sign in with it, or be called back.
    model.Session.execute(
        sa.update(model.User)
        .where(model.User.id == user_id)
        .values(
            {
                "name": f"closed-{user_id[:8]}", "password": None, "fullname": None, "email": None, "apikey": None,
                "reset_key": None, "about": None, "image_url": None, "plugin_extras": None, "state": "deleted",
                "last_active": None, "sysadmin": False,
            }
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _ask_for_redactions(actor: c.Actor, role: str, key: str, words: Iterable[str]) -> list[str]:
    """Asks for the contents that name the person to be erased; those that nobody may erase are left."""
    body = sa.cast(payloads.c.body, sa.Text)
    named = sa.or_(*(body.contains(word, autoescape=True) for word in words)) if words else sa.false()
    rows = sa.select(events.c.id, events.c.object_type).join(payloads, payloads.c.event_id == events.c.id)
    found = model.Session.execute(rows.where(named).order_by(events.c.seq).limit(MOST)).all()
    wanted = [one.id for one in found if policy.forgettable(one.object_type)]
    return [one for one in wanted if record.ask_if_possible(actor, role, one, f"erasure {key}")]


def _erasure(one: Erasure) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "asked_at": one.asked_at.isoformat(),
        "note": one.note,
        "decided_at": one.decided_at.isoformat() if one.decided_at else None,
        "answer": one.answer,
        "kept": one.kept,
    }
