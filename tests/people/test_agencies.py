"""Agencies are renamed, merged and dissolved, and what is theirs follows."""

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.lib import search
from ckanext.shopendata.harvesters import standing
from ckanext.shopendata.model import Agency as AgencyRow
from ckanext.shopendata.model import Case, Dataset, Entry, Grant, OpenList, RoleRequest, Task
from ckanext.shopendata.notices import deliver

from tests import factories
from tests.factories import Agency, call, hold, number
from tests.people.conftest import bodies, drain, happened, holding, refusal

COLUMNS = [("stop_code", "站点编号", "text", "none"), ("stop_name", "站点名称", "text", "none")]
ROWS = [["0071", "人民广场"]]
NEW, OLD = factories.credit_code(1, "11"), factories.credit_code(2, "11")
DOCUMENT = "市委编办〔2026〕1号"


@pytest.fixture
def two(world):
    """Two agencies with lists of their own: an open dataset and a conditional one in the first, one in the second."""
    world.other = Agency("operator", "roads", "上海市道路运输管理局")
    world.open = world.agency.entry("公交线路与站点信息", "unconditional", COLUMNS, ROWS, code="307001/000001")
    world.conditional = world.agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, ROWS, code="307001/000002")
    world.theirs = world.other.entry("道路掘路施工信息", "unconditional", COLUMNS, ROWS, code="307002/000001")
    world.agency.open(world.centre, world.open, world.conditional)
    world.other.open(world.centre, world.theirs)
    drain()
    return world


def merge(reason=DOCUMENT):
    return call("agency_merge", "operator", id="traffic", into="roads", reason=reason)


def standing_lists():
    rows = model.Session.query(OpenList, AgencyRow.name).join(AgencyRow, AgencyRow.id == OpenList.agency_id)
    return sorted((name, version.version, version.state) for version, name in rows)


class TestRenamed:
    def test_everything_public_says_the_new_title_and_sources_find_the_old(self, two):
        call("agency_rename", "operator", id="traffic", title="上海市交通运输委员会", reason=DOCUMENT, code=NEW)
        drain()
        shown = call("agency_show", "", id="traffic")
        assert (shown["title"], shown["aliases"]) == ("上海市交通运输委员会", ["上海市交通委员会"])
        assert tk.get_action("organization_show")({"user": ""}, {"id": "traffic"})["title"] == "上海市交通运输委员会"
        package = tk.get_action("package_show")({"user": ""}, {"id": two.open[1]})
        assert package["organization"]["title"] == "上海市交通运输委员会"
        found = tk.get_action("package_search")({"user": ""}, {"q": "公交线路与站点信息"})["results"][0]
        assert found["organization"]["title"] == "上海市交通运输委员会"
        assert standing.providers().find("上海市交通委员会") == two.agency.id
        said = bodies("agency.rename")[0]["body"]
        assert (said["before"]["title"], said["after"]["title"]) == ("上海市交通委员会", "上海市交通运输委员会")
        old = call("openlist_show", "", agency="traffic")["body"]["agency"]["title"]
        assert old == "上海市交通委员会", "a published list says what it said"

    def test_a_new_code_leaves_the_old_one_known(self, two):
        for code in ("11310000AAAAAAAA1X", "11310000BBBBBBBB2W"):
            call("agency_rename", "operator", id="traffic", title="上海市交通委员会", code=code, reason=DOCUMENT)
        known = standing.providers()
        assert {known.find("", "11310000AAAAAAAA1X"), known.find("", "11310000BBBBBBBB2W")} == {two.agency.id}
        data = {"title": "新单位", "kind": "administrative", "level": "city", "code": "11310000AAAAAAAA1X"}
        assert refusal("agency_create", "operator", **data) == "name_taken"

    @pytest.mark.parametrize("code", ["1", "11310000AAAAAAAA1A"])
    def test_a_code_that_is_none(self, two, code):
        data = {"title": "新单位", "kind": "administrative", "level": "city", "code": code}
        assert refusal("agency_create", "operator", **data) == "code_malformed"
        data = {"id": "traffic", "title": "上海市交通委员会", "code": code, "reason": DOCUMENT}
        assert refusal("agency_rename", "operator", **data) == "code_malformed"

    @pytest.mark.parametrize("title", ["上海市道路运输管理局"])
    def test_anothers_title_is_taken(self, two, title):
        assert refusal("agency_rename", "operator", id="traffic", title=title, reason=DOCUMENT) == "name_taken"


