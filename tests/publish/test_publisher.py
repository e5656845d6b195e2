"""What the publisher owes the public when decisions, suspensions and its own work overtake each other."""

import json

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.datastore.backend.postgres import get_read_engine
from ckanext.shopendata.model import Dataset, Item, Resource
from ckanext.shopendata.publish import block, intake, outbox, publisher

from tests.factories import Agency, call, elsewhere, person

COLUMNS = [("stop_code", "站点编号", "text", "none"), ("stop_name", "站点名称", "text", "none")]
ROWS = [["0071", "人民广场"], ["0072", "外滩"]]


def drain():
    while publisher.work():
        pass


def tables(resource_id):
    """What the DataStore holds of a resource, half-made tables included."""
    query = sa.text("SELECT tablename FROM pg_tables WHERE strpos(tablename, :id) > 0")
    with get_read_engine().connect() as datastore:
        return [row[0] for row in datastore.execute(query, {"id": resource_id})]


def resource_of(dataset):
    return model.Session.query(Resource.id).filter_by(dataset_id=dataset).scalar()


@pytest.fixture
def world(clean_db, clean_index, with_request_context, loader_environment):
    person("operator", "operator")
    world = type("World", (), {})()
    world.centre = person("checker", "catalogue_checker")
    world.agency = Agency("operator", "traffic", "上海市交通委员会")
    return world


@pytest.fixture
def opened(world):
    """An unconditional and a conditional dataset, published."""
    world.unconditional = world.agency.entry("公交线路", "unconditional", COLUMNS, ROWS, code="307001/000001")
    world.conditional = world.agency.entry("车辆到站", "conditional", COLUMNS, ROWS, code="307001/000002")
    world.agency.open(world.centre, world.unconditional, world.conditional)
    drain()
    return world


def suspend(world, dataset):
    call("dataset_suspend", world.agency.administrator, id=dataset, reason="wrong_data", note="数据有误")


class TestDecidedWhileSuspended:
    def test_what_is_closed_leaves_ckan_although_somebody_suspended_it_before(self, opened):
        _, dataset = opened.unconditional
        resource = resource_of(dataset)
        suspend(opened, dataset)
        drain()
        opened.agency.close(dataset)
        drain()
        assert model.Package.get(dataset) is None
        assert tables(resource) == []

    def test_resuming_does_not_open_what_was_closed_meanwhile(self, opened):
        _, dataset = opened.unconditional
        resource = resource_of(dataset)
        suspend(opened, dataset)
        opened.agency.close(dataset)
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已更正")
        for action, data in (("package_show", {"id": dataset}), ("datastore_search", {"resource_id": resource})):
            with pytest.raises(tk.ObjectNotFound):
                tk.get_action(action)({"user": ""}, data)
        drain()
        assert model.Package.get(dataset) is None
        assert tables(resource) == []

    def test_resuming_does_not_open_rows_that_became_conditional_meanwhile(self, opened):
        _, dataset = opened.unconditional
        resource = resource_of(dataset)
        suspend(opened, dataset)
        opened.agency.tighten(dataset)
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已更正")
        assert block.blocked(dataset)
        drain()
        assert tables(resource) == []
        opened.agency.publish_list()
        drain()
        assert not block.blocked(dataset)
        shown = tk.get_action("package_show")({"user": ""}, {"id": dataset})
        assert {e["key"]: e["value"] for e in shown["extras"]}["tier"] == "conditional"

    def test_what_was_loosened_meanwhile_is_found_again_as_it_stood(self, opened):
        _, dataset = opened.conditional
        suspend(opened, dataset)
        drain()
        opened.agency.loosen(dataset)
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已更正")
        drain()
        found = tk.get_action("package_search")({"user": ""}, {"fq": "tier:conditional"})
        assert [package["id"] for package in found["results"]] == [dataset]

    def test_what_stands_in_public_is_suspended_although_a_new_decision_waits(self, opened):
        _, dataset = opened.conditional
        opened.agency.loosen(dataset)
        suspend(opened, dataset)
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("package_show")({"user": ""}, {"id": dataset})
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已更正")
        drain()
        assert tk.get_action("package_show")({"user": ""}, {"id": dataset})["id"] == dataset
        assert model.Session.get_one(Dataset, dataset).state == "decided"

    def test_what_was_never_public_is_not_suspended(self, opened):
        _, dataset = opened.agency.entry("新目录", "unconditional", COLUMNS, code="307001/000003")
        call("entry_confirm", opened.agency.administrator, ids=[model.Session.get_one(Dataset, dataset).entry_id])
        call("dataset_decide", opened.agency.reviewer, ids=[dataset])
        with pytest.raises(tk.ValidationError) as refused:
            suspend(opened, dataset)
        assert refused.value.error_dict["code"] == ["not_in_this_state"]


