"""The pages of agencies and divisions: who gets them, and an agency's way from registration to its end."""

import ast
import re
from pathlib import Path

import ckanext.shopendata
import pytest
from ckan import model
from ckanext.shopendata.model import Agency, Division, Person
from ckanext.shopendata.views import labels_audit

from tests.factories import number, person

NEW = {"title": "上海市数据局", "kind": "administrative", "level": "city", "parent": "", "code": ""}
DOCUMENT = "沪委编委〔2026〕7号"


def agency(name):
    model.Session.rollback()
    return model.Session.query(Agency).filter_by(name=name).one_or_none()


class TestDoors:
    def test_who_reads_and_who_changes(self, world, browse):
        forms = ("change", "rename", "merge", "dissolve")
        for name in ("citizen", "root", "neighbour"):
            assert browse(name).get("/agencies").status_code == 403
            assert browse(name).get("/agencies/traffic").status_code == 403
        for name in ("citizen", "root", "traffic-administrator", "checker"):
            for form in forms:
                assert browse(name).get(f"/agencies/traffic/edit/{form}").status_code == 403, (name, form)
                sent = {"title": "x", "reason": "x", "into": "market", "confirmed": "yes"}
                assert browse(name).post(f"/agencies/traffic/{form}", **sent).status_code == 403, (name, form)
            assert browse(name).post("/agencies/new", **NEW).status_code == 403
        for name in ("operator", "checker", "traffic-administrator"):
            assert browse(name).get("/agencies").status_code == 200
        assert "/agencies/traffic/edit/rename" in browse("operator").get("/agencies/traffic").text
        assert "/agencies/traffic/edit/rename" not in browse("checker").get("/agencies/traffic").text
        for nowhere in ("/agencies/nowhere", "/agencies/traffic/edit/nothing", "/agencies/nowhere/edit/rename"):
            assert browse("operator").get(nowhere).status_code == 404
        assert browse().get("/agencies").status_code == 302
        assert agency("traffic").dissolved_at is None

    def test_divisions_are_their_own_administrators(self, world, browse):
        data = {"title": "科技信息处", "contact_name": "李工", "contact_phone": "021-12345"}
        for name in ("market-administrator", "traffic-reviewer", "operator", "citizen"):
            assert browse(name).get("/agencies/traffic/division").status_code == 403, name
            assert browse(name).post("/agencies/traffic/division", **data).status_code == 403, name
        assert browse("market-administrator").get("/agencies/traffic").status_code == 403
        assert "科技信息处" not in browse("operator").get("/agencies/traffic").text
        model.Session.rollback()
        assert model.Session.query(Division).count() == 0


class TestOneAgency:
    def test_registered_changed_renamed_and_merged(self, world, browse):
        operator = browse("operator")
        made = operator.post("/agencies/new", **NEW, aliases="市数据局\n 数据局 \n\n")
        assert made.status_code == 302
        name = made.headers["Location"].rsplit("/", 1)[-1]
        assert agency(name).aliases == ["市数据局", "数据局"]
        changed = {"kind": "institution", "level": "city", "parent": "traffic", "aliases": "数据局", "contact": "021-1"}
        assert operator.post(f"/agencies/{name}/change", **changed).status_code == 302
        one = agency(name)
        assert (one.kind, one.aliases, one.contact) == ("institution", ["数据局"], "021-1")
        assert one.parent_id == agency("traffic").id

        typed = {"title": "上海市数据管理局", "reason": DOCUMENT, "code": ""}
        asked = operator.post(f"/agencies/{name}/rename", **typed)
        assert (asked.status_code, DOCUMENT in asked.text, agency(name).title) == (200, True, "上海市数据局")
        back = operator.post(f"/agencies/{name}/rename", **typed, confirmed="no")
        assert 'value="上海市数据管理局"' in back.text, "what was typed is still there"
        assert operator.post(f"/agencies/{name}/rename", **typed, confirmed="yes").status_code == 302
        assert agency(name).title == "上海市数据管理局"

        merged = operator.post(f"/agencies/{name}/merge", into="market", reason=DOCUMENT, confirmed="yes")
        assert merged.headers["Location"].endswith("/agencies/market")
        assert agency(name).successor_id == agency("market").id
        page = operator.get(f"/agencies/{name}").text
        assert "上海市市场监督管理局" in page
        assert f"/agencies/{name}/edit/rename" not in page
        assert "上海市数据管理局" in operator.get("/agencies/market").text, "the old name finds the new agency"

    def test_what_is_wrong_is_said_and_nothing_is_lost(self, world, browse):
        operator = browse("operator")
        taken = operator.post("/agencies/new", **NEW | {"title": "上海市交通委员会"}, description="负责交通")
        assert (taken.status_code, "负责交通" in taken.text, 'id="error-title"' in taken.text) == (409, True, True)
        empty = operator.post("/agencies/new", title="", kind="", level="")
        assert (empty.status_code, empty.text.count('class="error-text"')) == (409, 3)
        assert operator.post("/agencies/traffic/rename", title="新", reason="", confirmed="yes").status_code == 409
        full = operator.post("/agencies/traffic/dissolve", reason=DOCUMENT, confirmed="yes")
        assert (full.status_code, agency("traffic").dissolved_at) == (409, None)

    def test_nothing_stands_below_itself(self, world, browse):
        operator = browse("operator")
        facts = {"kind": "administrative", "level": "city"}
        assert operator.post("/agencies/market/change", parent="traffic", **facts).status_code == 302
        for name, parent in (("traffic", "market"), ("traffic", "traffic")):
            assert operator.post(f"/agencies/{name}/change", parent=parent, **facts).status_code == 409
        assert agency("traffic").parent_id is None

    def test_anothers_title_is_no_alias(self, world, browse):
        facts = {"kind": "administrative", "level": "city", "aliases": "上海市交通委员会"}
        assert browse("operator").post("/agencies/market/change", **facts).status_code == 409
        assert agency("market").aliases == []


