"""Replacing the credentials of somebody who lost them: one security administrator asks, another confirms.

Neither gets to see the new ones: the holder of the account sets a password by a link that is mailed to them, and sets
up a device anew. What people do with their own credentials has pages (views/security.py) and no actions: a token for
the API never changes what it stands for.
"""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes, identity, notice, password, password_link, session, totp
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action.people import names_of
from ckanext.shopendata.model import CredentialReset
from ckanext.shopendata.policy import credential as policy
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.credential import ResetState
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["credential_ask", "credential_confirm", "credential_decline", "credential_list"]


@c.command(s.fields(user=s.filled, reason=s.filled, email=s.maybe(s.address)))
def credential_ask(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Asks for somebody's password, device, log-ins and tokens to be replaced; another security administrator confirms.

    :param user: name of the account
    :param reason: what happened, and how the person was recognised
    :param email: the account's new address, where the old one is lost too
    """
    by = actor.require("credential.ask")
    user = _account(data["user"])
    policy.check_reset(actor.eyes, eyes.of(user.id))
    _lapse(user.id)
    reset = CredentialReset(
        user_id=user.id,
        email=data.get("email", ""),
        reason=data["reason"],
        state=ResetState.ASKED.value,
        asked_by=actor.id,
        asked_at=clock.now(),
    )
    model.Session.add(reset)
    model.Session.flush()
    body = {"user": user.id, "reason": reset.reason, "new_address": bool(reset.email)}
    c.events("credential.ask", "credential", actor, by, [(reset.id, None, body)])
    notice.tell("account.reset_asked", user.id, user.id, occurrence=reset.id)
    return _shown(actor, [reset])[0]


@c.command(s.fields(id=s.filled))
def credential_confirm(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Ends what the account had, and sends its holder a link; everything is checked again."""
    by = actor.require("credential.confirm")
    reset = c.found(model.Session.get(CredentialReset, data["id"], with_for_update=True))
    user = _account(reset.user_id)
    reset.state = policy.step(ResetState(reset.state), "confirm").value
    if clock.now() - reset.asked_at > policy.RESET_WAITS:
        raise Refused("request_lapsed")
    _check_asker(reset.asked_by)
    policy.check_reset_confirm(actor.eyes, eyes.now_of(reset.asked_by), eyes.of(user.id))
    reset.closed_by, reset.closed_at = actor.id, clock.now()
    _end_all_of(user, reset.email)
    password_link.replaced(reset)
    body = {"user": user.id, "asked_by": reset.asked_by, "new_address": bool(reset.email)}
    c.events("credential.confirm", "credential", actor, by, [(reset.id, None, body)])
    return _shown(actor, [reset])[0]


@c.command(s.fields(id=s.filled, reason=s.maybe(s.text)))
def credential_decline(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Turns a request down; who made it takes it back so."""
    by = actor.require("credential.decline")
    reset = c.found(model.Session.get(CredentialReset, data["id"], with_for_update=True))
    reset.state = policy.step(ResetState(reset.state), "decline").value
    reset.closed_by, reset.closed_at = actor.id, clock.now()
    body = {"user": reset.user_id, "reason": data.get("reason", "")}
    c.events("credential.decline", "credential", actor, by, [(reset.id, None, body)])
    return _shown(actor, [reset])[0]


@c.query(s.fields())
def credential_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """Requests to replace credentials, the latest first, at most 100; ``own``: the caller asked, and cannot confirm."""
    actor.require("credential.read")
    rows = sa.select(CredentialReset).order_by(CredentialReset.asked_at.desc(), CredentialReset.id).limit(100)
    return _shown(actor, list(model.Session.scalars(rows)))


def _account(reference: str) -> model.User:
    user = c.found(model.User.get(reference))
    if user.state != "active":
        c.found(None)
    return user


def _lapse(user_id: str) -> None:
    """An open request is in the way only until its time is over."""
    c.lock(f"credential:{user_id}")
    wanted = sa.select(CredentialReset).where(
        CredentialReset.user_id == user_id, CredentialReset.state == ResetState.ASKED.value
    )
    waiting = model.Session.scalar(wanted.with_for_update())
    if waiting is None:
        return
    if clock.now() - waiting.asked_at <= policy.RESET_WAITS:
        raise Refused("reset_waits", "user")
    waiting.state, waiting.closed_at = policy.step(ResetState.ASKED, "lapse").value, clock.now()
    model.Session.flush()


def _check_asker(user_id: str) -> None:
    """Who asked must still be somebody who may ask."""
    asker = model.User.get(user_id)
    able = people.roles_for("credential.ask")
    held = c.holdings_of(asker.id) if asker and asker.state == "active" else ()
    if not any(one.role in able for one in held):
        raise Refused("requester_left")


def _end_all_of(user: model.User, email: str) -> None:
    """Whoever has the old password, device, session, token or link has nothing."""
    totp.forget(user.id)
    session.end_all(user.id)
    model.Session.execute(sa.delete(model.ApiToken).where(model.ApiToken.user_id == user.id))
    password_link.end_all(user.id)
    identity.forget(user.id)
    with password.changing():
        user.password = secrets.token_urlsafe(32)
        if email:
            user.email = email
        model.Session.flush()


def _shown(actor: c.Actor, resets: list[CredentialReset]) -> list[dict[str, Any]]:
    names = names_of(one for reset in resets for one in (reset.user_id, reset.asked_by, reset.closed_by))
    rows = sa.select(model.User.id, model.User.name).where(model.User.id.in_([reset.user_id for reset in resets]))
    logins: dict[str, str] = {key: name for key, name in model.Session.execute(rows)}
    return [
        {
            "id": reset.id,
            "user": logins.get(reset.user_id, ""),
            "name": names.get(reset.user_id, ""),
            "email": reset.email,
            "reason": reset.reason,
            "state": _state(reset),
            "asked_by": names.get(reset.asked_by, ""),
            "asked_at": reset.asked_at.isoformat(),
            "own": reset.asked_by == actor.id,
            "closed_by": names.get(reset.closed_by or "", ""),
            "closed_at": reset.closed_at.isoformat() if reset.closed_at else None,
        }
        for reset in resets
    ]


def _state(reset: CredentialReset) -> str:
    over = reset.state == ResetState.ASKED.value and clock.now() - reset.asked_at > policy.RESET_WAITS
    return ResetState.LAPSED.value if over else reset.state
