"""Passwords: which may be one, whose it is, and the one context in which they and addresses of accounts change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ckan import model
from zxcvbn import zxcvbn

from ckanext.shopendata import config
from ckanext.shopendata.logic import throttle
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy.credential import Guess, Verdict
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["allowed", "changing", "check_current", "check_new", "same"]

#: More of a password is not weighed: it is strong by then.
_WEIGHED = 72

_allowed: ContextVar[str] = ContextVar("shopendata_credentials", default="")


@contextmanager
def changing(what: str = "change") -> Iterator[None]:
    """Lets the block change the password or address of somebody who holds a role (hardening/accounts.py).

    Whoever opens it has made sure that it is the holder, or that two people have said so. A test looks for others.
    """
    token = _allowed.set(what)
    try:
        yield
    finally:
        _allowed.reset(token)


def allowed() -> str:
    """What may happen to passwords here: nothing (empty), ``change``, ``renew`` (a hash of an older kind)."""
    return _allowed.get()


def check_new(password: str, *names: str | None) -> None:
    """Whether this may become somebody's password; raises :class:`Refused`. ``names``: of account, person, mail."""
    known = [part for name in names if name for part in {name, *name.split("@")} if len(part) > 1]
    weighed = password[:_WEIGHED]
    strength = float(zxcvbn(weighed, user_inputs=known)["guesses_log10"]) if weighed else 0.0
    credential.check_password(password, strength, config.password_length(), tuple(known))


def same(user: model.User, password: str) -> bool:
    """Whether this is somebody's password. A hash of an older kind is renewed on the way: that is no change."""
    if not password or len(password) > credential.LONGEST_PASSWORD:
        return False
    with changing("renew"):
        return user.validate_password(password)


def check_current(user: model.User, password: str, field: str = "old_password") -> None:
    """Whether somebody who is logged in knows the password too; raises ``Refused``. Counts like a log-in.

    ``field``: of the form in which it was typed.
    """
    verdict = throttle.admit(Guess.ACCOUNT, user.id)
    if verdict is Verdict.LOCKS:
        throttle.note_lock(Guess.ACCOUNT, user.id)
    if verdict is not Verdict.ADMITTED or not same(user, password):
        raise Refused("password_wrong", field)
    throttle.forgive(Guess.ACCOUNT, user.id)
