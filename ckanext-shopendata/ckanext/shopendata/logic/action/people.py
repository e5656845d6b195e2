"""Who holds which role: asked for by one security administrator, confirmed by another, ended by any of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict
from sqlalchemy.dialects.postgresql import insert

from ckanext.shopendata import audit, clock, config
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes, notice
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import agency as agencies
from ckanext.shopendata.model import Agency, Person, RoleHolding, RoleRequest
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy import role as policy
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.role import Ending, Parties, RequestState

__all__ = [
    "account_verify",
    "role_confirm",
    "role_decline",
    "role_list",
    "role_request",
    "role_request_list",
    "role_revoke",
]

_ROLE = s.one_of(*(role.value for role in people.Role))

#: Whoever sits at the machine: makes the first two security administrators, from whom all others follow.
CONSOLE = "console"


@c.command(
    s.fields(
        user=s.filled,
        role=_ROLE,
        number=s.filled,
        agency=s.maybe(s.filled),
        until=s.maybe(s.date),
        reason=s.maybe(s.text),
    )
)
def role_request(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Asks for a role for somebody, in an agency or in the whole portal. Another security administrator confirms it.

    :param user: name of the account
    :param role: a word of policy.people.Role
    :param number: of the person's identity document, as the caller has read it; only its keyed hash is kept
    :param agency: name of the agency, for the roles of agencies
    :param until: last day of the term; default and longest are options
    """
    by = actor.require("role.request")
    user, role = _account(data["user"]), people.Role(data["role"])
    agency = _living(data["agency"]) if data.get("agency") else None
    place, digest = agency.id if agency else None, _digest(data["number"])
    c.lock(f"role:{user.id}", f"person:{digest}")
    held, now = c.holdings_of(user.id), clock.now()
    policy.check_request(role, place, held, Parties(_person(user.id, digest), actor.eyes))
    _check_person(user.id, digest)
    _check_new(user.id, role, place)
    until = _until(data.get("until"), now)
    _lapse(user.id, role, place)
    request = RoleRequest(
        user_id=user.id,
        role=role.value,
        agency_id=place,
        until=until,
        reason=data.get("reason", ""),
        digest=digest,
        state=RequestState.REQUESTED.value,
        requested_by=actor.id,
        requested_at=now,
    )
    model.Session.add(request)
    model.Session.flush()
    body = {"user": user.id, "role": role.value, "until": until.isoformat(), "reason": request.reason}
    c.events("role.request", "role", actor, by, [(request.id, place, body)])
    return _request(request)


