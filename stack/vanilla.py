"""``python -m stack.vanilla up | stop``: CKAN as it is shipped, beside a test stack, for benchmarks and comparisons.

None of our plugins; databases and roles of its own in the test stack's cluster, a Redis number of its own, and the Solr
core ``stock`` with CKAN's own schema. It needs a running test stack and ends with whoever started it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

from psycopg import sql

from stack import console, databases, secrets, settings
from stack.console import StackError
from stack.settings import ROOT, Settings

ROLE, DATABASE, DATASTORE, ADMIN, REDIS_NUMBER = "vanilla", "vanilla", "vanilla_datastore", "vanilla_admin", 5

# No proxy: it would look for our loopback addresses on its own machine.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

_INI = """\
[app:main]
use = egg:ckan
ckan.site_id = vanilla
ckan.site_url = {url}
ckan.storage_path = {folder}/storage
ckan.plugins = datastore datatables_view text_view image_view
SECRET_KEY = {password}
sqlalchemy.url = {postgres}/vanilla
ckan.datastore.write_url = {postgres}/vanilla_datastore
ckan.datastore.read_url = {reader}/vanilla_datastore
ckan.redis.url = redis://:{redis_password}@{redis}/{redis_number}
solr_url = {solr}
"""


def _folder(stack: Settings) -> Path:
    return stack.var / "vanilla"


def _password(stack: Settings) -> str:
    return secrets.read(Path(stack["SECRETS"]), "secret_key")


def prepare(stack: Settings, port: int) -> Path:
    """Databases, tables, an empty index and the configuration; returns the configuration's path. Safe to repeat."""
    folder, password = _folder(stack), _password(stack)
    (folder / "storage").mkdir(parents=True, exist_ok=True)
    with databases.connect(stack) as cluster:
        for role in (ROLE, f"{ROLE}_reader"):
            if not cluster.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                cluster.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            cluster.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), password))
        for database in (DATABASE, DATASTORE):
            if not cluster.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
                cluster.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(ROLE))
                )
    address = f"{stack['POSTGRES_HOST']}:{stack['POSTGRES_PORT']}"
    ini = folder / "ckan.ini"
    ini.touch(mode=0o600)
    ini.write_text(
        _INI.format(
            url=f"http://127.0.0.1:{port}", folder=folder, password=password,
            postgres=f"postgresql://{ROLE}:{password}@{address}",
            reader=f"postgresql://{ROLE}_reader:{password}@{address}",
            redis=f"{stack['REDIS_HOST']}:{stack['REDIS_PORT']}", redis_number=REDIS_NUMBER,
            redis_password=secrets.read(Path(stack["SECRETS"]), "redis"),
            solr=f"http://{stack['SOLR_HOST']}:{stack['SOLR_PORT']}/solr/stock",
        )
    )  # fmt: skip
    with databases.connect(stack, DATASTORE) as inside:
        script = files("ckanext.datastore").joinpath("set_permissions.sql").read_text()
        names = {"datastoredb": DATASTORE, "maindb": DATABASE, "mainuser": ROLE, "writeuser": ROLE}
        names = {name: f'"{value}"' for name, value in (names | {"readuser": f"{ROLE}_reader"}).items()}
        # The script's text is CKAN's: nothing in it comes from outside.
        inside.execute(script.replace("\\connect {datastoredb}", "").format(**names))  # type: ignore[arg-type]
    _ckan(stack, "db", "upgrade")
    return ini


def _ckan(stack: Settings, *arguments: str) -> str:
    """Runs one ``ckan`` command of vanilla CKAN; returns what it printed."""
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "ckan", "-c", _folder(stack) / "ckan.ini", *arguments],
        cwd=_folder(stack), env=_environ(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise StackError(f"vanilla: `ckan {' '.join(arguments[:2])}` failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def _environ() -> dict[str, str]:
    # CKAN takes options from its environment.
    return {name: value for name, value in os.environ.items() if not name.startswith(("CKAN", "SHOPENDATA"))}


def token(stack: Settings) -> str:
    """An API token of an administrator of vanilla CKAN, whose account is made at the first call."""
    with suppress(StackError):  # the account may be there
        _ckan(stack, "user", "add", ADMIN, f"email={ADMIN}@localhost", f"password={_password(stack)}")
    _ckan(stack, "sysadmin", "add", ADMIN)
    return _ckan(stack, "user", "token", "add", ADMIN, "tests", "--quiet").split()[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _end_with_parent() -> None:
    """In the child: the kernel ends it when its parent dies, however that happens (Linux: PR_SET_PDEATHSIG is 1)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextmanager
def running(stack: Settings, workers: int = 2, threads: int = 4) -> Iterator[str]:
    """Vanilla CKAN with as many processes and threads as the portal has; yields its address.

    Raises :class:`StackError` when the test stack does not run or vanilla CKAN does not answer.
    """
    port = _free_port()
    ini, url, log = prepare(stack, port), f"http://127.0.0.1:{port}", _folder(stack) / "web.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [ROOT / ".venv" / "bin" / "gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
             "--workers", str(workers), "--threads", str(threads), "--no-control-socket",
             "ckanext.shopendata.wsgi:application"],
            cwd=_folder(stack), env=_environ() | {"CKAN_INI": str(ini)}, stdout=output, stderr=output,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - nothing of ours runs in threads here
        )  # fmt: skip
    pid = _folder(stack) / "pid"
    pid.write_text(str(server.pid))
    try:
        _wait(server, url, log)
        yield url
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        server.wait()
        pid.unlink(missing_ok=True)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), _direct.open(f"{url}/api/3/action/status_show", timeout=30):
            return
        time.sleep(0.2)
    raise StackError("vanilla CKAN does not answer", log)


def stop(stack: Settings) -> None:
    """Ends the vanilla CKAN that ``up`` started, if one runs."""
    record = _folder(stack) / "pid"
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        number = int(record.read_text())
        if Path(f"/proc/{number}/cwd").resolve() == _folder(stack).resolve():
            os.kill(number, signal.SIGTERM)
    record.unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """``up`` serves until it is interrupted or stopped; ``stop`` ends it from elsewhere."""
    stack = settings.read("test")
    if arguments == ["stop"]:
        stop(stack)
        return 0
    if arguments != ["up"]:
        return console.fail(StackError("usage: python -m stack.vanilla up | stop"))
    # An exit like any other, so that the server is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt):
        try:
            with running(stack) as url:
                console.say(f"vanilla CKAN: {url}\nadministrator's token: {token(stack)}")
                while (_folder(stack) / "pid").exists():
                    time.sleep(0.5)
        except StackError as error:
            return console.fail(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
