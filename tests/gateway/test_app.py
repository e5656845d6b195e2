"""What every answer of the gateway has in common, and what a gateway without services says."""

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ckanext.shopendata.gateway import app
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.problems import TITLES, Refusal, problem
from ckanext.shopendata.gateway.settings import GatewaySettings

NOWHERE = GatewaySettings(
    vault_url="postgresql://nobody@127.0.0.1:9/vault",
    access_url="postgresql://nobody@127.0.0.1:9/ckan",
    redis_url="redis://127.0.0.1:9/1",
    key_pepper="pepper",
    site_url="http://127.0.0.1",
)


@pytest.fixture(scope="module")
def client():
    return create_app(NOWHERE).test_client()


@pytest.mark.parametrize(
    "path",
    [
        "/gateway/",
        "/gateway/v1/datasets/a/resources/b/c",
        "/gateway//v1/me",
        "/gateway/v1/me/",
        "/gateway/../api",
        "/",
        "/x" * 500,
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
def test_unknown_addresses_are_one_problem(client, path, method):
    answer = getattr(client, method)(path)
    assert answer.status_code == 404
    assert answer.content_type.startswith("application/problem+json")
    assert answer.json == {"type": "about:blank", "status": 404, "title": TITLES["not_found"][1], "code": "not_found"}


@pytest.mark.parametrize("path", ["/gateway/v1/me", "/gateway/v1/datasets/a/resources/b/rows"])
def test_rows_are_only_read(client, path):
    assert {client.open(path, method=method).status_code for method in ("POST", "PUT", "DELETE", "OPTIONS")} == {405}
    assert client.head(path).status_code == 401


def test_ckans_clients_get_ckans_errors(client):
    for path, status in (
        ("package_show", 404),
        ("3/action/datastore_search_sql", 404),
        ("3/action/datastore_search", 401),
    ):
        answer = client.get(f"/gateway/api/{path}")
        assert (answer.status_code, answer.json["success"]) == (status, False)
        assert set(answer.json["error"]) == {"__type", "message", "code"}


def test_a_body_has_a_limit(client):
    answer = client.post("/gateway/api/3/action/datastore_search", data=b"x" * (2**20 + 1))
    assert answer.status_code == 413


def test_no_answer_may_be_stored(client):
    answer = client.get("/gateway/v1/me", headers={"X-Access-Key": "sod_x"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"Authorization", "X-Access-Key"} <= set(answer.vary)
    assert "Set-Cookie" not in answer.headers


def test_a_request_id_is_kept_unless_it_is_hostile(client):
    assert (
        client.get("/gateway/", headers={"X-Request-Id": "0123456789abcdef"}).headers["X-Request-Id"]
        == "0123456789abcdef"
    )
    for hostile in ("short", "a" * 65, "<script>12345", "ünïcode-1234"):
        given = client.get("/gateway/", headers={"X-Request-Id": hostile.encode("latin-1").decode("latin-1")})
        assert given.headers["X-Request-Id"] != hostile


def test_it_lives_but_is_not_ready_without_its_vault(client):
    assert (client.get("/gateway/healthz").status_code, client.get("/gateway/healthz").json) == (200, {"status": "ok"})
    answer = client.get("/gateway/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.json == {
        "status": "failing", "checks": {name: {"state": "failing"} for name in ("vault", "access", "redis")},
    }  # fmt: skip
    assert "Error" not in answer.text
    inside = client.get("/gateway/readyz", headers={"X-Door": "inside"}).json["checks"]
    assert inside["redis"] == {"state": "failing", "why": "ConnectionError"}
    assert client.post("/gateway/healthz").status_code == 405


def test_a_fault_of_ours_tells_nothing(client, monkeypatch):
    def fail():
        raise RuntimeError("secret detail")

    monkeypatch.setitem(client.application.view_functions, "health", fail)
    answer = client.get("/gateway/healthz")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text


def test_requests_that_come_first_together_share_one_application(monkeypatch):
    made, together = [], threading.Barrier(2)

    def create(_):
        made.append(1)
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(1)
        return lambda environ, start_response: made

    monkeypatch.setattr(app, "_app", None)
    monkeypatch.setattr(app, "create_app", create)
    monkeypatch.setattr(GatewaySettings, "read", lambda environ: NOWHERE)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: app.application({}, None), range(2)))
    assert answers == [[1], [1]]


def test_half_a_configuration_is_none():
    with pytest.raises(KeyError):
        GatewaySettings.read({"SHOPENDATA_VAULT_URL": "x"})


@pytest.mark.parametrize("code", TITLES)
def test_problems_are_utf8_json(code):
    answer = problem(Refusal(code, "细节", "limit", columns=["a"]))
    body = json.loads(answer.get_data())
    assert (body["code"], body["detail"], body["parameter"], body["columns"]) == (code, "细节", "limit", ["a"])
    assert answer.status_code == body["status"] == TITLES[code][0]
