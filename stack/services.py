"""The supervised processes: starting them in order, waiting until they answer, finding what outlived its supervisor."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psycopg
import redis
from supervisor.xmlrpc import Faults, SupervisorTransport

from stack import databases, health, secrets
from stack.console import StackError
from stack.settings import ROOT, Settings


def _postgres(settings: Settings) -> bool:
    try:
        databases.connect(settings).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis(settings: Settings) -> bool:
    password = secrets.read(Path(settings["SECRETS"]), "redis")
    try:
        with redis.Redis(settings["REDIS_HOST"], settings.port("redis"), password=password, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _http(service: str) -> Callable[[Settings], bool]:
    return lambda settings: health.answers(service, settings)


def _running(settings: Settings) -> bool:  # the supervisor's own word is all there is to ask
    return True


@dataclass(frozen=True)
class Process:
    """A supervised process: how we know that it serves, and how long that may take (seconds)."""

    name: str
    ready: Callable[[Settings], bool]
    patience: int = 60


BACKENDS = (
    Process("postgres", _postgres),
    Process("redis", _redis),
    Process("solr", _http("solr"), 120),
)
FRONTENDS = (
    Process("web", _http("web"), 120),
    Process("gateway", _http("gateway")),
    Process("worker", _running),
    Process("harvest_gather", _running),
    Process("harvest_run", _running),
    Process("harvest_work", _running),
    Process("publisher", _running),
    Process("sealer", _running),
    Process("notifier", _running),
    Process("nginx", _http("nginx")),
)
#: Only where the demonstration runs.
DEMO = (Process("sandbox", _http("sandbox")),)
#: They take work from tables. In the stack of the tests the tests do that work, one step at a time.
CONSUMERS = ("harvest_work", "publisher", "sealer", "notifier")
PROCESSES = BACKENDS + FRONTENDS + DEMO

#: Processes that run our Python code and must be restarted when it changes.
PYTHON = (
    "web", "gateway", "worker", "harvest_gather", "harvest_run", "harvest_work", "publisher", "sealer", "notifier",
    "sandbox",
)  # fmt: skip


class Supervisor:
    """A stack's supervisor."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.socket = Path(settings["SUPERVISOR_SOCKET"])

    @property
    def rpc(self) -> Any:
        """Its XML-RPC interface."""
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        return ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def alive(self) -> bool:
        """Whether it answers."""
        try:
            return self.rpc.getState()["statename"] == "RUNNING"
        except (OSError, Fault):
            return False

    def start(self, environ: dict[str, str]) -> None:
        """Starts it, with no process yet."""
        self.socket.unlink(missing_ok=True)
        log = self.settings.log / "supervisord.log"
        started = subprocess.run(
            [ROOT / ".venv" / "bin" / "supervisord", "-c", self.settings.etc / "supervisord.conf"],
            env=environ, cwd=self.settings.run, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if started.returncode:
            raise StackError(f"the supervisor does not start: {started.stderr.strip()[-300:]}", log)
        wait(self.alive, 10, StackError("the supervisor does not answer", log))

    def state(self, process: str) -> str:
        """``RUNNING``, ``STARTING``, ``BACKOFF``, ``EXITED``, ``FATAL``, ``STOPPED`` ...

        ``UNKNOWN`` for a process that a supervisor started by an older version was not told of.
        """
        try:
            return str(self.rpc.getProcessInfo(process)["statename"])
        except Fault as fault:
            if fault.faultCode == Faults.BAD_NAME:
                return "UNKNOWN"
            raise

    def pid(self, process: str) -> int:
        """The process id; 0 when it does not run."""
        return int(self.rpc.getProcessInfo(process)["pid"])

    def begin(self, *processes: Process) -> None:
        """Starts processes that do not run, all at once, without waiting for any."""
        for process in processes:
            if self.state(process.name) not in {"RUNNING", "STARTING"}:
                try:
                    self.rpc.startProcess(process.name, False)
                except Fault as fault:
                    # The supervisor may have started it again in this very moment.
                    if not fault.faultString.startswith("ALREADY_STARTED"):
                        raise StackError(f"{process.name}: {fault.faultString}") from None

    def ensure(self, process: Process) -> None:
        """Starts a process unless it runs, and waits until it serves; raises :class:`StackError` with its log."""
        self.begin(process)
        log = self.settings.log / f"{process.name}.log"
        started = time.monotonic()
        failing_since: float | None = None
        while True:
            state, now = self.state(process.name), time.monotonic()
            if state == "RUNNING" and process.ready(self.settings):
                return
            if state == "RUNNING":
                failing_since = None
            elif state == "BACKOFF":
                failing_since = failing_since or now
            # A process that keeps dying will not do better for being watched to the end of its retries.
            if state == "FATAL" or (failing_since and now - failing_since > 8):
                self.rpc.stopProcess(process.name)
                raise StackError(f"{process.name} does not start", log)
            if now - started > process.patience:
                raise StackError(f"{process.name} runs but does not answer after {process.patience} s", log)
            time.sleep(0.2)

    def stop(self, *processes: str) -> None:
        """Stops processes in the given order; ones that do not run are left alone."""
        for process in processes:
            if self.state(process) in {"RUNNING", "STARTING", "BACKOFF"}:
                self.rpc.stopProcess(process)

    def shutdown(self) -> None:
        """Stops everything, front first, and ends the supervisor."""
        if not self.alive():
            return
        pid = self.rpc.getPID()
        self.stop(*(process.name for process in reversed(PROCESSES)))
        self.rpc.shutdown()
        wait(lambda: not Path(f"/proc/{pid}").exists(), 30, StackError("the supervisor does not end"))


def wait(condition: Callable[[], bool], seconds: float, error: StackError) -> None:
    """Polls until ``condition`` holds; raises ``error`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise error
        time.sleep(0.1)


def leftovers(settings: Settings) -> Iterator[tuple[int, str]]:
    """(process id, command) of our processes that no supervisor holds any more.

    Ours are those whose working folder is one of this stack's: each process starts in ``run/<process>``, PostgreSQL
    and Redis go on to their data folders. A person's shell may stand there too, but that has a terminal.
    """
    homes = {settings.run / process.name for process in PROCESSES} | {settings.run, settings.var / "redis"}
    data = (settings.var / "run" / "postgres-data").resolve()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            folder = (entry / "cwd").readlink()
            terminal = (entry / "stat").read_text().rpartition(") ")[2].split()[4]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        ours = folder in homes or folder == data
        if ours and terminal == "0" and int(entry.name) != os.getpid() and command:
            yield int(entry.name), command


def end_leftovers(settings: Settings) -> int:
    """Ends what outlived its supervisor, gently first; returns how many there were."""
    ours = dict(leftovers(settings))
    for pid, command in ours.items():
        # PostgreSQL's postmaster ends its own children; its fast shutdown is SIGINT.
        _signal(pid, signal.SIGINT if "postgres" in command else signal.SIGTERM)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in ours) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in ours:
        _signal(pid, signal.SIGKILL)
    return len(ours)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def holder(port: int) -> str | None:
    """Who listens on a loopback port: a description, or ``None`` when it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return "nobody, but this account may not use it"
        except OSError:
            return _listener(port) or "another process"
    return None


def _listener(port: int) -> str | None:
    """Looks the listener up in /proc; ``None`` when it belongs to somebody whose processes we cannot see into."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else ():
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (entry / "fd").iterdir()):
                return f"{(entry / 'comm').read_text().strip()} (process {entry.name})"
        except OSError:
            continue
    return None
