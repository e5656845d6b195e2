"""What containers need of the stack, with the standard library alone: only CKAN's own image holds more.

``python3 -m stack.container secrets`` makes the secrets on the host and lends them to containers; ``start PROCESS``
renders what a process reads and becomes it; ``healthy PROCESS`` asks what the native stack asks (``services``).
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from stack import console, health, render, secrets, settings
from stack.console import StackError, say
from stack.settings import ROOT, Settings


def lend(folder: Path) -> None:
    """Makes the missing secrets, and lets containers read them.

    Compose mounts a secret's file as it is, with the owner and the mode it has on the host, and no account of a
    container is one of the host's. So any account may read the files, but only their owner can enter their folder: on
    the host nobody else gets to them, and a container sees those that are mounted into it.
    """
    secrets.make(folder)
    for name in secrets.HOLDERS:
        (folder / name).chmod(0o444)


def start(process: str) -> None:
    """Lays out the folders, renders the process's files and becomes it, with every variable in its environment."""
    stack = settings.read()
    for name, holders in secrets.HOLDERS.items():
        if process in holders and not os.access(Path(stack["SECRETS"]) / name, os.R_OK):
            raise StackError(f"cannot read the secret {name}: run `python3 -m stack.container secrets` on the host")
    try:
        (stack.run / process).mkdir(parents=True, exist_ok=True)
        if any(render.TEMPLATES[target][0] == "ckan.ini" for target in render.NEEDS[process]):
            for folder in ("storage", "webassets"):
                (stack.var / folder).mkdir(exist_ok=True)
        for target in render.NEEDS[process]:
            render.write(target, stack)
    except OSError as error:
        raise StackError(f"cannot write below {stack.var}: {error}") from error
    os.chdir(stack.run / process)
    script = ROOT / "config" / "processes" / process
    os.execve(script, [str(script)], os.environ | stack.values)  # noqa: S606 - it has to become the process


def healthy(process: str) -> bool:
    """Whether the process in this container serves."""
    stack = settings.read()
    if process == "postgres":
        return _postgres(stack)
    if process == "redis":
        return _redis(stack)
    if process == "nginx":
        follow(stack)
    return health.answers(process, stack)


def follow(stack: Settings) -> None:
    """Makes nginx read its configuration again when the web processes or the gateway have another address.

    It looks their names up once, at its start; a container that was started anew may have moved.
    """
    try:
        now = " ".join(socket.gethostbyname(stack[f"{name}_HOST"]) for name in ("WEB", "GATEWAY"))
    except OSError:
        return
    known = stack.run / "nginx" / "addresses"
    if not known.exists() or known.read_text() != now:
        os.kill(int((stack.run / "nginx" / "nginx.pid").read_text()), signal.SIGHUP)
        known.write_text(now)


def _postgres(stack: Settings) -> bool:
    password = secrets.read(Path(stack["SECRETS"]), "postgres_superuser")
    question = ["psql", "-h", stack["POSTGRES_HOST"], "-p", str(stack.port("postgres")), "-U", "postgres"]
    return not subprocess.run(
        [*question, "-d", "postgres", "-Xqc", "SELECT 1"],
        env={"PATH": os.environ["PATH"], "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"},
        capture_output=True,
        check=False,
    ).returncode


def _redis(stack: Settings) -> bool:
    password = secrets.read(Path(stack["SECRETS"]), "redis")
    try:
        with socket.create_connection((stack["REDIS_HOST"], stack.port("redis")), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            with connection.makefile("rb") as answer:
                return answer.read().split() == [b"+OK", b"+PONG", b"+OK"]
    except OSError:
        return False


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m stack.container", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("secrets")
    verbs.add_parser("start").add_argument("process", choices=sorted(render.NEEDS))
    verbs.add_parser("healthy").add_argument("process", choices=sorted({*health.ADDRESSES, "postgres", "redis"}))
    given = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        if given.verb == "start":
            start(given.process)
        elif given.verb == "healthy":
            return 0 if healthy(given.process) else 1
        else:
            lend(folder := Path(settings.read()["SECRETS"]))
            say(f"secrets for containers: {folder}")
    except StackError as error:
        return console.fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
