"""The whole way in one world: confirmed, decided, listed, published, applied for, granted."""

import datetime as dt
import uuid

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.harvesters import planning, tiers, writing
from ckanext.shopendata.model import AccessKey, Dataset, Resource
from ckanext.shopendata.publish import block, outbox, publisher

from tests import factories
from tests.factories import Agency, call, granted, person

COLUMNS = [
    ("stop_code", "站点编号", "text", "none"),
    ("stop_name", "站点名称", "text", "none"),
    ("seconds", "预计到达秒数", "int", "none"),
    ("driver", "驾驶员", "text", "first_char"),
]
ROWS = [["0071", "人民广场", "120", "王小明"], ["0072", "外滩", "３０", "李雷"], ["0073", "豫园", "-", None]]


def drain():
    while publisher.work():
        pass


def suspended_by_source(dataset):
    """As a synchronisation does it."""
    change = tiers.Change(blocks=[(dataset, "source_tightened")])
    writing.write([planning.Step("changed", "r1", tier=change)], "source", clock.now())
    model.Session.commit()
    model.Session.expire_all()


@pytest.fixture
def world(clean_db, clean_index, with_request_context, loader_environment):
    person("operator", "operator")
    world = type("World", (), {})()
    world.centre = person("checker", "catalogue_checker")
    world.intake = person("intake", "intake_officer")
    world.agency = Agency("operator", "traffic", "上海市交通委员会")
    world.citizen = person("citizen")
    return world


@pytest.fixture
def opened(world):
    world.unconditional = world.agency.entry("公交线路与站点信息", "unconditional", COLUMNS, ROWS, code="307001/000001")
    world.conditional = world.agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, ROWS, code="307001/000002")
    world.closed = world.agency.entry("公共交通卡个体出行记录", "closed", COLUMNS, code="307001/000003")
    world.undecided = world.agency.entry("道路掘路施工信息", None, COLUMNS, code="307001/000004")
    world.agency.open(world.centre, world.unconditional, world.conditional, world.closed)
    drain()
    return world


