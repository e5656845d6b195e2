"""The containers' entrypoint without containers: docker-compose.yml's environment, folders and ports of our own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from stack import container, secrets, settings
from stack.console import StackError
from stack.settings import ROOT

SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account can enter, which pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="shopendata-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def ports() -> dict[str, str]:
    """A free port for each service."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        sockets = {"": held} | {name: socket.create_server(("127.0.0.1", 0)) for name in settings.LISTENING}
        found = {name: str(each.getsockname()[1]) for name, each in sockets.items()}
        for each in sockets.values():
            each.close()
    return {f"SHOPENDATA_{name.upper()}_PORT".replace("__", "_"): port for name, port in found.items()}


@pytest.fixture
def environ(folder: Path, ports: dict[str, str]):
    """The environment of a service's container, with folders, addresses and ports that exist here."""
    container.lend(folder / "all")

    def of(service: str) -> dict[str, str]:
        held = folder / "secrets" / service
        held.mkdir(parents=True, exist_ok=True)
        for name in SERVICES[service].get("secrets", []):
            shutil.copy2(folder / "all" / name, held)
        var = folder / service
        here = {"/srv/shopendata/var": str(var), "/run/secrets": str(held), "0.0.0.0": "127.0.0.1"}
        here |= dict.fromkeys(SERVICES, "127.0.0.1")
        given = {}
        for name, value in SERVICES[service]["environment"].items():
            if value is not None and "${" not in value:
                given[name] = next(
                    (value.replace(old, new) for old, new in here.items() if value.startswith(old)), value
                )
        account = {"SHOPENDATA_ACCOUNT_postgres": "postgres"} if os.geteuid() == 0 else {}
        return {"PATH": os.environ["PATH"], "SHOPENDATA_VAR": str(var), **ports, **given, **account}

    return of


