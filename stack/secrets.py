"""Secrets of an installation: made once, one file each, mode 0600; never printed, never in another's environment."""

from __future__ import annotations

import secrets
from pathlib import Path

#: Every secret and the processes that may hold it (natively: that read a file it is rendered into; in containers: that
#: get it mounted). ``prepare`` makes roles, runs migrations and ends.
HOLDERS: dict[str, tuple[str, ...]] = {
    "postgres_superuser": ("postgres", "prepare"),
    "ckan_migrator": ("prepare",),
    "ckan_web": ("web", "worker", "harvest_gather", "harvest_run", "prepare"),
    "ckan_reader": ("prepare",),
    "datastore_writer": ("web", "worker", "harvest_gather", "harvest_run", "prepare"),
    "datastore_reader": ("web", "worker", "harvest_gather", "harvest_run", "prepare"),
    "vault_migrator": ("prepare",),
    "vault_loader": ("prepare",),
    "vault_scanner": ("prepare",),
    "vault_gateway": ("gateway", "prepare"),
    "redis": ("redis", "web", "worker", "harvest_gather", "harvest_run", "gateway", "prepare"),
    "secret_key": ("web", "worker", "harvest_gather", "harvest_run", "prepare"),
    "csrf_key": ("web", "worker", "harvest_gather", "harvest_run", "prepare"),
    "api_token_key": ("web", "worker", "harvest_gather", "harvest_run", "prepare"),
    "admin_password": ("prepare",),
}


def make(folder: Path) -> list[str]:
    """Creates the missing secrets (43 URL-safe characters, 256 bits each) and returns their names.

    An existing secret is never replaced, databases already know it; nor is its mode, which containers need otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    made = []
    for name in HOLDERS:
        path = folder / name
        if not path.exists() or not path.read_text().strip():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
            made.append(name)
    return made


def read(folder: Path, name: str) -> str:
    """One secret. Raises ``KeyError`` when the holder was not given it."""
    if name not in HOLDERS or not (folder / name).is_file():
        raise KeyError(name)
    return (folder / name).read_text().strip()
