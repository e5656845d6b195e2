"""How the domain says no, and the tables by which it says what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

__all__ = ["Refused", "next_state"]

State = TypeVar("State", bound=Enum)


class Refused(Exception):  # noqa: N818 - an answer of the domain, not a defect
    """A rule forbids what was asked. Nothing has changed.

    ``code`` names the rule: interfaces answer with it, pages translate it, tests assert it. ``field`` is the input it
    is about, where it is about one; ``details`` are values for the message.
    """

    def __init__(self, code: str, field: str = "", **details: object) -> None:
        super().__init__(code)
        self.code, self.field, self.details = code, field, details


def next_state(table: Mapping[State, Mapping[str, State]], state: State, verb: str) -> State:
    """The state after ``verb``. Raises :class:`Refused` ``not_in_this_state`` where the table has no such step."""
    try:
        return table[state][verb]
    except KeyError:
        raise Refused("not_in_this_state", state=state.value, verb=verb) from None