@contextmanager
def started(service: str, environ: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A service's process, ended as its container would be; where volumes are mounted there are folders."""
    for volume in ("postgres", "redis", "nginx"):
        (Path(environ["SHOPENDATA_VAR"]) / volume).mkdir(parents=True, exist_ok=True)
    log = Path(environ["SHOPENDATA_VAR"]) / "output"
    with log.open("ab") as output:
        command = [ROOT / "config" / "docker" / "entrypoint", *SERVICES[service]["command"]]
        process = subprocess.Popen(command, env=environ, stdout=output, stderr=output, start_new_session=True)
    try:
        try:
            yield process
        except BaseException:
            sys.stdout.write(log.read_text())
            raise
        process.send_signal(signal.Signals[SERVICES[service]["stop_signal"]])
        assert process.wait(float(SERVICES[service]["stop_grace_period"].removesuffix("s"))) == 0, log.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def healthy(service: str, environ: dict[str, str]) -> bool:
    """What the container's health check says."""
    command = ["python3", *SERVICES[service]["healthcheck"]["test"][2:]]
    answer = subprocess.run(command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True, timeout=30)
    assert not answer.stderr, answer.stderr
    return answer.returncode == 0


def wait(condition, process: subprocess.Popen, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the process ended"
        assert time.monotonic() < deadline, "it does not answer"
        time.sleep(0.1)


def answer(port: str, path: str) -> tuple[int, bytes] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


def test_redis_serves_those_who_know_its_password(environ):
    ours = environ("redis")
    assert not healthy("redis", ours)
    with started("redis", ours) as process:
        wait(lambda: healthy("redis", ours), process)
        other = Path(ours["SHOPENDATA_SECRETS"]) / "redis"
        other.chmod(0o600)
        other.write_text("another")
        assert not healthy("redis", ours)
        rendered = Path(ours["SHOPENDATA_VAR"]) / "etc" / "redis.conf"
        assert rendered.stat().st_mode & 0o777 == 0o600
    assert (Path(ours["SHOPENDATA_VAR"]) / "redis" / "appendonlydir").is_dir()


def test_the_gateway_starts_without_a_vault_and_says_so(environ):
    ours = environ("gateway")
    with started("gateway", ours) as process:
        wait(lambda: answer(ours["SHOPENDATA_GATEWAY_PORT"], "/gateway/nothing"), process)
        status, body = answer(ours["SHOPENDATA_GATEWAY_PORT"], "/gateway/readyz")
        assert (status, json.loads(body)["status"]) == (503, "failing")
        assert not healthy("gateway", ours)
        assert {path.name for path in Path(ours["SHOPENDATA_SECRETS"]).iterdir()} == {
                "vault_gateway", "ckan_gateway", "key_pepper", "redis",
            }  # fmt: skip
        seen = Path(f"/proc/{process.pid}/environ").read_bytes().decode()
        assert {name for name in re.findall(r"(SHOPENDATA_\w+)=", seen)} == {"SHOPENDATA_GATEWAY_ENV"}


def test_nginx_answers_for_those_behind_it_and_follows_them(environ):
    ours = environ("nginx")
    stamp = Path(ours["SHOPENDATA_VAR"]) / "run" / "nginx" / "addresses"
    with started("nginx", ours) as process:

        def workers() -> set[str]:
            return {*Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()}

        wait(lambda: answer(ours["SHOPENDATA_PORT"], "/api/3/action/status_show"), process)
        first = workers()
        assert not healthy("nginx", ours)  # nobody is behind it
        # Nobody knew what it had looked up at its start.
        wait(lambda: workers() and not workers() & first, process)
        second, known = workers(), stamp.stat().st_mtime_ns
        healthy("nginx", ours)
        assert (workers(), stamp.stat().st_mtime_ns) == (second, known)
        stamp.write_text("192.0.2.1 192.0.2.2")
        healthy("nginx", ours)
        wait(lambda: workers() and not workers() & second, process)


@pytest.mark.skipif(not shutil.which("psql"), reason="needs PostgreSQL")
def test_postgres_makes_its_cluster_inside_the_volume_and_finds_it_again(environ):
    ours = environ("postgres")
    data = Path(ours["SHOPENDATA_POSTGRES_DATA"])
    for _ in ("makes it", "finds it"):
        with started("postgres", ours) as process:
            wait(lambda: healthy("postgres", ours), process, 60)
            stamp = (data / "PG_VERSION").stat().st_mtime_ns
    assert [*data.parent.iterdir()] == [data]
    assert (data / "PG_VERSION").stat().st_mtime_ns == stamp


def test_a_process_without_its_secrets_does_not_start(environ):
    ours = environ("redis")
    (Path(ours["SHOPENDATA_SECRETS"]) / "redis").unlink()
    command = [ROOT / "config" / "docker" / "entrypoint", "redis"]
    result = subprocess.run(command, env=ours, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("✗ cannot read the secret redis: run `python3 -m stack.container secrets`")


def test_it_needs_the_standard_library_only(environ):
    """Images of the databases hold no package of ours: -I -S shuts out everything that is installed."""
    code = "import sys; sys.path.append(sys.argv[1]); from stack.container import main; sys.exit(main(sys.argv[2:]))"
    command = ["python3", "-I", "-S", "-c", code, str(ROOT), "healthy", "solr"]
    result = subprocess.run(command, env=environ("solr"), check=False, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (1, "")


class TestSecrets:
    def test_containers_may_read_what_nobody_else_gets_to(self, tmp_path):
        folder = tmp_path / "secrets"
        container.lend(folder)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
            secrets.HOLDERS, 0o444
        )

    def test_they_stay_what_they_are(self, tmp_path):
        secrets.make(tmp_path / "secrets")
        before = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
        container.lend(tmp_path / "secrets")
        assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == before

    def test_the_command_makes_them(self, tmp_path):
        environ = {"PATH": os.environ["PATH"], "SHOPENDATA_VAR": str(tmp_path)}
        command = [sys.executable, "-m", "stack.container", "secrets"]
        result = subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
        assert result.stdout == f"secrets for containers: {tmp_path / 'secrets'}\n"
        assert {path.name for path in (tmp_path / "secrets").iterdir()} == {*secrets.HOLDERS}


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "run").write_text("in the way")
    monkeypatch.setenv("SHOPENDATA_VAR", str(tmp_path))
    with pytest.raises(StackError, match=re.escape(f"cannot write below {tmp_path}")):
        container.start("solr")