@c.command(s.fields(id=s.filled, number=s.filled))
def role_confirm(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Gives a role that another security administrator has asked for; everything is checked again.

    :param id: of the request
    :param number: of the person's identity document, as the caller has read it: has to be what the other one read
    """
    by = actor.require("role.confirm")
    # Without a lock first: the order of locks is person, then request.
    request = c.found(model.Session.get(RoleRequest, data["id"]))
    c.lock(f"role:{request.user_id}", f"person:{request.digest}")
    model.Session.refresh(request, with_for_update=True)
    now, role = clock.now(), people.Role(request.role)
    request.state = policy.step(RequestState(request.state), "confirm").value
    if now - request.requested_at > dt.timedelta(days=config.role_request_days()):
        raise Refused("request_lapsed")
    user = _account(request.user_id)
    if _digest(data["number"]) != request.digest:
        raise Refused("person_differs", "number")
    if request.agency_id:
        _living(request.agency_id)
    _check_requester(request)
    held = c.holdings_of(user.id)
    parties = Parties(_person(user.id, request.digest), eyes.now_of(request.requested_by), actor.eyes)
    policy.check_confirm(role, request.agency_id, held, parties)
    _check_person(user.id, request.digest)
    _check_new(user.id, role, request.agency_id)
    policy.check_term(request.until, now, config.role_days_limit())
    _leave_deleted_accounts(actor, by, request.digest)
    _tie(user.id, request.digest, actor.id, staff=True)
    request.closed_by, request.closed_at = actor.id, now
    holding = _hold(user.id, role, request.agency_id, request.until, (request.requested_by, actor.id))
    notice.tell("role.given", user.id, user.id, occurrence=holding.id)
    body = {"user": user.id, "role": role.value, "until": request.until.isoformat(), "requested_by": holding.granted_by}
    c.events("role.confirm", "role", actor, by, [(holding.id, holding.agency_id, body | {"request": request.id})])
    return _holdings([holding])[0]


@c.command(s.fields(id=s.filled, reason=s.maybe(s.text)))
def role_decline(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Turns a request down; who made it takes it back so."""
    by = actor.require("role.decline")
    request = c.found(model.Session.get(RoleRequest, data["id"], with_for_update=True))
    close_request(request, "decline", actor.id)
    body = {"user": request.user_id, "role": request.role, "reason": data.get("reason", "")}
    c.events("role.decline", "role", actor, by, [(request.id, request.agency_id, body)])
    return _request(request)


@c.command(s.fields(id=s.filled, reason=s.maybe(s.text)))
def role_revoke(actor: c.Actor, data: DataDict) -> None:
    """Takes a role back, at once; one person is enough. Everybody may give up a role of their own."""
    holding = model.Session.get(RoleHolding, data["id"], with_for_update=True)
    own = holding is not None and holding.user_id == actor.id
    by = "" if own else actor.require("role.revoke")
    holding = c.found(holding)
    if holding.revoked_at is None:
        end(holding, Ending.REVOKED, actor.id, data.get("reason", ""))
        body = {"user": holding.user_id, "role": holding.role, "reason": holding.ending_note}
        c.events("role.revoke", "role", actor, by, [(holding.id, holding.agency_id, body)])


@c.command(s.fields(user=s.filled, number=s.filled))
def account_verify(actor: c.Actor, data: DataDict) -> None:
    """Ties an account without roles to a person, so that it counts as theirs wherever four eyes are asked for."""
    by = actor.require("account.verify")
    user, digest = _account(data["user"]), _digest(data["number"])
    c.lock(f"role:{user.id}", f"person:{digest}")
    known = model.Session.get(Person, user.id)
    if known is not None and known.digest != digest:
        raise Refused("person_differs", "number")
    _tie(user.id, digest, actor.id, staff=False)
    c.events("account.verify", "account", actor, by, [(user.id, None, {})])


@c.query(s.fields(user=s.maybe(s.filled), agency=s.maybe(s.filled), state=s.maybe(s.one_of("live", "all"))))
def role_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """Who holds what, since when, by whom, until: one's own, or everybody's for those who may see them.

    :param state: ``live`` (default), or ``all``: ended ones too, the latest first
    """
    user = model.User.get(data["user"]) if data.get("user") else None
    if user is None or user.id != actor.id:
        actor.require("role.list")
    rows = sa.select(RoleHolding)
    if data.get("user"):
        rows = rows.where(RoleHolding.user_id == (user.id if user else None))
    if data.get("agency"):
        rows = rows.where(RoleHolding.agency_id == agencies.find(data["agency"]).id)
    if data.get("state", "live") == "live":
        rows = rows.where(*eyes.held_now())
    return _holdings(model.Session.scalars(rows.order_by(RoleHolding.granted_at.desc(), RoleHolding.id)))


@c.query(s.fields())
def role_request_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """The requests that wait to be confirmed, oldest first; for those who may see roles."""
    actor.require("role.list")
    rows = sa.select(RoleRequest).where(RoleRequest.state == RequestState.REQUESTED.value)
    return [_request(one) for one in model.Session.scalars(rows.order_by(RoleRequest.requested_at, RoleRequest.id))]


def install(user_name: str, number: str) -> dict[str, Any]:
    """Makes one of the first two security administrators, from the console; the caller's transaction holds it."""
    user, digest, role = _account(user_name), _digest(number), people.Role.SECURITY_ADMINISTRATOR
    c.lock("role:console", f"role:{user.id}", f"person:{digest}")
    count = sa.select(sa.func.count()).select_from(RoleHolding)
    live = model.Session.scalar(count.where(RoleHolding.role == role.value, *eyes.held_now())) or 0
    policy.check_console(role, live)
    policy.check_request(role, None, c.holdings_of(user.id), Parties(_person(user.id, digest)))
    _check_person(user.id, digest)
    _check_new(user.id, role, None)
    _tie(user.id, digest, CONSOLE, staff=True)
    holding = _hold(user.id, role, None, _until(None, clock.now()), (CONSOLE, None))
    body = {"user": user.id, "role": role.value}
    audit.record(
        Event(verb="role.install", object_type="role", object_id=holding.id, actor=CONSOLE, role=CONSOLE, body=body)
    )
    return _holdings([holding])[0]


def end(holding: RoleHolding, why: Ending, by: str, note: str = "") -> None:
    """Ends a holding, and with it its delegations; the caller records and commits."""
    holding.revoked_at, holding.revoked_by = clock.now(), by
    holding.ending, holding.ending_note = why.value, note
    if by != holding.user_id:
        notice.tell("role.ended", holding.user_id, holding.user_id, occurrence=holding.id)


def close_request(request: RoleRequest, verb: str, by: str) -> None:
    """Ends a request that nobody has confirmed; the caller records and commits."""
    request.state = policy.step(RequestState(request.state), verb).value
    request.closed_by, request.closed_at = by, clock.now()


def names_of(accounts: Iterable[str | None]) -> dict[str, str]:
    """What accounts are called; the console is itself."""
    wanted = {one for one in accounts if one}
    rows = model.Session.execute(
        sa.select(model.User.id, model.User.fullname, model.User.name).where(model.User.id.in_(wanted))
    )
    return {key: full or name for key, full, name in rows} | {CONSOLE: CONSOLE}


def _account(reference: str) -> model.User:
    user = c.found(model.User.get(reference))
    if user.state != "active":
        c.found(None)
    return user


def _living(reference: str) -> Agency:
    agency = agencies.find(reference)
    if agency.dissolved_at is not None:
        raise Refused("agency_dissolved", "agency")
    return agency


def _digest(number: str) -> str:
    if not config.person_pepper():
        raise Refused("persons_not_configured")
    return policy.digest(number, config.person_pepper())


def _person(user_id: str, digest: str) -> people.Eyes:
    return eyes.of(user_id) | {f"person:{digest}"}


def _check_person(user_id: str, digest: str) -> None:
    """One account is one person, for good, and a person has one account with roles."""
    known = model.Session.get(Person, user_id)
    if known is not None and known.digest != digest:
        raise Refused("person_differs", "number")
    other = sa.select(Person.user_id).join(model.User, model.User.id == Person.user_id)
    other = other.where(Person.digest == digest, Person.staff, Person.user_id != user_id, model.User.state == "active")
    if model.Session.scalar(other):
        raise Refused("person_has_account", "number")


def _tie(user_id: str, digest: str, by: str, *, staff: bool) -> None:
    row = {"user_id": user_id, "digest": digest, "staff": staff, "verified_by": by, "verified_at": clock.now()}
    made = insert(Person).values(row)
    model.Session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_={"staff": Person.staff | staff}))


