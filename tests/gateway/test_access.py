"""Who gets in: every kind of bad key, every end of a good one, and what neither may find out."""

import datetime as dt
import secrets as randomness

import psycopg
import pytest
import requests
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.settings import GatewaySettings
from ckanext.shopendata.policy import key as keys
from ckanext.shopendata.policy.scope import vault_table

from stack import databases

PAST = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)


def bad_headers(world):
    """Ways to show a key that is none."""
    good = world.key
    stranger = keys.mint(randomness.choice)
    forged = keys.Key(world.kid, stranger.secret)
    return [
        {},
        {"X-Access-Key": ""},
        {"X-Access-Key": "sod_"},
        {"X-Access-Key": good[:-1] + ("0" if good[-1] != "0" else "1")},
        {"X-Access-Key": good.swapcase()},
        {"X-Access-Key": good + good},
        {"X-Access-Key": stranger.text},
        {"X-Access-Key": forged.text},
        {"X-Access-Key": f"sod_{world.kid}_' OR 1=1 --"},
        {"X-Access-Key": good, "Authorization": f"Bearer {world.other_key}"},
        {"Authorization": f"Basic {good}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln"},
        {"Authorization": "Bearer \xfc\xfc"},
        {"Cookie": f"key={good}"},
    ]


def test_every_bad_key_gets_the_same_bytes(world, gateway):
    for path in (world.rows(), world.rows(what="schema"), "/gateway/v1/me", world.rows("x", "y")):
        answers = [gateway.get(path, headers=headers) for headers in bad_headers(world)]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.get_data() for answer in answers}) == 1
        assert answers[0].json["code"] == "key_invalid"
        assert {answer.headers["WWW-Authenticate"].split()[0] for answer in answers} == {"Bearer"}
        headers = [{k: v for k, v in answer.headers.items() if k != "X-Request-Id"} for answer in answers]
        assert all(each == headers[0] for each in headers)


def test_every_bad_key_gets_the_same_bytes_from_ckans_address(world, gateway):
    bodies = [
        b"",
        b"{",
        b"[]",
        b'{"resource_id": "x"}',
        b'{"resource_id": "%s", "limit": -1}' % world.resource.encode(),
    ]
    path = "/gateway/api/action/datastore_search"
    answers = [
        gateway.post(path, data=body, headers=headers, content_type="application/json")
        for headers in bad_headers(world)
        for body in bodies
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.get_data() for answer in answers}) == 1
    assert answers[0].json["error"]["__type"] == "Authorization Error"


@pytest.mark.parametrize(
    "header", [{"X-Access-Key": "{}"}, {"Authorization": "Bearer {}"}, {"Authorization": "bearer  {} "}]
)
def test_ways_to_show_a_key(world, get, header):
    answer = get(headers={name: value.format(world.key) for name, value in header.items()})
    assert answer.status_code == 200
    assert answer.headers["X-Grant"] == world.grant


def test_a_bare_key_is_for_ckans_clients_only(world, get, post):
    for headers in ({"Authorization": world.key}, {"X-CKAN-API-Key": world.key}):
        assert get(headers=headers).status_code == 401
        assert post(headers=headers).status_code == 200
    assert post(headers={"Authorization": world.key, "X-CKAN-API-Key": world.key}).status_code == 200
    assert post(headers={"Authorization": world.key, "X-CKAN-API-Key": world.other_key}).status_code == 401


@pytest.mark.parametrize(
    ("table", "changes", "status", "code"),
    [
        ("shopendata_access_key", {"expires_at": PAST}, 401, "key_expired"),
        ("shopendata_access_key", {"revoked_at": PAST}, 401, "key_revoked"),
        ("shopendata_access_key", {"revoked_at": PAST, "expires_at": PAST}, 401, "key_revoked"),
        ("shopendata_grant", {"state": "suspended"}, 403, "grant_suspended"),
        ("shopendata_grant", {"state": "pending_agreement"}, 403, "grant_ended"),
        ("shopendata_grant", {"state": "revoked"}, 403, "grant_ended"),
        ("shopendata_grant", {"state": "nonsense"}, 403, "grant_ended"),
        ("shopendata_grant", {"valid_until": PAST}, 403, "grant_ended"),
        ("shopendata_grant", {"valid_from": PAST.replace(year=2090)}, 403, "grant_ended"),
    ],
)
def test_a_key_ends_at_once_and_says_why_only_to_its_holder(world, get, post, table, changes, status, code):
    key, value = ("kid", world.kid) if table == "shopendata_access_key" else ("id", world.grant)
    assert get().status_code == 200
    forged = keys.Key(world.kid, keys.mint(randomness.choice).secret).text
    with world.change(table, key, value, **changes):
        for answer in (get(), get(what := "/gateway/v1/me"), get(world.rows(what="schema"))):
            assert (answer.status_code, answer.json["code"]) == (status, code), what
        assert (post().status_code, post().json["error"]["code"]) == (status, code)
        assert get(key=forged).json["code"] == "key_invalid"
    assert get().status_code == 200


