"""PostgreSQL's own programs and tar, as streams: nothing of a backup lies unlocked on a disk on its way."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from stack import secrets
from stack.backup.parts import EMPTIED
from stack.console import StackError
from stack.settings import Settings

__all__ = ["Nowhere", "check", "database", "extract", "folder", "program", "restore", "stream"]

#: Opens a part: writes what it holds to the stream it is given.
Opener = Callable[[Any], None]


def program(name: str) -> Path:
    """One of PostgreSQL's programs, of the version whose server runs. Raises :class:`StackError`."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    if not found:
        raise StackError(f"{name} is not installed")
    return found[-1]


def _asked(settings: Settings, name: str, *options: str) -> dict[str, Any]:
    password = secrets.read(Path(settings["SECRETS"]), "postgres_superuser")
    where = ["--host", settings["POSTGRES_HOST"], "--port", settings["POSTGRES_PORT"], "--username", "postgres"]
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    return {"args": [str(program(name)), *where, *options], "env": environ}


def database(settings: Settings, name: str, snapshot: str, write: Callable[[IO[bytes]], None]) -> None:
    """Hands ``write`` a dump of a database as of a snapshot. Raises :class:`StackError`."""
    options = ["--format=custom", "--no-password", f"--snapshot={snapshot}", f"--dbname={name}"]
    options += [f"--exclude-table-data={table}" for table in EMPTIED.get(name, ())]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(**_asked(settings, "pg_dump", *options), stdout=subprocess.PIPE, stderr=said) as dumping:
            try:
                write(dumping.stdout)  # type: ignore[arg-type]
            except BaseException:
                dumping.kill()
                raise
        _ended("pg_dump", dumping.returncode, said)


def restore(settings: Settings, name: str, opened: Opener) -> None:
    """Fills an empty database from a dump, with owners and privileges. Raises :class:`StackError`."""
    options = ["--no-password", "--exit-on-error", "--single-transaction", f"--dbname={name}"]
    _fed(_asked(settings, "pg_restore", *options), opened)


def check(opened: Opener, listing: IO[bytes]) -> None:
    """Reads a dump to its end without a server, then writes its table of contents to ``listing``."""
    _fed({"args": [str(program("pg_restore")), "--file=/dev/null"]}, opened)
    _fed({"args": [str(program("pg_restore")), "--list"], "stdout": listing}, opened, to_the_end=False)


def _fed(command: dict[str, Any], opened: Opener, *, to_the_end: bool = True) -> None:
    name = Path(command["args"][0]).name
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(**command, stdin=subprocess.PIPE, stderr=said) as reading:
            try:
                opened(target := _Unbroken(reading.stdin))
                target.close()
            except BaseException:
                reading.kill()
                raise
        _ended(name, reading.returncode, said)


class _Unbroken:
    """A pipe whose reader may have read enough: why it ended is told by its exit code."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.broken = stream, False

    def write(self, data: bytes) -> int:
        if not self.broken:
            try:
                self.stream.write(data)
            except BrokenPipeError:
                self.broken = True
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self.stream.close()


def _ended(name: str, code: int, said: IO[bytes]) -> None:
    if code:
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
        raise StackError(f"{name} failed: {lines[0] if lines else f'exit code {code}'}")


def folder(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Hands ``write`` a tar of a folder's files; one that vanishes meanwhile is left out."""

    def pack(target: IO[bytes]) -> None:
        with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for entry in sorted(path.rglob("*")) if path.is_dir() else ():
                if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
                    continue
                try:
                    _add(tar, entry, entry.relative_to(path).as_posix())
                except FileNotFoundError:
                    continue

    with stream(pack) as source:
        write(source)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """A file that grows while it is read (a log, the anchors) is taken as long as it was."""
    if path.is_dir():
        tar.addfile(tar.gettarinfo(path, name))
        return
    with path.open("rb") as content:
        head = tar.gettarinfo(arcname=name, fileobj=content)
        tar.addfile(head, content)


def extract(path: Path, opened: Opener, *, beside: bool = False) -> None:
    """Unpacks a tar into a folder. ``beside``: what is there already stays.

    Raises :class:`StackError` for a tar that would write elsewhere.
    """
    path.mkdir(parents=True, exist_ok=True)
    with stream(opened) as source:
        try:
            with tarfile.open(fileobj=source, mode="r|") as tar:
                for member in tar:
                    _place(tar, member, path, beside=beside)
        except tarfile.TarError as error:
            raise StackError(f"cannot unpack to {path}: {error}") from None
        shutil.copyfileobj(source, Nowhere())


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, *, beside: bool) -> None:
    target = path / member.name
    if ".." in Path(member.name).parts or not target.is_relative_to(path) or not (member.isfile() or member.isdir()):
        raise StackError(f"the archive wants to write to {member.name}")
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    elif not (beside and target.exists()):
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as written:
            shutil.copyfileobj(tar.extractfile(member), written)  # type: ignore[type-var]
        target.chmod(member.mode & 0o777)
        os.utime(target, (member.mtime, member.mtime))


class Nowhere:
    """Takes whatever is written."""

    def write(self, data: bytes) -> int:
        """Says that it was written."""
        return len(data)

    def flush(self) -> None:
        """Has nothing to do."""


@contextmanager
def stream(produce: Opener) -> Iterator[IO[bytes]]:
    """What ``produce`` writes, to be read at the same time; its error is raised at the end."""
    reading, writing = os.pipe()
    problems: list[BaseException] = []

    def run() -> None:
        with os.fdopen(writing, "wb") as target:
            try:
                produce(target)
            except BrokenPipeError:
                pass
            except BaseException as error:
                problems.append(error)

    producer = threading.Thread(target=run, daemon=True)
    producer.start()
    with os.fdopen(reading, "rb") as source:
        try:
            yield source
        finally:
            source.close()
            producer.join()
    if problems:
        raise problems[0]
