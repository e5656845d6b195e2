"""One's own account: what it is called, how it is reached, in which language."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import identity, password
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action.notice import language
from ckanext.shopendata.logic.notice import preference
from ckanext.shopendata.logic.registration import NAME_LENGTH, known
from ckanext.shopendata.model import Account, Link, Member, Organisation
from ckanext.shopendata.policy import link as policy
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["account_mail", "account_mail_confirm", "account_save", "account_show"]

_PHONE_LENGTH = 40


@c.query(s.fields())
def account_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """The caller's account.

    :returns: ``account`` (its name), ``name``, ``mail``, ``phone``, ``language`` (empty: the portal's),
        ``organisations`` (id, name, state, functions), ``identity`` (level and since when, of the provider that the
        portal trusts; ``None``: not linked)
    """
    user, account = model.Session.get_one(model.User, actor.id), model.Session.get(Account, actor.id)
    linked = identity.of(actor.id)
    rows = sa.select(Organisation, Member).join(Member, Member.organisation_id == Organisation.id)
    rows = rows.where(Member.user_id == actor.id, Member.ended_at.is_(None)).order_by(Organisation.created_at)
    return {
        "account": user.name,
        "name": user.fullname or "",
        "mail": user.email or "",
        "phone": account.phone if account else "",
        "language": preference(actor.id).language,
        "identity": {"level": linked.level, "since": linked.linked_at.isoformat()} if linked else None,
        "organisations": [
            {"id": one.id, "name": one.name, "state": one.state, "functions": member.functions}
            for one, member in model.Session.execute(rows)
        ],
    }


@c.command(s.fields(name=s.maybe(s.filled), phone=s.maybe(s.text), language=s.maybe(language)))
def account_save(actor: c.Actor, data: DataDict) -> None:
    """Changes what the caller is called and how reached; what is left out stays."""
    for field, length in (("name", NAME_LENGTH), ("phone", _PHONE_LENGTH)):
        if len(data.get(field, "")) > length or not data.get(field, "").isprintable():
            raise Refused("field_too_long", field, length=length)
    if "name" in data:
        model.Session.get_one(model.User, actor.id).fullname = data["name"]
    if "phone" in data:
        account = _account(actor.id)
        account.phone = data["phone"]
    if "language" in data:
        wishes = preference(actor.id)
        wishes.language, wishes.updated_at = data["language"], clock.now()
        model.Session.add(wishes)
    c.events("account.save", "account", actor, "", [(actor.id, None, {"fields": sorted(data)})])


@c.command(s.fields(mail=s.filled, password=s.filled, language=s.maybe(language)))
def account_mail(actor: c.Actor, data: DataDict) -> None:
    """Sends a link to another mail address; once it is opened, the account has that one.

    :param password: of the account: a session that was left open does not carry an account away
    """
    password.check_current(model.Session.get_one(model.User, actor.id), data["password"], "password")
    address = policy.address(data["mail"])
    c.lock(f"link:{address}")
    policy.check_room(links.asked(Link.user_id == actor.id), policy.MAIL_LIMIT)
    said = data.get("language") or preference(actor.id).language or tk.config["ckan.locale_default"]
    links.send(Purpose.KNOWN if known(address) else Purpose.MAIL, address, said, user_id=actor.id)
    c.events("account.mail", "account", actor, "", [(actor.id, None, {})])


@c.command(s.fields(token=s.filled))
def account_mail_confirm(actor: c.Actor, data: DataDict) -> None:
    """Gives the caller's account the address to which the link was sent."""
    mail = links.opened(data["token"], Purpose.MAIL, lock=False).mail
    c.lock(f"account:{mail}")
    link = links.opened(data["token"], Purpose.MAIL)
    if link.user_id != actor.id:
        raise Refused("link_dead")
    if known(mail):
        raise Refused("mail_known")
    user = model.Session.get_one(model.User, actor.id)
    if user.email:
        links.send(Purpose.LEFT, user.email, link.language, user_id=user.id)
    with password.changing():
        user.email = mail
        model.Session.flush()
    _account(actor.id).mail_verified_at = clock.now()
    links.end(link, "used")
    c.events("account.mail_confirm", "account", actor, "", [(actor.id, None, {})])


def _account(user_id: str) -> Account:
    account = model.Session.get(Account, user_id) or Account(user_id=user_id, phone="")
    model.Session.add(account)
    return account
