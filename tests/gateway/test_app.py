"""The gateway before it knows any data: a real process that tells nothing."""

import json

import pytest
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.problems import TITLES, problem
from ckanext.shopendata.gateway.settings import GatewaySettings

NOWHERE = GatewaySettings("postgresql://nobody@127.0.0.1:9/vault", "redis://127.0.0.1:9/1", "http://127.0.0.1")


@pytest.fixture
def client():
    return create_app(NOWHERE).test_client()


@pytest.mark.parametrize(
    "path",
    ["/gateway/", "/gateway/v1/datasets/a/resources/b/rows", "/gateway/v1/me", "/gateway/../api", "/", "/x" * 500],
)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
def test_unknown_addresses_are_one_problem(client, path, method):
    answer = getattr(client, method)(path)
    assert answer.status_code == 404
    assert answer.content_type.startswith("application/problem+json")
    assert answer.json == {"type": "about:blank", "status": 404, "title": TITLES["not_found"][1], "code": "not_found"}


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


def test_it_is_not_healthy_without_its_vault(client):
    answer = client.get("/gateway/healthz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "127.0.0.1" not in answer.text
    assert client.post("/gateway/healthz").status_code == 405


def test_a_fault_of_ours_tells_nothing(client, monkeypatch):
    def fail():
        raise RuntimeError("secret detail")

    monkeypatch.setitem(client.application.view_functions, "health", fail)
    answer = client.get("/gateway/healthz")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text


def test_half_a_configuration_is_none():
    with pytest.raises(KeyError):
        GatewaySettings.read({"SHOPENDATA_VAULT_URL": "x"})


@pytest.mark.parametrize("code", TITLES)
def test_problems_are_utf8_json(code):
    answer = problem(code, detail="细节")
    body = json.loads(answer.get_data())
    assert body["code"] == code
    assert answer.status_code == body["status"] == TITLES[code][0]
