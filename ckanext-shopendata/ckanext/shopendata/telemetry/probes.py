"""Asks several things at once, none of them for longer than its time: one that hangs cannot hang the answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Answer", "Panel", "Probe", "State", "worst"]

log = logging.getLogger(__name__)


class State(str, Enum):
    """How something is. ``late``: it works, but has not kept up; ``failing``: it does not answer, or wrongly."""

    OK = "ok"
    LATE = "late"
    FAILING = "failing"


_ORDER = list(State)


@dataclass(frozen=True)
class Answer:
    """What a probe found. ``age``: of the oldest thing that waits, in seconds; ``detail`` is for operators only."""

    state: State = State.OK
    age: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """What anybody may know."""
        return {"state": self.state.value} | ({} if self.age is None else {"age": round(self.age, 1)})

    def whole(self) -> dict[str, Any]:
        """All of it."""
        return self.public() | dict(self.detail)


@dataclass(frozen=True)
class Probe:
    """One question, and how many seconds it may take. ``ask`` raises whatever is wrong."""

    name: str
    ask: Callable[[], Answer]
    seconds: float = 2.0


@dataclass
class _Asked:
    began: float
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer = field(default_factory=lambda: Answer(State.FAILING))


class Panel:
    """Probes and what they said last.

    Each is asked in a thread of its own. One that has not come back is waited for and not asked a second time, so
    that a dependency that hangs costs one thread, however often somebody looks. An answer holds for a second: looking
    cannot be made a load.
    """

    def __init__(
        self, probes: tuple[Probe, ...], *, holds: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.probes, self._holds, self._clock = probes, holds, clock
        self._asked: dict[str, _Asked] = {}
        self._lock = threading.Lock()

    def look(self) -> dict[str, Answer]:
        """Name -> answer, within the longest of the probes' times."""
        began = self._clock()
        asked = [(probe, self._start(probe, began)) for probe in self.probes]
        return {probe.name: self._read(probe, one, began) for probe, one in asked}

    def _start(self, probe: Probe, now: float) -> _Asked:
        with self._lock:
            known = self._asked.get(probe.name)
            if known is not None and (not known.done.is_set() or now - known.began < self._holds):
                return known
            one = self._asked[probe.name] = _Asked(now)
        threading.Thread(target=_ask, args=(probe, one), name=f"probe {probe.name}", daemon=True).start()
        return one

    def _read(self, probe: Probe, one: _Asked, began: float) -> Answer:
        if one.done.wait(max(0.0, began + probe.seconds - self._clock())):
            return one.answer
        return Answer(State.FAILING, detail={"why": f"no answer for {self._clock() - one.began:.1f} s"})


def worst(answers: Mapping[str, Answer]) -> State:
    """The state of the whole: that of what is worst off."""
    return max((answer.state for answer in answers.values()), key=_ORDER.index, default=State.OK)


def _ask(probe: Probe, one: _Asked) -> None:
    try:
        one.answer = probe.ask()
    except Exception as error:
        log.warning("%s does not answer: %s: %s", probe.name, type(error).__name__, error)
        one.answer = Answer(State.FAILING, detail={"why": type(error).__name__})
    finally:
        one.done.set()
