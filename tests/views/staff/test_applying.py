"""The applicant's and the reviewers' forms: kept on errors, asked before they act, harmless when sent twice."""

from uuid import uuid4

import pytest
from ckan import model
from ckanext.shopendata.model import AccessKey, Application, Case, Grant

from tests.factories import FORM
from tests.views.staff.conftest import snapshot

HOSTILE = "\"'><script>alert(1)</script>{{7*7}}"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture
def granted(world, accepted, submitted, act):
    act("case_decide", world.agency.reviewer, id=accepted["id"], verb="grant", opinion="同意开放")
    act("agreement_confirm", world.citizen, id=accepted["id"])
    act("agreement_confirm", world.agency.signer, id=accepted["id"])
    return act("grant_list", world.citizen)[0]


def count(kind):
    model.Session.rollback()
    return model.Session.query(kind).count()


class TestForm:
    def test_everything_missing_is_said_at_once_and_nothing_typed_is_lost(self, world, browse):
        answer = browse("citizen").post(
            "/applications/new",
            token=str(uuid4()),
            intent="submit",
            datasets=world.name,
            scenario="规划出行",
            months="99",
        )
        assert answer.status_code == 409
        for name in ("organisation", "applicant_name", "necessity", "months", "calls_per_day"):
            assert f'href="#field-{name}"' in answer.text, name
            assert f'id="error-{name}"' in answer.text, name
        assert 'href="#field-scenario"' not in answer.text
        assert "规划出行" in answer.text
        assert 'value="99"' in answer.text
        assert count(Application) == 1

    def test_too_much_text_comes_back_whole(self, world, browse):
        long = "长" * 2001
        answer = browse("citizen").post(
            "/applications/new", token=str(uuid4()), intent="submit", datasets=world.name, scenario=long, product="产品"
        )
        assert answer.status_code == 409
        assert long in answer.text
        assert 'href="#field-necessity"' in answer.text
        assert count(Application) == 0

    def test_an_incomplete_draft_is_kept(self, world, browse):
        answer = browse("citizen").post("/applications/new", token=str(uuid4()), intent="save", product="某产品")
        assert answer.status_code == 302
        assert "某产品" in browse("citizen").get(answer.headers["Location"]).text

    def test_sent_twice_is_one_application(self, world, browse):
        form = {"token": str(uuid4()), "intent": "submit", "datasets": world.name, **FORM}
        first, second = (browse("citizen").post("/applications/new", **form) for _ in range(2))
        assert first.status_code == second.status_code == 302
        assert first.headers["Location"] == second.headers["Location"]
        assert count(Application) == 1

    def test_the_token_of_somebody_else_opens_nothing(self, world, submitted, browse):
        before = snapshot()
        answer = browse("neighbour").post("/applications/new", token=submitted["id"], intent="save", product="x")
        assert answer.status_code == 404
        assert snapshot() == before

    def test_deficiencies_stand_at_their_fields(self, world, submitted, browse):
        officer, path = browse("intake"), f"/desk/applications/{submitted['id']}/correct"
        points = {"point_field": ["safeguards", "", ""], "point_text": ["请补交等保证明", "授权委托书缺公章", ""]}
        asked = officer.post(path, **points)
        assert "请补交等保证明" in asked.text
        assert model.Session.get(Application, submitted["id"]).state == "submitted"
        changing = officer.post(path, confirmed="no", **points)
        assert "授权委托书缺公章" in changing.text
        assert officer.post(path, confirmed="yes", **points).status_code == 302
        assert officer.post(path, confirmed="yes", **points).status_code == 409
        page = browse("citizen").get(f"/applications/{submitted['id']}").text
        assert page.count("请补交等保证明") == 2
        assert 'href="#field-safeguards"' in page
        form = {"datasets": world.name, "intent": "submit", **FORM, "safeguards": "已补"}
        assert browse("citizen").post(f"/applications/{submitted['id']}", **form).status_code == 302

    def test_a_row_without_text_is_told_and_kept(self, submitted, browse):
        answer = browse("intake").post(
            f"/desk/applications/{submitted['id']}/correct", point_field=["safeguards", "months"], point_text=["甲", ""]
        )
        assert answer.status_code == 409
        assert 'value="甲"' in answer.text


