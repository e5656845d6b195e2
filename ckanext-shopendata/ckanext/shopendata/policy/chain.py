"""The chain over events: each link commits to one event, to its payload's digest, and to the link before it.

Whoever changes, drops or moves a sealed event makes a link wrong, and :func:`check` says which one and how. Whoever
rewrites all links from some point on, or cuts the end off, contradicts an anchor: the head of the chain, written down
outside of the database. Times are texts in UTC (:func:`instant`), so that a file is checked with the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ckanext.shopendata.policy.audit import canonical, payload_digest
from ckanext.shopendata.policy.redaction import ASK, CONFIRM, erasable, names_two

__all__ = ["GENESIS", "Anchor", "Check", "Columns", "Fault", "Finding", "Link", "Payload", "Record", "instant", "seal"]

#: What the first link has before it. It names the format: another way of computing links needs another word.
GENESIS = hashlib.sha256(b"shopendata-audit-1").hexdigest()

#: Among how many wrong links places are looked for that were exchanged; it takes the square of it.
_EXCHANGED = 300


@dataclass(frozen=True, kw_only=True)
class Columns:
    """An event as it was recorded, without its payload."""

    id: str
    seq: int
    at: str
    actor: str
    role: str
    agency: str | None
    verb: str
    object_type: str
    object_id: str
    request_id: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Link:
    """``position`` counts from 1 without a gap; ``previous`` and ``digest`` are SHA-256, hexadecimal."""

    position: int
    sealed_at: str
    previous: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Payload:
    """What an event is about; both are ``None`` once it has been erased."""

    salt: str | None
    body: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is stored of one event. What is ``None`` is not there."""

    columns: Columns | None
    link: Link | None
    payload: Payload | None


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """The head of the chain as it was once."""

    position: int
    digest: str
    at: str = ""


class Fault(Enum):
    """What can be found. The last two are no faults: they are told, and nothing is wrong."""

    ALTERED = "altered"  # the event, or its link, is not what was sealed
    MISSING = "missing"  # sealed once, not there now
    REORDERED = "reordered"  # stands in the place of another
    TRUNCATED = "truncated"  # the end is gone: an anchor, or the file's last line, knows of more
    REWRITTEN = "rewritten"  # whole in itself, but not the chain that an anchor knows
    PAYLOAD_ALTERED = "payload_altered"  # not what the event commits to
    PAYLOAD_MISSING = "payload_missing"  # gone without a recorded redaction
    UNSEALED = "unsealed"  # waits longer than it should
    WAITING = "waiting"  # not sealed yet
    REDACTED = "redacted"  # erased as recorded

    @property
    def harmless(self) -> bool:
        """Whether nothing is wrong."""
        return self in {Fault.WAITING, Fault.REDACTED}


@dataclass(frozen=True)
class Finding:
    """One thing found. ``position`` is the link's (``last``: of several); ``event`` an identifier, if known."""

    fault: Fault
    position: int | None = None
    event: str | None = None
    last: int | None = None


