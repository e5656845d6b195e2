"""Grants: what an applicant may read, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = ["LIVE_KEYS", "GrantState", "Standing", "check_new_key", "standing", "step"]

#: How many live keys a grant may have: one in use, one to change over to.
LIVE_KEYS = 2


class GrantState(Enum):
    """访问权限的状态."""

    PENDING_AGREEMENT = "pending_agreement"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    REVOKED = "revoked"
    DESTRUCTION_DUE = "destruction_due"
    CLOSED = "closed"


TRANSITIONS: dict[GrantState, dict[str, GrantState]] = {
    GrantState.PENDING_AGREEMENT: {"activate": GrantState.ACTIVE, "lapse": GrantState.CLOSED},
    GrantState.ACTIVE: {
        "suspend": GrantState.SUSPENDED,
        "expire": GrantState.EXPIRED,
        "terminate": GrantState.TERMINATED,
        "revoke": GrantState.REVOKED,
    },
    GrantState.SUSPENDED: {
        "resume": GrantState.ACTIVE,
        "expire": GrantState.EXPIRED,
        "terminate": GrantState.TERMINATED,
        "revoke": GrantState.REVOKED,
    },
    GrantState.EXPIRED: {"demand_destruction": GrantState.DESTRUCTION_DUE},
    GrantState.TERMINATED: {"demand_destruction": GrantState.DESTRUCTION_DUE},
    GrantState.REVOKED: {"demand_destruction": GrantState.DESTRUCTION_DUE},
    GrantState.DESTRUCTION_DUE: {"close": GrantState.CLOSED},
    GrantState.CLOSED: {},
}


class Standing(Enum):
    """What a key is worth at a moment."""

    GOOD = "good"
    KEY_EXPIRED = "key_expired"
    KEY_REVOKED = "key_revoked"
    GRANT_SUSPENDED = "grant_suspended"
    GRANT_ENDED = "grant_ended"


@dataclass(frozen=True)
class KeyFacts:
    """What is stored of a key and its grant; times carry their zone."""

    expires_at: datetime
    revoked_at: datetime | None
    state: str
    valid_from: datetime
    valid_until: datetime


def standing(key: KeyFacts, now: datetime) -> Standing:
    """Whether a proved key opens anything now. Any state of the grant but ``active`` does not."""
    if key.revoked_at is not None:
        return Standing.KEY_REVOKED
    if now >= key.expires_at:
        return Standing.KEY_EXPIRED
    if key.state == GrantState.SUSPENDED.value:
        return Standing.GRANT_SUSPENDED
    if key.state != GrantState.ACTIVE.value or not key.valid_from <= now < key.valid_until:
        return Standing.GRANT_ENDED
    return Standing.GOOD


def check_new_key(state: GrantState, valid_until: datetime, now: datetime, live_keys: int) -> None:
    """Whether a grant may have another key; raises :class:`Refused`."""
    if state is not GrantState.ACTIVE or now >= valid_until:
        raise Refused("grant_not_active", state=state.value)
    if live_keys >= LIVE_KEYS:
        raise Refused("too_many_keys", limit=LIVE_KEYS)


def step(state: GrantState, verb: str) -> GrantState:
    """The state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)
