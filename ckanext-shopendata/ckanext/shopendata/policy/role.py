"""How a role comes and goes: asked for by one person, confirmed by another, for a term, ended by anybody who may.

Neither of the two is the holder, and all comparisons are between persons, not accounts (DESIGN invariant 4): a person
is known by a keyed hash of the number on their identity document, which both of the two have read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from ckanext.shopendata.policy.people import Eyes, Holding, Role, check_exclusions, check_place
from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = [
    "Ending",
    "Parties",
    "RequestState",
    "check_absence",
    "check_confirm",
    "check_console",
    "check_delegation",
    "check_number",
    "check_renewal",
    "check_request",
    "check_term",
    "digest",
    "life",
    "step",
]


class RequestState(Enum):
    """Where a request for a role is. A confirmed one has become a holding."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LAPSED = "lapsed"


TRANSITIONS: dict[RequestState, dict[str, RequestState]] = {
    RequestState.REQUESTED: {
        "confirm": RequestState.CONFIRMED,
        "decline": RequestState.DECLINED,
        "lapse": RequestState.LAPSED,
    },
    RequestState.CONFIRMED: {},
    RequestState.DECLINED: {},
    RequestState.LAPSED: {},
}


class Ending(Enum):
    """Why a holding ended before, or at, its term."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    RENEWED = "renewed"
    AGENCY_GONE = "agency_gone"


#: Security administrators that the console may make: the first two, from whom all others follow.
FROM_CONSOLE = 2
#: So long before its end a holding can be renewed.
RENEWABLE = timedelta(days=60)
#: Roles whose deputies are made by two people like the holder; a holder alone cannot hand them on.
NOT_DELEGABLE = frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR, Role.OPERATOR, Role.VENDOR_OPERATOR})

_NUMBER = re.compile(r"[0-9A-Z]{6,32}")


def step(state: RequestState, verb: str) -> RequestState:
    """A request's state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)


@dataclass(frozen=True)
class Parties:
    """Who has to do with a role being given."""

    holder: Eyes
    requester: Eyes = frozenset()
    confirmer: Eyes | None = None  #: none yet


def check_request(role: Role, agency: str | None, held: Iterable[Holding], parties: Parties) -> None:
    """Whether a role may be asked for, for somebody who has the roles ``held``; raises :class:`Refused`."""
    if parties.requester & parties.holder:
        raise Refused("own_role", "user")
    check_place(role, agency)
    check_exclusions(role, held)


def check_confirm(role: Role, agency: str | None, held: Iterable[Holding], parties: Parties) -> None:
    """As :func:`check_request` once more, at the moment of confirming; and the confirmer is a third person."""
    confirmer = parties.confirmer or frozenset()
    if confirmer & parties.holder:
        raise Refused("own_role", "user")
    if not confirmer or confirmer & parties.requester:
        raise Refused("own_request")
    check_request(role, agency, held, parties)


def check_console(role: Role, live: int) -> None:
    """What the machine's console may give: security administrators, as long as there are not two."""
    if role is not Role.SECURITY_ADMINISTRATOR:
        raise Refused("console_gives_first_role", "role")
    if live >= FROM_CONSOLE:
        raise Refused("console_has_given", "role", limit=FROM_CONSOLE)


def check_term(until: datetime, now: datetime, longest: int) -> None:
    """Whether a term can be: in the future, not longer than ``longest`` days; raises :class:`Refused`."""
    if until <= now:
        raise Refused("term_over", "until")
    if until > now + timedelta(days=longest):
        raise Refused("term_too_long", "until", days=longest)


def check_renewal(ends: datetime | None, now: datetime) -> None:
    """Whether a role that somebody holds until ``ends`` (``None``: for good) may be given anew."""
    if ends is None or ends - now > RENEWABLE:
        raise Refused("already_holds", "role", days=RENEWABLE.days)


def check_delegation(held: Holding, holder: Eyes, substitute: Eyes, has: Iterable[Holding], *, away: bool) -> None:
    """Whether a holder may name a substitute (代理); raises :class:`Refused`.

    ``has``: the substitute's own roles and those already used in somebody's stead. A substitute is somebody whom two
    people have let in already: of the same agency, or for roles of the portal of the portal. ``away``: the substitute
    has named one for that time.
    """
    roles = list(has)
    if held.stead is not None:
        raise Refused("delegation_of_delegation", "holding")
    if held.role in NOT_DELEGABLE:
        raise Refused("role_not_delegable", "holding")
    if holder & substitute:
        raise Refused("own_substitute", "substitute")
    own = [one for one in roles if one.stead is None]
    if not any(one.agency == held.agency for one in own):
        raise Refused("substitute_unknown", "substitute")
    if any((one.role, one.agency) == (held.role, held.agency) for one in own):
        raise Refused("substitute_holds_it", "substitute")
    check_exclusions(held.role, roles)
    if away:
        raise Refused("substitute_away", "substitute")


def check_absence(begins: datetime, ends: datetime, now: datetime, longest: int) -> None:
    """Whether somebody may be substituted for from ``begins`` to ``ends``: at most ``longest`` days, in the future."""
    if ends <= begins or ends <= now:
        raise Refused("term_over", "until")
    if ends - begins > timedelta(days=longest):
        raise Refused("term_too_long", "until", days=longest)


def check_number(number: str) -> str:
    """The number of an identity document or of a member of staff in its one form; raises :class:`Refused`.

    Full width, spaces, hyphens and case do not make another number.
    """
    plain = re.sub(r"[\s\-‐-―－·./]", "", unicodedata.normalize("NFKC", number)).upper()
    if not _NUMBER.fullmatch(plain):
        raise Refused("number_malformed", "number")
    return plain


def digest(number: str, pepper: str) -> str:
    """What a person is known by: HMAC-SHA256 of the number in its one form, hexadecimal."""
    return hmac.new(pepper.encode(), f"person\n{check_number(number)}".encode(), hashlib.sha256).hexdigest()


def life(until: datetime | None, ended_at: datetime | None, ending: str, now: datetime) -> str:
    """Where a holding is: ``live``, or a word of :class:`Ending`."""
    if ended_at is not None and ended_at <= now:
        return ending or Ending.REVOKED.value
    return Ending.EXPIRED.value if until is not None and until <= now else "live"
