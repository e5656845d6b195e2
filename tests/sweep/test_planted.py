"""The sweep sees: a leak of every kind, planted, is reported by its place and its field."""

from dataclasses import replace

import ckan.logic as logic
import psycopg
import pysolr
import pytest
import redis
from ckan import model
from ckan.common import config
from ckanext.shopendata.gateway import access
from ckanext.shopendata.policy.scope import Mask
from ckanext.shopendata.policy.visibility import Place
from psycopg import sql

from tests.sweep import questions, stores
from tests.sweep.questions import Question


def text(planted, field, dataset):
    return next(one.text for one in planted.canaries.texts.values() if (one.field, one.dataset) == (field, dataset))


def kinds(findings):
    return {(one.place, one.field, one.dataset) for one in findings}


@pytest.fixture
def ask(sweep, client):
    """Asks CKAN as nobody; what was found."""

    def run(*paths, place=Place.PAGE):
        return kinds(
            finding
            for path in paths
            for finding in sweep.ask(client, "", Question(place, path), environ={"follow_redirects": False})
        )

    return run


def test_in_an_action_of_ckan(planted, ask, monkeypatch):
    one, title = planted.datasets["open"], text(planted, "entry_title", "closed")
    logic.get_action("package_show")
    genuine = logic._actions["package_show"]

    def leaking(context, data_dict):
        return genuine(context, data_dict) | {"related": title}

    leaking.side_effect_free = True
    address = f"/api/3/action/package_show?id={one.id}"
    assert ask(address) == set()
    monkeypatch.setitem(logic._actions, "package_show", leaking)
    assert ask(address) == {(Place.PAGE, "entry_title", "closed")}


def test_in_a_package(planted, ask, sweep, publisher, portal):
    one, address = planted.datasets["cond"], text(planted, "entry_address", "cond")
    with portal.flask_app.test_request_context():
        package = publisher.act("package_show", id=one.id)
        extras = [*package["extras"], {"key": "upstream", "value": address}]
        publisher.act("package_patch", id=one.id, extras=extras)
        try:
            leak = ("entry_address", "cond")
            assert (Place.PAGE, *leak) in ask(f"/dataset/{one.name}", f"/api/3/action/package_show?id={one.id}")
            assert (Place.SEARCH, *leak) in ask("/api/3/action/package_search", place=Place.SEARCH)
            assert {(Place.INDEX, *leak)} == kinds(sweep.read(stores.index()))
            tables = stores.tables(config["sqlalchemy.url"], Place.TABLES, "NOT starts_with(tablename, 'shopendata_')")
            assert {(Place.TABLES, *leak)} == kinds(sweep.read(tables))
        finally:
            publisher.act("package_patch", id=one.id, extras=package["extras"])
            model.Session.remove()


class TestInTheGateway:
    @pytest.fixture
    def ask_gateway(self, sweep, planted, doors, keys):
        def run(who, key):
            one = planted.datasets[key]
            path = f"/gateway/v1/datasets/{one.id}/resources/{one.resource}/rows"
            question = Question(Place.GATEWAY, path)
            return kinds(sweep.ask(doors, who, question, keys[who]))

        return run

    def test_without_the_row_filter(self, ask_gateway, monkeypatch):
        genuine = access._table
        assert ask_gateway("cond", "cond") == set()
        monkeypatch.setattr(access, "_table", lambda row: replace(genuine(row), row_filters=()))
        assert ask_gateway("cond", "cond") == {(Place.GATEWAY, "filtered_row", "cond")}

    def test_without_a_mask(self, ask_gateway, monkeypatch):
        genuine = access._table

        def unmasked(row):
            table = genuine(row)
            return replace(table, columns=tuple(replace(column, mask=Mask.NONE) for column in table.columns))

        monkeypatch.setattr(access, "_table", unmasked)
        assert ask_gateway("cond", "cond") == {(Place.GATEWAY, "raw_value", "cond")}

    def test_with_columns_that_were_not_granted(self, ask_gateway, monkeypatch):
        genuine = access._table
        monkeypatch.setattr(access, "_table", lambda row: genuine({**row, "item_codes": None}))
        fields = {field for _, field, _ in ask_gateway("cond", "cond")}
        assert fields == {"ungranted_row", "ungranted_item_code", "ungranted_item_name", "ungranted_item_unit"}

    def test_with_the_rows_of_another_dataset(self, ask_gateway, monkeypatch):
        genuine = access.Admission.tables

        def careless(self, dataset=None):
            for row in self._rows:
                object.__setattr__(self, "dataset_id", row["resource_dataset"])
            return genuine(self, dataset)

        assert ask_gateway("other", "cond") == set()
        monkeypatch.setattr(access.Admission, "tables", careless)
        assert (Place.GATEWAY, "row", "cond") in ask_gateway("other", "cond")


