"""The restore drill: the tests' stack is backed up, and restored onto an empty one of its own (var/fault).

What has to be the same is compared over HTTP, byte by byte; the second stack answers under the first one's address.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from stack import databases, place, secrets, services, settings
from stack.backup import moment, restore, verify
from tests.audit.conftest import url
from tests.backup.conftest import LOGO, is_in, log_in

pytestmark = pytest.mark.fault
ROOT = settings.ROOT
#: Tables that a portal changes by itself once it runs again.
ALIVE = {
    "ckan": {
        "audit.event", "audit.payload", "seal.link", "public.shopendata_session", "public.shopendata_task",
        "public.shopendata_dataset", "public.shopendata_resource", "public.package", "public.resource",
        "public.shopendata_notice", "public.package_extra",
        "public.resource_view", "public.member", "public.package_tag",
        "public.tag", 'public."user"', "public.dashboard",
    },
}  # fmt: skip


def stack(*verbs):
    done = subprocess.run(
        [sys.executable, "-m", *verbs], cwd=ROOT, check=False, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def there(filled):
    """The empty stack; it will answer under the address of the one that was lost."""
    os.environ["SHOPENDATA_FAULT_SITE_URL"] = filled.url
    stack("stack", "reset", "fault")
    yield settings.read("fault")
    stack("stack", "reset", "fault")
    del os.environ["SHOPENDATA_FAULT_SITE_URL"]


@pytest.fixture(scope="module")
def address(there):
    return f"http://127.0.0.1:{there['PORT']}"


@pytest.fixture(scope="module")
def restored(filled, locked, passphrase, there):
    done = stack(
        "stack.backup", "--stack", "fault", "restore", str(locked.folder), "--passphrase-file", str(passphrase),
        "--reason", "演练", "--digest", locked.digest,
    )  # fmt: skip
    assert "restored as of" in done.stdout
    assert not services.Supervisor(there).alive()
    stack("stack", "up", "fault")
    return there


def ckan(there, *words):
    return subprocess.run(
        [ROOT / ".venv/bin/ckan", "-c", there.var / "ckan.ini", "shopendata", *words],
        check=False, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip


def ask(there, query, *values, database="ckan"):
    with databases.connect(there, database) as connection:
        return connection.execute(query, values).fetchall()


def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.5)
    return condition()


class TestData:
    def test_what_was_published_is_the_same_byte_by_byte(self, filled, restored, address):
        paths = [
            f"/api/3/action/package_show?id={filled.open}",
            f"/api/3/action/package_show?id={filled.conditional}",
            f"/datastore/dump/{filled.resource[filled.open]}",
            f"/open-list/traffic/{filled.version}.json",
            f"/open-list/traffic/{filled.version}.csv",
            "/api/3/action/organization_show?id=traffic",
        ]
        for path in paths:
            answers = [requests.get(f"{base}{path}", timeout=30) for base in (filled.url, address)]
            bodies = [re.sub(rb'"help": "[^"]*", ', b"", one.content) for one in answers]
            assert [one.status_code for one in answers] == [200, 200], path
            assert bodies[0] == bodies[1], path
        assert (restored.var / "storage" / "uploads" / "group" / "logo-测试.png").read_bytes() == LOGO

    def test_tables_are_equal(self, filled, restored):
        for database in moment.ORDER:
            with moment.snapshot(filled.stack, database) as before, moment.snapshot(restored, database) as after:
                one, other = before.tables(), after.tables()
            changing = ALIVE.get(database, set())
            if database != "ckan":  # the publisher goes on here too: see the outbox
                other = {name: other.get(name) for name in one}
            quiet = one.keys() - changing
            assert {name: one[name] for name in quiet} == {name: other[name] for name in quiet}

    def test_the_index_was_built_anew(self, filled, restored, address):
        found = requests.get(f"{address}/api/3/action/package_search?q=公交", timeout=30).json()["result"]
        assert {one["id"] for one in found["results"]} == {filled.open, filled.conditional}


class TestDoors:
    def rows(self, base, filled, key):
        path = f"/gateway/v1/datasets/{filled.conditional}/resources/{filled.resource[filled.conditional]}/rows"
        return requests.get(base + path, headers={"X-Access-Key": key}, timeout=30)

    def test_a_live_key_works(self, filled, restored, address):
        here, there = (self.rows(base, filled, filled.live) for base in (filled.url, address))
        assert here.status_code == there.status_code == 200
        assert here.content == there.content
        assert "王**" in here.text

    def test_a_revoked_key_stays_revoked(self, filled, restored, address):
        answer = self.rows(address, filled, filled.revoked)
        assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")

    def test_a_suspended_dataset_stays_suspended(self, filled, restored, address):
        for path in (f"/api/3/action/package_show?id={filled.suspended}", f"/dataset/{filled.suspended}",
                     f"/datastore/dump/{filled.resource[filled.suspended]}"):  # fmt: skip
            assert requests.get(address + path, timeout=30).status_code in (403, 404), path
        listed = requests.get(f"{address}/api/3/action/package_search?q=停车场", timeout=30).json()["result"]
        assert listed["count"] == 0

    def test_people_can_log_in_and_nobody_is(self, filled, restored, address):
        assert is_in(filled.url, filled.cookies)
        assert not is_in(address, filled.cookies)
        assert is_in(address, log_in(address, "citizen").cookies.get_dict())
        assert not is_in(address, log_in(address, "citizen", "wrong-horse-9").cookies.get_dict())

    def test_tokens_work_as_they_did(self, filled, restored, address):
        mine = f"{address}/api/3/action/user_show?id=citizen"
        shown = requests.get(mine, headers={"Authorization": filled.token}, timeout=30).json()
        assert shown["result"]["email"] == "citizen@example.org"

    def test_a_thief_of_the_databases_gets_in_by_nothing_that_stands_in_them(self, filled, restored, address):
        (kid, mac), *_ = ask(filled.stack, "SELECT kid, encode(mac, 'hex') FROM shopendata_access_key")
        (jti,) = ask(filled.stack, "SELECT id FROM api_token")[0]
        (password,) = ask(filled.stack, "SELECT password FROM \"user\" WHERE name = 'citizen'")[0]
        (cookie,) = ask(filled.stack, "SELECT token_hash FROM shopendata_session LIMIT 1")[0]
        for base in (filled.url, address):
            for key in (kid, mac, f"sod_{kid}_{mac[:49]}", jti):
                assert self.rows(base, filled, key).status_code == 401
            user = requests.get(f"{base}/api/3/action/user_show?id=citizen", headers={"Authorization": jti}, timeout=30)
            assert "example.org" not in user.text
            assert not is_in(base, {"shopendata": f"row.{cookie}"})
            assert not is_in(base, log_in(base, "citizen", password).cookies.get_dict())


class TestRecord:
    def test_the_chain_goes_on_and_says_why(self, filled, locked, restored):
        done = ckan(restored, "audit", "verify")
        assert done.returncode == 0, done.stdout + done.stderr
        told = ask(
            restored,
            "SELECT p.body->>'reason' FROM audit.event e JOIN audit.payload p ON p.event_id = e.id"
            " WHERE e.verb = 'audit.restore'",
        )
        assert told == [("演练",)]
        # The sealer has gone on behind it.
        sealed = (
            "SELECT count(*) FROM seal.link l JOIN audit.event e ON e.id = l.event_id WHERE e.verb = 'audit.restore'"
        )
        assert until(lambda: ask(restored, sealed) == [(1,)])
        here = {one for (one,) in ask(filled.stack, "SELECT digest FROM seal.link")}
        assert here <= {one for (one,) in ask(restored, "SELECT digest FROM seal.link")}

    @pytest.mark.parametrize("statement", [
        "UPDATE audit.event SET actor = 'x'", "DELETE FROM audit.event", "TRUNCATE audit.event",
        "UPDATE audit.payload SET body = '{}'", "INSERT INTO seal.link SELECT * FROM seal.link", "SET ROLE ckan_owner",
        "CREATE TABLE planted (a int)", "SELECT seal.erase('x')",
    ])  # fmt: skip
    def test_the_portal_still_cannot_change_it(self, restored, statement):
        with psycopg.connect(url(restored, "ckan_web")) as web:
            web.execute("SELECT count(*) FROM audit.event")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(statement)

    @pytest.mark.parametrize("role", databases.LOGINS)
    @pytest.mark.parametrize("database", databases.DATABASES)
    def test_roles_reach_their_own_database_only(self, restored, role, database):
        where = url(restored, role).rpartition("/")[0] + f"/{database}"
        if role in databases.DATABASES[database][1]:
            psycopg.connect(where).close()
        else:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(where)


class TestWork:
    def test_the_outbox_goes_on_with_an_empty_redis(self, filled, restored, address):
        """Nothing of Redis is in a backup: what waited to be published is published all the same."""
        password = secrets.read(Path(restored["SECRETS"]), "redis")
        with redis.Redis("127.0.0.1", restored.port("redis"), password=password) as client:
            client.flushall()
        shown = f"{address}/api/3/action/package_show?id={filled.waiting}"
        assert (
            requests.get(f"{filled.url}/api/3/action/package_show?id={filled.waiting}", timeout=30).status_code == 404
        )
        assert until(lambda: requests.get(shown, timeout=30).status_code == 200)
        waiting = "SELECT count(*) FROM shopendata_task WHERE done_at IS NULL AND kind IN ('publish', 'index')"
        assert until(lambda: ask(restored, waiting) == [(0,)])

    def test_the_doctor_is_content(self, restored):
        known = place.choose(restored).known_findings()
        done = ckan(restored, "doctor", "--quiet", *(f"--known={code}" for code in known))
        assert done.returncode == 0, done.stdout


class TestAgain:
    """Onto a stack that holds something. Last: it ends the restored one."""

    def test_what_is_there_is_set_aside_and_comes_back_when_a_restore_fails(
        self, filled, locked, passphrase, restored, monkeypatch
    ):
        ask_tasks = "SELECT max(id) FROM shopendata_task"
        before = ask(restored, ask_tasks)
        one = verify.opened(locked.folder, passphrase=passphrase, identity=None)

        def fails(*_):
            raise restore.StackError("the disk died")

        monkeypatch.setattr(verify, "same", fails)
        with pytest.raises(restore.StackError, match="the disk died"):
            restore.restore(one, restored, "试", replace=True)
        monkeypatch.undo()
        assert not services.Supervisor(restored).alive()
        assert not restore.mark_of(restored).exists()
        stack("stack", "up", "fault")
        assert ask(restored, ask_tasks) == before
        assert (
            requests.get(f"http://127.0.0.1:{restored['PORT']}/api/3/action/package_list", timeout=30).status_code
            == 200
        )

    def test_with_yes_it_is_replaced_and_kept_beside(self, filled, locked, passphrase, restored):
        (count,) = ask(restored, "SELECT count(*) FROM audit.event WHERE verb = 'audit.restore'")[0]
        assert count == 1
        anchors = (restored.var / "audit" / "anchors.jsonl").read_text()
        done = stack(
            "stack.backup", "--stack", "fault", "restore", str(locked.folder), "--passphrase-file", str(passphrase),
            "--reason", "再次演练", "--yes",
        )  # fmt: skip
        assert "what was here before" in done.stdout
        (aside,) = (restored.var / "before-restore").iterdir()
        assert (aside / "secrets" / "key_pepper").is_file()
        # Heads written since the backup are not forgotten.
        assert (restored.var / "audit" / "anchors.jsonl").read_text().startswith(anchors)
        stack("stack", "up", "fault")
        assert ckan(restored, "audit", "verify").returncode == 0
        shutil.rmtree(aside)

    def test_one_in_clear_is_restored_with_the_secrets_that_are_there(self, filled, in_clear, restored):
        """The way back from an upgrade."""
        pepper = (restored.var / "secrets" / "key_pepper").read_text()
        done = stack("stack.backup", "--stack", "fault", "restore", str(in_clear), "--reason", "回退", "--yes")
        assert "restored as of" in done.stdout
        assert (restored.var / "secrets" / "key_pepper").read_text() == pepper
        stack("stack", "up", "fault")
        rows = f"/gateway/v1/datasets/{filled.conditional}/resources/{filled.resource[filled.conditional]}/rows"
        address = f"http://127.0.0.1:{restored['PORT']}{rows}"
        assert requests.get(address, headers={"X-Access-Key": filled.live}, timeout=30).status_code == 200
