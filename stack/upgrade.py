"""Bringing an installation up to date with new code, in place: with a backup first, and a way back.

Whoever writes is stopped before the backup, so nothing is lost by going back to it; the front door says 503 meanwhile.
"""

from __future__ import annotations

from pathlib import Path

from stack import __main__ as main
from stack import place, prepare, services
from stack.backup import archive, create, envelope, moment
from stack.console import StackError, say, step
from stack.settings import Settings

__all__ = ["upgrade"]


def upgrade(settings: Settings, folder: Path | None = None) -> Path:
    """Backs up, migrates, renews bundles, translations and index, starts everything, asks the doctor.

    Returns the backup. Raises :class:`StackError`; what it says then is how to go back.
    """
    data = place.choose(settings).postgres_data
    if not (data / "PG_VERSION").exists():
        raise StackError(f"{settings.var} holds no installation: nothing is there to upgrade")
    with step("stopping whoever writes"):
        pause(settings)
    supervisor, changed = main.ready(settings)
    before = _migrations(settings)
    # In clear: it lies beside the databases themselves, and the secrets stay where they are.
    backup, _, _ = create.create(settings, folder or settings.var / "backups", envelope.clear())
    say(f"  backup {backup}")
    try:
        main.update(settings, place.choose(settings), supervisor)
        if changed or _migrations(settings) != before:
            with step("search index"):
                prepare.reindex(settings)
        main.serve(settings, supervisor)
        with step("doctor"):
            known = place.choose(settings).known_findings()
            prepare.ckan(settings, "shopendata", "doctor", "--quiet", *(f"--known={code}" for code in known))
    except StackError as error:
        raise StackError(f"{error}. {way_back(settings, backup)}", error.log) from None
    say(way_back(settings, backup))
    return backup


def pause(settings: Settings) -> None:
    """Ends every process of ours that writes; the front door stays."""
    supervisor = services.Supervisor(settings)
    if supervisor.alive():
        supervisor.stop(*services.PYTHON)


def way_back(settings: Settings, backup: Path) -> str:
    """What to type to have everything as it was."""
    revision = archive.load(backup)[0].revision or "the code of before"
    stack = "" if settings.name == "portal" else f" --stack {settings.name}"
    return (
        f"To go back: git checkout {revision}, then"
        f" .venv/bin/python -m stack.backup{stack} restore {backup} --yes --reason 'upgrade undone'"
    )


def _migrations(settings: Settings) -> dict[str, dict[str, str]]:
    found = {}
    for database in moment.ORDER:
        with moment.snapshot(settings, database) as now:
            found[database] = now.migrations()
    return found
