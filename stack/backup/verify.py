"""Reading an archive back, without touching anything; deeply: with scratch databases beside those in use."""

from __future__ import annotations

import secrets as randomness
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from stack import databases, prepare, secrets
from stack.backup import archive, dump, envelope, moment
from stack.console import StackError, step
from stack.settings import ROOT, Settings

__all__ = ["Opened", "deep", "known", "opened", "whole"]

SCRATCH = "shopendata_scratch_"


@dataclass(frozen=True)
class Opened:
    """An archive and what opens it. ``digest``: SHA-256 of the manifest."""

    folder: Path
    manifest: archive.Manifest
    digest: str
    envelope: envelope.Envelope

    def part(self, name: str) -> Callable[[Any], None]:
        """Writes what a part holds, unlocked, to a stream."""

        def open_to(target: Any) -> None:
            with (self.folder / name).open("rb") as source:
                self.envelope.open(source, target)

        return open_to


def opened(folder: Path, *, passphrase: Path | None, identity: Path | None, digest: str = "") -> Opened:
    """An archive whose manifest is sound and whose lock opens. ``digest``: what its maker was told; empty: unknown.

    Raises :class:`StackError`.
    """
    manifest, found = archive.load(folder)
    if digest and digest != found:
        raise StackError(f"{folder / archive.MANIFEST} has been altered: its SHA-256 is {found}")
    return Opened(
        folder, manifest, found, envelope.read(manifest.lock, folder, passphrase=passphrase, identity=identity)
    )


def whole(one: Opened) -> None:
    """Whether every part is there, is what it was, and can be read to its end. Raises :class:`StackError`."""
    with step("hashes"):
        expected = one.manifest.parts
        needed = {f"databases/{name}.dump" for name in databases.DATABASES}
        if missing := sorted(name for name in {*expected, *needed} if not (one.folder / name).is_file()):
            raise StackError(f"the archive is not whole: {', '.join(missing)} missing")
        if unknown := needed - expected.keys():
            raise StackError(f"the manifest does not name {', '.join(sorted(unknown))}")
        for name, part in expected.items():
            found = archive.digest_of(one.folder / name)
            if found.size != part.size:
                raise StackError(f"{name} has {found.size} bytes instead of {part.size}")
            if found != part:
                raise StackError(f"{name} has been altered: its SHA-256 is {found.sha256}")
    with step("contents"):
        for name in expected:
            if name.endswith(".dump"):
                with tempfile.TemporaryFile() as listing:
                    dump.check(one.part(name), listing)
                    listing.seek(0)
                    _same_tables(one.manifest, Path(name).stem, listing.read().decode())
            elif name.endswith(".tar"):
                one.part(name)(dump.Nowhere())


def _same_tables(manifest: archive.Manifest, database: str, listing: str) -> None:
    """Every table that the manifest counts has its data in the dump."""
    listed = {
        f"{fields[5]}.{fields[6]}"
        for fields in (line.split() for line in listing.splitlines() if " TABLE DATA " in line)
    }
    counted = {name.replace('"', "") for name, (rows, _) in manifest.tables[database].items() if rows}
    if missing := sorted(counted - listed):
        raise StackError(f"the dump of {database} does not hold {', '.join(missing)}")


def known(manifest: archive.Manifest) -> None:
    """Whether this code knows everything that the archive was made with. Raises :class:`StackError`."""
    newer = "the archive was made by a newer version of the portal: update the code first"
    for database, tables in manifest.migrations.items():
        for table, version in tables.items():
            scripts = _scripts(database, table)
            if scripts is not None and set(version.split()) - {script.revision for script in scripts.walk_revisions()}:
                raise StackError(f"{newer} ({database}: {table} is at {version})")
    if (here := int(float(dump.program("pg_restore").parts[4]))) < manifest.postgres:
        raise StackError(f"the archive comes from PostgreSQL {manifest.postgres}, here is {here}")


def _scripts(database: str, table: str) -> ScriptDirectory | None:
    """The migrations that write to a table of versions; ``None`` for those of other extensions."""
    folder = {
        ("ckan", "public.alembic_version"): _installed("ckan") / "migration",
        ("ckan", "public.harvest_alembic_version"): _installed("ckanext") / "harvest" / "migration" / "harvest",
        ("ckan", "public.shopendata_alembic_version"): prepare.MIGRATIONS / "shopendata",
        ("vault", "public.shopendata_vault_version"): prepare.MIGRATIONS / "vault",
    }.get((database, table))
    if folder is None:
        return None
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return ScriptDirectory.from_config(config)


def _installed(package: str) -> Path:
    found = sorted((ROOT / ".venv" / "lib").glob(f"python3*/site-packages/{package}"))
    if not found:
        raise StackError(f"{package} is not installed here")
    return found[0]


def deep(one: Opened, settings: Settings) -> None:
    """Restores into scratch databases of the running cluster, compares them and checks the chain.

    Raises :class:`StackError` for the first difference. Nothing of the installation is touched.
    """
    key = SCRATCH + randomness.token_hex(4)
    with _scratch(settings, key) as names:
        for database, name in names.items():
            with step(f"restoring {database} into {name}"):
                dump.restore(settings, name, one.part(f"databases/{database}.dump"))
                same(settings, one.manifest, database, name)
        with step("audit chain"):
            chain(one, settings, names["ckan"])


def same(settings: Settings, manifest: archive.Manifest, database: str, name: str) -> None:
    """Whether a restored database holds what was counted when the backup was made. Raises :class:`StackError`."""
    with moment.snapshot(settings, name) as now:
        if differing := moment.compare(manifest.tables[database], now.tables()):
            raise StackError(f"{database} is not what was backed up: {'; '.join(differing[:5])}")


def chain(one: Opened, settings: Settings, database: str) -> None:
    """Checks the restored record against the anchors of the archive. Raises :class:`StackError`."""
    with tempfile.TemporaryDirectory() as folder:
        dump.extract(Path(folder), one.part("files/audit.tar"))
        anchors = Path(folder) / "anchors.jsonl"
        anchors.touch()
        password = quote(secrets.read(Path(settings["SECRETS"]), "postgres_superuser"))
        url = f"postgresql://postgres:{password}@{settings['POSTGRES_HOST']}:{settings['POSTGRES_PORT']}/{database}"
        prepare.ckan(
            settings, "shopendata", "audit", "verify", "--anchors", str(anchors), environ={"CKAN_SQLALCHEMY_URL": url}
        )


@contextmanager
def _scratch(settings: Settings, key: str) -> Iterator[dict[str, str]]:
    names = {database: f"{key}_{database}" for database in moment.ORDER}
    with databases.connect(settings) as cluster:
        for name in names.values():
            cluster.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            cluster.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        try:
            yield names
        finally:
            for name in names.values():
                cluster.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