def _leave_deleted_accounts(actor: c.Actor, by: str, digest: str) -> None:
    """A person whose account was deleted starts anew: should it ever come back, it has no role."""
    deleted = sa.select(model.User.id).where(model.User.state != "active")
    old = sa.select(Person).where(Person.digest == digest, Person.staff, Person.user_id.in_(deleted))
    for person in model.Session.scalars(old):
        person.staff = False
        rows = sa.select(RoleHolding).where(RoleHolding.user_id == person.user_id, RoleHolding.revoked_at.is_(None))
        happened = []
        for holding in model.Session.scalars(rows):
            end(holding, Ending.REVOKED, actor.id)
            happened.append((holding.id, holding.agency_id, {"user": holding.user_id, "role": holding.role}))
        c.events("role.revoke", "role", actor, by, happened)
    model.Session.flush()


def _check_new(user_id: str, role: people.Role, place: str | None) -> None:
    current = _current(user_id, role, place)
    if current is not None:
        policy.check_renewal(current.until, clock.now())


def _current(user_id: str, role: people.Role, place: str | None) -> RoleHolding | None:
    rows = sa.select(RoleHolding).where(
        RoleHolding.user_id == user_id, RoleHolding.role == role.value, RoleHolding.revoked_at.is_(None)
    )
    rows = rows.where(RoleHolding.agency_id == place if place else RoleHolding.agency_id.is_(None))
    holding = model.Session.scalar(rows.with_for_update())
    if holding is None or holding.until is None or holding.until > clock.now():
        return holding
    holding.revoked_at, holding.revoked_by, holding.ending = holding.until, CONSOLE, Ending.EXPIRED.value
    model.Session.flush()
    return None


