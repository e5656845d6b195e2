"""Suspending and resuming what has been decided anew, and what a source has suspended."""

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.shopendata.model import Dataset, Resource
from ckanext.shopendata.publish import block

from tests.factories import Agency, call


def suspend(world, dataset):
    call("dataset_suspend", world.agency.administrator, id=dataset, reason="wrong_data", note="数据有误")


def resume(world, dataset):
    return call("dataset_resume", world.agency.reviewer, id=dataset, note="已核实")


def shown(dataset):
    return tk.get_action("package_show")({"user": ""}, {"id": dataset})


def hidden(dataset):
    with pytest.raises(tk.ObjectNotFound):
        shown(dataset)
    return True


class TestDecidedAnew:
    @pytest.mark.parametrize("decide", [Agency.close, Agency.tighten])
    @pytest.mark.parametrize("worker_first", [True, False])
    def test_resuming_shows_nothing_that_a_decision_has_tightened(self, world, drain, decide, worker_first):
        _, dataset = world.open
        resource = model.Session.query(Resource).filter_by(dataset_id=dataset).one().id
        suspend(world, dataset)
        decide(world.agency, dataset)
        if worker_first:
            drain()
        resume(world, dataset)
        for _ in range(2):
            assert hidden(dataset)
            with pytest.raises(tk.ObjectNotFound):
                tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource})
            assert tk.get_action("package_search")({"user": ""}, {})["count"] == 1
            drain()

    def test_what_is_closed_while_suspended_leaves_ckan(self, world, drain):
        _, dataset = world.open
        suspend(world, dataset)
        world.agency.close(dataset)
        drain()
        assert model.Package.get(dataset) is None

    def test_a_tightened_one_comes_back_with_the_next_list(self, world, drain):
        _, dataset = world.open
        suspend(world, dataset)
        world.agency.tighten(dataset)
        resume(world, dataset)
        drain()
        world.agency.publish_list()
        drain()
        assert {one["key"]: one["value"] for one in shown(dataset)["extras"]}["tier"] == "conditional"

    def test_what_waits_for_the_next_list_can_be_suspended_and_stays_as_it_stood(self, world, drain):
        _, dataset = world.conditional
        world.agency.loosen(dataset)
        suspend(world, dataset)
        assert hidden(dataset)
        drain()
        assert resume(world, dataset) == {"state": "decided"}
        drain()
        assert {one["key"]: one["value"] for one in shown(dataset)["extras"]}["tier"] == "conditional"
        assert tk.get_action("package_search")({"user": ""}, {})["count"] == 2

    def test_what_nobody_can_see_is_not_suspended(self, world):
        _, dataset = world.agency.entry("尚未公开", "closed", [])
        call("entry_confirm", world.agency.administrator, ids=[model.Session.get(Dataset, dataset).entry_id])
        call("dataset_decide", world.agency.reviewer, ids=[dataset])
        with pytest.raises(tk.ValidationError):
            suspend(world, dataset)
        assert not block.blocked(dataset)


class TestSource:
    def suspended(self, dataset):
        """As a synchronisation does it (harvesters.writing)."""
        block.put(dataset, "source_tightened", "source")
        model.Session.get_one(Dataset, dataset).state = "suspended"
        model.Session.commit()

    def test_what_a_source_suspended_a_reviewer_resumes(self, world, drain):
        _, dataset = world.open
        self.suspended(dataset)
        assert hidden(dataset)
        resume(world, dataset)
        drain()
        assert shown(dataset)["state"] == "active"
        with pytest.raises(tk.ValidationError):
            resume(world, dataset)

    def test_a_decision_that_follows_the_source_comes_with_the_next_list_once_people_resume(self, world, drain):
        _, dataset = world.open
        self.suspended(dataset)
        world.agency.tighten(dataset)
        drain()
        resume(world, dataset)
        assert hidden(dataset)
        drain()
        world.agency.publish_list()
        drain()
        assert {one["key"]: one["value"] for one in shown(dataset)["extras"]}["tier"] == "conditional"

    def test_while_it_lasts_the_dataset_stands_on_no_new_list(self, world, drain):
        _, dataset = world.open
        self.suspended(dataset)
        body = world.agency.publish_list()["body"]
        assert [one["dataset"] for one in body["items"]] == [world.conditional[1]]
        assert body["foot"]["excluded"] == {"suspended": 1}
        drain()
        assert model.Package.get(dataset) is not None

    def test_nobody_resumes_what_a_decision_tightened(self, world):
        _, dataset = world.open
        world.agency.tighten(dataset)
        with pytest.raises(tk.ValidationError):
            resume(world, dataset)
        assert block.blocked(dataset)


@pytest.mark.parametrize("suspended_first", [True, False])
def test_what_is_taken_out_of_the_catalogue_leaves_the_public_at_once(world, drain, suspended_first):
    entry, dataset = world.open
    if suspended_first:
        suspend(world, dataset)
    call("entry_return", world.centre, ids=[entry], note="请核实")
    call("entry_reject", world.centre, ids=[entry], reason="state_secret")
    assert hidden(dataset)
    drain()
    assert model.Package.get(dataset) is None
    with pytest.raises(tk.ValidationError):
        resume(world, dataset)
    assert model.Session.get(Dataset, dataset).state == "withdrawn"
    assert [one["dataset"] for one in world.agency.publish_list()["body"]["items"]] == [world.conditional[1]]
    drain()
    assert tk.get_action("package_search")({"user": ""}, {})["count"] == 1
