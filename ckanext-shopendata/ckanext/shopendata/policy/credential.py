"""What proves that somebody is who they say: passwords, codes of a device, links by mail, and how often one may guess.

A decision needs the decider in person: their own session, and in it a code (TOTP, RFC 6238) typed a short while ago. A
lost password or device is replaced at the word of two people, who get to see neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from ckanext.shopendata.policy.people import Eyes
from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = [
    "FORGOTTEN_LASTS",
    "LIMITS",
    "RESET_LASTS",
    "Guess",
    "Limit",
    "Presence",
    "ResetState",
    "Tries",
    "Verdict",
    "check_password",
    "check_presence",
    "check_reset",
    "check_reset_confirm",
    "check_step",
    "link_by_mail",
    "step",
    "weigh",
]


@dataclass(frozen=True)
class Presence:
    """Somebody who acts in person. ``code_at``: when they last typed a code, in this very session."""

    user_id: str
    code_at: datetime | None


def check_presence(presence: Presence | None, user_id: str, now: datetime, lasts: timedelta) -> None:
    """Whether ``user_id`` may decide now; raises :class:`Refused` ``code_needed``.

    ``presence``: what the session says; ``None`` for tokens and whatever else is nobody's own session.
    """
    if presence is None or presence.user_id != user_id or presence.code_at is None:
        raise Refused("code_needed")
    if not timedelta() <= now - presence.code_at <= lasts:
        raise Refused("code_needed")


def check_step(given: int, used: int | None) -> None:
    """A code counts once: its time step lies after the last one used; raises :class:`Refused` ``code_wrong``."""
    if used is not None and given <= used:
        raise Refused("code_wrong", "code")


class Guess(Enum):
    """What somebody may be guessing, or making us send."""

    ACCOUNT = "account"  # a password, at one account
    ADDRESS = "address"  # passwords, from one network address
    CODE = "code"  # a code, at one account
    LINK = "link"  # links for one account
    LINK_ADDRESS = "link_address"  # links, from one network address


@dataclass(frozen=True)
class Limit:
    """``tries`` within a time; whoever makes more is refused for as long again. Right guesses do not count."""

    tries: int
    within: timedelta


#: Many officials may share one address: it has more room than an account.
LIMITS: dict[Guess, Limit] = {
    Guess.ACCOUNT: Limit(10, timedelta(minutes=15)),
    Guess.ADDRESS: Limit(100, timedelta(minutes=15)),
    Guess.CODE: Limit(5, timedelta(minutes=15)),
    Guess.LINK: Limit(3, timedelta(hours=1)),
    Guess.LINK_ADDRESS: Limit(20, timedelta(hours=1)),
}


@dataclass(frozen=True)
class Tries:
    """How many there were since when; ``locked_until``: none is looked at before that."""

    count: int
    since: datetime
    locked_until: datetime | None = None


class Verdict(Enum):
    """Whether a try is looked at."""

    ADMITTED = "admitted"
    LOCKS = "locks"  # the first one too many
    LOCKED = "locked"


def weigh(tries: Tries | None, limit: Limit, now: datetime) -> tuple[Tries, Verdict]:
    """Counts one more try, before it is looked at. What is refused does not prolong the lock: it ends by itself."""
    if tries is not None and tries.locked_until is not None:
        if tries.locked_until > now:
            return tries, Verdict.LOCKED
        tries = None
    if tries is None or now - tries.since > limit.within:
        return Tries(1, now), Verdict.ADMITTED
    if tries.count >= limit.tries:
        return replace(tries, locked_until=now + limit.within), Verdict.LOCKS
    return replace(tries, count=tries.count + 1), Verdict.ADMITTED


#: Longer ones cost more to check than they are worth.
LONGEST_PASSWORD = 200
#: Guesses (power of ten) that somebody needs who knows the usual passwords and patterns, and the person's names.
STRENGTH = 9.0


def check_password(password: str, strength: float, shortest: int, names: tuple[str, ...]) -> None:
    """Whether this may become a password; raises :class:`Refused`.

    :param strength: guesses that it takes, as a power of ten
    :param names: what the account, its holder and its mailbox are called
    """
    if len(password) < shortest:
        raise Refused("password_short", "password", length=shortest)
    if len(password) > LONGEST_PASSWORD:
        raise Refused("password_long", "password", length=LONGEST_PASSWORD)
    if password.strip().casefold() in {name.casefold() for name in names}:
        raise Refused("password_common", "password")
    if strength < STRENGTH:
        raise Refused("password_common", "password")


def link_by_mail(*, holds_role: bool, has_device: bool) -> bool:
    """Whether a forgotten password may be replaced by whoever reads the account's mail.

    For people with a role only where a device is known: the link asks for its code too, so that a mailbox alone opens
    nothing. Who has a role and no device would let the mailbox register one: two people do it then.
    """
    return has_device or not holds_role


#: How long a link to set a password works: after the holder forgot it, and after two people replaced it.
FORGOTTEN_LASTS, RESET_LASTS = timedelta(hours=1), timedelta(days=3)


class ResetState(Enum):
    """Where the replacement of somebody's credentials is. Confirmed: old ones are dead, the link is on its way."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LAPSED = "lapsed"


TRANSITIONS: dict[ResetState, dict[str, ResetState]] = {
    ResetState.ASKED: {
        "confirm": ResetState.CONFIRMED,
        "decline": ResetState.DECLINED,
        "lapse": ResetState.LAPSED,
    },
    ResetState.CONFIRMED: {},
    ResetState.DECLINED: {},
    ResetState.LAPSED: {},
}

#: A request that nobody has confirmed for so long is none any more.
RESET_WAITS = timedelta(days=3)


def step(state: ResetState, verb: str) -> ResetState:
    """A request's state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)


def check_reset(asker: Eyes, account: Eyes) -> None:
    """Whether somebody may ask for an account's credentials to be replaced; raises :class:`Refused`."""
    if asker & account:
        raise Refused("own_account", "user")


def check_reset_confirm(confirmer: Eyes, asker: Eyes, account: Eyes) -> None:
    """The same at the moment of confirming; and whoever confirms is a third person."""
    check_reset(confirmer, account)
    check_reset(asker, account)
    if confirmer & asker:
        raise Refused("own_request")
