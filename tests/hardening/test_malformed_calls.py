"""Malformed calls of the action API: none may end in a server error, whoever makes them.

The calls are a seeded sample of (action, parameter, wrong value) over every action of the running portal, plus calls
whose body is no call at all. The same calls go to CKAN without the guard, which shows that they are hostile.
"""

import json
import random

import ckan.logic as logic
import ckan.views.api as api
import pytest
from ckan.tests import factories, helpers
from ckanext.shopendata.hardening import action_guard, inventory
from ckanext.shopendata.hardening.action_table import ACTIONS, NOT_ACTIONS
from ckanext.shopendata.publish import publishing

SEED, SAMPLE = 20261122, 450

WRONG = [
    {"$gt": ""}, {"a": {"b": [1]}}, [], ["a"], [1], [None], [{"id": {}}], [[["x"]]], True, 0, -1, 1.5, 2**40, 10**30,
    "9" * 30, "1e5", "2024-13-45", "a" * 40000, "[" * 50, "\U0001f600", ",", "$or", "' OR 1=1 --",
]  # fmt: skip

#: Calls that would do harm to the other tests, or talk to other machines, when they succeed by accident.
HARMFUL = {
    "config_option_update", "job_clear", "job_cancel", "resource_view_clear", "harvest_sources_job_history_clear",
    "harvest_sources_clear", "datastore_function_create", "user_invite", "send_email_notifications",
}  # fmt: skip

STRUCTURES = [
    b"",
    b"[]",
    b"null",
    b"1",
    b'"text"',
    b"{",
    b"{'id': 1}",
    b'{"id": NaN}',
    b'{"id": Infinity}',
    b"\xff\xfe",
    b'{"id": "\\u0000"}',
    b'{"id": "\\ud800"}',
    b'{"id": 1' + b"0" * 400 + b"}",
    b'{"id": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"id": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
    b'{"id": "a", "id": "b"}',
    b'{"' + b"k" * 5000 + b'": 1}',
]


@pytest.fixture(scope="module")
def calls():
    """(action, body) pairs: about 450 of wrong types, chosen by a fixed seed."""
    chance = random.Random(SEED)
    everything = [
        (name, parameter, wrong)
        for name, reads in sorted(ACTIONS.items())
        if name not in HARMFUL
        for parameter in sorted(reads.kinds)
        for wrong in WRONG
    ]
    return chance.sample(everything, SAMPLE)


@pytest.fixture
def portal(app):
    """Asks as a client would see it: CKAN's testing mode would raise what a client gets as a 500.

    Inside the write gate, behind which few calls would reach what they are to break.
    """
    with publishing():
        yield _portal(app)


def _portal(app):
    app.flask_app.testing = False
    app.flask_app.config["PROPAGATE_EXCEPTIONS"] = False
    owner = factories.Organization()
    dataset = factories.Dataset(owner_org=owner["id"])
    resource = factories.Resource(package_id=dataset["id"], format="CSV", url="http://127.0.0.1/a.csv")
    table = factories.Resource(package_id=dataset["id"], url_type="datastore", url="x")
    helpers.call_action(
        "datastore_create", resource_id=table["id"], force=True,
        fields=[{"id": "a", "type": "text"}], records=[{"a": "x"}],
    )  # fmt: skip
    tokens = {
        "anonymous": None,
        "registered": factories.UserWithToken()["token"],
        "administrator": factories.SysadminWithToken()["token"],
    }
    known = {
        "id": dataset["id"], "package_id": dataset["id"], "resource_id": table["id"], "owner_org": owner["id"],
        "name_or_id": dataset["id"], "view_type": "image_view", "title": "t", "query": "name:a", "user": "nobody",
        "object": dataset["id"], "object_type": "package", "capacity": "member", "username": "nobody",
        "role": "member", "key": "a", "term": "a", "name": f"planted-{resource['id'][:8]}",
    }  # fmt: skip
    client = app.test_client()

    def ask(who, name, parameter, wrong):
        # Deleting by accident what the next call needs would only make the sample tamer.
        body = {
            other: "nowhere"
            if other in {"id", "resource_id"} and ("delete" in name or "purge" in name)
            else known[other]
            for other in ACTIONS[name].kinds
            if other in known
        }
        return send(who, name, json.dumps(body | {parameter: wrong}).encode())

    def send(who, name, body, **options):
        headers = {"Authorization": tokens[who]} if tokens[who] else {}
        options = {"content_type": "application/json"} | options
        return client.post(f"/api/3/action/{name}", data=body, headers=headers, **options)

    ask.send = send
    return ask


