"""An archive: a folder (0700) of parts (0600) and a manifest that names each with its size and SHA-256.

The manifest is written last and the folder gets its name when everything is on the disk: what has no manifest, or a
name that begins with a dot, is no backup. The manifest is readable without any key: it holds numbers, versions and
names of tables, no content.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from stack.console import StackError

__all__ = ["FORMAT", "MANIFEST", "Chain", "Draft", "Manifest", "Part", "forget", "kept", "load", "writing"]

FORMAT, MANIFEST = "shopendata-backup-1", "manifest.json"
_NAME = re.compile(r"shopendata-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")
_PARTIAL, _DOOMED = ".partial-", ".removing-"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """One file of an archive as it lies there, locked or not."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Chain:
    """The audit record as it is in the backup: how many events, the last one, and the head of the chain."""

    events: int
    last_event: str
    position: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself."""

    made_at: str  #: UTC, ISO 8601
    site_url: str
    version: str  #: of the distribution
    revision: str  #: of the code; empty where it was no checkout
    postgres: int  #: major version
    bytes: int  #: that all of it takes up once it is restored
    lock: str  #: clear | recipient | passphrase
    chain: Chain
    migrations: dict[str, dict[str, str]]  #: database -> table of versions -> version
    tables: dict[str, dict[str, tuple[int, str]]]  #: database -> table -> rows, checksum
    secrets: dict[str, str]  #: name -> fingerprint of those that the data depend on
    settings: dict[str, str]  #: variables of the installation; no secret is one
    parts: dict[str, Part] = field(default_factory=dict)
    format: str = FORMAT

    @property
    def has_secrets(self) -> bool:
        """Whether the archive holds the installation's secrets."""
        return "secrets.tar" in self.parts


def load(folder: Path) -> tuple[Manifest, str]:
    """The manifest of an archive and its SHA-256. Raises :class:`StackError` for what is no whole archive."""
    try:
        written = (folder / MANIFEST).read_bytes()
    except OSError:
        raise StackError(f"{folder} is no backup: it has no {MANIFEST}") from None
    try:
        value = json.loads(written)
        if (said := value["format"]) != FORMAT:
            raise StackError(f"{folder} has the format {said!r}; this version reads {FORMAT}")
        value["parts"] = {name: Part(**part) for name, part in value["parts"].items()}
        value["chain"] = Chain(**value["chain"])
        value["tables"] = {
            name: {table: (int(rows), str(digest)) for table, (rows, digest) in tables.items()}
            for name, tables in value["tables"].items()
        }
        manifest = Manifest(**value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StackError(f"{folder / MANIFEST} is damaged ({type(error).__name__}: {error})") from None
    for name in manifest.parts:
        if not re.fullmatch(r"[a-z-]+(/[a-z-]+)?\.(dump|tar|age)", name):
            raise StackError(f"{folder / MANIFEST} is damaged (a part named {name!r})")
    return manifest, hashlib.sha256(written).hexdigest()


class _Sink:
    """A file being written whose size and hash are known at the end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.size, self.digest = stream, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.stream.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self.stream.flush()


class Draft:
    """An archive that is being written."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.parts = folder, {}

    @contextmanager
    def part(self, name: str) -> Iterator[_Sink]:
        """A part to write to; it is on the disk when this ends."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            sink = _Sink(stream)
            yield sink
            stream.flush()
            os.fsync(stream.fileno())
        self.parts[name] = Part(sink.size, sink.digest.hexdigest())

    def finish(self, manifest: Manifest, target: Path) -> str:
        """Writes the manifest and gives the archive its name; returns the manifest's SHA-256."""
        written = json.dumps(asdict(manifest), indent=1, ensure_ascii=False, sort_keys=True).encode()
        with self.part(MANIFEST) as sink:
            sink.write(written)
        for folder in [*(path for path in self.folder.rglob("*") if path.is_dir()), self.folder]:
            _sync(folder)
        self.folder.rename(target)
        _sync(target.parent)
        return hashlib.sha256(written).hexdigest()


@contextmanager
def writing(folder: Path, now: dt.datetime) -> Iterator[tuple[Draft, Path]]:
    """A draft in ``folder`` and the name that it will get; one at a time. What is not finished is removed.

    Raises :class:`StackError` while another backup is being made there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"another backup is being made in {folder}") from None
        # Whoever left these was killed: the lock would be held otherwise.
        for path in folder.glob(".*-shopendata-*"):
            shutil.rmtree(path)
        target = _free(folder, f"shopendata-{now:%Y%m%dT%H%M%SZ}")
        draft = folder / f"{_PARTIAL}{target.name}"
        draft.mkdir(mode=0o700)
        try:
            yield Draft(draft), target
        finally:
            if draft.exists():
                shutil.rmtree(draft)


def _free(folder: Path, name: str) -> Path:
    number, target = 1, folder / name
    while target.exists():
        number += 1
        target = folder / f"{name}-{number}"
    return target


def kept(folder: Path) -> list[Path]:
    """The whole archives in a folder, oldest first."""
    named = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted((path for path in named if (path / MANIFEST).is_file()), key=lambda path: path.name)


def forget(folder: Path, keep: int, site_url: str) -> list[str]:
    """Removes all but the latest archives of one portal; returns the names of those removed."""
    mine = [path for path in kept(folder) if load(path)[0].site_url == site_url]
    gone = mine[: max(len(mine) - keep, 0)]
    for path in gone:
        doomed = path.with_name(f"{_DOOMED}{path.name}")
        path.rename(doomed)
        shutil.rmtree(doomed)
    return [path.name for path in gone]


def digest_of(path: Path) -> Part:
    """Size and SHA-256 of a file, read whole."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return Part(size, digest.hexdigest())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
