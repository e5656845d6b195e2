"""Whether the portal shows invented data: then every answer says so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

import psycopg
from psycopg_pool import ConnectionPool

__all__ = ["REMEMBERED", "Demonstration"]

log = logging.getLogger(__name__)

#: For how many seconds the portal's mark is not asked for again.
REMEMBERED = 60.0

#: How long a silent database is waited for, and how long it is then left alone.
_PATIENCE = 0.5
_PAUSE = 1.0


class Demonstration:
    """The portal's mark. No answer depends on it: while the database is silent, what it said last holds."""

    def __init__(self, pool: ConnectionPool, now: Callable[[], float] = time.monotonic) -> None:
        self._pool, self._now = pool, now
        self._lock = Lock()
        self._marked = False
        self._ask_at = float("-inf")

    def marked(self) -> bool:
        """Whether it is marked; not, as long as the database never told."""
        with self._lock:
            if (began := self._now()) >= self._ask_at:
                self._ask_at = began + REMEMBERED if self._ask() else self._now() + _PAUSE
            return self._marked

    def _ask(self) -> bool:
        try:
            with self._pool.connection(timeout=_PATIENCE) as connection:
                row = connection.execute("SELECT demonstration FROM gateway.portal").fetchone()
        except psycopg.Error:
            log.warning("the database did not tell whether this is a demonstration", exc_info=True)
            return False
        self._marked = row is not None and row[0] is True
        return True
