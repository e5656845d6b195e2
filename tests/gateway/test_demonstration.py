"""Answers of a portal that shows invented data say so, all of them; others do not."""

import pytest
from ckanext.shopendata.demonstration import _KEY
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.demonstration import REMEMBERED, Demonstration
from ckanext.shopendata.gateway.settings import GatewaySettings
from psycopg_pool import ConnectionPool, PoolTimeout

from stack import databases

VALUES = pytest.mark.parametrize(("value", "marked"), [("true", True), ("", False), (None, False)])


@pytest.fixture
def mark(world):
    """Sets the portal's mark; ``None`` takes it away. What stood there before stands there afterwards."""
    with databases.connect(world.stack, "ckan") as ckan:

        def put(value):
            ckan.execute("DELETE FROM system_info WHERE key = %s", [_KEY])
            if value is not None:
                ckan.execute("INSERT INTO system_info (key, value, state) VALUES (%s, %s, 'active')", [_KEY, value])

        before = ckan.execute("SELECT value FROM system_info WHERE key = %s", [_KEY]).fetchone()
        yield put
        put(before and before[0])


class Silent:
    """A database that does not answer."""

    def __init__(self):
        self.asked = 0

    def connection(self, **_):
        self.asked += 1
        raise PoolTimeout


def answers(client, world):
    """One answer of each kind: rows, schema, me, CKAN's, and every error that comes without a fault."""
    key = {"X-Access-Key": world.key}
    ckans = "/gateway/api/3/action/datastore_search"
    return [
        client.get(world.rows(), headers=key),
        client.get(world.rows(what="schema"), headers=key),
        client.get("/gateway/v1/me", headers=key),
        client.post(ckans, json={"resource_id": world.resource}, headers=key),
        client.post(ckans, json={"resource_id": world.resource, "limit": -1}, headers=key),
        client.get("/gateway/v1/me"),
        client.get(ckans),
        client.get("/gateway/v1/me", headers={"X-Access-Key": world.other_key[:-1]}),
        client.get(world.rows(), query_string={"key": "x"}),
        client.get(world.rows(), query_string={"limit": "x"}, headers=key),
        client.get(world.rows(world.datasets["other"]), headers=key),
        client.get("/gateway/nowhere"),
        client.delete("/gateway/v1/me"),
        client.post(ckans, data=b"x" * (2**20 + 1)),
        client.get("/gateway/readyz"),
        client.head("/gateway/v1/me"),
    ]


@VALUES
def test_every_answer_says_it_and_only_of_a_demonstration(world, settings, mark, value, marked):
    mark(value)
    told = answers(create_app(settings).test_client(), world)
    assert {answer.status_code for answer in told} == {200, 400, 401, 404, 405, 409, 413, 503}
    assert {answer.headers.get("X-Demo") for answer in told} == ({"true"} if marked else {None})


def test_a_fault_of_ours_says_it_too(settings, mark, monkeypatch):
    mark("true")
    app = create_app(settings)
    monkeypatch.setitem(app.view_functions, "me", lambda: 1 / 0)
    answer = app.test_client().get("/gateway/v1/me")
    assert (answer.status_code, answer.headers["X-Demo"]) == (500, "true")


def test_a_database_that_is_not_there_fails_no_answer(world, settings):
    nowhere = GatewaySettings(**{**vars(settings), "access_url": "postgresql://nobody@127.0.0.1:9/x"})
    client = create_app(nowhere).test_client()
    assert client.get("/gateway/nowhere").status_code == 404
    answer = client.get("/gateway/v1/me", headers={"X-Access-Key": world.key})
    assert (answer.status_code, answer.json["code"]) == (503, "temporary-reduced-capacity")
    assert "X-Demo" not in answer.headers


def test_it_is_remembered_for_a_minute_at_most(settings, mark):
    assert REMEMBERED <= 60
    now = [1000.0]
    with ConnectionPool(settings.access_url, min_size=0, max_size=1, kwargs={"autocommit": True}, open=True) as pool:
        portal = Demonstration(pool, lambda: now[0])
        mark("true")
        assert portal.marked()
        mark(None)
        now[0] += REMEMBERED - 1
        assert portal.marked()
        now[0] += 1
        assert not portal.marked()
        mark("true")
        assert not portal.marked()
        now[0] += REMEMBERED
        assert portal.marked()


def test_while_the_database_is_silent_what_it_said_last_holds(settings, mark):
    mark("true")
    now, silent = [1000.0], Silent()
    with ConnectionPool(settings.access_url, min_size=0, max_size=1, open=True) as pool:
        portal = Demonstration(pool, lambda: now[0])
        assert portal.marked()
        portal._pool = silent
        now[0] += REMEMBERED
        assert portal.marked()
        assert portal.marked()
        assert silent.asked == 1  # not by every answer
        portal._pool = pool
        mark(None)
        now[0] += REMEMBERED
        assert not portal.marked()
