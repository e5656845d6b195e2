"""Repeatable chance: nothing but ``Random.random()``, the one method whose results are promised to stay the same."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

#: Changing it changes every row of the sample.
SEED = "shopendata-sample-1"


class Dice:
    """A stream of draws that depends on its name alone."""

    __slots__ = ("roll",)

    def __init__(self, name: str) -> None:
        self.roll = Random(f"{SEED}:{name}").random  # noqa: S311  (repeatable on purpose)

    def below(self, limit: int) -> int:
        """An integer from 0 to ``limit`` - 1."""
        return int(self.roll() * limit)

    def between(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return low + int(self.roll() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices."""
        return choices[int(self.roll() * len(choices))]

    def chance(self, share: float) -> bool:
        """True in ``share`` of all draws."""
        return self.roll() < share

    def number(self, low: float, high: float, digits: int = 2) -> float:
        """A decimal number between the bounds."""
        return round(low + (high - low) * self.roll(), digits)
