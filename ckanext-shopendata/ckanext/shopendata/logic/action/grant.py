"""Grants and their keys."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock, config
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes, notice, side
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.model import AccessKey, Agency, Application, Case, Dataset, Grant, Resource
from ckanext.shopendata.policy import key as keys
from ckanext.shopendata.policy.application import check_case_decider
from ckanext.shopendata.policy.grant import GrantState, check_new_key, step
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["grant_list", "grant_resume", "grant_revoke", "grant_show", "grant_suspend", "key_create", "key_revoke"]


@c.command(s.fields(grant=s.filled, known=s.maybe(s.number(0, 1_000_000))))
def key_create(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Makes a key for a grant of one's own, or of one's organisation.

    Its text is in this answer, and nowhere else, ever.

    :param known: how many keys the caller knows of, dead ones included; refused when one was made meanwhile, so that a
        form sent twice makes one key
    :returns: ``key`` (the text), ``kid``, ``hint``, ``expires_at``
    """
    pepper = config.key_pepper()
    if not pepper:
        raise Refused("keys_not_configured")
    grant = c.found(model.Session.get(Grant, data["grant"], with_for_update=True))
    if not side.may_grant(actor.id, grant, "key.create"):
        c.found(None)
    existing = _keys(grant.id)
    if data.get("known", len(existing)) != len(existing):
        raise Refused("keys_changed")
    check_new_key(GrantState(grant.state), grant.valid_until, clock.now(), sum(_live(key) for key in existing))
    key = keys.mint(secrets.choice)
    row = AccessKey(
        kid=key.kid,
        grant_id=grant.id,
        mac=keys.seal(key, pepper),
        hint=key.hint,
        created_by=actor.id,
        custodian_id=actor.id,
        created_at=clock.now(),
        expires_at=grant.valid_until,
    )
    model.Session.add(row)
    model.Session.flush()
    c.events("key.create", "key", actor, "", [(key.kid, None, {"grant": grant.id, "hint": key.hint})])
    return {"key": key.text, **_key(row)}


@c.command(s.fields(kid=s.filled, reason=s.maybe(s.text)))
def key_revoke(actor: c.Actor, data: DataDict) -> None:
    """Revokes a key of one's own, or of one's organisation, at once."""
    key = c.found(model.Session.get(AccessKey, data["kid"], with_for_update=True))
    grant = model.Session.get_one(Grant, key.grant_id)
    if not side.may_grant(actor.id, grant, "key.revoke"):
        c.found(None)
    if key.revoked_at is not None:
        raise Refused("already_revoked")
    _revoke(key, actor, data.get("reason", ""))
    c.events("key.revoke", "key", actor, "", [(key.kid, None, {"grant": grant.id, "reason": key.revoke_reason})])


@c.query(s.fields())
def grant_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """One's own grants and those of one's organisations with their keys, newest first."""
    rows = (
        sa.select(Grant).join(Case, Case.id == Grant.case_id).join(Application, Application.id == Case.application_id)
    )
    rows = rows.where(side.mine(actor.id, "grant.read")).order_by(Grant.created_at.desc(), Grant.id)
    return [as_dict(grant) | _able(actor, grant) for grant in model.Session.scalars(rows)]


@c.query(s.fields(id=s.filled))
def grant_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One grant: for its holder and for the agency that gave it."""
    grant = c.found(model.Session.get(Grant, data["id"]))
    if not side.may_grant(actor.id, grant, "grant.read"):
        actor.require_inside("grant.read", _agency(grant))
    return as_dict(grant) | _able(actor, grant)


@c.command(s.fields(id=s.filled, note=s.filled))
def grant_suspend(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Suspends a grant: all its keys are refused from the next call on."""
    return _move(actor, "suspend", data)