class TestMerged:
    def test_entries_datasets_and_packages_move(self, two):
        merge()
        drain()
        for entry, dataset in (two.open, two.conditional):
            assert model.Session.get(Entry, entry).agency_id == two.other.id
            package = tk.get_action("package_show")({"user": ""}, {"id": dataset})
            assert package["organization"]["name"] == "roads"
        assert model.Group.get("traffic").state == "deleted"
        found = tk.get_action("package_search")({"user": ""}, {"fq": "organization:roads"})
        assert found["count"] == 3
        assert tk.get_action("package_search")({"user": ""}, {"fq": "organization:traffic"})["count"] == 0
        assert [one["name"] for one in call("agency_list", "")] == ["roads"]
        assert {event["body"]["entries"] for event in bodies("agency.merge")[:2]} == {2}

    def test_dates_and_tables_stay(self, two):
        before = tk.get_action("package_show")({"user": ""}, {"id": two.open[1]})
        merge()
        drain()
        after = tk.get_action("package_show")({"user": ""}, {"id": two.open[1]})
        for name in ("metadata_created", "metadata_modified", "name", "title"):
            assert after[name] == before[name]
        table = after["resources"][0]["id"]
        assert tk.get_action("datastore_search")({"user": ""}, {"resource_id": table})["total"] == 1

    def test_its_list_stands_until_the_next_of_its_successor(self, two):
        merge()
        drain()
        year = call("openlist_list", "", agency="traffic")[0]["version"].split(".")[0]
        assert standing_lists() == [("roads", f"{year}.1", "published"), ("traffic", f"{year}.1", "published")]
        two.other.publish_list()
        drain()
        assert standing_lists() == [
            ("roads", f"{year}.1", "superseded"), ("roads", f"{year}.2", "published"),
            ("traffic", f"{year}.1", "superseded"),
        ]  # fmt: skip
        titles = {row["title"] for row in call("openlist_show", "", agency="roads")["body"]["items"]}
        assert titles == {"公交线路与站点信息", "公交车辆实时到站信息", "道路掘路施工信息"}
        for dataset in (two.open[1], two.conditional[1], two.theirs[1]):
            assert tk.get_action("package_show")({"user": ""}, {"id": dataset})["state"] == "active"
            assert model.Session.get(Dataset, dataset).state == "published"

    def test_drafts_on_both_sides_are_thrown_away(self, two):
        for one in (two.agency, two.other):
            call("openlist_compile", one.administrator, agency=one.name)
        merge()
        assert {state for _, _, state in standing_lists()} == {"published"}

    def test_a_suspended_dataset_moves_and_stays_suspended(self, two):
        call("dataset_suspend", two.agency.administrator, id=two.open[1], reason="security", note="x")
        drain()
        merge()
        drain()
        assert model.Package.get(two.open[1]).owner_org == two.other.id
        with pytest.raises(tk.ObjectNotFound):
            tk.get_action("package_show")({"user": ""}, {"id": two.open[1]})
        call("dataset_resume", two.other.reviewer, id=two.open[1], note="x")
        drain()
        assert tk.get_action("package_show")({"user": ""}, {"id": two.open[1]})["organization"]["name"] == "roads"

    def test_roles_end_and_their_holders_read_it(self, two):
        asked = call("role_request", "ana", user="citizen", role="signer", agency="traffic", number=number("citizen"))
        merge()
        for name in (two.agency.administrator, two.agency.reviewer, two.agency.signer):
            shown = call("role_list", name, user=name, state="all")
            assert [one["state"] for one in shown] == ["agency_gone"]
            assert refusal("entry_list", name) == "not_permitted"
        assert model.Session.get(RoleRequest, asked["id"]).state == "declined"
        assert call("role_list", two.other.reviewer, user=two.other.reviewer)[0]["state"] == "live"

    def test_grants_go_on_and_are_the_successors_to_end(self, two):
        grant = factories.granted("citizen", two.intake, two.agency, two.conditional[1])
        merge()
        drain()
        assert call("grant_list", "citizen")[0]["state"] == "active"
        assert refusal("grant_suspend", two.agency.reviewer, id=grant["id"], note="x") == "NotFound"
        call("grant_suspend", two.other.reviewer, id=grant["id"], note="x")
        assert model.Session.get(Grant, grant["id"]).state == "suspended"

    def test_cases_of_one_application_become_one(self, two):
        entry = two.other.entry("停车场泊位", "conditional", COLUMNS, ROWS, code="307002/000002")
        two.other.open(two.centre, entry)
        drain()
        form, datasets = factories.FORM, [two.conditional[1], entry[1]]
        application = call("application_save", "citizen", datasets=datasets, form=form)["id"]
        call("application_submit", "citizen", id=application)
        cases = {one["agency"]: one["id"] for one in call("application_accept", two.intake, id=application)["cases"]}
        merge()
        assert model.Session.get(Case, cases["traffic"]).state == "withdrawn"
        call("case_decide", two.other.reviewer, id=cases["roads"], verb="grant", opinion="同意")
        call("agreement_confirm", "citizen", id=cases["roads"])
        call("agreement_confirm", two.other.signer, id=cases["roads"])
        assert {one["dataset"]["id"] for one in call("grant_list", "citizen")} == set(datasets)

    def test_cases_that_have_come_apart_are_finished_first(self, two):
        entry = two.other.entry("停车场泊位", "conditional", COLUMNS, ROWS, code="307002/000002")
        two.other.open(two.centre, entry)
        drain()
        application = call(
            "application_save", "citizen", datasets=[two.conditional[1], entry[1]], form=factories.FORM
        )["id"]  # fmt: skip
        call("application_submit", "citizen", id=application)
        cases = {one["agency"]: one["id"] for one in call("application_accept", two.intake, id=application)["cases"]}
        call("case_decide", two.other.reviewer, id=cases["roads"], verb="grant", opinion="同意")
        merging = {"id": "traffic", "into": "roads", "reason": "x"}
        assert refusal("agency_merge", "operator", **merging) == "cases_of_one_application"
        assert model.Session.get(Entry, two.open[0]).agency_id == two.agency.id
        call("case_decide", two.agency.reviewer, id=cases["traffic"], verb="refuse", reason="not_held", opinion="无")
        assert refusal("agency_merge", "operator", **merging) == "cases_of_one_application"

    def test_harvests_find_the_successor(self, two):
        call("agency_rename", "operator", id="traffic", title="上海市交通运输委员会", code=OLD, reason=DOCUMENT)
        merge()
        known = standing.providers()
        for name in ("上海市交通委员会", "上海市交通运输委员会", "上海市道路运输管理局"):
            assert known.find(name) == two.other.id
        assert known.find("", OLD) == two.other.id

    def test_twice_merged_lists_still_stand(self, two):
        Agency("operator", "third", "第三单位")
        merge()
        call("agency_merge", "operator", id="roads", into="third", reason=DOCUMENT)
        drain()
        call("openlist_compile", "third-administrator", agency="third")
        work = call("openlist_work", "third-administrator", agency="third")
        assert work["count"] == 3
        call("openlist_sign", "third-signer", id=work["id"])
        call("openlist_publish", "third-reviewer", id=work["id"])
        drain()
        assert {state for name, _, state in standing_lists() if name != "third"} == {"superseded"}
        assert tk.get_action("package_show")({"user": ""}, {"id": two.open[1]})["organization"]["name"] == "third"

    def test_what_is_done_twice_or_in_a_circle(self, two):
        assert refusal("agency_merge", "operator", id="traffic", into="traffic", reason="x") == "same_agency"
        call(
            "agency_create",
            "operator",
            title="下属单位",
            name="below",
            kind="institution",
            level="city",
            parent="traffic",
        )
        assert refusal("agency_merge", "operator", id="traffic", into="below", reason="x") == "agency_above"
        merge()
        assert model.Session.get(AgencyRow, call("agency_show", "", id="below")["id"]).parent_id == two.other.id
        assert refusal("agency_merge", "operator", id="traffic", into="roads", reason="x") == "agency_dissolved"
        assert refusal("agency_rename", "operator", id="traffic", title="y", reason="x") == "agency_dissolved"

    def test_only_the_operator_reorganises(self, two):
        for name in ("ana", two.agency.administrator, two.agency.signer, two.centre, "citizen"):
            for action, data in (
                ("agency_merge", {"id": "traffic", "into": "roads"}), ("agency_dissolve", {"id": "traffic"}),
                ("agency_rename", {"id": "traffic", "title": "x"}),
            ):  # fmt: skip
                assert refusal(action, name, **data, reason="x") == "not_permitted"