def test_a_suspended_dataset_is_refused_at_once(world, get, post):
    assert get().status_code == 200
    with world.blocked():
        for answer in (get(), get("/gateway/v1/me"), get(world.rows(what="schema"))):
            assert (answer.status_code, answer.json["code"]) == (403, "dataset_suspended")
            assert answer.json["title"] == "数据集已暂停开放"
        assert post().status_code == 403
        assert post().json["error"]["__type"] == "Authorization Error"
        assert (
            get(world.rows(world.datasets["other"], world.resources["other"]), key=world.other_key).status_code == 200
        )
    assert get().status_code == 200


def test_a_key_opens_its_own_dataset_only(world, get, post):
    strange = world.rows(world.datasets["other"], world.resources["other"])
    for path in (strange, strange.replace("/rows", "/schema")):
        assert (get(path).status_code, get(path).json["code"]) == (403, "scope_dataset")
    assert post(resource_id=world.resources["other"]).status_code == 403
    assert get(key=world.other_key).json["code"] == "scope_dataset"


def test_what_the_public_does_not_know_does_not_exist(world, get, post):
    """Closed, undecided, unknown, open without conditions, resources under another dataset: the same bytes."""
    pairs = [(world.datasets[kind], world.resources[kind]) for kind in ("undecided", "unconditional", "closed")]
    pairs += [
        ("none", "none"),
        (world.dataset, "none"),
        ("none", world.resource),
        (world.datasets["other"], world.resource),
    ]
    pairs += [("%00", "%00"), (world.dataset, "x" * 500), ("';--", "\ud55c")]
    answers = [get(world.rows(*pair, what=what)) for pair in pairs for what in ("rows", "schema")]
    answers.append(get("/gateway/v1/nowhere"))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.get_data() for answer in answers}) == 1
    wrong = [post(resource_id=resource) for _, resource in pairs[:4]] + [
        post(resource_id=["x"]),
        post(resource_id={"a": 1}),
    ]
    assert {answer.status_code for answer in wrong} == {404}
    assert len({answer.get_data() for answer in wrong}) == 1
    assert wrong[0].json["error"]["__type"] == "Not Found Error"


def test_a_dataset_that_is_no_longer_conditional_is_gone(world, get):
    for changes in ({"tier": "closed"}, {"published_tier": None}):
        with world.change("shopendata_dataset", "id", world.dataset, **changes):
            assert get().status_code == get("/gateway/v1/me").status_code == 404


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("shopendata_grant", "row_filter", {"nowhere": ["x"]}),
        ("shopendata_grant", "row_filter", {"district": "黄浦区"}),
        ("shopendata_grant", "row_filter", {"visits": ["many"]}),
        ("shopendata_resource", "columns", [{"code": "owner"}]),
        ("shopendata_resource", "columns", [{"code": "_id", "name": "x", "type": "int"}]),
        ("shopendata_resource", "columns", [{"code": 'a" b%s', "name": "x", "type": "text"}]),
        ("shopendata_resource", "columns", [{"code": "owner", "name": "x", "type": "blob"}]),
    ],
)
def test_a_scope_that_makes_no_sense_is_closed(world, get, table, column, value):
    key = world.grant if table == "shopendata_grant" else world.resource
    with world.change(table, "id", key, **{column: value}):
        assert (get().status_code, get().json["code"]) == (403, "scope_unreadable")


def test_a_word_that_is_no_mask_hides_its_column(world, get):
    with world.change("shopendata_grant", "id", world.grant, masks={"digits": "blur"}):
        assert "digits" not in [field["id"] for field in get(limit=0).json["fields"]]


@pytest.mark.parametrize(
    "path", ["/gateway/v1/me", "/gateway/readyz", "/gateway/api/action/datastore_search", "/gateway/x"]
)
def test_a_key_in_the_address_is_refused(world, gateway, path):
    for query in (
        {"access_key": "x"},
        {"q": world.key},
        {"filters": f'{{"a": "{world.key}"}}'},
        {"apikey": ""},
        {world.key: ""},
    ):
        answer = gateway.get(path, query_string=query, headers={"X-Access-Key": world.key})
        assert answer.status_code == 400
        assert "key_in_query" in answer.text
        assert world.key not in answer.text


