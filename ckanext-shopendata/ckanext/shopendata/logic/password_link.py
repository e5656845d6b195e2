"""Links by mail that set a password, once.

A link is drawn when its mail is sent; the database knows its hash, so no copy of the database opens an account.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import audit, clock
from ckanext.shopendata.logic import notice, password, throttle, totp
from ckanext.shopendata.logic.command import holdings_of
from ckanext.shopendata.model import CredentialLink
from ckanext.shopendata.model.session import hash_of
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.credential import Guess, Verdict
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.publish import outbox

__all__ = ["FORGOTTEN", "REPLACED", "draw", "forgotten", "needs_code", "owner_of", "use"]

#: The outbox's work that draws and sends a link: for an account whose holder asked, for a request that was confirmed.
FORGOTTEN, REPLACED = "credential_forgotten", "credential_replaced"


def forgotten(user: model.User) -> None:
    """Sends a link to somebody who says that they forgot the password, where that is safe; commits.

    The answer to whoever asks is the same in all cases.
    """
    admitted = throttle.admit(Guess.LINK, user.id) is Verdict.ADMITTED
    if admitted and user.state == "active" and _by_mail(user.id):
        outbox.put(FORGOTTEN, user.id)
        body = {"address": throttle.address()}
        audit.record(
            Event(verb="account.forgot", object_type="account", object_id=user.id, actor=throttle.PORTAL, body=body)
        )
        model.Session.commit()


def draw(user_id: str, reset_id: str | None) -> str:
    """The text of a new link; older ones of the account are dead. The caller commits."""
    model.Session.execute(sa.delete(CredentialLink).where(CredentialLink.user_id == user_id))
    token = secrets.token_urlsafe(32)
    ends = clock.now() + credential.LINK_LASTS["reset" if reset_id else "mail"]
    link = CredentialLink(token_hash=hash_of(token), user_id=user_id, reset_id=reset_id, expires_at=ends)
    model.Session.add(link)
    return token


def owner_of(token: str) -> model.User:
    """Whose password a link sets; raises :class:`Refused` ``link_dead``."""
    return _owner(_live(token))


def needs_code(user: model.User) -> bool:
    """Whether the link asks for a code of the account's device too."""
    return totp.enrolled_at(user.id) is not None


def use(token: str, new: str, again: str, code: str) -> model.User:
    """Sets the password, typed twice, ends all log-ins and the link; commits. Raises ``Refused``."""
    link = _live(token, lock=True)
    user = _owner(link)
    if new != again:
        raise Refused("passwords_differ", "again")
    password.check_new(new, user.name, user.fullname, user.email)
    if needs_code(user):
        totp.use(user.id, code)
    with password.changing():
        user.password = new
        model.Session.flush()
    body = {"by": "reset" if link.reset_id else "mail", "address": throttle.address()}
    model.Session.execute(sa.delete(CredentialLink).where(CredentialLink.user_id == user.id))
    event = Event(verb="account.password", object_type="account", object_id=user.id, actor=user.id, body=body)
    notice.tell("account.password", user.id, user.id, occurrence=audit.record(event)[0])
    model.Session.commit()
    throttle.forgive(Guess.ACCOUNT, user.id)
    return user


def _live(token: str, *, lock: bool = False) -> CredentialLink:
    wanted = sa.select(CredentialLink).where(
        CredentialLink.token_hash == hash_of(token), CredentialLink.expires_at > clock.now()
    )
    link = model.Session.scalar(wanted.with_for_update() if lock else wanted)
    if link is None:
        raise Refused("link_dead")
    return link


def _owner(link: CredentialLink) -> model.User:
    user = model.User.get(link.user_id)
    if user is None or user.state != "active" or not (link.reset_id or _by_mail(user.id)):
        raise Refused("link_dead")
    return user


def _by_mail(user_id: str) -> bool:
    device = totp.enrolled_at(user_id) is not None
    return credential.link_by_mail(holds_role=bool(holdings_of(user_id)), has_device=device)