class TestDissolved:
    def test_one_with_entries_is_not(self, two):
        before = happened()
        assert refusal("agency_dissolve", "operator", id="roads", reason="x") == "agency_not_empty"
        assert happened() == before

    def test_an_empty_one_ends_with_its_roles(self, world, tmp_path, monkeypatch):
        monkeypatch.setitem(tk.config, "ckanext.shopendata.mail.folder", str(tmp_path / "mail"))
        gone = Agency("operator", "gone", "已撤销单位")
        hold("citizen", "secrecy_reviewer", "gone")
        model.Session.commit()
        call("agency_dissolve", "operator", id="gone", reason=DOCUMENT)
        drain()
        assert model.Group.get("gone").state == "deleted"
        assert call("role_list", gone.reviewer, user=gone.reviewer) == []
        assert standing.providers().find("已撤销单位") is None
        assert bodies("agency.dissolve")[0]["body"] == {"reason": DOCUMENT, "roles": 4}
        while deliver.work():
            pass
        assert len(list((tmp_path / "mail").glob("*.eml"))) == 4, "each of them is told"
        assert model.Session.query(Task).filter(Task.done_at.is_(None)).count() == 0


class TestDivisions:
    def test_a_division_and_its_contact(self, world):
        administrator = world.agency.administrator
        made = call("division_save", administrator, agency="traffic", title="科技处", contact_phone="021-00001111")
        changed = call("division_save", administrator, agency="traffic", id=made["id"], title="科技信息处")
        assert changed == {**made, "title": "科技信息处"}
        assert refusal("division_save", administrator, agency="traffic", title="科技信息处") == "division_exists"
        assert call("division_list", world.centre, agency="traffic") == [changed]
        assert refusal("division_list", "citizen", agency="traffic") == "NotFound"
        assert refusal("division_save", world.agency.reviewer, agency="traffic", title="x") == "not_permitted"
        call("division_remove", administrator, agency="traffic", id=made["id"])
        assert call("division_list", world.centre, agency="traffic") == []
        assert [event["actor"] for event in bodies("division.remove")[:1]] == [model.User.get(administrator).id]

    def test_those_of_another_agency_are_out_of_reach(self, world):
        made = call("division_save", world.agency.administrator, agency="traffic", title="科技处")
        other = Agency("operator", "other", "其他单位")
        data = {"agency": "other", "id": made["id"]}
        assert refusal("division_remove", other.administrator, **data) == "NotFound"
        assert refusal("division_save", other.administrator, **data, title="x") == "NotFound"

    def test_they_move_with_their_agency(self, two):
        call("division_save", two.agency.administrator, agency="traffic", title="办公室")
        call("division_save", two.other.administrator, agency="roads", title="办公室")
        merge()
        titles = [one["title"] for one in call("division_list", two.other.administrator, agency="roads")]
        assert sorted(titles) == ["办公室", "办公室（上海市交通委员会）"]


def test_the_index_has_no_word_of_an_agency_that_is_gone(two):
    merge()
    drain()
    found = search.query_for("package").run({"q": "*:*", "fq": "organization:traffic", "fl": "id"})
    assert found["count"] == 0
    assert holding(two.other.signer, "signer")
