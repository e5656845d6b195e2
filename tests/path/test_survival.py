"""The demonstration, with somebody pulling plugs: workers killed at every station, services stopped in turn.

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
from collections import Counter
from pathlib import Path

import pysolr
import pytest
import requests

from stack import databases, secrets, services, settings

pytestmark = pytest.mark.fault
ROOT = settings.ROOT
PORTAL = settings.read("fault")
#: Where a worker must have been killed while the demonstration played; what ends within moments is killed if met.
STATIONS = {"fetch", "publish", "index"}
#: One action by one person, in a process of its own, as a worker of the portal would.
ACT = """
import json, sys
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
ini, user, action, data = sys.argv[1:]
app = make_app(CKANConfigLoader(ini).get_config())
with app._wsgi_app.test_request_context():
    import ckan.plugins.toolkit as tk
    from ckan import model
    from ckanext.shopendata.logic import presence
    with presence.in_person(model.User.get(user).id):
        tk.get_action(action)({"user": user}, json.loads(data))
print("committed", flush=True)
"""


def stack(*verbs):
    subprocess.run([sys.executable, "-m", "stack", *verbs], cwd=ROOT, check=True, timeout=300, capture_output=True)


def act(user, action, **data):
    command = [sys.executable, "-c", ACT, str(PORTAL.var / "ckan.ini"), user, action, json.dumps(data)]
    done = subprocess.run(command, check=True, cwd=ROOT, timeout=120, capture_output=True, text=True)
    assert "committed" in done.stdout


def ask(query, *values, database="ckan"):
    with databases.connect(PORTAL, database) as connection:
        return connection.execute(query, values).fetchall()


def hurry(*tables):
    """What failed waits longer and longer, what a dead worker held until its lease ends: not here."""
    with databases.connect(PORTAL, "ckan") as ckan:
        ckan.execute("UPDATE shopendata_task SET due_at = clock_timestamp() WHERE done_at IS NULL")
        for table in tables:
            ckan.execute(f"UPDATE {table} SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL")


def until(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.5)
    return False


def waiting():
    return ask("SELECT count(*) FROM shopendata_task WHERE done_at IS NULL")[0][0]


def unfinished():
    return ask("SELECT kind, attempts, error, count(*) FROM shopendata_task WHERE done_at IS NULL GROUP BY 1, 2, 3")


#: What a worker is in the middle of, as the tables say.
IN_WORK = {
    "shopendata_task": "SELECT DISTINCT kind FROM shopendata_task"
    " WHERE done_at IS NULL AND leased_until > clock_timestamp()",
    "shopendata_harvest_run": "SELECT 'synchronise' FROM shopendata_harvest_run"
    " WHERE state = 'running' AND leased_until > clock_timestamp()",
}


class Killer(threading.Thread):
    """Kills a worker in the middle of what it does, a number of times at each station, with nothing said before."""

    def __init__(self, supervisor, worker="publisher", table="shopendata_task", times=2):
        super().__init__(daemon=True)
        self.supervisor, self.worker, self.table, self.times = supervisor, worker, table, times
        self.kills, self.over = Counter(), threading.Event()

    def run(self):
        dice = random.Random(2026)
        with databases.connect(PORTAL, "ckan") as tables:
            while not self.over.wait(0.02):
                for (kind,) in tables.execute(IN_WORK[self.table]).fetchall():
                    if self.kills[kind] < self.times:
                        self.over.wait(dice.uniform(0, 0.3))
                        self.kill(tables, kind)

    def kill(self, tables, kind):
        if pid := self.supervisor.pid(self.worker):
            os.kill(pid, signal.SIGKILL)
            assert until(lambda: self.supervisor.pid(self.worker) != pid, 20)
            # It may have come to the end meanwhile: then that was no kill in the middle.
            self.kills[kind] += (kind,) in tables.execute(IN_WORK[self.table]).fetchall()
            hurry(self.table)

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
    """The demonstration's report; its workers are killed at every station, Solr and Redis stop once each."""
    report = PORTAL.var / "demo.json"
    source = secrets.read(Path(PORTAL["SECRETS"]), "sandbox_source")
    killer = Killer(supervisor)
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
    print(f"killed in the middle: {dict(killer.kills)}")
    assert {kind for kind in STATIONS if killer.kills[kind]} == STATIONS, killer.kills
    # The demonstration waits for its datasets; notices and what failed while Solr stood still may come after it.
    hurry("shopendata_task")
    assert until(lambda: waiting() == 0, 120), unfinished()
    return json.loads(report.read_text())


