"""Entries of the catalogue: their states, and the words that describe them.

Codes of real systems contradict each other (one's 1 is another's 2), so ours are words, and an unknown one is an error
at the door (DESIGN invariant 6).
"""

from __future__ import annotations

from enum import Enum

from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = ["Acquisition", "EntryState", "Frequency", "ItemType", "ShareClass", "step"]


class EntryState(Enum):
    """Where an entry is on its way into the catalogue."""

    HARVESTED = "harvested"  # 待认领
    DRAFTED = "drafted"
    CONFIRMED = "confirmed"  # 已认领
    CHECKED = "checked"  # 目录审核通过
    REJECTED = "rejected"  # 国家秘密 | 重复 | 非本单位


#: SH 17: the unit answers for its entries, the centre checks that they conform; it may return, never decide a tier.
TRANSITIONS: dict[EntryState, dict[str, EntryState]] = {
    EntryState.HARVESTED: {"confirm": EntryState.CONFIRMED, "reject": EntryState.REJECTED},
    EntryState.DRAFTED: {"confirm": EntryState.CONFIRMED, "reject": EntryState.REJECTED},
    EntryState.CONFIRMED: {
        "check": EntryState.CHECKED,
        "return": EntryState.HARVESTED,
        "reject": EntryState.REJECTED,
    },
    EntryState.CHECKED: {"return": EntryState.HARVESTED},
    EntryState.REJECTED: {},
}

#: Why an entry may be rejected.
REJECTIONS = ("state_secret", "duplicate", "not_ours")


class Acquisition(Enum):
    """获取方式 (SH 19, ZJ 17)."""

    DIRECT = "direct"
    DELEGATED = "delegated"
    PRODUCED = "produced"
    NEGOTIATED = "negotiated"
    SHARED_IN = "shared_in"

    @property
    def may_stand_on_own_list(self) -> bool:
        """SH 31: what was obtained by sharing or negotiation is not the unit's to open."""
        return self not in {Acquisition.NEGOTIATED, Acquisition.SHARED_IN}


class Frequency(Enum):
    """更新频率."""

    REALTIME = "realtime"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMIANNUAL = "semiannual"
    ANNUAL = "annual"
    IRREGULAR = "irregular"
    STATIC = "static"
    OTHER = "other"


class ShareClass(Enum):
    """共享类型."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    NONE = "none"


class ItemType(Enum):
    """Type of an item's values."""

    TEXT = "text"
    INTEGER = "int"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    BOOLEAN = "bool"


def step(state: EntryState, verb: str, reason: str = "") -> EntryState:
    """The state after ``verb``. Raises :class:`Refused`; rejecting needs one of :data:`REJECTIONS`."""
    if verb == "reject" and reason not in REJECTIONS:
        raise Refused("reason_unknown", "reason", allowed=list(REJECTIONS))
    return next_state(TRANSITIONS, state, verb)
