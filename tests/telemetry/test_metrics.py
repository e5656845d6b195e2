"""Numbers of several processes are one, labels are few, and a dead process leaves what it counted."""

import os
import subprocess
import sys

import pytest
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.problems import TITLES
from ckanext.shopendata.gateway.settings import GatewaySettings
from ckanext.shopendata.telemetry import metrics
from prometheus_client.parser import text_string_to_metric_families as parse

NOWHERE = GatewaySettings(
    "postgresql://127.0.0.1:1/none",
    "postgresql://127.0.0.1:1/none",
    "redis://127.0.0.1:1/0",
    "pepper",
    "http://127.0.0.1:1",
)


@pytest.fixture
def client():
    return create_app(NOWHERE).test_client()


def samples(text, name):
    return {
        tuple(sorted(one.labels.items())): one.value
        for family in parse(text) for one in family.samples if one.name == name
    }  # fmt: skip


def test_the_gateways_numbers_are_for_who_comes_in_by_the_inner_door(client):
    unknown, outside = client.get("/gateway/nowhere"), client.get("/gateway/metrics")
    assert (outside.status_code, outside.data) == (unknown.status_code, unknown.data) == (404, unknown.data)
    drop = {"X-Request-Id"}
    assert {k: v for k, v in outside.headers if k not in drop} == {k: v for k, v in unknown.headers if k not in drop}
    assert client.get("/gateway/metrics", headers={"X-Door": "inside"}).status_code == 200


def test_labels_are_ours_however_many_addresses_are_tried(client):
    for number in range(50):
        client.get(f"/gateway/{number}/x")
        client.get(f"/gateway/v1/datasets/d{number}/resources/r{number}/rows", headers={"X-Access-Key": str(number)})
    text = client.get("/gateway/metrics", headers={"X-Door": "inside"}).text
    routes = {rule.rule for rule in client.application.url_map.iter_rules()} | {"unknown"}
    found = samples(text, "shopendata_gateway_requests_total")
    for labels in found:
        told = dict(labels)
        assert told["route"] in routes
        assert told["outcome"] in {*TITLES, "ok"}
    rows = "/gateway/v1/datasets/<dataset>/resources/<resource>/rows"
    assert found[("outcome", "key_invalid"), ("route", rows)] >= 50
    assert found[("outcome", "not_found"), ("route", "unknown")] >= 50


WORKER = """
import sys
from ckanext.shopendata.telemetry import metrics
from prometheus_client import Gauge
now = Gauge("now_doing", "x", multiprocess_mode="liveall")
now.set(1)
metrics.WEB_REQUESTS.labels("/x", "2xx").inc(int(sys.argv[1]))
print(__import__("os").getpid())
"""
READER = "from ckanext.shopendata.telemetry.metrics import exposition; print(exposition().decode())"


def test_processes_add_up_and_the_dead_are_forgotten(tmp_path, monkeypatch):
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code, *arguments):
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

    pids = [int(run(WORKER, number)) for number in ("3", "4")]
    text = run(READER)
    assert samples(text, "shopendata_web_requests_total") == {(("route", "/x"), ("status", "2xx")): 7.0}
    assert len(samples(text, "now_doing")) == 2
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    class Worker:
        pid = pids[0]

    metrics.forget(None, Worker)
    text = run(READER)
    assert samples(text, "shopendata_web_requests_total") == {(("route", "/x"), ("status", "2xx")): 7.0}
    assert len(samples(text, "now_doing")) == 1