class TestPath:
    def test_published_as_decided(self, opened):
        found = tk.get_action("package_search")({"user": ""}, {"facet.field": ["tier"]})
        assert found["count"] == 2
        assert {item["name"]: item["count"] for item in found["search_facets"]["tier"]["items"]} == {
            "unconditional": 1,
            "conditional": 1,
        }
        for entry in (opened.closed, opened.undecided):
            assert model.Package.get(entry[1]) is None
        assert outbox.waiting(publisher.HANDLERS) == 0

    def test_rows_of_an_unconditional_dataset_lie_in_the_datastore_masked(self, opened):
        package = tk.get_action("package_show")({"user": ""}, {"id": opened.unconditional[1]})
        resource = package["resources"][0]
        rows = tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource["id"]})
        assert rows["total"] == 3
        assert [row["stop_code"] for row in rows["records"]] == ["0071", "0072", "0073"]
        assert [row["seconds"] for row in rows["records"]] == [120, 30, None]
        assert [row["driver"] for row in rows["records"]] == ["王**", "李**", None]
        found = tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource["id"], "q": "外滩"})
        assert found["total"] == 1

    def test_rows_of_a_conditional_dataset_lie_in_the_vault_alone(self, opened):
        resource = model.Session.query(Resource).filter_by(dataset_id=opened.conditional[1]).one()
        shown = tk.get_action("package_show")({"user": ""}, {"id": opened.conditional[1]})["resources"][0]
        assert resource.location == "vault"
        assert "/gateway/v1/datasets/" in shown["url"]
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource.id})
        with factories.intake.connect() as vault:
            name = "r_" + resource.id.replace("-", "")
            assert vault.execute(f'SELECT count(*) FROM vault."{name}"').fetchone() == (3,)

    def test_the_list_names_the_open_ones_and_counts_the_others(self, opened):
        shown = call("openlist_show", "", agency="traffic")
        assert [item["title"] for item in shown["body"]["items"]] == ["公交线路与站点信息", "公交车辆实时到站信息"]
        assert shown["body"]["items"][0]["items"] == ["站点编号", "站点名称", "预计到达秒数", "驾驶员（脱敏）"]
        foot = shown["body"]["foot"]
        assert (foot["total"], foot["unconditional"], foot["conditional"]) == (4, 1, 1)
        assert foot["closed"] == {"personal_privacy": 1}
        assert foot["excluded"] == {"undecided": 1}
        assert "公共交通卡个体出行记录" not in str(shown)

    def test_an_application_becomes_a_key_shown_once(self, opened):
        grant = granted(opened.citizen, opened.intake, opened.agency, opened.conditional[1])
        assert grant["state"] == "active"
        key = call("key_create", opened.citizen, grant=grant["id"])
        assert key["key"].startswith("sod_")
        assert key["key"] not in str(call("grant_list", opened.citizen))
        call("key_create", opened.citizen, grant=grant["id"])
        with pytest.raises(tk.ValidationError) as refused:
            call("key_create", opened.citizen, grant=grant["id"])
        assert refused.value.error_dict["code"] == ["too_many_keys"]

    def test_a_grant_that_has_ended_gets_no_key(self, opened):
        grant = granted(opened.citizen, opened.intake, opened.agency, opened.conditional[1])
        with clock.at(dt.datetime.fromisoformat(grant["valid_until"])), pytest.raises(tk.ValidationError) as refused:
            call("key_create", opened.citizen, grant=grant["id"])
        assert refused.value.error_dict["code"] == ["grant_not_active"]
        assert call("grant_show", opened.citizen, id=grant["id"])["keys"] == []

    def test_a_revoked_grant_ends_its_keys_each_with_an_event(self, opened):
        grant = granted(opened.citizen, opened.intake, opened.agency, opened.conditional[1])
        first, second = (call("key_create", opened.citizen, grant=grant["id"])["kid"] for _ in range(2))
        call("key_revoke", opened.citizen, kid=first, reason="换新")
        call("grant_revoke", opened.agency.reviewer, id=grant["id"], note="违约")
        told = "SELECT object_id, role, agency_id FROM audit.event WHERE verb = 'key.revoke' AND object_id = ANY(:kids)"
        events = model.Session.execute(sa.text(told), {"kids": [first, second]}).all()
        assert sorted(events) == sorted([(first, "", None), (second, "reviewer", opened.agency.id)])
        reasons = {key.kid: key.revoke_reason for key in model.Session.query(AccessKey).filter_by(grant_id=grant["id"])}
        assert reasons == {first: "换新", second: "违约"}

    def test_a_suspended_dataset_is_refused_at_once(self, opened):
        dataset = opened.unconditional[1]
        resource = model.Session.query(Resource).filter_by(dataset_id=dataset).one().id
        call("dataset_suspend", opened.agency.administrator, id=dataset, reason="wrong_data", note="数据有误")
        asked = [("package_show", {"id": dataset}), ("datastore_search", {"resource_id": resource})]
        # A second name, of something that is not suspended, opens no door.
        for names in ({"id": resource}, {"id": resource, "resource_id": "x"}, {"id": "x", "resource_id": resource}):
            asked += [(action, names) for action in ("resource_view_list", "datastore_info", "datastore_search")]
        for action, data in asked:
            with pytest.raises((tk.ObjectNotFound, tk.ValidationError)):
                tk.get_action(action)({"user": ""}, data)
        assert tk.get_action("package_search")({"user": ""}, {})["count"] == 1
        drain()
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已更正")
        drain()
        assert tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource})["total"] == 3
        assert tk.get_action("package_search")({"user": ""}, {})["count"] == 2

    def test_thousands_of_suspended_datasets_leave_the_search_standing(self, opened, monkeypatch):
        many = [str(uuid.uuid4()) for _ in range(3000)] + [opened.unconditional[1]]
        monkeypatch.setattr(block, "standing", lambda: {key: key for key in many})
        found = tk.get_action("package_search")({"user": ""}, {})
        assert [package["id"] for package in found["results"]] == [opened.conditional[1]]

    def test_a_tightening_takes_effect_first(self, opened):
        _, dataset = opened.unconditional
        resource = model.Session.query(Resource).filter_by(dataset_id=dataset).one().id
        opened.agency.tighten(dataset)
        assert block.blocked(dataset)
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource})
        drain()
        opened.agency.publish_list()
        drain()
        assert not block.blocked(dataset)
        shown = tk.get_action("package_show")({"user": ""}, {"id": dataset})
        assert {e["key"]: e["value"] for e in shown["extras"]}["tier"] == "conditional"
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource})

    def test_closing_takes_everything_out_of_ckan(self, opened):
        _, dataset = opened.unconditional
        opened.agency.close(dataset)
        drain()
        assert model.Package.get(dataset) is None
        model.Session.expire_all()
        assert model.Session.get(Dataset, dataset).published_tier is None

    def test_what_its_source_suspended_a_person_resumes(self, opened):
        dataset = opened.unconditional[1]
        suspended_by_source(dataset)
        assert block.blocked(dataset)
        assert model.Session.get(Dataset, dataset).state == "suspended"
        drain()
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已与来源核对")
        drain()
        assert not block.blocked(dataset)
        assert tk.get_action("package_search")({"user": ""}, {})["count"] == 2

    def test_what_is_decided_but_not_public_yet_its_source_holds_back(self, world):
        entry = world.agency.entry("公交线路与站点信息", "unconditional", COLUMNS, ROWS, code="307001/000001")
        world.agency.open(world.centre, entry)
        suspended_by_source(entry[1])
        drain()
        assert model.Package.get(entry[1]) is None
        call("dataset_resume", world.agency.reviewer, id=entry[1], note="已与来源核对")
        drain()
        assert model.Package.get(entry[1]) is not None

    @pytest.mark.parametrize("cleaned_up", [True, False])
    @pytest.mark.parametrize("suspend", ["source", "person"])
    def test_closed_while_suspended_it_does_not_come_back(self, opened, suspend, cleaned_up):
        dataset = opened.unconditional[1]
        if suspend == "source":
            suspended_by_source(dataset)
        else:
            call("dataset_suspend", opened.agency.administrator, id=dataset, reason="security", note="核实中")
        opened.agency.close(dataset)
        if cleaned_up:
            drain()
            assert model.Package.get(dataset) is None
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="已认定为非开放")
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("package_show")({"user": ""}, {"id": dataset})
        drain()
        assert model.Package.get(dataset) is None

    def test_tightened_while_suspended_it_waits_for_its_list(self, opened):
        dataset = opened.unconditional[1]
        resource = model.Session.query(Resource).filter_by(dataset_id=dataset).one().id
        suspended_by_source(dataset)
        opened.agency.tighten(dataset)
        call("dataset_resume", opened.agency.reviewer, id=dataset, note="按来源认定")
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource})
        opened.agency.publish_list()
        drain()
        assert not block.blocked(dataset)
        shown = tk.get_action("package_show")({"user": ""}, {"id": dataset})
        assert {e["key"]: e["value"] for e in shown["extras"]}["tier"] == "conditional"

    def test_loosening_moves_the_rows_when_the_list_says_so(self, opened):
        _, dataset = opened.conditional
        call("dataset_propose", opened.agency.administrator, ids=[dataset], tier="unconditional")
        call("dataset_decide", opened.agency.reviewer, ids=[dataset])
        drain()
        shown = tk.get_action("package_show")({"user": ""}, {"id": dataset})
        assert {e["key"]: e["value"] for e in shown["extras"]}["tier"] == "conditional"
        opened.agency.publish_list()
        drain()
        resource = tk.get_action("package_show")({"user": ""}, {"id": dataset})["resources"][0]["id"]
        assert tk.get_action("datastore_search")({"user": ""}, {"resource_id": resource})["total"] == 3
        with factories.intake.connect() as vault:
            name = "r_" + resource.replace("-", "")
            assert vault.execute("SELECT to_regclass(%s)", (f'vault."{name}"',)).fetchone() == (None,)

    def test_a_table_with_a_resident_id_does_not_open(self, world):
        rows = [["1", "310000199001011234", "5", "x"]]
        entry = world.agency.entry("名单", "unconditional", COLUMNS, rows, code="307001/000009")
        world.agency.open(world.centre, entry)
        drain()
        shown = tk.get_action("package_show")({"user": ""}, {"id": entry[1]})
        resource = model.Session.query(Resource).filter_by(dataset_id=entry[1]).one()
        assert shown["resources"] == []
        assert (resource.scan, resource.location) == ("failed", None)
        assert resource.findings == [{"column": "stop_name", "kind": "resident_id", "rows": 1}]


