"""Making a backup of an installation that serves."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import shutil
import subprocess
import tarfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from stack import databases
from stack.backup import archive, dump, envelope, parts
from stack.backup.moment import Snapshot, Table, snapshots
from stack.console import StackError, step
from stack.settings import ROOT, Settings

__all__ = ["create", "fingerprint"]


def create(settings: Settings, folder: Path, lock: envelope.Envelope, keep: int = 0) -> tuple[Path, str, list[str]]:
    """Makes an archive in ``folder``. Its databases have to run.

    Returns the archive, the SHA-256 of its manifest, and the names of the archives removed because ``keep`` newer ones
    exist (0: none are). Raises :class:`StackError`; nothing is left then.
    """
    needed = _size(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StackError(f"only {free >> 20} MB free at {folder}: a backup may need {needed >> 20} MB")
    now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
    with archive.writing(folder, now) as (draft, target):
        _identity(draft, lock)
        # Before the databases: heads of a chain that is longer than the one in the backup would contradict it.
        _folder(draft, settings, lock, "audit")
        with snapshots(settings) as taken:
            tables = {}
            for name, snapshot in taken.items():
                with step(f"database {name}"):
                    _database(draft, settings, lock, snapshot)
                    tables[name] = snapshot.tables()
            manifest = _manifest(settings, lock, taken, tables, made_at=now, size=needed)
        with step("files"):
            for name in parts.FOLDERS:
                if name != "audit":
                    _folder(draft, settings, lock, name)
        with step("configuration" + (" and secrets" if lock.locked else "")):
            _configuration(draft, lock)
            if lock.locked:
                _secrets(draft, settings, lock)
        manifest = replace(manifest, parts=draft.parts)
        digest = draft.finish(manifest, target)
    return target, digest, archive.forget(folder, keep, settings.url) if keep else []


def fingerprint(folder: Path) -> dict[str, str]:
    """Of the secrets that data depend on: tells whether they are the same without telling what they are."""
    found = {}
    for name in parts.BOUND:
        path = folder / name
        if path.is_file():
            found[name] = hashlib.sha256(f"shopendata-backup\n{name}\n{path.read_text().strip()}".encode()).hexdigest()
    return found


def _size(settings: Settings) -> int:
    """What the databases and files take up now, in bytes: more than their archive will."""
    with databases.connect(settings) as cluster:
        row = cluster.execute(
            "SELECT sum(pg_database_size(datname)) FROM pg_database WHERE datname = ANY(%s)",
            (list(databases.DATABASES),),
        ).fetchone()
    files = [path for name in parts.FOLDERS for path in (settings.var / name).rglob("*") if path.is_file()]
    return int(row[0] or 0) + sum(path.stat().st_size for path in files)  # type: ignore[index, call-overload]


def _identity(draft: archive.Draft, lock: envelope.Envelope) -> None:
    if lock.sealed_identity:
        with draft.part(envelope.IDENTITY) as sink:
            sink.write(lock.sealed_identity)


def _database(draft: archive.Draft, settings: Settings, lock: envelope.Envelope, snapshot: Snapshot) -> None:
    with draft.part(f"databases/{snapshot.database}.dump") as sink:
        dump.database(settings, snapshot.database, snapshot.name, lambda source: lock.close(source, sink))


def _folder(draft: archive.Draft, settings: Settings, lock: envelope.Envelope, name: str) -> None:
    with draft.part(f"files/{name.replace('/', '-')}.tar") as sink:
        dump.folder(settings.var / name, lambda source: lock.close(source, sink))


def _configuration(draft: archive.Draft, lock: envelope.Envelope) -> None:
    """The templates as they are on this machine: an operator may have changed them."""
    with draft.part("configuration.tar") as sink:
        dump.folder(ROOT / "config", lambda source: lock.close(source, sink))


def _secrets(draft: archive.Draft, settings: Settings, lock: envelope.Envelope) -> None:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in parts.SECRETS:
            path = Path(settings["SECRETS"]) / name
            if not path.is_file():
                continue  # of a version that has not started here yet
            content = path.read_bytes()
            head = tarfile.TarInfo(name)
            head.size, head.mode = len(content), 0o600
            tar.addfile(head, io.BytesIO(content))
    written.seek(0)
    with draft.part("secrets.tar") as sink:
        lock.close(written, sink)


def _manifest(
    settings: Settings,
    lock: envelope.Envelope,
    taken: dict[str, Snapshot],
    tables: dict[str, dict[str, Table]],
    *,
    made_at: dt.datetime,
    size: int,
) -> archive.Manifest:
    return archive.Manifest(
        made_at=made_at.isoformat(),
        site_url=settings.url,
        version=version("ckanext-shopendata"),
        revision=revision(),
        postgres=int(taken["ckan"].connection.info.server_version) // 10000,
        bytes=size,
        lock=lock.kind,
        chain=_chain(taken["ckan"]),
        migrations={name: snapshot.migrations() for name, snapshot in taken.items()},
        tables=tables,
        secrets=fingerprint(Path(settings["SECRETS"])),
        settings=dict(settings.values),
    )


def _chain(ckan: Snapshot) -> archive.Chain:
    events = ckan.one("SELECT count(*) FROM audit.event") or 0
    last = ckan.one("SELECT id FROM audit.event ORDER BY seq DESC LIMIT 1") or ""
    position, digest = 0, ""
    if ckan.one("SELECT to_regclass('seal.link')"):
        position = ckan.one("SELECT max(position) FROM seal.link") or 0
        digest = ckan.one("SELECT digest FROM seal.link ORDER BY position DESC LIMIT 1") or ""
    return archive.Chain(events, last, position, digest)


def revision(root: Path = ROOT) -> str:
    """The commit of a checkout; empty where there is none, or no git."""
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    except OSError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
