"""The opening tiers of a dataset, and how far each reaches.

Shanghai 2018 art. 29-30 names three classes; ``undecided`` is ours: what nobody has decided is treated as closed.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Tier"]


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
