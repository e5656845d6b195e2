"""Log-ins: guessing is counted before it is looked at, by account and by address, and tells nothing about accounts.

CKAN looks at as many passwords as one sends, and answers sooner where there is no such account. Here the answer to a
wrong name, a wrong password and a locked account is one, and takes as long: a password is weighed each time. Plugins
that know people by other means (``IAuthenticator``) go first, as in CKAN; this replaces what CKAN does itself.

"Forgot your password" draws links of our own (logic/password_link.py): CKAN's stand in the database in clear and never
expire.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import authenticator, signals
from ckan.types import CKANApp, Response
from flask import request
from passlib.hash import pbkdf2_sha512  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.shopendata.logic import password as passwords
from ckanext.shopendata.logic import password_link, throttle
from ckanext.shopendata.logic.command import holdings_of
from ckanext.shopendata.policy.credential import Guess, Verdict

__all__ = ["authenticate", "install", "send_link"]

#: Longer names are nobody's.
_LONGEST = 300
#: A password that nobody has, to be weighed where there is none.
_NOBODYS = pbkdf2_sha512.hash("\0")


def install(app: CKANApp) -> None:
    """Replaces CKAN's own way to know somebody by a password."""
    authenticator.default_authenticate = authenticate
    app.before_request(_link_asked)
    app.before_request(_link_of_ckan)


def authenticate(identity: dict[str, Any]) -> model.User | None:
    """Whose name (or address) and password these are; ``None``: nobody's, or there were too many tries."""
    login, given = str(identity.get("login") or ""), str(identity.get("password") or "")
    user, where = _account(login), throttle.address()
    subject = user.id if user else login.strip().casefold()[:_LONGEST]
    account = throttle.admit(Guess.ACCOUNT, subject)
    place = throttle.admit(Guess.ADDRESS, where) if where else Verdict.ADMITTED
    if user is None or not user.is_active or not user.password:
        pbkdf2_sha512.verify(given[:_LONGEST], _NOBODYS)
        right = False
    else:
        right = passwords.same(user, given)
    if account is Verdict.LOCKS and user is not None:
        throttle.note_lock(Guess.ACCOUNT, user.id)
    if not right or account is not Verdict.ADMITTED or place is not Verdict.ADMITTED:
        signals.failed_login.send(login)
        return None
    throttle.forgive(Guess.ACCOUNT, subject)
    if where:
        throttle.forgive(Guess.ADDRESS, where, all_of_them=False)
    return user


def send_link(already_sent: bool, topic: str, details: dict[str, Any]) -> bool:
    """For ``INotifier.notify_about_topic``: who forgot a password gets a link of ours, or nothing; nobody can tell."""
    if topic != "request_password_reset" or already_sent:
        return already_sent
    password_link.forgotten(details["user"])
    return True


def _link_asked() -> Response | None:
    """Answers who asks for too many links as if they were sent."""
    if request.endpoint != "user.request_reset" or request.method != "POST":
        return None
    where = throttle.address()
    if not where or throttle.admit(Guess.LINK_ADDRESS, where) is Verdict.ADMITTED:
        return None
    tk.h.flash_success(tk._("A reset link has been emailed to you (unless the account specified does not exist)"))
    return tk.redirect_to(tk.config["ckan.user_reset_landing_page"])


def _link_of_ckan() -> None:
    """Invitations use CKAN's links; for who holds a role none is valid, whatever key stands in the row."""
    if request.endpoint == "user.perform_reset":
        owner = model.User.get((request.view_args or {}).get("id"))
        if owner is not None and holdings_of(owner.id):
            tk.abort(403, tk._("Invalid reset key. Please try again."))


def _account(login: str) -> model.User | None:
    """As CKAN: by name, then by address."""
    if not login or len(login) > _LONGEST or "\0" in login:
        return None
    return model.User.by_name(login) or model.User.by_email(login)
