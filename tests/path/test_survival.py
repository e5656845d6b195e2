"""The demonstration, with somebody pulling plugs: workers killed at every station, Solr and Redis stopped.

Afterwards the portal must be what it would have been: nothing lost, nothing doubled, nothing half public.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pysolr
import pytest

from stack import databases, secrets, services, settings

pytestmark = pytest.mark.fault
ROOT = settings.ROOT
PORTAL = settings.read("fault")


def stack(*verbs):
    subprocess.run([sys.executable, "-m", "stack", *verbs], cwd=ROOT, check=True, timeout=300, capture_output=True)


def ask(query, *values, database="ckan"):
    with databases.connect(PORTAL, database) as connection:
        return connection.execute(query, values).fetchall()


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.5)
    return False


def waiting():
    return ask("SELECT count(*) FROM shopendata_task WHERE done_at IS NULL")[0][0]


class Killer(threading.Thread):
    """Kills a process again and again, with nothing said to it."""

    def __init__(self, supervisor, *names):
        super().__init__(daemon=True)
        self.supervisor, self.names, self.kills, self.over = supervisor, names, 0, threading.Event()

    def run(self):
        dice = random.Random(2026)
        while not self.over.wait(dice.uniform(2.5, 6)):
            pid = self.supervisor.pid(dice.choice(self.names))
            if pid:
                os.kill(pid, signal.SIGKILL)
                self.kills += 1

    def stop(self):
        self.over.set()
        self.join()


@pytest.fixture(scope="module")
def supervisor():
    stack("stop", "fault")
    stack("reset", "fault")
    stack("up", "fault")
    supervisor = services.Supervisor(PORTAL)
    for process in services.DEMO:
        supervisor.ensure(process)
    yield supervisor
    stack("reset", "fault")


@pytest.fixture(scope="module")
def played(supervisor):
    """The demonstration's report; its publisher is killed all the while, Solr and Redis stop once each."""
    report = PORTAL.var / "demo.json"
    source = secrets.read(Path(PORTAL["SECRETS"]), "sandbox_source")
    killer = Killer(supervisor, "publisher", "harvest_work")
    with (PORTAL.log / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [
                ROOT / ".venv" / "bin" / "ckan", "-c", PORTAL.var / "ckan.ini", "shopendata", "demo", "load",
                "--platform", f"http://127.0.0.1:{PORTAL.port('sandbox')}", "--output", report,
            ],
            cwd=ROOT, env=os.environ | {"SHOPENDATA_SOURCE_SANDBOX": source}, stdout=log, stderr=log,
        )  # fmt: skip
        killer.start()
        assert until(lambda: demo.poll() is not None or ask("SELECT count(*) FROM package")[0][0] > 20, 400)
        for process in services.BACKENDS:
            if process.name in {"solr", "redis"}:
                supervisor.stop(process.name)
                time.sleep(4)
                supervisor.ensure(process)
        try:
            assert demo.wait(600) == 0, (PORTAL.log / "demo.log").read_text()[-3000:]
        finally:
            killer.stop()
            demo.kill()
    assert killer.kills >= 5
    return json.loads(report.read_text())


def check_whole():
    """What is decided and listed is public, completely; nothing else is; nothing is there twice."""
    assert waiting() == 0
    published = dict(ask("SELECT id, published_tier FROM shopendata_dataset WHERE published_tier IS NOT NULL"))
    packages = {row[0] for row in ask("SELECT id FROM package WHERE type = 'dataset'")}
    assert packages == set(published)
    blocked = {row[0] for row in ask("SELECT dataset_id FROM shopendata_block WHERE lifted_at IS NULL")}
    solr = pysolr.Solr(f"http://127.0.0.1:{PORTAL.port('solr')}/solr/shopendata", timeout=20)
    solr.commit()
    indexed = [found["id"] for found in solr.search("dataset_type:dataset", rows=1000, fl="id")]
    assert len(indexed) == len(set(indexed))
    assert set(indexed) == set(published) - blocked

    resources = ask("SELECT id, location, row_count FROM shopendata_resource WHERE location IS NOT NULL")
    open_tables = {row[0]: row[2] for row in resources if row[1] == "datastore"}
    names = ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database="datastore")
    assert {name for (name,) in names if len(name) == 36} == set(open_tables)
    assert not [name for (name,) in names if name.startswith("staging_")]
    for name, count in open_tables.items():
        assert ask(f'SELECT count(*) FROM "{name}"', database="datastore") == [(count,)]
    vaulted = {"r_" + row[0].replace("-", ""): row[2] for row in resources if row[1] == "vault"}
    names = ask("SELECT tablename FROM pg_tables WHERE schemaname = 'vault'", database="vault")
    assert {name for (name,) in names} == set(vaulted)
    for name, count in vaulted.items():
        assert ask(f'SELECT count(*) FROM vault."{name}"', database="vault") == [(count,)]
    views = dict(ask("SELECT resource_id, count(*) FROM resource_view GROUP BY 1"))
    assert set(views.values()) <= {1}
    assert set(open_tables) <= set(views)
    delivered = {row[0] for row in ask("SELECT id FROM intake.original", database="vault")}
    assert delivered == {row[0] for row in ask("SELECT original_id FROM shopendata_resource")}


def test_workers_killed_at_every_station(played):
    assert len(played["applications"]) == 10
    check_whole()
    tables = ask("SELECT count(*), sum(row_count) FROM shopendata_resource WHERE location IS NOT NULL")
    assert tables == [(28, 375_530)]
    assert ask("SELECT count(*) FROM shopendata_dataset WHERE published_tier IS NOT NULL") == [(128,)]
