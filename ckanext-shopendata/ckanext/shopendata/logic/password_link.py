"""Links by mail that set a password, once: for who forgot it, and for whom two people have replaced it."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import audit
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.logic import notice, password, throttle, totp
from ckanext.shopendata.logic.command import holdings_of
from ckanext.shopendata.model import CredentialReset, Link
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.credential import Guess, Verdict
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["end_all", "forgotten", "needs_code", "owner_of", "replaced", "use"]

_PURPOSES = (Purpose.FORGOTTEN, Purpose.RESET)


def forgotten(user: model.User) -> None:
    """Sends a link to somebody who says that they forgot the password, where that is safe; commits.

    The answer to whoever asks is the same in all cases.
    """
    admitted = throttle.admit(Guess.LINK, user.id) is Verdict.ADMITTED
    if admitted and user.state == "active" and user.email and _by_mail(user.id):
        _send(Purpose.FORGOTTEN, user)
        body = {"address": throttle.address()}
        audit.record(
            Event(verb="account.forgot", object_type="account", object_id=user.id, actor=throttle.PORTAL, body=body)
        )
        model.Session.commit()


def replaced(reset: CredentialReset) -> None:
    """Sends a link to somebody whose credentials two people have replaced. The caller commits."""
    _send(Purpose.RESET, model.Session.get_one(model.User, reset.user_id), reset.id)


def end_all(user_id: str) -> None:
    """Links of an account that were sent before are dead. The caller commits."""
    rows = sa.select(Link).where(
        Link.user_id == user_id, Link.purpose.in_([one.value for one in _PURPOSES]), Link.ended_at.is_(None)
    )
    for link in model.Session.scalars(rows):
        links.end(link, "replaced")


def owner_of(token: str) -> model.User:
    """Whose password a link sets; raises :class:`Refused` ``link_dead``."""
    return _owner(links.opened(token, *_PURPOSES, lock=False))


def needs_code(user: model.User) -> bool:
    """Whether the link asks for a code of the account's device too."""
    return totp.enrolled_at(user.id) is not None


def use(token: str, new: str, again: str, code: str) -> model.User:
    """Sets the password, typed twice, ends all log-ins and the link; commits. Raises ``Refused``."""
    link = links.opened(token, *_PURPOSES)
    user = _owner(link)
    if new != again:
        raise Refused("passwords_differ", "again")
    password.check_new(new, user.name, user.fullname, user.email)
    if needs_code(user):
        totp.use(user.id, code)
    with password.changing():
        user.password = new
        model.Session.flush()
    links.end(link, "used")
    end_all(user.id)
    body = {"by": link.purpose, "address": throttle.address()}
    event = Event(verb="account.password", object_type="account", object_id=user.id, actor=user.id, body=body)
    notice.tell("account.password", user.id, user.id, occurrence=audit.record(event)[0])
    model.Session.commit()
    throttle.forgive(Guess.ACCOUNT, user.id)
    return user


def _send(purpose: Purpose, user: model.User, reset_id: str | None = None) -> None:
    end_all(user.id)
    if user.email:
        language = notice.preference(user.id).language or tk.config["ckan.locale_default"]
        links.send(purpose, user.email, language, user_id=user.id, reset_id=reset_id)


def _owner(link: Link) -> model.User:
    user = model.User.get(link.user_id)
    if user is None or user.state != "active" or not (link.reset_id or _by_mail(user.id)):
        raise Refused("link_dead")
    return user


def _by_mail(user_id: str) -> bool:
    device = totp.enrolled_at(user_id) is not None
    return credential.link_by_mail(holds_role=bool(holdings_of(user_id)), has_device=device)
