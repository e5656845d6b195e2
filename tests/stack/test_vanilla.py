"""CKAN as it is shipped runs beside the test stack, takes writes without a gate, and leaves nothing behind."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import requests

from stack import databases, vanilla


@pytest.fixture(scope="class")
def served(test_stack):
    with vanilla.running(test_stack, workers=1) as url:
        yield url


def pid(stack):
    return int((stack.var / "vanilla" / "pid").read_text())


class TestVanilla:
    def test_answers_without_anything_of_ours(self, served, test_stack):
        administrator = {"Authorization": vanilla.token(test_stack)}
        status = requests.get(f"{served}/api/3/action/status_show", headers=administrator, timeout=30).json()["result"]
        assert status["extensions"] == ["datastore", "datatables_view", "text_view", "image_view"]
        assert requests.get(f"{served}/api/3/action/tag_list", timeout=30).status_code == 200

    def test_takes_an_administrators_writes_over_http(self, served, test_stack):
        headers = {"Authorization": vanilla.token(test_stack)}
        stamp = str(time.time_ns())

        def act(name, /, **fields):
            answer = requests.post(f"{served}/api/3/action/{name}", json=fields, headers=headers, timeout=60)
            assert answer.status_code == 200, answer.text
            return answer.json()["result"]

        owner = act("organization_create", name=f"owner-{stamp}")
        dataset = act("package_create", name=f"bus-lines-{stamp}", title=f"bus lines {stamp}", owner_org=owner["id"])
        table = act("datastore_create", resource={"package_id": dataset["id"]}, fields=[{"id": "a", "type": "int"}],
                    records=[{"a": 1}])["resource_id"]  # fmt: skip
        assert act("datastore_search", resource_id=table)["total"] == 1
        assert act("package_search", q=stamp)["count"] == 1

    def test_reaches_its_own_databases_only(self, test_stack, served):
        for database in ("ckan", "datastore", "vault"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(
                    host=test_stack["POSTGRES_HOST"], port=test_stack["POSTGRES_PORT"], dbname=database,
                    user=vanilla.ROLE, password=vanilla._password(test_stack), connect_timeout=5,
                )  # fmt: skip
        assert vanilla.DATABASE not in databases.DATABASES


def test_it_ends_with_whoever_started_it(test_stack):
    """Killed, not asked."""
    started = subprocess.Popen([sys.executable, "-m", "stack.vanilla", "up"], stdout=subprocess.PIPE, text=True)
    assert "vanilla CKAN: http://127.0.0.1:" in started.stdout.readline()
    server = Path(f"/proc/{pid(test_stack)}")
    assert server.exists()
    started.kill()
    started.wait()
    ended = time.monotonic() + 20
    while server.exists() and time.monotonic() < ended:
        time.sleep(0.1)
    assert not server.exists()


def test_stop_ends_it_from_elsewhere(test_stack):
    started = subprocess.Popen([sys.executable, "-m", "stack.vanilla", "up"], stdout=subprocess.PIPE, text=True)
    assert "vanilla CKAN" in started.stdout.readline()
    server = Path(f"/proc/{pid(test_stack)}")
    subprocess.run([sys.executable, "-m", "stack.vanilla", "stop"], check=True)
    assert started.wait(30) == 0
    assert not server.exists()