def check_whole():
    """What is decided and listed is public, completely; nothing else is; nothing is there twice."""
    assert waiting() == 0, unfinished()
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


def test_a_harvest_worker_killed_while_it_writes_everything_again(supervisor, played):
    kept = (
        "SELECT count(*), count(DISTINCT code), md5(string_agg(title || state, '' ORDER BY id)) FROM shopendata_entry",
        "SELECT outcome, count(*) FROM shopendata_harvest_record GROUP BY 1 ORDER BY 1",
        "SELECT tier, state, count(*) FROM shopendata_dataset GROUP BY 1, 2 ORDER BY 1, 2",
    )
    before = [ask(question) for question in kept]
    killer = Killer(supervisor, "harvest_work", "shopendata_harvest_run")
    killer.start()
    with databases.connect(PORTAL, "ckan") as ckan:
        ckan.execute("UPDATE shopendata_harvest_record SET digest = ''")
        ckan.execute(
            "INSERT INTO shopendata_harvest_run (id, source_id, dry, state, counters, error, created_at)"
            " SELECT 'killed', id, false, 'planned', '{}', '', now() FROM harvest_source"
        )
    try:
        ended = "SELECT state, counters FROM shopendata_harvest_run WHERE id = 'killed' AND finished_at IS NOT NULL"
        assert until(lambda: ask(ended), 120)
    finally:
        killer.stop()
    ((state, counters),) = ask(ended)
    assert state == "done_with_errors"
    assert killer.kills["synchronise"] >= 1
    assert counters["attempts"] == killer.kills["synchronise"] + 1
    assert until(lambda: waiting() == 0, 120)
    assert [ask(question) for question in kept] == before
    check_whole()


@pytest.mark.parametrize("victim", ["postgres", "redis", "solr"])
def test_a_service_stopped_while_everything_is_published_again(supervisor, played, victim):
    with databases.connect(PORTAL, "ckan") as ckan:
        ckan.execute("UPDATE shopendata_resource SET loaded_original_id = NULL WHERE location IS NOT NULL")
        ckan.execute(
            "INSERT INTO shopendata_task (kind, object_id, payload, created_at, due_at, attempts, error)"
            " SELECT 'publish', id, '{}', now(), now(), 0, '' FROM shopendata_dataset WHERE published_tier IS NOT NULL"
        )
    assert until(lambda: waiting() < 128, 60)
    process = next(one for one in services.BACKENDS if one.name == victim)
    supervisor.stop(victim)
    time.sleep(3)
    supervisor.ensure(process)
    hurry("shopendata_task")
    assert until(lambda: waiting() == 0, 240)
    check_whole()


def test_a_block_refuses_at_once_without_solr_and_redis(supervisor, played):
    dataset, key = played["datasets"]["unconditional"], played["key"]
    dump = f"{PORTAL.url}/datastore/dump/{dataset['resource']}?limit=1"
    rows = f"{PORTAL.url}/gateway/v1/datasets/{key['dataset']}/resources/{key['resource']}/rows?limit=1"
    headers = {"X-Access-Key": key["text"]}
    for name in ("solr", "redis"):
        supervisor.stop(name)
    try:
        assert requests.get(dump, timeout=20).status_code == 200
        assert requests.get(rows, headers=headers, timeout=20).status_code == 200
        act("qianwei", "shopendata_dataset_suspend", id=dataset["id"], reason="security", note="演练")
        act("qianwei", "shopendata_dataset_suspend", id=key["dataset"], reason="security", note="演练")
        started = time.monotonic()
        pages = (dump, f"{PORTAL.url}/dataset/{dataset['name']}", f"{PORTAL.url}/dataset/{key['dataset']}")
        codes = [requests.get(page, timeout=20).status_code for page in pages]
        codes.append(requests.get(rows, headers=headers, timeout=20).status_code)
        seconds = time.monotonic() - started
        assert set(codes) <= {403, 404}
        assert seconds < 4, "four answers, each within a second of the block"
        assert until(
            lambda: ask("SELECT count(*) FROM shopendata_task WHERE kind = 'conceal' AND error <> ''")[0][0], 60
        )
        os.kill(supervisor.pid("publisher"), signal.SIGKILL)
    finally:
        for process in services.BACKENDS:
            supervisor.ensure(process)
    hurry("shopendata_task")
    assert until(lambda: waiting() == 0, 120)
    check_whole()
