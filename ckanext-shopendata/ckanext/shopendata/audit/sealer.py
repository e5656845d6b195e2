"""Links committed events into the chain, one sealer at a time; writes the chain's head down outside of the database.

Numbers of events are drawn before their transactions commit, so a lower number may appear later. A sealer therefore
never takes a number for the end of what there is: it takes whatever is committed and has no link, lowest number first.
Of two events of which one could know the other, the earlier one has the lower number and is visible whenever the later
one is; so the chain's order is never against the order of what happened.

Everything works through the role ``audit_sealer``, which may read what waits, append links, and call ``seal.erase``.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from ckanext.shopendata.audit import files
from ckanext.shopendata.policy.chain import GENESIS, Anchor, Columns, Link, instant, seal
from ckanext.shopendata.policy.redaction import CONFIRM

__all__ = ["AnotherSealsError", "ContradictedError", "Sealer", "connect"]

log = logging.getLogger(__name__)

#: The advisory lock of whoever seals: "shopenda" in ASCII.
LOCK = 0x73686F70656E6461
#: Events sealed in one transaction.
BATCH = 1000
#: Seconds between two looks at all events, beside those that may still arrive; and how many times as long as it took.
SWEEP, SWEEP_FACTOR = 30.0, 100


class AnotherSealsError(Exception):
    """Another sealer holds the lock."""


class ContradictedError(Exception):
    """The database does not hold the chain that the last anchor knows."""


@contextmanager
def connect(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the lock; raises :class:`AnotherSealsError`."""
    with psycopg.connect(url, autocommit=True, row_factory=namedtuple_row, connect_timeout=5) as connection:
        if not connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", (LOCK,)).fetchone().mine:  # type: ignore[union-attr]
            raise AnotherSealsError
        yield connection


class Sealer:
    """Seals through a connection of :func:`connect`. ``anchors``: the file for heads; none: they are not written."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        anchors: Path | None = None,
        system_log: str = "",
        every: float = 3600,
    ) -> None:
        self.connection, self.anchors, self.system_log, self.every = connection, anchors, system_log, every
        self._floor = 0
        self._marks: list[tuple[int, int]] = []
        self._sweep_at = 0.0
        self._anchored: Anchor | None = None
        self._anchored_at = float("-inf")

    def head(self) -> Anchor:
        """The last link."""
        row = self.connection.execute(
            "SELECT position, digest, sealed_at FROM seal.link ORDER BY position DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return Anchor(position=0, digest=GENESIS)
        return Anchor(position=row.position, digest=row.digest, at=instant(row.sealed_at))

    def agree(self) -> None:
        """Holds the last anchor against the database; raises :class:`ContradictedError`."""
        known = files.anchors(self.anchors) if self.anchors else []
        if not known or not known[-1].position:
            return
        last = known[-1]
        row = self.connection.execute("SELECT digest FROM seal.link WHERE position = %s", (last.position,)).fetchone()
        if row is None or row.digest != last.digest:
            raise ContradictedError(f"the chain does not hold its head of {last.at} at position {last.position}")
        self._anchored = last

    def work(self) -> int:
        """Seals what is there, at most a batch of it; anchors when it is time. Returns how many were sealed."""
        began = time.monotonic()
        sweeping = began >= self._sweep_at
        sealed, full = self._batch(0 if sweeping else self._floor)
        if sweeping and not full:
            self._sweep_at = time.monotonic() + max(SWEEP, SWEEP_FACTOR * (time.monotonic() - began))
        if time.monotonic() - self._anchored_at >= self.every:
            self.anchor()
        return sealed

    def anchor(self) -> None:
        """Writes the head down unless it stands there already."""
        self._anchored_at = time.monotonic()
        head = self.head()
        if not head.position or (self._anchored and self._anchored.digest == head.digest):
            return
        if self.anchors:
            files.append(self.anchors, head)
        if self.system_log and not files.tell(self.system_log, head):
            log.warning("no system log at %s", self.system_log)
        log.info("audit chain %s %s %s", head.position, head.digest, head.at)
        self._anchored = head

    def _batch(self, floor: int) -> tuple[int, bool]:
        with self.connection.transaction():
            oldest = self._number("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS number")
            head = self.head()
            waiting = self.connection.execute(
                "SELECT * FROM seal.waiting WHERE seq > %s ORDER BY seq LIMIT %s", (floor, BATCH)
            ).fetchall()
            following = self._number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS number")
            sealed_at = instant(dt.datetime.now(dt.timezone.utc))
            self._append(list(_linked([_columns(row) for row in waiting], head, sealed_at)))
        full = len(waiting) == BATCH
        if not full:
            self._rise(oldest, following, max((row.seq for row in waiting), default=0))
        return len(waiting), full

    def _append(self, pairs: list[tuple[Columns, Link]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO seal.link (position, event_id, sealed_at, previous, digest) VALUES (%s, %s, %s, %s, %s)",
                [(link.position, event.id, link.sealed_at, link.previous, link.digest) for event, link in pairs],
            )
            for event, _ in pairs:
                if event.verb == CONFIRM:
                    done = cursor.execute("SELECT seal.erase(%s) AS done", (event.id,)).fetchone()
                    log.info("redaction %s: %s", event.id, "erased" if done and done.done else "nothing to erase")

    def _number(self, question: str) -> int:
        row = self.connection.execute(question).fetchone()  # type: ignore[arg-type]
        return int(row.number) if row else 0

    def _rise(self, oldest: int, following: int, highest: int) -> None:
        """Raises the floor below which nothing can arrive any more: looking at all events each second is dear.

        ``oldest``: the oldest transaction that ran before the look, ``following``: the next to begin after it. What
        drew a number below ``highest`` is older than ``following``, and has ended once ``oldest`` reaches that. Should
        anything slip through nevertheless, a sweep finds it.
        """
        for mark in [mark for mark in self._marks if mark[0] <= oldest]:
            self._floor = max(self._floor, mark[1])
            self._marks.remove(mark)
        if highest:
            self._marks.append((following, highest))


def _columns(row: Any) -> Columns:
    return Columns(
        id=row.id, seq=row.seq, at=instant(row.at), actor=row.actor, role=row.role, agency=row.agency_id,
        verb=row.verb, object_type=row.object_type, object_id=row.object_id, request_id=row.request_id,
        digest=row.digest,
    )  # fmt: skip


def _linked(events: list[Columns], head: Anchor, sealed_at: str) -> Iterator[tuple[Columns, Link]]:
    previous = head.digest
    for position, event in enumerate(events, start=head.position + 1):
        link = seal(event, position, previous, sealed_at)
        previous = link.digest
        yield event, link
