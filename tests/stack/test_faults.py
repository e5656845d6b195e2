"""What goes wrong on real machines, done on purpose to a stack of its own (var/fault).

Each fault must end in one clear line and exit code 1, or be survived: the portal answers again and nothing is lost.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from stack import databases, place, secrets, services, settings

pytestmark = pytest.mark.fault
ROOT = settings.ROOT
PORTAL = settings.read("fault")
#: What `up` starts; the sandbox runs with the demonstration alone.
RUNNING = (*services.BACKENDS, *services.FRONTENDS)


def up(**environ):
    """Runs what `make portal` runs, for the fault stack."""
    return subprocess.run(
        [sys.executable, "-m", "stack", "up", "fault"],
        check=False, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def stop(verb="stop"):
    subprocess.run([sys.executable, "-m", "stack", verb, "fault"], cwd=ROOT, check=True, timeout=120)


def ours():
    """Every process of the fault stack, found independently of the stack's own bookkeeping."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            known_by = (entry / "cmdline").read_text(errors="replace") + str((entry / "cwd").readlink())
        except OSError:
            continue
        if str(PORTAL.var) in known_by and int(entry.name) != os.getpid():
            found[int(entry.name)] = known_by.replace("\0", " ")
    return found


def answers():
    try:
        return requests.get(f"{PORTAL.url}/api/3/action/package_list", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.fixture(scope="module", autouse=True)
def _clean():
    stop("reset")
    yield
    stop("reset")
    assert ours() == {}


@pytest.fixture(scope="module")
def running():
    """The fault stack, up, with something to lose: an organization, a Redis key."""
    result = up()
    assert result.returncode == 0, result.stdout + result.stderr
    with redis_client() as client:
        client.set("fault", "kept")
    with databases.connect(PORTAL, "ckan") as ckan:
        ckan.execute("CREATE TABLE fault_kept AS SELECT 42 AS answer")
    return services.Supervisor(PORTAL)


def redis_client():
    password = secrets.read(Path(PORTAL["SECRETS"]), "redis")
    return redis.Redis("127.0.0.1", PORTAL.port("redis"), password=password)


class TestBeforeStarting:
    @pytest.mark.parametrize("service", ["nginx", "web", "postgres", "solr"])
    def test_a_busy_port_is_named_with_its_holder(self, service):
        with socket.socket() as busy:
            # Connections to a service that has just ended linger; a listener beside them is what we want.
            busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            busy.bind(("127.0.0.1", PORTAL.port(service)))
            busy.listen()
            result = up()
        assert result.returncode == 1
        (line,) = result.stderr.splitlines()
        assert f"port {PORTAL.port(service)} ({service})" in line
        assert f"process {os.getpid()}" in line
        assert "SHOPENDATA_FAULT_PORT=" in line
        assert ours() == {}

    def test_a_nearly_full_disk_is_refused(self):
        result = up(SHOPENDATA_FAULT_MIN_FREE_MB="999999999")
        assert result.returncode == 1
        assert re.search(r"only \d+ MB free", result.stderr)
        assert ours() == {}

    def test_databases_whose_secrets_are_gone_are_named(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SHOPENDATA_FAULT_VAR", str(tmp_path))
        data = place.choose(settings.read("fault")).postgres_data
        data.mkdir(parents=True)
        try:
            (data / "PG_VERSION").write_text("15")
            result = up()
            assert result.returncode == 1
            assert f"{data} holds databases whose secrets are gone" in result.stderr
            assert not (tmp_path / "secrets").exists()
        finally:
            shutil.rmtree(data)

    def test_a_service_that_cannot_start_shows_its_log(self):
        result = up(SHOPENDATA_FAULT_SOLR_HEAP="1k")
        assert result.returncode == 1
        assert "solr does not start" in result.stderr.splitlines()[0]
        assert "Error occurred during initialization of VM" in result.stderr
        stop()
        assert ours() == {}

    def test_a_disk_that_fills_up_is_named(self, tmp_path):
        if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode:
            pytest.skip("needs root and the right to mount")
        if place.choose(PORTAL).note:
            pytest.skip("PostgreSQL's data lies on another disk here, because its account cannot enter the checkout")
        tmp_path.chmod(0o755)
        for folder in tmp_path.parents[:2]:
            folder.chmod(0o755)
        script = (
            'mount -t tmpfs -o size=32m,mode=755 none "$0" && "$1" -m stack up fault; code=$?;'
            ' "$1" -m stack stop fault; exit $code'
        )
        environ = {"SHOPENDATA_FAULT_VAR": str(tmp_path), "SHOPENDATA_FAULT_MIN_FREE_MB": "1"}
        result = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, str(tmp_path), sys.executable],
            check=False, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert result.returncode == 1
        assert f"the disk that holds {tmp_path} is full" in result.stderr


class TestBootstrap:
    """Stage 0 without root, with a package missing."""

    @pytest.fixture
    def as_nobody(self, tmp_path):
        """Runs the bootstrap with a dpkg that knows all packages but nginx, as somebody who cannot become root."""
        stub = tmp_path / "dpkg-query"
        stub.write_text('#!/bin/sh\ncase "$*" in *nginx*) exit 1;; esac\nprintf installed\n')
        stub.chmod(0o755)
        (tmp_path / "sudo").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "sudo").chmod(0o755)
        for folder in (tmp_path, *list(tmp_path.parents)[:3]):
            if folder != Path("/tmp") and folder.owner() == Path.home().owner():
                folder.chmod(0o755)
        drop = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        # A copy that anybody can read: the checkout itself may lie in somebody's home.
        copy = tmp_path / "checkout" / "stack"
        copy.mkdir(parents=True)
        shutil.copy(ROOT / "stack" / "bootstrap.sh", copy)
        return subprocess.run(
            [*drop, "bash", str(copy / "bootstrap.sh")], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def test_prints_the_one_command_and_stops(self, as_nobody):
        assert as_nobody.returncode == 1
        commands = [line.strip() for line in as_nobody.stderr.splitlines() if line.startswith("  ")]
        assert commands == ["sudo apt-get install -y --no-install-recommends nginx-light"]


class TestRunning:
    def test_a_second_start_restarts_nothing(self, running):
        before = {process.name: running.pid(process.name) for process in RUNNING}
        result = up()
        assert result.returncode == 0, result.stderr
        assert {process.name: running.pid(process.name) for process in RUNNING} == before
        assert "migrations" not in result.stdout

    def test_secrets_are_private_and_stay(self, running):
        folder = Path(PORTAL["SECRETS"])
        before = {path.name: path.read_text() for path in folder.iterdir()}
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert set(before) == set(secrets.HOLDERS)
        assert len(set(before.values())) == len(before)
        assert secrets.make(folder) == []
        assert {path.name: path.read_text() for path in folder.iterdir()} == before

    def test_no_secret_is_in_an_environment_or_command_line(self, running):
        """But the gateway's, the loaders' and the sealer's own, which is what those environments are for."""
        values = {path.name: path.read_text() for path in Path(PORTAL["SECRETS"]).iterdir()}
        for pid, command in ours().items():
            try:
                seen = Path(f"/proc/{pid}/environ").read_text(errors="replace")
            except OSError:
                continue
            assert not [name for name, value in values.items() if value in command], command
            allowed = {"vault_gateway", "redis"} if "gateway" in command else set()
            if "loader.ini" in command:
                allowed = {"vault_loader", "sandbox_source"}
            if "sealer.ini" in command:
                allowed = {"audit_sealer"}
            assert {name for name, value in values.items() if value in seen} <= allowed, command

    def test_the_gateway_inherits_nothing(self, running):
        environ = Path(f"/proc/{running.pid('gateway')}/environ").read_text()
        assert {entry.split("=")[0] for entry in environ.split("\0") if entry} == {
            "PATH", "LANG", "SHOPENDATA_GATEWAY_ENV", "PROMETHEUS_MULTIPROC_DIR",
        }  # fmt: skip

    @pytest.mark.skipif(os.geteuid() != 0, reason="accounts of their own need root")
    def test_accounts_are_apart(self, running):
        chosen = place.choose(PORTAL)
        for process in RUNNING:
            owner = Path(f"/proc/{running.pid(process.name)}").owner()
            assert owner == chosen.account(process.name), process.name
        assert (PORTAL.etc / "gateway.env").owner() == chosen.gateway
        assert (PORTAL.etc / "gateway.env").stat().st_mode & 0o777 == 0o600

    def test_only_loopback_is_listened_on(self, running):
        inodes = set()
        for pid in ours():
            try:
                inodes |= {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
            except OSError:
                continue
        addresses = set()
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                    addresses.add(fields[1].split(":")[0])
        # 127.0.0.1, or the same as an IPv6 address (Java)
        assert addresses <= {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}

    @pytest.mark.parametrize("process", [process.name for process in RUNNING])
    def test_a_killed_process_comes_back(self, running, process):
        pid = running.pid(process)
        os.kill(pid, signal.SIGKILL)
        ready = next(p.ready for p in RUNNING if p.name == process)
        assert until(lambda: running.state(process) == "RUNNING" and running.pid(process) not in {0, pid})
        assert until(lambda: ready(PORTAL))
        assert until(answers)

    def test_everything_killed_at_once(self, running):
        for pid in ours():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        assert until(lambda: not ours())
        assert not answers()
        result = up()
        assert result.returncode == 0, result.stdout + result.stderr
        self._nothing_is_lost()

    def test_a_lost_supervisor(self, running):
        """Its children live on without it; the next start ends them and begins anew."""
        os.kill(services.Supervisor(PORTAL).rpc.getPID(), signal.SIGKILL)
        result = up()
        assert result.returncode == 0, result.stdout + result.stderr
        assert "had lost their supervisor" in result.stdout
        self._nothing_is_lost()

    def test_a_service_killed_while_starting(self, running):
        stop()
        starting = subprocess.Popen(
            [sys.executable, "-m", "stack", "up", "fault"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        supervisor = services.Supervisor(PORTAL)
        for process in ("solr", "web"):
            assert until(lambda name=process: supervisor.alive() and supervisor.pid(name))
            os.kill(supervisor.pid(process), signal.SIGKILL)
        assert starting.wait(timeout=180) == 0, starting.stdout.read()
        self._nothing_is_lost()

    def test_stopping_leaves_no_process(self, running):
        assert len(ours()) > len(RUNNING)
        stop()
        assert ours() == {}

    def _nothing_is_lost(self):
        assert until(answers)
        with databases.connect(PORTAL, "ckan") as ckan:
            assert ckan.execute("SELECT answer FROM fault_kept").fetchone() == (42,)
        with redis_client() as client:
            assert client.get("fault") == b"kept"


class TestWhatFails:
    """Each dependency stopped in turn, and hung: the pages of health say which, soon, and visitors see pages."""

    IN_POSTGRES = frozenset({"database", "datastore", "vault", "outbox", "notices", "harvest", "sealer", "maintenance"})

    @pytest.fixture(scope="class", autouse=True)
    def _up(self, running):
        assert up().returncode == 0

    def ready(self, door="internal"):
        began = time.monotonic()
        answer = requests.get(f"http://127.0.0.1:{PORTAL.port(door)}/readyz", timeout=20)
        failing = {name for name, one in answer.json()["checks"].items() if one["state"] == "failing"}
        return answer.status_code, failing, time.monotonic() - began

    @contextlib.contextmanager
    def stopped(self, running, name, hang):
        process = next(one for one in RUNNING if one.name == name)
        family = tree(running.pid(name))
        if hang:
            for pid in family:
                os.kill(pid, signal.SIGSTOP)
        else:
            running.stop(name)
        try:
            yield
        finally:
            for pid in family if hang else ():
                os.kill(pid, signal.SIGCONT)
            running.begin(process)
            running.ensure(process)
            assert until(lambda: self.ready()[0] == 200), self.ready()

    @pytest.mark.parametrize("hang", [False, True], ids=["dead", "hung"])
    @pytest.mark.parametrize(
        ("process", "parts"),
        [("redis", {"redis"}), ("solr", {"search"}), ("gateway", {"gateway", "vault"}), ("postgres", IN_POSTGRES)],
    )
    def test_health_names_what_does_not_answer(self, running, process, parts, hang):
        with self.stopped(running, process, hang):
            assert until(lambda: self.ready()[1] == parts, 30), self.ready()
            status, _, seconds = self.ready()
            assert status == 503
            assert seconds < 15  # far above the probes' own times, far below a visitor's that hangs
            assert self.ready("nginx")[0] == 503
            assert requests.get(f"{PORTAL.url}/healthz", timeout=10).json() == {"status": "ok"}
            numbers = requests.get(f"http://127.0.0.1:{PORTAL.port('internal')}/metrics", timeout=20).text
            for part in parts:
                assert f'shopendata_up{{part="{part}"}} 0.0' in numbers

    def test_without_postgresql_visitors_see_a_page_and_programs_json(self, running):
        with self.stopped(running, "postgres", hang=False):
            page = requests.get(f"{PORTAL.url}/dataset/x", timeout=30)
            assert page.status_code == 503
            assert "服务暂时不可用" in page.content.decode()
            assert page.headers["Retry-After"]
            told = requests.get(f"{PORTAL.url}/api/nowhere", timeout=30)
            assert told.status_code == 503
            assert told.json()["success"] is False
            for answer in (page, told):
                assert "psycopg2" not in answer.text
                assert "127.0.0.1" not in answer.text.replace(PORTAL.url, "")
            gateway = requests.get(f"{PORTAL.url}/gateway/v1/me", headers={"X-Access-Key": "sod_x"}, timeout=30)
            assert gateway.headers["Content-Type"].startswith("application/problem+json")

    def test_maintenance_is_switched_and_holds_while_redis_is_down(self, running):
        def switch(*words):
            command = [
                ROOT / ".venv" / "bin" / "ckan",
                "-c",
                PORTAL.var / "ckan.ini",
                "shopendata",
                "maintenance",
                *words,
            ]
            return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

        with self.stopped(running, "redis", hang=False):
            assert "maintenance: on" in switch("on", "--reason-zh", "演练")
            assert "演练" in requests.get(f"{PORTAL.url}/about", timeout=30).content.decode()
            assert requests.post(f"{PORTAL.url}/api/3/action/package_search", json={}, timeout=30).status_code == 200
        running.stop("web")
        running.ensure(next(one for one in RUNNING if one.name == "web"))
        assert "演练" in requests.get(f"{PORTAL.url}/about", timeout=30).content.decode()
        assert "maintenance: off" in switch("off")
        assert "演练" not in requests.get(f"{PORTAL.url}/about", timeout=30).content.decode()


def tree(pid):
    """The ids of a process and all below it."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            rest = (entry / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(rest[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


class TestRoles:
    """Who gets into which database, tried with the real passwords."""

    @pytest.fixture(scope="class", autouse=True)
    def _up(self, running):
        assert up().returncode == 0

    def connect(self, role, database):
        password = secrets.read(Path(PORTAL["SECRETS"]), role)
        return psycopg.connect(
            host="127.0.0.1", port=PORTAL.port("postgres"), user=role, dbname=database, password=password
        )

    @pytest.mark.parametrize("role", databases.LOGINS)
    @pytest.mark.parametrize("database", databases.DATABASES)
    def test_a_role_reaches_its_own_database_only(self, role, database):
        if role in databases.DATABASES[database][1]:
            self.connect(role, database).close()
        else:
            with pytest.raises(psycopg.OperationalError):
                self.connect(role, database)

    @pytest.mark.parametrize(
        ("role", "database", "statement"),
        [
            ("ckan_web", "ckan", "CREATE TABLE planted (a int)"),
            ("ckan_web", "ckan", 'DROP TABLE "user"'),
            ("ckan_web", "ckan", "SET ROLE ckan_owner"),
            ("ckan_reader", "ckan", 'DELETE FROM "user"'),
            ("ckan_web", "ckan", "CREATE TABLE audit.planted (a int)"),
            ("datastore_reader", "datastore", "CREATE TABLE planted (a int)"),
            ("vault_gateway", "vault", "CREATE TABLE vault.planted (a int)"),
            ("vault_gateway", "vault", "SELECT * FROM intake.probe"),
            ("vault_gateway", "vault", "INSERT INTO vault.probe VALUES (1)"),
            ("vault_scanner", "vault", "SELECT * FROM vault.probe"),
            ("vault_scanner", "vault", "DELETE FROM intake.probe"),
        ],
    )
    def test_what_a_role_may_not_do(self, role, database, statement):
        with self.connect("vault_loader", "vault") as loader:
            for schema in ("vault", "intake"):
                loader.execute(f"CREATE TABLE IF NOT EXISTS {schema}.probe (a int)")
        with self.connect(role, database) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)

    def test_what_the_vaults_readers_may(self):
        with self.connect("vault_loader", "vault") as loader:
            for schema in ("vault", "intake"):
                loader.execute(f"CREATE TABLE IF NOT EXISTS {schema}.probe (a int)")
        with self.connect("vault_gateway", "vault") as gateway:
            gateway.execute("SELECT * FROM vault.probe")
        with self.connect("vault_scanner", "vault") as scanner:
            scanner.execute("SELECT * FROM intake.probe")

    def test_audit_rows_cannot_be_changed_by_the_portal(self):
        with self.connect("ckan_migrator", "ckan") as migrator:
            migrator.execute("SET ROLE audit_owner")
            migrator.execute("CREATE TABLE IF NOT EXISTS audit.probe (a int)")
        with self.connect("ckan_web", "ckan") as web:
            web.execute("INSERT INTO audit.probe VALUES (1)")
            web.commit()
            for statement in ("UPDATE audit.probe SET a = 2", "DELETE FROM audit.probe", "TRUNCATE audit.probe"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    web.execute(statement)
                web.rollback()