class TestCase:
    def test_ticks_and_decision_must_agree(self, world, accepted, browse):
        path, reviewer = f"/desk/cases/{accepted['id']}/decide", browse("traffic-reviewer")
        item = f"{world.conditional[1]}:stop_name"
        kept = {"opinion": "这是意见", "item": item}
        for form in ({"verb": "grant"}, {"verb": "grant_reduced"}, {"verb": "refuse"}, {}):
            answer = reviewer.post(path, confirmed="yes", **kept, **form)
            assert answer.status_code == 409
            assert "这是意见" in answer.text
        model.Session.rollback()
        assert model.Session.get(Case, accepted["id"]).state == "in_review"
        form = {**kept, "verb": "grant_reduced", "reason": "exceeds_minimum"}
        assert reviewer.post(path, **form).status_code == 200
        assert reviewer.post(path, confirmed="yes", **form).status_code == 302
        again = reviewer.post(path, confirmed="yes", **form)
        assert again.status_code == 403
        assert "您已在本办件中办理过" in again.text

    def test_who_decided_does_not_confirm_and_an_applicant_decides_nothing(self, world, accepted, browse, act):
        act("case_decide", world.agency.reviewer, id=accepted["id"], verb="grant", opinion="同意")
        path = f"/desk/cases/{accepted['id']}/agreement"
        assert browse("traffic-reviewer").post(path, confirmed="yes").status_code == 403
        assert browse("citizen").post(path, confirmed="yes").status_code == 404
        assert browse("traffic-signer").post(path, confirmed="yes").status_code == 302
        assert browse("traffic-signer").post(path, confirmed="yes").status_code == 409

    def test_an_access_right_is_suspended_with_a_note(self, accepted, granted, browse):
        path, reviewer = f"/desk/cases/{accepted['id']}/grant", browse("traffic-reviewer")
        form = {"grant": granted["id"], "verb": "suspend"}
        assert reviewer.post(path, **form).status_code == 409
        assert reviewer.post(path, note="异常调用", **form).status_code == 200
        assert reviewer.post(path, note="异常调用", confirmed="yes", **form).status_code == 302
        model.Session.rollback()
        assert model.Session.get(Grant, granted["id"]).state == "suspended"
        assert browse("traffic-signer").post(path, note="x", confirmed="yes", **form).status_code == 403


class TestKeys:
    def test_a_key_is_in_one_answer_and_nowhere_else(self, granted, browse, caplog):
        citizen = browse("citizen")
        answer = citizen.post("/applications/keys", grant=granted["id"], known="0")
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        key = answer.text.split('value="sod_')[1].split('"')[0]
        assert answer.text.count(key) == 1
        assert key not in str(answer.headers)
        assert key not in caplog.text
        for path in ("/applications", "/", "/applications"):
            assert key not in citizen.get(path).text
        with citizen.client.session_transaction() as session:
            assert key not in str(dict(session))

    def test_sent_twice_makes_one_key(self, granted, browse):
        form = {"grant": granted["id"], "known": "0"}
        assert browse("citizen").post("/applications/keys", **form).status_code == 200
        again = browse("citizen").post("/applications/keys", **form)
        assert again.status_code == 409
        assert "sod_…" in again.text
        assert count(AccessKey) == 1

    def test_of_others_there_are_none(self, granted, browse):
        for name in ("neighbour", "root", "traffic-reviewer"):
            assert browse(name).post("/applications/keys", grant=granted["id"], known="0").status_code == 404
        assert count(AccessKey) == 0

    def test_a_key_is_revoked_after_asking(self, granted, browse, act):
        key = act("key_create", "citizen", grant=granted["id"])
        citizen = browse("citizen")
        assert key["hint"] in citizen.post("/applications/keys/revoke", kid=key["kid"]).text
        model.Session.rollback()
        assert model.Session.get(AccessKey, key["kid"]).revoked_at is None
        assert browse("neighbour").post("/applications/keys/revoke", kid=key["kid"], confirmed="yes").status_code == 404
        assert citizen.post("/applications/keys/revoke", kid=key["kid"], confirmed="yes").status_code == 302
        assert citizen.post("/applications/keys/revoke", kid=key["kid"], confirmed="yes").status_code == 409


class TestHostileText:
    def test_is_shown_as_text_on_every_page(self, world, browse, act):
        form = {**FORM, **dict.fromkeys(("applicant_name", "scenario", "product", "necessity", "safeguards"), HOSTILE)}
        application = act("application_save", "citizen", datasets=[world.name], form=form)
        key = application["id"]
        pages = [("citizen", f"/applications/{key}")]
        self.look(browse, pages)
        act("application_submit", "citizen", id=key)
        case = act("application_accept", "intake", id=key)["cases"][0]
        act("case_decide", "traffic-reviewer", id=case["id"], verb="grant", opinion=HOSTILE)
        act("agreement_confirm", "citizen", id=case["id"])
        pages += [("intake", f"/desk/applications/{key}"), ("traffic-signer", f"/desk/cases/{case['id']}")]
        pages += [("traffic-signer", "/desk?cases=agreement_pending"), ("intake", "/desk?applications=accepted")]
        self.look(browse, pages)
        act("agreement_confirm", "traffic-signer", id=case["id"])
        entry, _ = world.agency.entry(
            HOSTILE, None, [("a", HOSTILE, "text", "none")], abstract=HOSTILE, division=HOSTILE
        )
        self.look(
            browse,
            [
                ("citizen", "/applications"),
                ("traffic-administrator", f"/catalogue/{entry}"),
                ("traffic-administrator", "/catalogue"),
                ("traffic-administrator", "/catalogue/open-list/traffic"),
            ],
        )
        asked = browse("traffic-administrator").post("/catalogue/bulk", verb="propose", ids=entry, conditions=HOSTILE)
        assert ESCAPED in asked.text
        assert "<script>alert" not in asked.text
        path = f"/desk/cases/{case['id']}/decide"
        asked = browse("traffic-reviewer").post(path, verb="refuse", reason="purpose_unclear", opinion=HOSTILE)
        assert ESCAPED in asked.text
        assert "<script>alert" not in asked.text

    def look(self, browse, pages):
        for name, path in pages:
            answer = browse(name).get(path)
            assert answer.status_code == 200, path
            assert ESCAPED in answer.text, path
            assert "<script>alert" not in answer.text, path
            assert "49" not in answer.text.split("alert(1)")[1][:40], path
