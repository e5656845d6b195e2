"""The inventory is the portal: nothing runs that it does not list, and what it calls off is as if it were not there."""

import json
import re
from pathlib import Path

import ckan.logic as logic
import ckan.model as model
import pytest
from ckan.tests import factories, helpers
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.settings import GatewaySettings
from ckanext.shopendata.hardening import inventory
from ckanext.shopendata.publish.gate import GATED
from ckanext.shopendata.telemetry import pages

ROOT = Path(__file__).resolve().parents[2]
FILE = "ckanext-shopendata/ckanext/shopendata/hardening/inventory.yaml"
PASSWORD = "correct horse battery staple"
#: Words in the names of actions that change datasets, resources, views, tables, their tags and memberships.
OURS = r"^(bulk|dataset_purge|datastore|file|package|resource|tag|vocabulary|member)_?"


def compare(part, live):
    listed = set(inventory.classes(part))
    assert live - listed == set(), (
        f"not in {FILE}: add a line for each to one of the lists metadata, data, staff, off below `{part}:`, "
        "then run `make docs`"
    )
    assert listed - live == set(), (
        f"no longer there: remove these lines below `{part}:` in {FILE}, then run `make docs`"
    )


@pytest.fixture
def actions(with_plugins):
    """Live actions; ckanext-harvest collects permissions in the same dict when plugins are loaded again and again."""
    logic.clear_actions_cache()
    logic.get_action("package_list")
    return {
        name: function
        for name, function in logic._actions.items()
        if ".auth" not in getattr(function, "__module__", "") and not getattr(function, "auth_only", False)
    }


class TestTheTable:
    def test_knows_every_endpoint_and_no_other(self, app):
        compare("pages", {rule.endpoint for rule in app.flask_app.url_map.iter_rules()})

    def test_knows_every_action_and_no_other(self, actions):
        compare("actions", set(actions))

    def test_knows_every_address_of_the_gateway_and_no_other(self):
        nowhere = "postgresql://127.0.0.1:1/none"
        settings = GatewaySettings(nowhere, nowhere, "redis://127.0.0.1:1/0", "pepper", "http://127.0.0.1:1")
        compare("gateway", {rule.rule for rule in create_app(settings).url_map.iter_rules()})

    def test_knows_every_location_of_the_front_door_and_no_other(self):
        text = (ROOT / "config" / "nginx.conf").read_text()
        found = re.findall(r'^\s*location\s+(?:[=~*^]+\s+)?(?:"([^"]+)"|(\S+))\s*\{', text, re.MULTILINE)
        assert len(found) == text.count("location ")
        compare("front door", {quoted or plain for quoted, plain in found})

    def test_knows_what_is_answered_before_ckan(self):
        compare("operation", {pages.HEALTH, pages.READY, pages.METRICS})

    def test_uses_its_five_classes_only(self):
        for part in inventory.PARTS:
            assert set(inventory.classes(part).values()) <= {"metadata", "data", "staff", "inside", "off"}

    def test_what_writes_projections_is_gated(self, actions):
        writing = inventory.table()["projections"]
        assert set(writing) == GATED, "the list `projections:` and the write gate (publish/gate.py) must agree"
        assert len(writing) == len(set(writing))
        changing = {
            name
            for name, function in actions.items()
            if re.match(OURS, name) and not getattr(function, "side_effect_free", False)
        }
        assert changing - GATED == set(), "these change what the publisher makes: gate them in publish/gate.py"


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def admin(app):
    """An administrator's browser."""
    person = factories.Sysadmin(password=PASSWORD)
    browser = app.test_client()
    browser.post("/user/login", data={"login": person["name"], "password": PASSWORD})
    return browser


def ways(app, endpoint):
    """(method, address) of everything that leads to an endpoint, with the same word in every place."""
    for rule in app.flask_app.url_map.iter_rules(endpoint):
        adapter = app.flask_app.url_map.bind("")
        values = {name: 2 if name == "ver" else "planted" for name in rule.arguments} | (rule.defaults or {})
        for method in sorted(rule.methods & {"GET", "POST"}):
            yield method.lower(), adapter.build(endpoint, values, method=method)


def names(part, kind):
    found = sorted(name for name, its in inventory.classes(part).items() if its == kind)
    assert len(found) > 20
    return found


