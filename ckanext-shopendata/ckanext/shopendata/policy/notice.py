"""Which moments people are told of, who is, and how they may want it.

A notice goes to whom the matter belongs to, or to those whose role makes it their work; whether that is still so is
asked again before it is sent, and a reminder of what is settled is not sent at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from ckanext.shopendata.policy import organisation, people
from ckanext.shopendata.policy.application import CaseState, State
from ckanext.shopendata.policy.grant import GrantState
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["ALLOWED", "MOMENTS", "Group", "Mode", "Moment", "check_modes", "due", "entitled", "mode_of"]

_ZONE = ZoneInfo("Asia/Shanghai")
#: When the digest of a day is sent.
DIGEST_AT = time(8, 0)


class Mode(Enum):
    """How somebody is told."""

    NOW = "now"
    DIGEST = "digest"  # once a day
    OFF = "off"


class Group(Enum):
    """Moments that one choice is made for."""

    OWN = "own"  # my applications, access rights and keys
    DUE = "due"  # time limits that are near or over
    WORK = "work"  # something new waits for one of my roles
    ACCOUNT = "account"  # my password, device and log-ins


#: Group -> the modes that may be chosen; the first one is the default. What starts or ends a time limit of the reader's
#: cannot be switched off.
ALLOWED: dict[Group, tuple[Mode, ...]] = {
    Group.OWN: (Mode.NOW, Mode.DIGEST),
    Group.DUE: (Mode.NOW, Mode.DIGEST),
    Group.WORK: (Mode.DIGEST, Mode.NOW, Mode.OFF),
    Group.ACCOUNT: (Mode.NOW,),
}


@dataclass(frozen=True)
class Moment:
    """Something that people are told. ``verb``: whoever may do it is told; ``None``: whom the matter belongs to.

    ``states``: of the object (``kind``), in which telling still makes sense; none: in all.
    """

    group: Group
    kind: str  #: application | case | grant | key | organisation | account
    verb: str | None = None
    states: frozenset[str] = frozenset()


def _in(*states: Enum) -> frozenset[str]:
    return frozenset(str(state.value) for state in states)


_SUBMITTED, _MENDING = _in(State.SUBMITTED), _in(State.CORRECTION_REQUESTED)
_REVIEWED, _AGREED = _in(CaseState.IN_REVIEW), _in(CaseState.AGREEMENT_PENDING)
_RUNNING = _in(GrantState.ACTIVE)
_HANDED_IN = _in(organisation.State.SUBMITTED)

MOMENTS: dict[str, Moment] = {
    "application.submitted": Moment(Group.OWN, "application"),
    "application.to_take_in": Moment(Group.WORK, "application", "application.intake", _SUBMITTED),
    "application.correction": Moment(Group.OWN, "application", states=_MENDING),
    "application.accepted": Moment(Group.OWN, "application"),
    "application.not_accepted": Moment(Group.OWN, "application"),
    "application.lapsed": Moment(Group.OWN, "application"),
    "intake.near": Moment(Group.DUE, "application", "application.intake", _SUBMITTED),
    "intake.over": Moment(Group.DUE, "application", "application.intake", _SUBMITTED),
    "intake.overseen": Moment(Group.DUE, "application", "intake.oversee", _SUBMITTED),
    "correction.near": Moment(Group.DUE, "application", states=_MENDING),
    "correction.over": Moment(Group.DUE, "application", states=_MENDING),
    "case.to_decide": Moment(Group.WORK, "case", "case.decide", _REVIEWED),
    "case.extended": Moment(Group.OWN, "case"),
    "case.decided": Moment(Group.OWN, "case"),
    "case.near": Moment(Group.DUE, "case", "case.decide", _REVIEWED),
    "case.over": Moment(Group.DUE, "case", "case.decide", _REVIEWED),
    "case.overseen": Moment(Group.DUE, "case", "case.oversee", _REVIEWED),
    "agreement.waits": Moment(Group.OWN, "case", states=_AGREED),
    "agreement.to_confirm": Moment(Group.WORK, "case", "agreement.confirm", _AGREED),
    "agreement.near": Moment(Group.DUE, "case", states=_AGREED),
    "agreement.over": Moment(Group.DUE, "case", states=_AGREED),
    "grant.active": Moment(Group.OWN, "grant"),
    "grant.suspended": Moment(Group.OWN, "grant", states=_in(GrantState.SUSPENDED)),
    "grant.held": Moment(Group.OWN, "grant", states=_in(GrantState.SUSPENDED)),
    "grant.to_resume": Moment(Group.WORK, "grant", "grant.resume", _in(GrantState.SUSPENDED)),
    "grant.resumed": Moment(Group.OWN, "grant", states=_RUNNING),
    "grant.revoked": Moment(Group.OWN, "grant"),
    "organisation.to_verify": Moment(Group.WORK, "organisation", "organisation.verify", _HANDED_IN),
    "organisation.verified": Moment(Group.OWN, "organisation"),
    "organisation.returned": Moment(Group.OWN, "organisation"),
    "organisation.joined": Moment(Group.OWN, "organisation"),
    "organisation.taken_over": Moment(Group.OWN, "organisation"),
    "key.expiring": Moment(Group.DUE, "key", states=_RUNNING),
    "account.locked": Moment(Group.ACCOUNT, "account"),
    "account.device": Moment(Group.ACCOUNT, "account"),
    "account.password": Moment(Group.ACCOUNT, "account"),
    "account.reset_asked": Moment(Group.ACCOUNT, "account"),
    "role.given": Moment(Group.ACCOUNT, "account"),
    "role.ending": Moment(Group.ACCOUNT, "account"),
    "role.ended": Moment(Group.ACCOUNT, "account"),
    "role.stands_in": Moment(Group.ACCOUNT, "account"),
}

#: How long before its end the holder of a key is told, and the holder of a role, which takes two people to renew.
KEY_WARNING = timedelta(days=14)
ROLE_WARNING = timedelta(days=30)


def check_modes(modes: Mapping[str, str]) -> dict[str, str]:
    """What somebody chooses, by group; raises :class:`Refused`."""
    chosen = {}
    for name, word in modes.items():
        try:
            group, mode = Group(name), Mode(word)
        except ValueError:
            raise Refused("unknown", name) from None
        if mode not in ALLOWED[group]:
            raise Refused("mode_not_allowed", name)
        chosen[group.value] = mode.value
    return chosen


def mode_of(group: Group, modes: Mapping[str, str]) -> Mode:
    """How somebody with these choices is told; what is no allowed choice counts as none."""
    chosen = [mode for mode in ALLOWED[group] if mode.value == modes.get(group.value)]
    return chosen[0] if chosen else ALLOWED[group][0]


def due(mode: Mode, now: datetime) -> datetime:
    """When a notice of ``now`` (an aware instant) is to be sent."""
    if mode is Mode.NOW:
        return now
    local = now.astimezone(_ZONE)
    morning = datetime.combine(local.date(), DIGEST_AT, _ZONE)
    return morning if local < morning else morning + timedelta(days=1)


def entitled(
    moment: Moment, recipient: str, owner: str, holdings: Iterable[people.Holding], agency: str | None
) -> bool:
    """Whether a notice of this moment may go to somebody: it is theirs, or their roles make it their work now.

    Nobody is told as an official of what is their own matter: others have to act there.
    """
    if moment.verb is None:
        return recipient == owner
    if recipient == owner:
        return False
    try:
        people.require(holdings, moment.verb, agency)
    except Refused:
        return False
    return True