class TestFourEyes:
    def test_nobody_decides_their_own_proposal(self, world):
        factories.hold(world.agency.reviewer, "data_administrator", "traffic")
        model.Session.commit()
        entry, dataset = world.agency.entry("自己提的", None, COLUMNS)
        call("entry_confirm", world.agency.reviewer, ids=[entry])
        call("dataset_propose", world.agency.reviewer, ids=[dataset], tier="unconditional")
        with pytest.raises(tk.NotAuthorized):
            call("dataset_decide", world.agency.reviewer, ids=[dataset])
        assert model.Session.get(Dataset, dataset).tier == "undecided"

    @pytest.mark.parametrize("who", ["administrator", "sysadmin", "other", "citizen", "signer"])
    def test_who_else_may_not_decide(self, world, who):
        """Who works there is refused; to everybody else the dataset does not exist."""
        refused = tk.NotAuthorized if who in ("administrator", "signer") else tk.ObjectNotFound
        entry, dataset = world.agency.entry("谁能认定", "unconditional", COLUMNS)
        call("entry_confirm", world.agency.administrator, ids=[entry])
        other = Agency("operator", "other", "其他单位")
        names = {
            "administrator": world.agency.administrator, "sysadmin": person("root2", sysadmin=True),
            "other": other.reviewer, "citizen": world.citizen, "signer": world.agency.signer,
        }  # fmt: skip
        with pytest.raises(refused):
            call("dataset_decide", names[who], ids=[dataset])
        with pytest.raises(refused):
            tk.get_action("shopendata_dataset_decide")({"user": names[who], "ignore_auth": True}, {"ids": [dataset]})

    def test_nobody_decides_their_own_application(self, opened):
        factories.hold(opened.citizen, "reviewer", "traffic")
        model.Session.commit()
        application = call("application_save", opened.citizen, datasets=[opened.conditional[1]], form=factories.FORM)
        call("application_submit", opened.citizen, id=application["id"])
        case = call("application_accept", opened.intake, id=application["id"])["cases"][0]
        with pytest.raises(tk.NotAuthorized):
            call("case_decide", opened.citizen, id=case["id"], verb="grant", opinion="好")

    def test_nobody_resumes_their_own_grant(self, opened):
        grant = granted(opened.citizen, opened.intake, opened.agency, opened.conditional[1])
        factories.hold(opened.citizen, "reviewer", "traffic")
        model.Session.commit()
        call("grant_suspend", opened.agency.reviewer, id=grant["id"], note="疑似超范围使用")
        for verb in ("resume", "revoke"):
            with pytest.raises(tk.NotAuthorized):
                call(f"grant_{verb}", opened.citizen, id=grant["id"], note="好")
        assert call("grant_show", opened.citizen, id=grant["id"])["state"] == "suspended"
