"""The demonstration of ``make portal``: a sharing platform to synchronise with, and twelve agencies at work."""

from __future__ import annotations

import os
from pathlib import Path

from stack import console, secrets, services
from stack.console import step
from stack.settings import ROOT, Settings


def wanted(environ: dict[str, str] | None = None) -> bool:
    """Whether it is asked for: ``DEMO=0`` starts an empty portal."""
    return (environ or dict(os.environ)).get("DEMO", "1") != "0"


def report(settings: Settings) -> Path:
    """Accounts, datasets and the key that it made."""
    return settings.var / "demo.json"


def told(settings: Settings) -> str:
    """Where to look, for the closing words."""
    path = report(settings)
    if path.exists():
        return f"accounts and a live key in {path}"
    if _is_marked(settings):
        return f"begun, and {path} is not there: interrupted? `make reset` and `make portal` play it anew"
    return "none"


def play(settings: Settings, supervisor: services.Supervisor) -> None:
    """Starts the platform and, once, fills the portal. A portal that has agencies of its own is left alone."""
    if not wanted():
        return
    if not report(settings).exists() and _has_agencies(settings):
        return
    for process in services.DEMO:
        with step(process.name):
            supervisor.ensure(process)
    if report(settings).exists():
        return
    source = secrets.read(Path(settings["SECRETS"]), "sandbox_source")
    with step("demonstration: 12 agencies, their catalogue, lists and applications"):
        console.command(
            [
                ROOT / ".venv" / "bin" / "ckan", "-c", settings.var / "ckan.ini", "shopendata", "demo", "load",
                "--platform", f"http://{settings['SANDBOX_HOST']}:{settings.port('sandbox')}",
                "--output", report(settings),
            ],
            settings.log / "demo.log",
            "the demonstration could not be played (`make reset` and `make portal` start it anew)",
            cwd=ROOT,
            env=os.environ | {"SHOPENDATA_SOURCE_SANDBOX": source},
        )  # fmt: skip


def _has_agencies(settings: Settings) -> bool:
    return _holds(settings, "SELECT EXISTS (SELECT FROM shopendata_agency)")


def _is_marked(settings: Settings) -> bool:
    """Whether the demonstration was begun here, however it ended."""
    return _holds(settings, "SELECT demonstration FROM gateway.portal")


def _holds(settings: Settings, question: str) -> bool:
    with services.databases.connect(settings, "ckan") as ckan:
        return bool(ckan.execute(question).fetchone()[0])  # type: ignore[index]
