"""The opening tiers, the way of a dataset to a decision, and what a decision must rest on.

Shanghai 2018 art. 29-30 names three classes; ``undecided`` is ours: what nobody has decided is treated as closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy.people import Eyes, eyes
from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = [
    "SUSPENDABLE", "Basis", "DatasetState", "Reason", "Tier", "Verdict", "check_decider", "check_opening", "step",
    "tightens",
]  # fmt: skip


class Tier(Enum):
    """开放属性. The value is what databases and interfaces carry; labels differ by jurisdiction pack."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    CLOSED = "closed"
    UNDECIDED = "undecided"

    @classmethod
    def read(cls, value: object) -> Tier:
        """The tier that a stored or received value stands for.

        Anything but one of the four words is ``UNDECIDED``: unknown means closed (DESIGN invariant 6), so a typing
        error, a foreign code, a missing field or another type can never open anything.
        """
        if isinstance(value, Tier):
            return value
        return next((tier for tier in cls if tier.value == value), cls.UNDECIDED)

    @property
    def has_public_metadata(self) -> bool:
        """Whether the dataset may be known at all: listed, searched, described (SH 29; DESIGN invariant 1)."""
        return self in {Tier.UNCONDITIONAL, Tier.CONDITIONAL}

    @property
    def has_public_data(self) -> bool:
        """Whether anybody may read rows and files without asking (DESIGN invariant 2)."""
        return self is Tier.UNCONDITIONAL


class DatasetState(Enum):
    """Where a dataset is on its way to the public (DESIGN 3)."""

    UNDECIDED = "undecided"
    PROPOSED = "proposed"
    UNIT_REVIEW = "unit_review"
    SPECIAL_REVIEW = "special_review"
    DECIDED = "decided"
    LISTED = "listed"
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


_DECIDABLE = {"propose": DatasetState.PROPOSED, "decide": DatasetState.DECIDED}

#: A published dataset may be proposed and decided anew: what stands in public stays until the next list, unless the
#: new tier is stricter. ``relist`` is a new version of the list with the same decision.
TRANSITIONS: dict[DatasetState, dict[str, DatasetState]] = {
    DatasetState.UNDECIDED: {"propose": DatasetState.PROPOSED},
    DatasetState.PROPOSED: {**_DECIDABLE, "review": DatasetState.UNIT_REVIEW, "retract": DatasetState.UNDECIDED},
    DatasetState.UNIT_REVIEW: {**_DECIDABLE, "refer": DatasetState.SPECIAL_REVIEW},
    DatasetState.SPECIAL_REVIEW: {"conclude": DatasetState.UNIT_REVIEW},
    DatasetState.DECIDED: {
        "propose": DatasetState.DECIDED,
        "decide": DatasetState.DECIDED,
        "list": DatasetState.LISTED,
        "suspend": DatasetState.SUSPENDED,  # of what stands in public by the decision before
        "withdraw": DatasetState.WITHDRAWN,
    },
    DatasetState.LISTED: {
        "propose": DatasetState.LISTED,
        "decide": DatasetState.DECIDED,
        "list": DatasetState.LISTED,
        "publish": DatasetState.PUBLISHED,
        "withdraw": DatasetState.WITHDRAWN,
        "suspend": DatasetState.SUSPENDED,
    },
    DatasetState.PUBLISHED: {
        "propose": DatasetState.PUBLISHED,
        "decide": DatasetState.DECIDED,
        "list": DatasetState.PUBLISHED,
        "publish": DatasetState.PUBLISHED,
        "suspend": DatasetState.SUSPENDED,
        "supersede": DatasetState.SUPERSEDED,
        "withdraw": DatasetState.WITHDRAWN,
    },
    DatasetState.SUSPENDED: {
        "propose": DatasetState.SUSPENDED,
        "decide": DatasetState.SUSPENDED,
        "list": DatasetState.SUSPENDED,
        "resume": DatasetState.LISTED,
        "withdraw": DatasetState.WITHDRAWN,
    },
    DatasetState.SUPERSEDED: {},
    DatasetState.WITHDRAWN: {},
}

#: States in which a dataset stands in public or may come to.
SUSPENDABLE = frozenset(state for state, verbs in TRANSITIONS.items() if "suspend" in verbs)

#: How open a tier is; a move to a smaller number is a tightening and takes effect first.
OPENNESS = {Tier.UNDECIDED: 0, Tier.CLOSED: 0, Tier.CONDITIONAL: 1, Tier.UNCONDITIONAL: 2}


@dataclass(frozen=True)
class Basis:
    """依据: a rule and its article. ``kind`` is what may forbid (SH 30): law, regulation, or a lower rule."""

    rule: str
    article: str
    kind: str = "rule"


@dataclass(frozen=True)
class Reason:
    """理由: a criterion of the pack for one tier."""

    code: str
    tier: Tier
    needs_law: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is proposed or decided: a tier with its grounds. Conditions are the public's, of a conditional dataset."""

    tier: Tier
    reasons: tuple[str, ...] = ()
    bases: tuple[Basis, ...] = ()
    conditions: str = ""

    def check(self, reasons: Mapping[str, Reason]) -> None:
        """Whether the grounds carry the tier, by the pack's ``reasons``. Raises :class:`Refused`.

        Unconditional is what remains (SH 30: 其他公共数据) and needs none; conditional and closed need a reason and a
        basis; what a law forbids needs that law or regulation, a lower rule does not do.
        """
        if self.tier is Tier.UNDECIDED:
            raise Refused("tier_missing", "tier")
        for code in self.reasons:
            if code not in reasons or reasons[code].tier is not self.tier:
                raise Refused("reason_unknown", "reasons", reason=code, tier=self.tier.value)
        if self.tier is not Tier.UNCONDITIONAL:
            if not self.reasons:
                raise Refused("reason_missing", "reasons")
            if not self.bases:
                raise Refused("basis_missing", "bases")
        by_law = any(basis.kind in {"law", "regulation"} for basis in self.bases)
        if any(reasons[code].needs_law for code in self.reasons) and not by_law:
            raise Refused("law_missing", "bases")
        if self.tier is Tier.CONDITIONAL and not self.conditions.strip():
            raise Refused("conditions_missing", "conditions")


def step(state: DatasetState, verb: str) -> DatasetState:
    """The state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)


def check_decider(decider: Eyes | str, proposer: Eyes | str | None) -> None:
    """Four eyes (DESIGN invariant 4): no person decides what they proposed. A source's proposal has no proposer."""
    if eyes(decider) & eyes(proposer):
        raise Refused("own_proposal")


def check_opening(before: Tier, after: Tier, proposed: Tier | None) -> None:
    """Only a tightening is one person's matter; else somebody has proposed to open as much (DESIGN 3, invariant 4)."""
    if not tightens(before, after) and (proposed is None or tightens(after, proposed)):
        raise Refused("not_proposed", "tier")


def tightens(old: Tier, new: Tier) -> bool:
    """Whether ``new`` opens less than ``old``."""
    return OPENNESS[new] < OPENNESS[old]