class TestDivisions:
    def test_entered_changed_and_taken_out(self, world, browse):
        administrator = browse("traffic-administrator")
        assert administrator.post("/agencies/traffic/division", title="").status_code == 409
        for title in ("科技信息处", "办公室"):
            assert administrator.post("/agencies/traffic/division", title=title, contact_phone="021").status_code == 302
        again = administrator.post("/agencies/traffic/division", title="办公室", contact_name="王")
        assert (again.status_code, 'value="王"' in again.text) == (409, True)
        model.Session.rollback()
        key = model.Session.query(Division).filter_by(title="办公室").one().id
        assert 'value="办公室"' in administrator.get(f"/agencies/traffic/division?id={key}").text
        administrator.post("/agencies/traffic/division", id=key, title="综合办公室", contact_name="王")
        asked = administrator.post(f"/agencies/traffic/division/{key}/remove")
        assert (asked.status_code, "综合办公室" in asked.text) == (200, True)
        gone = administrator.post(f"/agencies/traffic/division/{key}/remove", confirmed="yes")
        assert gone.status_code == 302
        assert administrator.post(f"/agencies/traffic/division/{key}/remove", confirmed="yes").status_code == 404
        model.Session.rollback()
        assert [one.title for one in model.Session.query(Division)] == ["科技信息处"]


class TestAccounts:
    @pytest.fixture(autouse=True)
    def security(self, world, app):
        with app.flask_app.test_request_context():
            person("ana", "security_administrator")

    def test_an_account_is_tied_to_a_person(self, browse):
        data = {"user": "citizen", "number": number("neighbour")}
        for name in ("operator", "root", "traffic-reviewer"):
            assert browse(name).get("/people/verify").status_code == 403
            assert browse(name).post("/people/verify", **data).status_code == 403
        assert browse("ana").post("/people/verify", user="citizen").status_code == 409
        assert browse("ana").post("/people/verify", **data).status_code == 302
        wrong = browse("ana").post("/people/verify", user="citizen", number=number("citizen"))
        assert (wrong.status_code, 'value="citizen"' in wrong.text) == (409, True)
        model.Session.rollback()
        assert model.Session.query(Person).filter_by(user_id=model.User.get("citizen").id).one().staff is False


def test_every_event_has_words():
    """Verbs and kinds as they stand in the code: the first two texts given to what records an event."""
    verbs, kinds = set(), set()
    for file in Path(ckanext.shopendata.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and re.search("(?i)events?$", ast.unparse(node.func))):
                continue
            given = [one.value for one in node.args if isinstance(one, ast.Constant)]
            named = {one.arg: one.value.value for one in node.keywords if isinstance(one.value, ast.Constant)}
            verbs |= {text for text in [*given[:1], named.get("verb", "")] if "." in str(text)}
            kinds |= {text for text in [*given[1:2], named.get("object_type", "")] if text}
    assert len(verbs) > 40
    assert not verbs - set(labels_audit.verbs())
    assert not kinds - set(labels_audit.object_types())
