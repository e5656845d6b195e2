"""Putting an archive back, onto an empty stack or in place of what a stopped one holds.

Everything is checked before anything is touched. What was there is set aside below ``var/before-restore`` and comes
back by itself when the restore fails; a restore that was killed leaves a mark, and nothing starts on top of it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from stack import __main__ as main
from stack import databases, place, prepare, services
from stack.backup import archive, dump, parts, verify
from stack.backup.create import fingerprint
from stack.console import StackError, say, step
from stack.settings import Settings

__all__ = ["check_target", "restore"]

ASIDE = "before-restore"
#: What a restore replaces, below ``var/``, beside secrets and PostgreSQL's data.
REPLACED = ("storage", "redis", "solr", "webassets", "mail", "audit", "demo.json")


def restore(one: verify.Opened, settings: Settings, reason: str, *, replace: bool) -> Path | None:
    """Restores onto the stack of ``settings`` and leaves it stopped; returns where the earlier state lies.

    ``reason`` goes into the audit record. ``replace``: the stack may run, or hold something. Raises
    :class:`StackError`; what was there is there again then.
    """
    verify.known(one.manifest)
    verify.whole(one)
    check_target(one.manifest, settings, replace=replace)
    supervisor = services.Supervisor(settings)
    supervisor.shutdown()
    services.end_leftovers(settings)
    chosen = place.choose(settings)
    mark = mark_of(settings)
    mark.parent.mkdir(parents=True, exist_ok=True)
    aside = _Aside(settings, chosen)
    try:
        mark.write_text(str(one.folder))
        aside.take()
        _fill(one, settings, chosen, aside, reason)
    except BaseException:
        if supervisor.alive():
            supervisor.shutdown()
        services.end_leftovers(settings)
        aside.give_back()
        mark.unlink(missing_ok=True)
        raise
    supervisor.shutdown()
    mark.unlink()
    return aside.folder if aside.taken else None


def mark_of(settings: Settings) -> Path:
    """The file that says that a restore is under way, or was killed."""
    return settings.run / main.HALF_RESTORED


def check_target(manifest: archive.Manifest, settings: Settings, *, replace: bool) -> None:
    """Whether the archive may be restored onto this stack. Raises :class:`StackError`."""
    running = services.Supervisor(settings).alive() or any(services.leftovers(settings))
    if running and not replace:
        raise StackError("the stack runs: stop it first, or say --yes")
    data = place.choose(settings).postgres_data
    filled = (data / "PG_VERSION").exists() or any((settings.var / "storage").glob("*"))
    if filled and not replace:
        raise StackError(f"{settings.var} holds an installation: --yes sets it aside")
    if not manifest.has_secrets:
        here = fingerprint(Path(settings["SECRETS"]))
        if wrong := sorted(name for name, value in manifest.secrets.items() if here.get(name) != value):
            raise StackError(
                f"the archive holds no secrets, and those in {settings['SECRETS']} are not the ones that its data were"
                f" made with: {', '.join(wrong)}"
            )
    settings.var.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.var).free
    needed = manifest.bytes + int(settings["MIN_FREE_MB"]) * 2**20
    if free < needed:
        raise StackError(f"only {free >> 20} MB free at {settings.var}: {needed >> 20} MB are needed")


class _Aside:
    """What was there before, moved away and back by renaming."""

    def __init__(self, settings: Settings, chosen: place.Place) -> None:
        stamp = dt.datetime.now(dt.timezone.utc).strftime("%Y%m%dT%H%M%S%fZ")
        self.folder = settings.var / ASIDE / stamp
        self.pairs = {settings.var / name: self.folder / name for name in REPLACED}
        self.pairs[Path(settings["SECRETS"])] = self.folder / "secrets"
        # PostgreSQL's data may lie on another disk: it is set aside where it lies.
        self.pairs[chosen.postgres_data] = chosen.postgres_data.with_name(f"{chosen.postgres_data.name}.{stamp}")
        self.stamps = [settings.run / name for name in ("prepared", "solr-configuration")]
        self.absent = [here for here in self.pairs if not here.exists()]
        self.taken: list[Path] = []

    def take(self) -> None:
        """Moves what is there away."""
        for here, there in self.pairs.items():
            if here not in self.absent:
                there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                here.rename(there)
                self.taken.append(here)
        for stamp in self.stamps:
            stamp.unlink(missing_ok=True)

    def give_back(self) -> None:
        """Removes what has been made since and moves everything back; what was never moved is left alone."""
        for here in [*self.taken, *self.absent]:
            if here.is_dir():
                shutil.rmtree(here)
            else:
                here.unlink(missing_ok=True)
        for here in self.taken:
            self.pairs[here].rename(here)
        for stamp in self.stamps:
            stamp.unlink(missing_ok=True)
        if self.folder.is_dir():
            self.folder.rmdir()

    def before(self, name: str) -> Path:
        """Where something lies now that lay below ``var/``."""
        return self.folder / name


def _fill(one: verify.Opened, settings: Settings, chosen: place.Place, aside: _Aside, reason: str) -> None:
    with step("secrets and files"):
        _secrets(one, settings, aside)
        main.lay_out(settings, chosen)
        _files(one, settings, chosen, aside)
    supervisor, _ = main.ready(settings, restoring=True)
    databases.frame(settings)
    for database in databases.DATABASES:
        with step(f"database {database}"):
            dump.restore(settings, database, one.part(f"databases/{database}.dump"))
            verify.same(settings, one.manifest, database, database)
    with databases.connect(settings, "ckan") as ckan:
        # What opens an account without its password ends with the installation that it was made in.
        ckan.execute("DELETE FROM shopendata_session")
        ckan.execute('UPDATE "user" SET reset_key = NULL')
    main.update(settings, chosen, supervisor)
    with step("audit record"):
        environ = _variables(settings.etc / "sealer.env")
        prepare.ckan(settings, "shopendata", "audit", "restored", "--reason", reason, environ=environ)
        prepare.ckan(settings, "shopendata", "audit", "verify")
        place.give(settings.var / "audit", chosen.account("sealer"), deep=True)
    with step("search index"):
        prepare.reindex(settings)


def _secrets(one: verify.Opened, settings: Settings, aside: _Aside) -> None:
    folder = Path(settings["SECRETS"])
    if one.manifest.has_secrets:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        dump.extract(folder, one.part("secrets.tar"))
    elif (old := aside.before("secrets")).is_dir():
        shutil.copytree(old, folder)


def _files(one: verify.Opened, settings: Settings, chosen: place.Place, aside: _Aside) -> None:
    for name, (_, process) in parts.FOLDERS.items():
        path = settings.var / name
        # Days of the access log that are here already are this machine's own record.
        dump.extract(path, one.part(f"files/{name.replace('/', '-')}.tar"), beside=True)
        place.give(path, chosen.account(process), deep=True)
    _longer_anchors(settings.var / "audit" / "anchors.jsonl", aside.before("audit") / "anchors.jsonl")


def _longer_anchors(restored: Path, before: Path) -> None:
    """Heads that were written here since the backup stay: what the restore voids is never rewritten."""
    if before.is_file():
        old = before.read_bytes()
        if not restored.is_file() or old.startswith(restored.read_bytes()):
            restored.write_bytes(old)
        else:
            say("  ! the heads of the audit chain set aside are those of another chain")


def _variables(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