@c.command(s.fields(id=s.filled, note=s.filled))
def grant_resume(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Lets a suspended grant run again."""
    return _move(actor, "resume", data)


@c.command(s.fields(id=s.filled, note=s.filled))
def grant_revoke(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Ends a grant for good, and all its keys."""
    return _move(actor, "revoke", data)


def hold(actor: c.Actor, role: str, grant: Grant, because: str) -> None:
    """Suspends a grant that other people get hold of until its agency has seen who they are; the caller commits."""
    agency, before, grant.state = _agency(grant), grant.state, step(GrantState(grant.state), "suspend").value
    about = _about(grant)
    notice.tell("grant.held", grant.id, grant.holder_id, **about)
    notice.tell_staff("grant.to_resume", grant.id, agency, grant.holder_id, case=grant.case_id, **about)
    body = {"before": before, "after": grant.state, "because": because}
    c.events("grant.suspend", "grant", actor, role, [(grant.id, agency, body)])


def as_dict(grant: Grant) -> dict[str, Any]:
    """A grant with its dataset, tables and keys; no key's secret is known any more."""
    dataset = model.Session.get_one(Dataset, grant.dataset_id)
    tables = model.Session.scalars(sa.select(Resource.id).where(Resource.dataset_id == dataset.id))
    return {
        "id": grant.id,
        "case": grant.case_id,
        "state": grant.state,
        "dataset": {"id": dataset.id, "name": dataset.name, "title": dataset.title},
        "resources": list(tables),
        "items": grant.item_codes,
        "purpose": grant.purpose,
        "daily_quota": grant.daily_quota,
        "valid_from": grant.valid_from.isoformat(),
        "valid_until": grant.valid_until.isoformat(),
        "keys": [_key(key) for key in _keys(grant.id)],
    }


def _move(actor: c.Actor, verb: str, data: DataDict) -> dict[str, Any]:
    grant = c.found(model.Session.get(Grant, data["id"], with_for_update=True))
    agency = _agency(grant)
    role = actor.require_inside(f"grant.{verb}", agency)
    # Nobody suspends, opens again or revokes a grant of their own.
    check_case_decider(actor.eyes, eyes.of(grant.holder_id), (), eyes.side_of(side.application_of(grant)))
    before, grant.state = grant.state, step(GrantState(grant.state), verb).value
    if verb == "revoke":
        revoke_keys(grant, actor, role, data["note"])
    _tell(verb, grant)
    body = {"before": before, "after": grant.state, "note": data["note"]}
    c.events(f"grant.{verb}", "grant", actor, role, [(grant.id, agency, body)])
    return as_dict(grant)


def _tell(verb: str, grant: Grant) -> None:
    moment = {"suspend": "grant.suspended", "resume": "grant.resumed", "revoke": "grant.revoked"}[verb]
    notice.tell(moment, grant.id, grant.holder_id, **_about(grant))


def _about(grant: Grant) -> dict[str, str]:
    """What a notice of a grant says."""
    return {
        "occurrence": clock.now().isoformat(),
        "number": side.application_of(grant).number,
        "agency": model.Session.get_one(Agency, _agency(grant)).title,
    }


def _able(actor: c.Actor, grant: Grant) -> dict[str, Any]:
    """``may``: what the caller may do with it on the applicant's side."""
    application = side.application_of(grant)
    return {"may": [verb for verb in ("key.create", "key.revoke") if side.may(actor.id, application, verb)]}


def _agency(grant: Grant) -> str:
    return model.Session.get_one(Case, grant.case_id).agency_id


def _keys(grant_id: str) -> list[AccessKey]:
    rows = sa.select(AccessKey).where(AccessKey.grant_id == grant_id).order_by(AccessKey.created_at, AccessKey.kid)
    return list(model.Session.scalars(rows))


def _live(key: AccessKey) -> bool:
    return key.revoked_at is None and key.expires_at > clock.now()


def revoke_keys(grant: Grant, actor: c.Actor, role: str, reason: str) -> None:
    """Revokes the grant's keys but those that are revoked already, whose record stays; waits for who does so now."""
    rows = sa.select(AccessKey).where(AccessKey.grant_id == grant.id, AccessKey.revoked_at.is_(None))
    ended = list(model.Session.scalars(rows.order_by(AccessKey.kid).with_for_update()))
    for key in ended:
        _revoke(key, actor, reason)
    body, agency = {"grant": grant.id, "reason": reason}, _agency(grant)
    c.events("key.revoke", "key", actor, role, [(key.kid, agency, body) for key in ended])


def _revoke(key: AccessKey, actor: c.Actor, reason: str) -> None:
    key.revoked_at, key.revoked_by, key.revoke_reason = clock.now(), actor.id, reason


def _key(key: AccessKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "hint": key.hint,
        "inherited": key.custodian_id != key.created_by,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
        "live": _live(key),
    }
