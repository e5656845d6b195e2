"""What the operator sees: steps with their time, a sign of life on long ones, one clear line when something fails."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class StackError(Exception):
    """Something the operator must know: one line, and the log whose tail explains it."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log


def say(text: str = "") -> None:
    """A plain line."""
    print(text, flush=True)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented; empty when there is none."""
    if not log.is_file():
        return ""
    with log.open(errors="replace") as stream:
        return "".join(f"    {line.rstrip()[:240]}\n" for line in deque(stream, maxlen=lines))


def fail(error: StackError, hint: str = "") -> int:
    """Prints the error, a hint and the tail of its log to standard error; returns the exit code."""
    print(f"✗ {error}" + (f": {hint}" if hint else ""), file=sys.stderr)
    if error.log and (text := tail(error.log)):
        print(f"  last lines of {error.log}:\n{text}", end="", file=sys.stderr)
    return 1


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces a step, shows every ten seconds that it goes on (every second on a terminal), ends with its time."""
    terminal = sys.stdout.isatty()
    started = time.monotonic()
    done = threading.Event()
    print(f"  … {title}", end="", flush=True)

    def alive() -> None:
        while not done.wait(1 if terminal else 10):
            seconds = time.monotonic() - started
            print(f"\r  … {title} ({seconds:.0f} s)" if terminal else f" {seconds:.0f} s …", end="", flush=True)

    ticker = threading.Thread(target=alive, daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        done.set()
        print(f"\r  ✗ {title}" if terminal else " failed", flush=True)
        raise
    done.set()
    ticker.join()
    seconds = time.monotonic() - started
    print(f"\r  ✓ {title} ({seconds:.1f} s)      " if terminal else f" {seconds:.1f} s", flush=True)


def command(arguments: Sequence[str | Path], log: Path, failure: str, **options: Any) -> None:
    """Runs a command with its output in ``log``; raises :class:`StackError` with ``failure`` when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        code = subprocess.run(
            [str(argument) for argument in arguments],
            check=False,
            stdout=stream,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            **options,
        ).returncode
    if code:
        raise StackError(f"{failure} (exit code {code})", log)
