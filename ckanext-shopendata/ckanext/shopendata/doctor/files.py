"""Modes and owners of what holds secrets, and what must not lie where anybody can fetch it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from ckanext.shopendata.doctor.finding import Check, Config, Finding


def _ini(config: Config) -> Path:
    return Path(config["__file__"])


def _private(path: Path) -> bool:
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _secrets_private(config: Config) -> bool:
    folder = _ini(config).parent / "secrets"
    # Containers get theirs mounted elsewhere, one by one.
    return not folder.exists() or (_private(folder) and all(_private(path) for path in folder.iterdir()))


def _storage_apart(config: Config) -> bool:
    """CKAN serves ``<storage_path>/storage`` statically: nothing but what it put there may lie below it."""
    public = Path(config["ckan.storage_path"]) / "storage"
    return not _ini(config).is_relative_to(public) and {path.name for path in public.glob("*")} <= {"uploads"}


def _not_root(config: Config) -> bool:
    return _ini(config).stat().st_uid != 0


CHECKS = (
    Check(
        "file.ini",
        lambda config: _private(_ini(config)),
        "other accounts of this machine can read the configuration with its passwords",
        "chmod 600 the configuration file",
    ),
    Check(
        "file.secrets",
        _secrets_private,
        "other accounts of this machine can read the secrets",
        "chmod 700 the secrets folder and 600 its files",
    ),
    Check(
        "file.storage",
        _storage_apart,
        "something besides uploads lies in the folder that CKAN serves to everybody",
        "move everything but `uploads` out of <ckan.storage_path>/storage",
    ),
    Check(
        "account.root",
        _not_root,
        "CKAN's processes run as root",
        "move the checkout to a folder that other accounts can enter, or start it from an ordinary account",
    ),
)


def examine(config: Config) -> Iterator[Finding]:
    """All checks of files."""
    for check in CHECKS:
        yield check.found(config)