def test_in_solr(planted, ask, sweep):
    title = text(planted, "entry_title", "undec")
    solr = pysolr.Solr(config["solr_url"], timeout=30)
    document = {
        "index_id": "planted", "id": "planted", "name": "planted", "site_id": config["ckan.site_id"], "state": "active",
        "capacity": "public", "permission_labels": ["public"], "entity_type": "package", "dataset_type": "dataset",
        "title": title, "validated_data_dict": f'{{"name": "planted", "title": "{title}"}}',
    }  # fmt: skip
    solr.add([document], commit=True)
    try:
        assert kinds(sweep.read(stores.index())) == {(Place.INDEX, "entry_title", "undec")}
        found = ask("/api/3/action/package_search", place=Place.SEARCH)
        assert found == {(Place.SEARCH, "entry_title", "undec")}
    finally:
        solr.delete(id="planted", commit=True)


def test_in_the_datastore(planted, sweep):
    table, value = sql.Identifier("planted"), text(planted, "row", "cond")
    with psycopg.connect(config["ckan.datastore.write_url"], autocommit=True) as datastore:
        datastore.execute(sql.SQL("CREATE TABLE {} (a text)").format(table))
        try:
            datastore.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(table), (value,))
            found = kinds(sweep.read(stores.tables(config["ckan.datastore.write_url"], Place.STORE, "true")))
        finally:
            datastore.execute(sql.SQL("DROP TABLE {}").format(table))
    assert found == {(Place.STORE, "row", "cond")}


def test_in_a_file(planted, sweep, test_stack):
    path = test_stack.var / "storage" / "planted.csv"
    path.write_text(text(planted, "row", "closed"))
    try:
        found = sweep.read(stores.files(test_stack))
    finally:
        path.unlink()
    assert kinds(found) == {(Place.ELSEWHERE, "row", "closed")}
    assert found[0].where == "file planted.csv"


def test_in_redis(planted, sweep):
    store = redis.Redis.from_url(config["ckan.redis.url"])
    store.hset("planted", "form", text(planted, "form", "cond"))
    try:
        found = kinds(sweep.read(stores.memory()))
    finally:
        store.delete("planted")
    assert found == {(Place.ELSEWHERE, "form", "cond")}


def test_behind_an_encoding(planted):
    title = text(planted, "title", "closed")
    for said in (
        "".join(f"\\u{ord(one):04x}" for one in title), "".join(f"%{ord(one):02X}" for one in title), title.upper(),
        "".join(f"&#{ord(one)};" for one in title),
    ):  # fmt: skip
        assert {one.field for one in planted.canaries.found_in(said)} == {"title"}


def test_what_is_permitted_and_absent_is_told_too(sweep, planted):
    missing = sweep.missing((Place.PAGE,), ("",))
    assert (Place.PAGE, "title", "open") in kinds(missing)
    assert not {one.dataset for one in missing} & {"closed", "undec", "ready", "gone", "susp"}


def test_every_action_of_ours_has_its_parameters_named(portal):
    logic.get_action("package_show")
    ours = {name.removeprefix("shopendata_") for name in logic._actions if name.startswith("shopendata_")}
    assert ours == set(questions.OURS), "name the parameters of new actions in tests/sweep/questions.py"
