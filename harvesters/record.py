"""What a source's record becomes: an entry in our words, or the reason why not. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ckanext.shopendata.policy.classification import Tier

from . import cleaning
from .proposals import Grounds
from .rules import PUBLISHED

__all__ = ["Invalid", "ItemSpec", "Mapped", "Refuse", "changed_of"]


_CHANGED = " "


def changed_of(mark: str) -> str:
    """The moment of change in a :meth:`Mapped.mark`."""
    return mark.partition(_CHANGED)[2]


class Invalid(Exception):  # noqa: N818 - an answer about a record, not a defect
    """The record is quarantined: nothing of it becomes an entry. ``value`` is the wrong value alone, cut short."""

    def __init__(self, reason: str, field: str, value: object = "") -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field
        try:
            self.value = cleaning.clean(value)[:200]
        except cleaning.Malformed:
            self.value = type(value).__name__


class Refuse(Exception):  # noqa: N818 - an answer about a record, not a defect
    """The record is flagged as a state secret: it does not enter this system, its title least of all."""


@dataclass(frozen=True)
class ItemSpec:
    """A column of the record's data."""

    position: int
    code: str
    name: str
    type: str
    unit: str = ""
    is_key: bool = False
    sensitivity: str = "none"
    mask: str = "none"
    description: str = ""


@dataclass(frozen=True)
class Mapped:
    """What a record says in our words. ``entry`` holds the columns it delivers ; a blank is no delivery."""

    guid: str
    provider: str
    provider_code: str
    agency: str
    entry: Mapping[str, Any]
    items: tuple[ItemSpec, ...]
    tier: Tier
    grounds: Grounds = field(default_factory=Grounds)
    state: str = PUBLISHED
    fault: str = ""  #: why the declared tier is not proposed
    changed: str = ""  #: when its source changed it, to the second if it says so; ``modified`` is the day

    @property
    def title(self) -> str:
        """Clean and not empty."""
        return self.entry["title"]

    @property
    def code(self) -> str:
        """信息资源代码; empty where the source has none."""
        return self.entry.get("code", "")

    def digest(self) -> str:
        """Of all that it says; repeats with the same one are exact."""
        return self._digest

    def mark(self) -> str:
        """By which the record is known again: as long as it stays the same there is nothing to do."""
        return f"{self._digest}{_CHANGED}{self.changed}"

    @cached_property
    def _digest(self) -> str:
        content = vars(self) | {
            "tier": self.tier.value,
            "grounds": vars(self.grounds),
            "items": [vars(item) for item in self.items],
        }
        del content["changed"]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