def _lapse(user_id: str, role: people.Role, place: str | None) -> None:
    """An open request for the same is in the way only until its time is over."""
    rows = sa.select(RoleRequest).where(
        RoleRequest.user_id == user_id,
        RoleRequest.role == role.value,
        RoleRequest.state == RequestState.REQUESTED.value,
        RoleRequest.agency_id == place if place else RoleRequest.agency_id.is_(None),
    )
    for waiting in model.Session.scalars(rows.with_for_update()):
        if clock.now() - waiting.requested_at <= dt.timedelta(days=config.role_request_days()):
            raise Refused("requested_already", "role")
        close_request(waiting, "lapse", CONSOLE)
    model.Session.flush()


def _check_requester(request: RoleRequest) -> None:
    """Who asked must still be somebody who may ask."""
    requester = model.User.get(request.requested_by)
    able = people.roles_for("role.request")
    held = c.holdings_of(requester.id) if requester and requester.state == "active" else ()
    if not any(one.role in able for one in held):
        raise Refused("requester_left")


def _until(day: dt.date | None, now: dt.datetime) -> dt.datetime:
    """The last moment of a day in China, or of the usual term."""
    if day is None:
        return now + dt.timedelta(days=config.role_days())
    until = dt.datetime.combine(day, dt.time.max, tzinfo=clock.ZONE)
    policy.check_term(until, now, config.role_days_limit())
    return until


def _hold(
    user_id: str, role: people.Role, place: str | None, until: dt.datetime, by: tuple[str, str | None]
) -> RoleHolding:
    """``by``: who asked and who confirmed."""
    old = _current(user_id, role, place)
    if old is not None:
        end(old, Ending.RENEWED, by[1] or by[0])
        model.Session.flush()
    holding = RoleHolding(
        user_id=user_id,
        role=role.value,
        agency_id=place,
        granted_by=by[0],
        confirmed_by=by[1],
        granted_at=clock.now(),
        until=until,
        ending="",
        ending_note="",
    )
    model.Session.add(holding)
    model.Session.flush()
    return holding


def _holdings(rows: Iterable[RoleHolding]) -> list[dict[str, Any]]:
    holdings = list(rows)
    whom = [one for held in holdings for one in (held.user_id, held.granted_by, held.confirmed_by, held.revoked_by)]
    names, places, now = names_of(whom), _places(held.agency_id for held in holdings), clock.now()
    accounts = _logins(held.user_id for held in holdings)
    return [
        {
            "id": held.id,
            "user": accounts.get(held.user_id, ""),
            "name": names.get(held.user_id, ""),
            "role": held.role,
            "agency": places.get(held.agency_id or "", ("", ""))[0] or None,
            "agency_title": places.get(held.agency_id or "", ("", ""))[1],
            "since": held.granted_at.isoformat(),
            "requested_by": names.get(held.granted_by, ""),
            "confirmed_by": names.get(held.confirmed_by or "", ""),
            "until": held.until.isoformat() if held.until else None,
            "state": policy.life(held.until, held.revoked_at, held.ending, now),
            "ended_at": held.revoked_at.isoformat() if held.revoked_at else None,
            "ended_by": names.get(held.revoked_by or "", ""),
            "note": held.ending_note,
        }
        for held in holdings
    ]


def _request(request: RoleRequest) -> dict[str, Any]:
    names = names_of([request.user_id, request.requested_by, request.closed_by])
    name, title = _places([request.agency_id]).get(request.agency_id or "", (None, ""))
    ends = request.requested_at + dt.timedelta(days=config.role_request_days())
    return {
        "id": request.id,
        "user": _logins([request.user_id]).get(request.user_id, ""),
        "name": names.get(request.user_id, ""),
        "role": request.role,
        "agency": name,
        "agency_title": title,
        "until": request.until.isoformat(),
        "reason": request.reason,
        "state": request.state if ends > clock.now() else RequestState.LAPSED.value,
        "requested_by": names.get(request.requested_by, ""),
        "requested_at": request.requested_at.isoformat(),
    }


def _places(keys: Iterable[str | None]) -> dict[str, tuple[str, str]]:
    wanted = {key for key in keys if key}
    rows = model.Session.execute(sa.select(Agency.id, Agency.name, Agency.title).where(Agency.id.in_(wanted)))
    return {key: (name, title) for key, name, title in rows}


def _logins(keys: Iterable[str]) -> dict[str, str]:
    rows = model.Session.execute(sa.select(model.User.id, model.User.name).where(model.User.id.in_(set(keys))))
    return {key: name for key, name in rows}