def instant(moment: dt.datetime) -> str:
    """An instant as the chain writes it: UTC, microseconds. Raises ``ValueError`` for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return moment.astimezone(dt.timezone.utc).isoformat(timespec="microseconds")


def seal(columns: Columns, position: int, previous: str, sealed_at: str) -> Link:
    """The link for an event at a place of the chain."""
    digest = _digest(columns, position, previous, sealed_at)
    return Link(position=position, previous=previous, sealed_at=sealed_at, digest=digest)


def _digest(columns: Columns, position: int, previous: str, sealed_at: str) -> str:
    return hashlib.sha256(canonical([position, previous, sealed_at, vars(columns)]).encode()).hexdigest()


def _holds(columns: Columns, link: Link, position: int | None = None) -> bool:
    place = link.position if position is None else position
    return _digest(columns, place, link.previous, link.sealed_at) == link.digest


@dataclass
class Check:
    """Goes along a chain once, in the order in which it is stored; what it keeps in memory is what it found.

    ``due``: events recorded before it have to be sealed (an :func:`instant`). ``whole``: nothing was left out on
    purpose; of an extract only each record by itself can be checked.
    """

    anchors: Iterable[Anchor] = ()
    due: str = ""
    whole: bool = True
    count: int = 0
    head: Anchor = field(default_factory=lambda: Anchor(position=0, digest=GENESIS))

    def run(self, records: Iterable[Record]) -> Iterator[Finding]:
        """Every finding; those that take the whole chain to tell come last."""
        self._anchors = {anchor.position: anchor.digest for anchor in self.anchors}
        self._before: Record | None = None
        self._wrong: list[Record] = []
        self._gaps: list[range] = []
        self._late: set[int] = set()
        self._erased: dict[str, tuple[Columns, int]] = {}
        self._asked: dict[str, tuple[Columns, int]] = {}
        self._confirmed: list[tuple[Columns, int]] = []
        for record in records:
            self.count += 1
            if record.link is None:
                yield from self._unsealed(record)
            else:
                yield from self._place(record, record.link)
                yield from self._content(record, record.link)
        yield from self._absent()
        yield from self._told_apart()
        yield from self._redactions()

    def _unsealed(self, record: Record) -> Iterator[Finding]:
        if record.columns:
            late = record.columns.at < self.due
            yield Finding(Fault.UNSEALED if late else Fault.WAITING, event=record.columns.id)
            yield from self._payload(record.columns, record.payload, 0)

    def _place(self, record: Record, link: Link) -> Iterator[Finding]:
        """Whether the link follows on the one before it, and agrees with the anchor at its place."""
        expected = self.head.position + 1
        if link.position < expected:
            self._late.add(link.position)
            yield Finding(Fault.REORDERED, link.position, _id(record))
            return
        if link.position > expected:
            self._gaps.append(range(expected, link.position))
        elif self._contradicts(record, link):
            yield Finding(Fault.ALTERED, self.head.position or link.position, _id(self._before or record))
        if self._anchors.get(link.position, link.digest) != link.digest:
            yield Finding(Fault.REWRITTEN, link.position, _id(record))
        self.head, self._before = Anchor(position=link.position, digest=link.digest, at=link.sealed_at), record

    def _contradicts(self, record: Record, link: Link) -> bool:
        """Whether this link, whole in itself, knew another one before it, which is whole in itself as well."""
        known = bool(self._wrong) and self._wrong[-1] is self._before
        return link.previous != self.head.digest and not known and bool(record.columns and _holds(record.columns, link))

    def _content(self, record: Record, link: Link) -> Iterator[Finding]:
        columns = record.columns
        if columns is None:
            yield Finding(Fault.MISSING, link.position)
            return
        if not _holds(columns, link):
            self._wrong.append(record)
            return
        if (columns.verb, columns.object_type) == (ASK, "event"):
            self._asked[columns.id] = (columns, link.position)
        elif (columns.verb, columns.object_type) == (CONFIRM, "redaction"):
            self._confirmed.append((columns, link.position))
        yield from self._payload(columns, record.payload, link.position)

    def _payload(self, columns: Columns, payload: Payload | None, position: int) -> Iterator[Finding]:
        if payload is None or payload.body is None or payload.salt is None:
            self._erased[columns.id] = (columns, position)
        elif payload_digest(payload.salt, payload.body) != columns.digest:
            yield Finding(Fault.PAYLOAD_ALTERED, position or None, columns.id)

    def _absent(self) -> Iterator[Finding]:
        if not self.whole:
            return
        for gap in self._gaps:
            for first, last in _runs(place for place in gap if place not in self._late):
                yield Finding(Fault.MISSING, first, last=last)
        if (known := max(self._anchors, default=0)) > self.head.position:
            yield Finding(Fault.TRUNCATED, self.head.position + 1, last=known)

    def _told_apart(self) -> Iterator[Finding]:
        """Of links that do not fit their events: which were exchanged, which altered."""
        pairs = [(one.columns, one.link) for one in self._wrong if one.columns and one.link]
        for columns, link in pairs:
            moved = len(pairs) <= _EXCHANGED and any(
                _holds(others, link) or _holds(columns, link, other.position)
                for others, other in pairs
                if other is not link
            )
            yield Finding(Fault.REORDERED if moved else Fault.ALTERED, link.position, columns.id)

    def _redactions(self) -> Iterator[Finding]:
        recorded = set(self._recorded())
        for event, (_, position) in self._erased.items():
            sound = event in recorded or not self.whole
            yield Finding(Fault.REDACTED if sound else Fault.PAYLOAD_MISSING, position or None, event)

    def _recorded(self) -> Iterator[str]:
        """The events whose payload was erased as it has to be; the database decides alike (``seal.erase``)."""
        for confirmed, last in self._confirmed:
            asked, middle = self._asked.get(confirmed.object_id, (None, 0))
            wanted, first = self._erased.get(asked.object_id, (None, 0)) if asked else (None, 0)
            if not asked or not wanted or not erasable(wanted.verb):
                continue
            if 0 < first < middle < last and names_two(wanted.actor, asked.actor, confirmed.actor):
                yield wanted.id


def _runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Consecutive numbers as (first, last)."""
    first = last = 0
    for place in places:
        if last and place == last + 1:
            last = place
            continue
        if last:
            yield first, last
        first = last = place
    if last:
        yield first, last


def _id(record: Record) -> str | None:
    return record.columns.id if record.columns else None