def body(answer, *words):
    """An answer without what is different each time: the address, the token against forged forms."""
    text = re.sub(r'(content|value)="[^"]{60,}"', "", answer.get_data(as_text=True))
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return text


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestWhatIsOff:
    def test_is_an_address_that_does_not_exist(self, app, client, admin):
        # Where ckanext-harvest answers to GET, ours answer to POST.
        ours = {there for name in names("pages", "staff") for _, there in ways(app, name) if "shopendata" in name}
        for browser in (client, admin):
            # Below /api/ programs ask, and get JSON.
            unknown = {
                (area, method): getattr(browser, method)(f"{area}/planted-nowhere", follow_redirects=False)
                for area in ("", "/api") for method in ("get", "post", "put", "head")
            }  # fmt: skip
            for endpoint in names("pages", "off"):
                for there in {there for _, there in ways(app, endpoint)} - ours:
                    area = "/api" if there.startswith("/api/") else ""
                    for method in ("get", "post", "put", "head"):
                        other = unknown[area, method]
                        answer = getattr(browser, method)(there, follow_redirects=False)
                        assert answer.status_code == other.status_code in (404, 405), (endpoint, method)
                        assert body(answer, there) == body(other, f"{area}/planted-nowhere"), (endpoint, method)
                        assert answer.headers.get("Allow") == other.headers.get("Allow"), (endpoint, method)

    def test_is_an_action_that_is_not_known(self, client):
        token = {"Authorization": factories.SysadminWithToken()["token"]}
        for headers in ({}, token):
            for method in (client.get, client.post):
                unknown = method("/api/3/action/planted", headers=headers)
                for name in names("actions", "off"):
                    answer = method(f"/api/3/action/{name}", headers=headers)
                    assert answer.status_code == unknown.status_code, name
                    assert answer.text == unknown.text.replace("planted", name)
        answers = {client.get(f"/api/3/action/help_show?name={name}").json["error"]["message"]
                   for name in ("resource_search", "nothing_of_the_kind")}  # fmt: skip
        assert len(answers) == 1

    def test_stays_callable_from_code(self):
        assert helpers.call_action("tag_list") == []

    def test_includes_what_nobody_listed(self, app, client, monkeypatch):
        pages, actions = dict(inventory.classes("pages")), dict(inventory.classes("actions"))
        del pages["home.about"], actions["license_list"]
        monkeypatch.setattr(inventory, "classes", {"pages": pages, "actions": actions}.get)
        assert client.get("/about").status_code == 404
        assert client.get("/api/3/action/license_list").status_code == 400
        assert client.get("/api/3/action/package_list").status_code == 200


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestWhatIsForStaff:
    def test_pages_send_strangers_to_the_log_in_before_looking_anything_up(self, app, client, monkeypatch):
        asked = []
        monkeypatch.setattr(model.Package, "get", lambda *given, **named: asked.append(given))
        monkeypatch.setattr(model.Group, "get", lambda *given, **named: asked.append(given))
        for endpoint in names("pages", "staff"):
            for method, there in ways(app, endpoint):
                answer = getattr(client, method)(there, follow_redirects=False)
                if method == "get" and not there.startswith("/api/"):
                    assert answer.status_code == 302, endpoint
                    assert answer.location.split("?")[0].endswith("/user/login"), endpoint
                else:
                    assert answer.status_code == 403, endpoint
        assert asked == []

    def test_actions_answer_403_whatever_is_named(self, client, publisher):
        dataset = publisher.dataset(owner_org=factories.Organization()["id"])
        for name in names("actions", "staff"):
            there, not_there = (
                client.post(f"/api/3/action/{name}", data=json.dumps({"id": value}), content_type="application/json")
                for value in (dataset["id"], "nowhere")
            )
            assert (there.status_code, there.text) == (403, not_there.text), name

    def test_is_there_for_them(self, admin):
        for path in ("/dashboard/datasets", "/user/me", "/ckan-admin/", "/organization/new", "/group/new", "/harvest/"):
            assert admin.get(path).status_code == 200, path


def test_an_address_that_no_database_can_hold_is_unknown(client):
    for path in ("/dataset/a%00", "/organization/%00", "/dataset/a/resource/%00"):
        assert client.get(path).status_code == 404, path


@pytest.mark.usefixtures("clean_db", "clean_index")
def test_public_pages_are_there_for_everybody(client, publisher):
    owner, group = factories.Organization(), factories.Group()
    dataset = publisher.dataset(owner_org=owner["id"], groups=[{"id": group["id"]}], tags=[{"name": "公交"}])
    resource = publisher.resource(package_id=dataset["id"], url_type="datastore", url="x", format="CSV")
    publisher.act("datastore_create", resource_id=resource["id"], fields=[{"id": "a"}], records=[{"a": 1}], force=True)
    page = f"/dataset/{dataset['name']}"
    for path in (
        "/", "/dataset/", page, f"{page}/resource/{resource['id']}", f"/organization/{owner['name']}",
        f"/organization/about/{owner['name']}", f"/group/{group['name']}", "/feeds/dataset.atom",
        f"/feeds/organization/{owner['name']}.atom", f"/datastore/dump/{resource['id']}", "/robots.txt", "/api/3",
        f"/api/3/action/datastore_search?resource_id={resource['id']}",
        '/api/3/action/package_search?facet.field=["tags"]',
        "/api/3/action/help_show?name=package_show", "/register", "/user/reset",
    ):  # fmt: skip
        assert client.get(path).status_code == 200, path