def test_me_says_what_the_key_opens(world, get, granted):
    told = get("/gateway/v1/me").json
    assert told["dataset"]["id"] == world.dataset
    assert [resource["id"] for resource in told["resources"]] == [world.resource]
    assert told["items"] == granted
    assert told["daily_quota"] == 1000
    assert dt.datetime.fromisoformat(told["valid_until"]) > dt.datetime.now(dt.timezone.utc)
    assert get(world.rows(what="schema")).json["fields"] == told["resources"][0]["fields"] == get().json["fields"]


def test_databases_that_do_not_answer_are_503(world, settings):
    nowhere = "postgresql://nobody@127.0.0.1:9/x"
    for wrong in ({"vault_url": nowhere}, {"access_url": nowhere}):
        client = create_app(GatewaySettings(**{**vars(settings), **wrong})).test_client()
        answer = client.get(world.rows(), headers={"X-Access-Key": world.key})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert "127.0.0.1" not in answer.text


def test_connections_that_died_are_replaced(world, get):
    assert get().status_code == 200
    with databases.connect(world.stack) as root:
        ended = root.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE '%_gateway'"
        ).fetchone()
    assert ended[0] >= 2
    assert get().status_code == 200


def test_a_database_that_comes_back_is_used_by_the_next_request(world, settings, tmp_path):
    """Also after several failed attempts: nobody waits for a pool that waits ever longer."""
    reachable = psycopg.conninfo.conninfo_to_dict(settings.access_url)
    passwords = tmp_path / "passwords"
    address = psycopg.conninfo.make_conninfo(**{**reachable, "password": None, "passfile": str(passwords)})
    client = create_app(GatewaySettings(**{**vars(settings), "access_url": address})).test_client()
    for _ in range(3):
        assert client.get("/gateway/v1/me", headers={"X-Access-Key": world.key}).status_code == 503
    passwords.write_text(f"*:*:*:*:{reachable['password']}\n")
    passwords.chmod(0o600)
    assert client.get("/gateway/v1/me", headers={"X-Access-Key": world.key}).status_code == 200


def test_who_came_while_an_attempt_failed_is_served_by_the_next(world, settings, monkeypatch):
    """The pool gives up after its second attempt; a request that waits at that moment has not asked in vain."""
    connect, attempts = psycopg.Connection.connect.__func__, []

    def stumbling(cls, *given, **named):
        attempts.append(given)
        if len(attempts) in (1, 2):
            raise psycopg.OperationalError("not yet")
        return connect(cls, *given, **named)

    monkeypatch.setattr(psycopg.Connection, "connect", classmethod(stumbling))
    client = create_app(settings).test_client()
    assert client.get("/gateway/v1/me", headers={"X-Access-Key": world.key}).status_code == 200
    assert len(attempts) >= 3


def test_another_pepper_proves_nothing(world, settings):
    client = create_app(GatewaySettings(**{**vars(settings), "key_pepper": "another"})).test_client()
    assert client.get("/gateway/v1/me", headers={"X-Access-Key": world.key}).json["code"] == "key_invalid"


def test_settings_keep_their_secrets(settings):
    assert settings.key_pepper not in repr(settings)
    assert "postgresql" not in repr(settings)


def test_the_gateways_roles_see_three_views_and_write_nothing(world, settings):
    with psycopg.connect(settings.access_url, autocommit=True) as access:
        assert access.execute("SELECT count(*) FROM gateway.access_key").fetchone()[0] >= 2
        with databases.connect(world.stack, "ckan") as root:
            tables = root.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'audit')"
            ).fetchall()
        assert ("public.shopendata_application",) in tables
        for (table,) in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                access.execute(f"SELECT 1 FROM {table}")
        for view in ("access_key", "resource", "portal"):
            with pytest.raises(psycopg.Error):
                access.execute(f"DELETE FROM gateway.{view}")
    with psycopg.connect(settings.vault_url, autocommit=True) as vault:
        table = f"vault.{vault_table(world.resource)}"
        assert vault.execute(f"SELECT count(*) FROM {table}").fetchone()
        for statement in (
            f"DELETE FROM {table}",
            f"DROP TABLE {table}",
            "CREATE TABLE vault.x ()",
            "TABLE intake.original",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                vault.execute(statement)


def test_through_the_front_door(world, portal_url):
    headers = {"X-Access-Key": world.key}
    answer = requests.get(portal_url + world.rows(), params={"limit": 2}, headers=headers, timeout=10)
    assert answer.status_code == 200
    assert len(answer.json()["records"]) == 2
    assert answer.headers["Cache-Control"] == "no-store"
    assert requests.get(portal_url + world.rows(), timeout=10).status_code == 401
    with world.change("shopendata_access_key", "kid", world.kid, revoked_at=PAST):
        assert requests.get(portal_url + world.rows(), headers=headers, timeout=10).json()["code"] == "key_revoked"
