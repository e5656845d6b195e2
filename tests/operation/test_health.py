"""What /healthz, /readyz and /metrics say, to whom, and that their labels stay few."""

import datetime as dt
import re
import time

import pytest
from ckan import model
from ckanext.shopendata import health
from ckanext.shopendata.model import HarvestRun, Task
from ckanext.shopendata.notices import deliver
from ckanext.shopendata.publish import outbox, publisher
from ckanext.shopendata.telemetry.probes import Panel, Probe
from prometheus_client.parser import text_string_to_metric_families as parse

PARTS = {
    "database", "datastore", "vault", "redis", "search", "gateway", "outbox", "notices", "harvest", "sealer",
    "maintenance",
}  # fmt: skip
TOKEN = re.compile(rb'(name="_csrf_token"\s+(?:content|value)=")[^"]+')


@pytest.fixture
def old(clean_db):
    """Work that has waited for two hours, and some that is not due."""
    long_ago = outbox.now() - dt.timedelta(hours=2)
    failed = {"object_id": "x", "payload": {}, "created_at": long_ago, "attempts": 5, "error": "no"}
    model.Session.add(Task(kind="publish", due_at=outbox.now() + dt.timedelta(minutes=9), **failed))
    later = {"due_at": outbox.now() + dt.timedelta(days=9), "created_at": long_ago, "attempts": 0, "payload": {}}
    model.Session.add(Task(kind="tidy", object_id="y", error="", **later))
    model.Session.add(Task(kind="nobody_knows", object_id="z", error="", **{**later, "due_at": long_ago}))
    model.Session.add(Task(kind="notice", object_id="z", error="", **{**later, "due_at": long_ago}))
    model.Session.add(
        HarvestRun(id="r", source_id="s", state="planned", counters={}, error="", dry=False, created_at=long_ago)
    )
    model.Session.commit()


def test_it_lives(outside, inside):
    for ask in (outside, inside):
        answer = ask("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["Cache-Control"] == "no-store"


def test_strangers_see_states_and_ages_and_nothing_else(outside):
    answer = outside("/readyz")
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == {"status", "checks"}
    assert set(told["checks"]) == PARTS
    for check in told["checks"].values():
        assert set(check) <= {"state", "age"}
        assert check["state"] in {"ok", "late", "failing"}
    assert not re.search(r"127\.0\.0|localhost|postgres|solr|\d+\.\d+\.\d+", answer.text)


def test_what_waits_too_long_is_late_and_not_down(old, inside):
    told = wait(inside, "outbox", "late")
    checks = told["checks"]
    assert told["status"] == "late"
    assert checks["outbox"]["age"] > 7000
    assert checks["outbox"]["kinds"]["publish"]["waiting"] == 1
    assert checks["outbox"]["kinds"]["tidy"] == {"waiting": 1, "age": 0.0}
    assert "nobody_knows" not in checks["outbox"]["kinds"]
    assert checks["notices"]["state"] == "late"
    assert checks["harvest"]["runs"]["planned"] == 1
    assert checks["harvest"]["state"] == "late"


def wait(inside, part, state):
    """Answers hold for a second."""
    for _ in range(50):
        told = inside("/readyz")
        assert told.status_code == 200
        if told.json()["checks"][part]["state"] == state:
            return told.json()
        time.sleep(0.1)
    raise AssertionError(told.text)


def test_nobody_makes_it_an_insider_by_saying_so(outside):
    assert set(outside("/readyz", headers={"X-Door": "inside"}).json()["checks"]["outbox"]) <= {"state", "age"}


@pytest.mark.parametrize("options", [{}, {"headers": {"X-Door": "inside"}}, {"params": {"door": "inside"}}])
def test_at_the_front_door_metrics_are_an_unknown_address(outside, options):
    def seen(path):
        answer = outside(path, **options)
        headers = {k: v for k, v in answer.headers.items() if k not in {"Date", "X-Request-Id", "Set-Cookie"}}
        return answer.status_code, headers, TOKEN.sub(rb"\1", answer.content.replace(path.encode(), b"/"))

    known, unknown = seen("/metrics"), seen("/metrixs")
    assert known[0] == unknown[0] == 404
    assert known == unknown
    assert outside("/metrics", "POST").status_code == outside("/metrixs", "POST").status_code


def test_numbers_are_prometheus_and_name_routes_as_they_are_declared(old, inside, outside, app):
    for number in range(30):
        outside(f"/nowhere-{number}")
        outside(f"/dataset/nothing-{number}")
    wait(inside, "outbox", "late")
    answer = inside("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    families = {family.name: family for family in parse(answer.text)}
    routes = {rule.rule for rule in app.flask_app.url_map.iter_rules()} | {"unknown"}
    counted = families["shopendata_web_requests"].samples
    assert {one.labels["route"] for one in counted} <= routes
    assert {one.labels["status"] for one in counted} <= {f"{digit}xx" for digit in range(1, 6)}
    found = {(one.labels["route"], one.labels["status"]): one.value for one in counted}
    assert found["/dataset/<id>", "4xx"] >= 30
    assert {one.labels["kind"] for one in families["shopendata_outbox_tasks"].samples} == {
        *publisher.HANDLERS, *deliver.HANDLERS,
    }  # fmt: skip
    ages = {one.labels["kind"]: one.value for one in families["shopendata_outbox_age_seconds"].samples}
    assert ages["publish"] > 7000
    assert {one.labels["part"] for one in families["shopendata_up"].samples} == PARTS
    assert {one.labels["state"] for one in families["shopendata_harvest_runs"].samples} == {*health.RUNS}
    for name in (
        "shopendata_sealer_waiting",
        "shopendata_sealer_head",
        "shopendata_maintenance",
        "shopendata_logins_refused",
    ):
        assert len(families[name].samples) == 1, name
    assert "nothing-" not in answer.text
    assert "nowhere-" not in answer.text


def test_log_ins_refused_are_counted(inside, outside):
    def refused():
        return next(f for f in parse(inside("/metrics").text) if f.name == "shopendata_logins_refused").samples[0].value

    before = refused()
    page = outside("/user/login")
    token = re.search(r'name="_csrf_token" content="([^"]+)"', page.text)[1]
    sent = {"login": "nobody", "password": "wrong wrong wrong", "_csrf_token": token}
    assert outside("/user/login", "POST", data=sent, cookies=page.cookies).status_code == 200
    assert refused() == before + 1


def test_what_does_not_answer_is_a_number_too():
    def fail():
        raise ConnectionError

    panel = Panel(tuple(Probe(probe.name, fail) for probe in health.PANEL.probes))
    told = {family.name: family for family in health.Numbers(panel).collect()}
    assert {sample.value for sample in told["shopendata_up"].samples} == {0.0}
    assert told["shopendata_outbox_tasks"].samples == []
    assert "shopendata_sealer_waiting" not in told


def test_the_operators_door_leads_nowhere_else(inside):
    for path in ("/", "/dataset", "/api/3/action/package_list", "/gateway/v1/me", "/metrics/", "/user/login"):
        assert inside(path).status_code == 404, path