class TestOvertaken:
    """A decision comes while the publisher loads."""

    def overtake(self, monkeypatch, decide):
        """Decides once, between the loading of the rows and the publication."""
        load, left = publisher._load_tables, [decide]

        def slowly(dataset_id):
            loaded = load(dataset_id)
            if left:
                elsewhere(left.pop())
            return loaded

        monkeypatch.setattr(publisher, "_load_tables", slowly)

    def test_by_a_closing_nothing_is_left_in_the_datastore(self, world, monkeypatch):
        entry = world.agency.entry("公交线路", "unconditional", COLUMNS, ROWS, code="307001/000001")
        world.agency.open(world.centre, entry)
        self.overtake(monkeypatch, lambda: world.agency.close(entry[1]))
        drain()
        assert model.Package.get(entry[1]) is None
        assert tables(resource_of(entry[1])) == []
        assert model.Session.get_one(Dataset, entry[1]).published_tier is None

    def test_by_a_tightening_no_row_of_what_stays_conditional_is_left_open(self, opened, monkeypatch):
        _, dataset = opened.conditional
        resource = resource_of(dataset)
        opened.agency.loosen(dataset)
        opened.agency.publish_list()
        self.overtake(monkeypatch, lambda: opened.agency.tighten(dataset))
        drain()
        assert tables(resource) == []
        opened.agency.publish_list()
        drain()
        assert model.Session.get_one(Resource, resource).location == "vault"

    def test_an_overtaken_load_that_died_is_removed_too(self, world, monkeypatch):
        entry = world.agency.entry("公交线路", "unconditional", COLUMNS, ROWS, code="307001/000001")
        world.agency.open(world.centre, entry)
        monkeypatch.setattr(publisher, "_loaded", lambda *_: 1 / 0)
        drain()
        assert tables(resource_of(entry[1])) != []
        monkeypatch.undo()
        world.agency.close(entry[1])
        model.Session.execute(sa.text("UPDATE shopendata_task SET due_at = now()"))
        model.Session.commit()
        drain()
        assert tables(resource_of(entry[1])) == []

    def test_a_conditional_dataset_is_not_published_over_its_old_open_table(self, opened, monkeypatch):
        """The cleaning up behind the block is late, as it is while Solr is down."""
        _, dataset = opened.unconditional
        resource = resource_of(dataset)
        opened.agency.tighten(dataset)
        opened.agency.publish_list()
        monkeypatch.setattr(publisher, "HANDLERS", {"publish": publisher.HANDLERS["publish"]})
        drain()
        assert not block.blocked(dataset)
        assert tables(resource) == []


class TestTheProjection:
    def test_offers_no_download_of_rows_that_the_scan_keeps_back(self, world):
        rows = [["1", "310000199001011234"]]
        entry = world.agency.entry("名单", "conditional", COLUMNS, rows, code="307001/000009")
        world.agency.open(world.centre, entry)
        drain()
        assert tk.get_action("package_show")({"user": ""}, {"id": entry[1]})["resources"] != []
        world.agency.loosen(entry[1])
        world.agency.publish_list()
        drain()
        shown = tk.get_action("package_show")({"user": ""}, {"id": entry[1]})
        assert {e["key"]: e["value"] for e in shown["extras"]}["tier"] == "unconditional"
        assert shown["resources"] == []

    def test_of_a_tightened_dataset_has_pages_that_open(self, opened, app):
        _, dataset = opened.unconditional
        resource = resource_of(dataset)
        opened.agency.tighten(dataset)
        opened.agency.publish_list()
        drain()
        assert tk.get_action("resource_view_list")({"user": ""}, {"id": resource}) == []
        assert app.test_client().get(f"/dataset/{dataset}/resource/{resource}").status_code == 200


class TestItemsAfterTheDecision:
    """The source changes its data dictionary, and delivers anew."""

    def deliver(self, world, entry, dataset, columns, rows):
        model.Session.query(Item).filter_by(entry_id=entry).delete()
        for position, (code, name, kind, mask) in enumerate(columns):
            model.Session.add(Item(entry_id=entry, position=position, code=code, name=name, type=kind, mask=mask))
        with intake.connect() as vault:
            original = intake.store(vault, entry, [column[0] for column in columns], rows)
        model.Session.query(Resource).filter_by(dataset_id=dataset).update({"original_id": original.id})
        outbox.put("publish", dataset)
        model.Session.commit()
        drain()

    def rows(self, dataset):
        found = tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource_of(dataset)})
        return [{name: value for name, value in row.items() if name != "_id"} for row in found["records"]]

    def decide_anew(self, world, dataset):
        world.agency.loosen(dataset)
        world.agency.publish_list()
        drain()

    def test_a_new_column_waits_for_the_next_decision(self, opened):
        entry, dataset = opened.unconditional
        self.deliver(opened, entry, dataset, [*COLUMNS, ("driver", "驾驶员", "text", "none")],
                     [["0071", "人民广场", "王某"]])  # fmt: skip
        assert self.rows(dataset) == [{"stop_code": "0071", "stop_name": "人民广场"}]
        version = call("openlist_show", opened.agency.administrator, agency="traffic")
        assert "驾驶员" not in json.dumps(version, ensure_ascii=False)
        self.decide_anew(opened, dataset)
        assert self.rows(dataset) == [{"stop_code": "0071", "stop_name": "人民广场", "driver": "王某"}]

    def test_a_column_taken_away_goes(self, opened):
        entry, dataset = opened.unconditional
        self.deliver(opened, entry, dataset, COLUMNS[:1], [["0073"]])
        assert self.rows(dataset) == [{"stop_code": "0073"}]

    def test_a_mask_that_the_source_takes_off_stays_until_the_next_decision(self, world):
        masked = [COLUMNS[0], ("stop_name", "站点名称", "text", "first_char")]
        entry, dataset = world.agency.entry("公交线路", "unconditional", masked, ROWS, code="307001/000001")
        world.agency.open(world.centre, (entry, dataset))
        drain()
        self.deliver(world, entry, dataset, COLUMNS, ROWS[:1])
        assert self.rows(dataset) == [{"stop_code": "0071", "stop_name": "人**"}]
        self.decide_anew(world, dataset)
        assert self.rows(dataset) == [{"stop_code": "0071", "stop_name": "人民广场"}]

    def test_a_stricter_mask_holds_at_once_for_the_same_data(self, opened):
        entry, dataset = opened.unconditional
        model.Session.query(Item).filter_by(entry_id=entry, code="stop_name").update({"mask": "first_char"})
        outbox.put("publish", dataset)
        model.Session.commit()
        drain()
        assert {row["stop_name"] for row in self.rows(dataset)} == {"人**", "外**"}
