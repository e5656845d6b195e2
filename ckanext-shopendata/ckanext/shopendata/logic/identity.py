"""Signing in with an account of an OpenID provider: which account of the portal that is, and making one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import audit, clock, config
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import password, throttle
from ckanext.shopendata.logic.registration import known
from ckanext.shopendata.model import Account, Identity
from ckanext.shopendata.policy import identity as policy
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.identity import Claims, Step
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.slugs import slug

__all__ = ["came_back", "confirm", "end", "forget", "of"]


def came_back(told: Mapping[str, Any], asker: str | None) -> model.User:
    """The account of whom a provider has just vouched for; made or linked where that is right; commits.

    :param told: the claims of a verified ID token
    :param asker: the account that asked, signed in, to be linked
    :raises tk.ValidationError: with the policy's code
    """
    with c.transaction():
        claims = policy.read(config.oidc_issuer(), told, config.oidc_level_claim())
        c.lock(f"identity:{claims.issuer} {claims.subject}", *([f"account:{claims.mail}"] if claims.mail else []))
        identity = model.Session.get(Identity, (claims.issuer, claims.subject), populate_existing=True)
        taken = bool(claims.mail) and known(claims.mail)
        owner = identity.user_id if identity else None
        step = policy.next_step(owner, asker, claims.mail, known=taken, registers=config.oidc_registers())
        user = _register(claims) if step is Step.REGISTER else _account(asker or owner or "")
        if identity is None:
            _link(claims, user)
        else:
            identity.level, identity.seen_at = claims.level, clock.now()
        return user


def of(user_id: str) -> Identity | None:
    """Somebody's identity at the provider that the portal trusts now."""
    if not config.oidc_issuer():
        return None
    wanted = sa.select(Identity).where(Identity.user_id == user_id, Identity.issuer == config.oidc_issuer())
    return model.Session.scalar(wanted)


def confirm(user_id: str, given: str) -> None:
    """Whether who wants to link an account knows the password of theirs. Raises as :func:`came_back`."""
    with c.transaction(commits=False):
        password.check_current(model.Session.get_one(model.User, user_id), given, "password")


def end(user_id: str, given: str) -> None:
    """The account is linked no more, if ``given`` is its password; commits. Raises as :func:`came_back`."""
    with c.transaction():
        password.check_current(model.Session.get_one(model.User, user_id), given, "password")
        if forget(user_id):
            _record("account.unlink", user_id, {})


def forget(user_id: str) -> int:
    """Nobody signs in to the account by a provider any more; the caller records and commits."""
    return model.Session.execute(sa.delete(Identity).where(Identity.user_id == user_id)).rowcount  # type: ignore[attr-defined]


def _account(reference: str) -> model.User:
    user = model.User.get(reference)
    if user is None or user.state != "active":
        raise Refused("identity_unknown")
    return user


def _register(claims: Claims) -> model.User:
    """An account whose holder needs no password; one is set by the link for who forgot theirs."""
    made = tk.get_action("user_create")(
        {"ignore_auth": True, "user": "", "defer_commit": True},
        {
            "name": slug(claims.name, str(uuid4())), "fullname": claims.name, "email": claims.mail,
            "password": f"{uuid4()}{uuid4()}",
        },
    )  # fmt: skip
    model.Session.add(Account(user_id=made["id"], phone="", mail_verified_at=clock.now()))
    _record("account.register", made["id"], {"by": "identity", "issuer": claims.issuer})
    return model.Session.get_one(model.User, made["id"])


def _link(claims: Claims, user: model.User) -> None:
    others = sa.select(Identity.subject).where(Identity.issuer == claims.issuer, Identity.user_id == user.id)
    if model.Session.scalar(others) is not None:
        raise Refused("identity_other")
    now = clock.now()
    model.Session.add(
        Identity(issuer=claims.issuer, subject=claims.subject, user_id=user.id, level=claims.level, linked_at=now,
                 seen_at=now)
    )  # fmt: skip
    model.Session.flush()
    _record("account.link", user.id, {"issuer": claims.issuer, "level": claims.level})


def _record(verb: str, user_id: str, body: dict[str, Any]) -> None:
    body |= {"address": throttle.address()}
    audit.record(Event(verb=verb, object_type="account", object_id=user_id, actor=user_id, body=body))
