"""Registration: an address first, then, by the link that it gets, an account. Before that there is no account.

Whether an address is known shows nowhere but in that mailbox: both get a letter, and take the same way to it.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import audit, clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.logic.notice import preference
from ckanext.shopendata.model import Account, Link
from ckanext.shopendata.policy import link as policy
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.slugs import slug

__all__ = ["ask", "complete", "known", "look", "password_problems"]

#: How long a name may be that people see.
NAME_LENGTH = 100


def ask(mail: str, language: str, network: str) -> None:
    """Sends a link to an address, or says there that it has an account; the caller learns neither.

    Raises CKAN's ``ValidationError`` for what is no address (``mail_malformed``) and for a network address that asks
    too much (``too_many``). Too many for one mail address: nothing is sent, and nobody is told.
    """
    with c.transaction():
        address, source = policy.address(mail), links.network(network)
        c.lock(f"link:{address}", f"network:{source}")
        links.forget()
        policy.check_room(links.asked(Link.asked_from == source), policy.ADDRESS_LIMIT)
        if links.asked(Link.mail == address, Link.asked_from != "") < policy.MAIL_LIMIT:
            purpose = Purpose.KNOWN if known(address) else Purpose.REGISTER
            links.send(purpose, address, language, asked_from=source)


def look(token: str) -> str:
    """The mail address for which a link makes an account; opens nothing. Raises as :func:`complete`."""
    with c.transaction(commits=False):
        link = links.opened(token, Purpose.REGISTER, Purpose.INVITE, lock=False)
        if known(link.mail):
            raise Refused("mail_known")
        return link.mail


def complete(token: str, name: str, password: str, language: str) -> str:
    """Makes the account; returns its name. An invitation stays open: accepting it is another step.

    Raises CKAN's ``ValidationError``: ``link_dead``, ``mail_known``, or what is wrong with ``name`` and ``password``.
    """
    with c.transaction():
        mail = links.opened(token, Purpose.REGISTER, Purpose.INVITE, lock=False).mail
        # Two links of one address wait for each other here, as do two clicks on one.
        c.lock(f"account:{mail}")
        link = links.opened(token, Purpose.REGISTER, Purpose.INVITE)
        if known(mail):
            raise Refused("mail_known")
        _check(name, password)
        user = tk.get_action("user_create")(
            {"ignore_auth": True, "user": "", "defer_commit": True},
            {"name": slug(name, str(uuid4())), "fullname": name, "email": mail, "password": password},
        )
        model.Session.add(Account(user_id=user["id"], phone="", mail_verified_at=clock.now()))
        wishes = preference(user["id"])
        wishes.language = language
        model.Session.add(wishes)
        if link.purpose == Purpose.REGISTER.value:
            links.end(link, "used")
        _replace(mail)
        event = {"verb": "account.register", "object_type": "account", "object_id": user["id"], "actor": user["id"]}
        audit.record(Event(**event, body={"by": link.purpose}))
        return user["name"]


def known(mail: str) -> bool:
    """Whether an account has this address."""
    living = model.User.state.in_(["active", "pending"])
    return bool(model.Session.scalar(sa.select(model.User.id).where(sa.func.lower(model.User.email) == mail, living)))


def password_problems(password: str) -> list[str]:
    """What CKAN's rules have against a password; nothing: it will do."""
    rules: Any = [tk.get_validator("user_password_validator"), tk.get_validator("not_empty")]
    _, errors = tk.navl_validate({"password": password}, {"password": rules})
    return [str(one) for one in errors.get("password", [])]


def _check(name: str, password: str) -> None:
    errors: dict[str, Any] = {}
    if not name or len(name) > NAME_LENGTH or not name.isprintable():
        errors["name"] = [tk._("Please give your name, in at most {n} characters").format(n=NAME_LENGTH)]
    if problems := password_problems(password):
        errors["password"] = problems
    if errors:
        raise tk.ValidationError(errors)


def _replace(mail: str) -> None:
    """Other links to make an account for the same address."""
    rows = sa.select(Link).where(Link.mail == mail, Link.purpose == Purpose.REGISTER.value, Link.ended_at.is_(None))
    for other in model.Session.scalars(rows):
        links.end(other, "replaced")
