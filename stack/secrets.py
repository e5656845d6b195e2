"""Secrets of an installation: made once, one file each, mode 0600; never printed, never in another's environment."""

from __future__ import annotations

import secrets
from pathlib import Path

#: Processes that read CKAN's configuration.
CKAN = ("web", "worker", "harvest_gather", "harvest_run", "harvest_work", "publisher", "sealer", "notifier")

#: Every secret and the processes that may hold it (natively: that read a file it is rendered into; in containers: that
#: get it mounted). ``prepare`` makes roles, runs migrations and ends.
HOLDERS: dict[str, tuple[str, ...]] = {
    "postgres_superuser": ("postgres", "prepare"),
    "ckan_migrator": ("prepare",),
    "ckan_web": (*CKAN, "prepare"),
    "ckan_reader": ("prepare",),
    "datastore_writer": (*CKAN, "prepare"),
    "datastore_reader": (*CKAN, "prepare"),
    "vault_migrator": ("prepare",),
    "ckan_gateway": ("gateway", "prepare"),
    "audit_sealer": ("sealer", "prepare"),
    "vault_loader": ("harvest_work", "publisher", "prepare"),
    "vault_scanner": ("prepare",),
    "vault_gateway": ("gateway", "prepare"),
    "redis": ("redis", *CKAN, "gateway", "prepare"),
    "secret_key": (*CKAN, "prepare"),
    "csrf_key": (*CKAN, "prepare"),
    "api_token_key": (*CKAN, "prepare"),
    # With it a key is proved: a stolen database alone says nothing about any key.
    "key_pepper": (*CKAN, "gateway", "prepare"),
    # With it a person is known by a number that is stored nowhere; a stolen database alone does not tell who is who.
    "person_pepper": (*CKAN, "prepare"),
    # With it the secrets of devices for codes are encrypted; a stolen database alone makes no code.
    "totp_key": (*CKAN, "prepare"),
    # What the operator sets for this installation alone, passwords of its mail server and the like among it.
    "options": (*CKAN, "prepare"),
    # What the systems ask for from which catalogues are taken.
    "sources": ("harvest_work", "publisher"),
    "sandbox_source": ("harvest_work", "publisher", "sandbox"),
    "admin_password": ("prepare",),
}

#: What the operator writes, and how it begins.
WRITTEN = {
    "options": """\
# Options of CKAN and of the portal (docs/reference.md) for this installation alone: option = value, one a line.
# They win over config/ckan.ini. After a change: make portal.
""",
    "sources": """\
# Secrets of the systems from which catalogues are taken: SHOPENDATA_SOURCE_NAME = secret, one a line.
# A source's configuration names the variable. After a change: make portal.
""",
}


def make(folder: Path) -> list[str]:
    """Creates the missing secrets (43 URL-safe characters, 256 bits each) and returns their names.

    What the operator writes begins without anything set. An existing secret is never replaced, databases already know
    it; nor is its mode, which containers need otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    made = []
    for name in HOLDERS:
        path = folder / name
        if not path.exists() or not path.read_text().strip():
            path.touch(mode=0o600)
            path.write_text(WRITTEN.get(name) or secrets.token_urlsafe(32))
            made.append(name)
    return made


def read(folder: Path, name: str) -> str:
    """One secret. Raises ``KeyError`` when the holder was not given it."""
    if name not in HOLDERS or not (folder / name).is_file():
        raise KeyError(name)
    return (folder / name).read_text().strip()
