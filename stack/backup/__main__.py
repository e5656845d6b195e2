"""``python -m stack.backup create | verify | restore``: what ``ckan shopendata backup`` calls, with or without CKAN."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from stack import console, settings
from stack.backup import create, envelope, restore, verify
from stack.console import StackError, say
from stack.settings import Settings


def _create(given: argparse.Namespace, stack: Settings) -> None:
    if given.recipient:
        lock = envelope.for_recipients(given.recipient)
    elif given.passphrase_file:
        lock = envelope.for_passphrase(envelope.passphrase_of(given.passphrase_file))
    elif given.in_clear:
        lock = envelope.clear()
    else:
        raise StackError("a backup holds what the portal must not show: --recipient, --passphrase-file or --in-clear")
    made, digest, removed = create.create(stack, given.folder or stack.var / "backups", lock, given.keep)
    say(f"{made}\n  manifest {digest}")
    if not lock.locked:
        say(f"  ! in clear, and without secrets: keep a copy of {stack['SECRETS']} elsewhere")
    for name in removed:
        say(f"  removed {name}")


def _opened(given: argparse.Namespace) -> verify.Opened:
    return verify.opened(
        given.archive, passphrase=given.passphrase_file, identity=given.identity_file, digest=given.digest
    )


def _verify(given: argparse.Namespace, stack: Settings) -> None:
    one = _opened(given)
    verify.whole(one)
    if given.deep:
        verify.deep(one, stack)
    chain = one.manifest.chain
    say(f"whole: made at {one.manifest.made_at}, {chain.events} events, chain {chain.position} {chain.digest}")


def _restore(given: argparse.Namespace, stack: Settings) -> None:
    one = _opened(given)
    aside = restore.restore(one, stack, given.reason, replace=given.yes)
    say(f"restored as of {one.manifest.made_at}; the stack is stopped: start it (`make portal`)")
    say("  Keys revoked and datasets suspended since then are as they were before: decide that again.")
    if aside:
        say(f"  what was here before: {aside}, and beside PostgreSQL's data")
    for name, value in one.manifest.settings.items():
        if name in _TOLD and value != stack.values[name]:
            say(f"  ! {name} was {value!r} there and is {stack.values[name]!r} here")


#: Variables whose difference an operator has to know of.
_TOLD = ("SHOPENDATA_SITE_URL", "SHOPENDATA_SMTP_HOST", "SHOPENDATA_COOKIE_SECURE", "SHOPENDATA_TRUSTED_PROXY")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(prog="python -m stack.backup", description=__doc__)
    whole.add_argument("--stack", default="portal", help="name of the stack")
    whole.add_argument("--var", type=Path, help="folder of a stack that was started before, instead of its name")
    verbs = whole.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("create")
    making.add_argument("folder", type=Path, nargs="?")
    making.add_argument("--recipient", action="append")
    making.add_argument("--passphrase-file", type=Path)
    making.add_argument("--in-clear", action="store_true")
    making.add_argument("--keep", type=int, default=0)
    for name in ("verify", "restore"):
        reading = verbs.add_parser(name)
        reading.add_argument("archive", type=Path)
        reading.add_argument("--passphrase-file", type=Path)
        reading.add_argument("--identity-file", type=Path)
        reading.add_argument("--digest", default="")
        if name == "verify":
            reading.add_argument("--deep", action="store_true")
        else:
            reading.add_argument("--reason", required=True)
            reading.add_argument("--yes", action="store_true")
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Runs it; returns the exit code."""
    given = parser().parse_args(arguments)
    os.umask(0o022)
    try:
        stack = settings.read(given.stack) if given.var is None else settings.recall(given.var)
        {"create": _create, "verify": _verify, "restore": _restore}[given.verb](given, stack)
    except StackError as error:
        return console.fail(error)
    except FileNotFoundError as error:
        return console.fail(StackError(f"{error.filename} is not there: was a stack ever started here?"))
    except KeyboardInterrupt:
        return console.fail(StackError("interrupted"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
