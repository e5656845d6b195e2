"""``ckan shopendata backup``: hands over to ``python -m stack.backup``, which works without CKAN as well.

A restore ends the very database that this process is connected to, so it happens in a process that is none of CKAN's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import click

__all__ = ["backup"]

#: The checkout: ``stack/`` lies beside the package's folder.
ROOT = Path(__file__).resolve().parents[4]

_archive = click.argument("archive", type=click.Path(path_type=Path, exists=True, file_okay=False))
_passphrase = click.option("--passphrase-file", help="File whose first line is the passphrase.")
_identity = click.option("--identity-file", help="File with the secret key (age-keygen) of the recipient.")
_digest = click.option(
    "--digest", help="SHA-256 of the manifest, as `create` told it: finds an archive put in its place."
)


@click.group(short_help="Backups of the whole installation.")
def backup() -> None:
    """Backups of the whole installation: databases, files, heads of the audit chain, secrets, configuration.

    Where no database runs, `python -m stack.backup` takes the same words.
    """


@backup.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option(
    "--recipient", multiple=True, help="Public key (age1...) for whom it is locked; several times for several."
)
@_passphrase
@click.option("--in-clear", is_flag=True, help="Not locked, and without the secrets.")
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but so many of the latest ones in the folder.")
def create(**given: Any) -> None:
    """Makes a backup in FOLDER (default: backups, beside the configuration) while the portal serves."""
    _hand_over("create", given.pop("folder"), given)


@backup.command()
@_archive
@_passphrase
@_identity
@_digest
@click.option("--deep", is_flag=True, help="Restore into scratch databases, compare every table, check the chain.")
def verify(**given: Any) -> None:
    """Reads a backup back to its last byte."""
    _hand_over("verify", given.pop("archive"), given)


@backup.command()
@_archive
@_passphrase
@_identity
@_digest
@click.option("--reason", required=True, help="Why, at whose word: it goes into the audit record.")
@click.option("--yes", is_flag=True, help="Stop the portal and set aside what it holds.")
def restore(**given: Any) -> None:
    """Puts a backup in the place of what this installation holds, and leaves it stopped."""
    _hand_over("restore", given.pop("archive"), given)


def _hand_over(verb: str, folder: Path | None, given: dict[str, Any]) -> None:
    if not (ROOT / "stack" / "backup").is_dir():
        raise click.ClickException(f"{ROOT} holds no stack: backups of containers are made by their host")
    words = [str(Path.cwd() / folder)] if folder else []
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        if name.endswith("_file") and value:
            words += [option, str(Path.cwd() / value)]
        elif isinstance(value, tuple):
            words += [word for one in value for word in (option, one)]
        elif value is True:
            words.append(option)
        elif value:
            words += [option, str(value)]
    os.chdir(ROOT)
    command = [sys.executable, "-m", "stack.backup", "--var", tk.config["here"], verb, *words]
    os.execve(sys.executable, command, os.environ)  # noqa: S606 - it has to become the process
