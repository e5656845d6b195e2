"""Faults that a test orders from Python; nothing on the network can."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; several can be combined.

    ``delay`` waits so many seconds first; ``drop`` closes the connection without an answer; ``status`` answers with
    that status, ``headers`` and no content; ``truncate`` cuts the answer's body in half.
    """

    delay: float = 0
    drop: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    truncate: bool = False


class Faults:
    """Faults in waiting, served in the order they were ordered."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, under: str = "/api/", times: int = 1) -> None:
        """Lets the next ``times`` requests below a path fail."""
        with self._lock:
            self._waiting += [(under, fault)] * times

    def clear(self) -> None:
        """Forgets what was not served yet."""
        with self._lock:
            self._waiting.clear()

    def take(self, path: str) -> Fault | None:
        """The next fault for a request to this path, which is then used up."""
        with self._lock:
            for place, (under, fault) in enumerate(self._waiting):
                if path.startswith(under):
                    del self._waiting[place]
                    return fault
        return None