@pytest.fixture
def without_guard(app, monkeypatch):
    """CKAN as it is shipped."""
    hooks = app.flask_app.before_request_funcs
    ours = (action_guard.refuse_malformed, inventory.hold)
    monkeypatch.setitem(hooks, None, [hook for hook in hooks[None] if hook not in ours])
    monkeypatch.setattr(api, "get_action", logic.get_action)


def failures(portal, calls):
    """The calls that end in a server error, and how many were made."""
    made, failed = 0, []
    for number, (name, parameter, wrong) in enumerate(calls):
        who = ("administrator", "administrator", "registered", "administrator", "anonymous")[number % 5]
        made += 1
        answer = portal(who, name, parameter, wrong)
        if answer.status_code >= 500:
            failed.append((who, name, parameter, str(wrong)[:40], answer.status_code))
    return made, failed


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestMalformedCalls:
    def test_none_is_a_server_error(self, portal, calls):
        made, failed = failures(portal, calls)
        print(f"\n{made} malformed calls, {len(failed)} server errors")
        assert made >= 200
        assert failed == []

    def test_ckan_without_the_guard_stumbles_over_them(self, portal, calls, without_guard):
        made, failed = failures(portal, calls)
        print(f"\n{made} malformed calls, {len(failed)} server errors without the guard")
        assert len(failed) >= made / 10

    @pytest.mark.parametrize("who", ["anonymous", "registered", "administrator"])
    def test_what_is_no_call_is_refused_as_such(self, portal, who):
        for body in STRUCTURES[1:]:
            for name in ("package_show", "package_create", "datastore_search", "user_update"):
                if who == "anonymous" and inventory.classes("actions")[name] == "staff":
                    continue
                answer = portal.send(who, name, body)
                assert answer.status_code == 400, (name, body[:40], answer.status_code)

    def test_the_refusal_names_the_parameter_and_never_the_value(self, portal):
        answer = portal("anonymous", "package_show", "id", {"planted": "secret value"})
        assert answer.status_code == 400
        assert answer.json["success"] is False
        assert answer.json["error"]["id"]
        assert answer.json["error"]["__type"] == "Validation Error"
        assert "secret value" not in answer.text

    def test_a_body_above_the_limit_is_not_read(self, portal):
        answer = portal.send("anonymous", "package_search", b'{"q": "' + b"x" * (11 << 20) + b'"}')
        assert answer.status_code == 413

    def test_queries_are_checked_as_well(self, app, portal):
        for query in ("limit=-1", "limit=many", "limit=1&limit=2", "offset=99999999999999999999", "id=%00"):
            answer = app.test_client().get(f"/api/3/action/package_list?{query}")
            assert answer.status_code == 400, query

    def test_a_fault_of_ours_stays_a_server_error(self, portal, monkeypatch):
        """The guard must not paint over what breaks inside."""

        def broken(context, data_dict):
            raise TypeError("a bug")

        monkeypatch.setitem(logic._actions, "package_list", broken)
        assert portal("anonymous", "package_list", "limit", 1).status_code == 500


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestWellFormedCalls:
    """Calls that CKAN accepts today get the same answer with and without the guard."""

    @pytest.fixture
    def answers(self, app, portal):
        dataset = factories.Dataset(
            title="公交",
            tags=[{"name": "水务"}],
            extras=[{"key": "a", "value": "b"}],
            owner_org=factories.Organization()["id"],
        )
        shown = [
            ("package_list", {}),
            ("package_list", {"limit": "5", "offset": "0"}),
            ("package_show", {"id": dataset["name"]}),
            ("package_show", {"id": dataset["id"], "include_plugin_data": "false"}),
            ("package_search", {"q": "公交"}),
            ("package_search", {"q": "*:*", "rows": "1", "start": "0"}),
            ("package_search", {"fq": "tags:水务", "facet.field": '["tags"]', "facet.limit": "5"}),
            ("package_search", {"sort": "metadata_modified desc", "include_private": "True"}),
            ("package_autocomplete", {"q": "公"}),
            ("resource_search", {"query": "name:a"}),
            ("tag_list", {}),
            ("tag_list", {"query": "水", "all_fields": "true"}),
            ("tag_search", {"query": "水"}),
            ("organization_list", {"all_fields": "True", "limit": "3"}),
            ("organization_list", {"sort": "title asc"}),
            ("organization_show", {"id": dataset["owner_org"], "include_datasets": "1"}),
            ("group_list", {}),
            ("license_list", {}),
            ("help_show", {"name": "package_show"}),
            ("site_read", {}),
            ("status_show", {}),
            ("format_autocomplete", {"q": "C", "limit": "5"}),
            ("organization_autocomplete", {"q": "t", "limit": "2"}),
            ("dataset_follower_count", {"id": dataset["id"]}),
            ("vocabulary_list", {}),
            ("package_show", {}),
            ("package_show", {"id": "nowhere"}),
            ("resource_show", {"id": "nowhere"}),
            ("nothing_of_the_kind", {}),
            ("package_search", {"q": "公交", "unknown": "x"}),
            ("current_package_list_with_resources", {"limit": "2"}),
        ]
        posted = [
            ("package_search", {"q": "公交", "rows": 2, "facet": True, "facet.field": ["tags", "groups"]}),
            ("package_search", {"fq_list": ["state:active"], "fl": ["id", "name"], "rows": 1}),
            ("package_show", {"id": dataset["id"], "use_default_schema": True}),
            ("package_list", {"limit": 1}),
            ("package_search", {"extras": {"ext_x": "1"}}),
            ("organization_list", {"organizations": [dataset["owner_org"]]}),
            ("member_list", {"id": dataset["owner_org"], "object_type": "package"}),
            ("user_list", {"q": "a"}),
            ("package_create", {"name": "no-right"}),
            ("datastore_search", {"resource_id": "nowhere", "filters": {"a": [1]}}),
            (
                "datastore_search",
                {"resource_id": "nowhere", "q": {"a": "x"}, "fields": "a,b", "limit": 5, "sort": "a desc"},
            ),
            ("datastore_info", {"id": "nowhere"}),
            ("term_translation_show", {"terms": ["a"], "lang_codes": ["de"]}),
        ]

        def ask():
            client = app.test_client()
            return [
                *(client.get(f"/api/3/action/{name}", query_string=query) for name, query in shown),
                *(client.post(f"/api/3/action/{name}", json=body) for name, body in posted),
                client.post("/api/3/action/package_show", data={"id": dataset["id"]}),
                client.post("/api/action/package_show", json={"id": dataset["id"]}),
                client.get("/api/3/action/package_list?callback=jsonp"),
            ]

        return lambda: [(answer.status_code, answer.get_data(as_text=True)) for answer in ask()]

    def test_the_guard_changes_nothing(self, answers, app, monkeypatch):
        guarded = answers()
        hooks = app.flask_app.before_request_funcs
        monkeypatch.setitem(hooks, None, [hook for hook in hooks[None] if hook is not action_guard.refuse_malformed])
        monkeypatch.setattr(api, "get_action", logic.get_action)
        assert len(guarded) >= 40
        assert guarded == answers()


@pytest.mark.usefixtures("with_plugins")
def test_the_table_knows_every_action():
    """A new action of an upgrade or of a plugin needs an entry; our own validate for themselves."""
    logic.clear_actions_cache()
    logic.get_action("package_list")
    # ckanext-harvest collects actions and permissions in one dict, which shows when plugins are loaded again and again.
    exposed = {
        name
        for name, function in logic._actions.items()
        if not name.startswith("shopendata_") and ".auth" not in getattr(function, "__module__", "")
    }
    assert exposed - set(ACTIONS) - NOT_ACTIONS == set()
    assert set(ACTIONS) - exposed == set()
