"""The chain outside of the database: exports that anybody can check offline, and anchors.

An export is JSON, one object a line: what it is, a record each, and a last line that says how many there were. An
anchors file is appended to and never rewritten; each line is the head of the chain at that moment. After a restore from
a backup the chain ends earlier than it did: a line with ``restored`` says so, with the reason, and ends what it voids.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ckanext.shopendata.policy.audit import canonical
from ckanext.shopendata.policy.chain import GENESIS, Anchor, Columns, Link, Payload, Record

__all__ = ["Broken", "Export", "anchors", "append", "lines", "tell"]

FORMAT = "shopendata-audit-1"


class Broken(Exception):  # noqa: N818 - what somebody did to a file
    """A file that is not what it says. ``line`` counts from 1; the rest of it cannot be read."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


def lines(records: Iterable[Record], *, portal: str, made_at: str, whole: bool) -> Iterator[str]:
    """The lines of an export, each with its end."""
    head, count = Anchor(position=0, digest=GENESIS), 0
    yield _line({"format": FORMAT, "genesis": GENESIS, "portal": portal, "made_at": made_at, "whole": whole})
    for record in records:
        count += 1
        if record.link:
            head = Anchor(position=record.link.position, digest=record.link.digest)
        yield _line({name: asdict(part) if part else None for name, part in vars(record).items()})
    yield _line({"end": True, "records": count, "position": head.position, "digest": head.digest})


def _line(value: dict[str, Any]) -> str:
    return canonical(value) + "\n"


class Export:
    """An export being read: ``whole`` from its first line, ``end`` from its last one (none: it was cut off)."""

    def __init__(self, source: Iterable[str]) -> None:
        self._lines = enumerate(source, start=1)
        first = self._object(*next(self._lines, (1, "")))
        if first.get("format") != FORMAT:
            raise Broken(1, "this is no export of the audit chain, or one of another version")
        self.whole = first.get("whole") is True
        self.end: Anchor | None = None
        self.told = 0

    def records(self) -> Iterator[Record]:
        """All records; raises :class:`Broken` at a line that is none."""
        for number, text in self._lines:
            value = self._object(number, text)
            if value.get("end"):
                self.told = int(value["records"])
                self.end = Anchor(position=int(value["position"]), digest=str(value["digest"]))
            elif self.end:
                raise Broken(number, "something follows the last line")
            else:
                yield self._record(number, value)

    def _record(self, number: int, value: dict[str, Any]) -> Record:
        try:
            return Record(
                columns=Columns(**value["columns"]) if value["columns"] else None,
                link=Link(**value["link"]) if value["link"] else None,
                payload=Payload(**value["payload"]) if value["payload"] else None,
            )
        except (KeyError, TypeError) as error:
            raise Broken(number, "this is no record") from error

    def _object(self, number: int, text: str) -> dict[str, Any]:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise Broken(number, "this is not JSON") from error
        if not isinstance(value, dict):
            raise Broken(number, "this is no object")
        return value


def anchors(path: Path) -> list[Anchor]:
    """The anchors in a file, oldest first; none where there is no file. A torn last line counts as not written.

    Raises :class:`Broken` for any other line that is no anchor.
    """
    kept: list[Anchor] = []
    written = path.read_text().splitlines() if path.exists() else []
    for number, text in enumerate(written, start=1):
        try:
            value = json.loads(text)
            anchor = Anchor(position=int(value["position"]), digest=str(value["digest"]), at=str(value["at"]))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(written):
                break
            raise Broken(number, "this is no anchor") from error
        if value.get("restored"):
            kept = [one for one in kept if one.position <= anchor.position]
        kept.append(anchor)
    return kept


def append(path: Path, anchor: Anchor, *, restored: str = "") -> None:
    """Writes the head down; it is on the disk when this returns. ``restored``: why the chain ends where it does."""
    value = asdict(anchor) | ({"restored": restored} if restored else {})
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, ("\n" if torn else "").encode() + _line(value).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tell(log: str, anchor: Anchor) -> bool:
    """Tells the system log through its socket (RFC 3164: auth, notice); false where there is none."""
    said = f"<37>shopendata-sealer: audit chain {anchor.position} {anchor.digest} {anchor.at}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(1)
            line.sendto(said.encode(), log)
    except OSError:
        return False
    return True
