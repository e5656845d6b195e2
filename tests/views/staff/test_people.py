"""The pages of roles: asking, confirming, revoking, naming a substitute, and the export; in both languages."""

import csv
import datetime as dt
import io

import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.model import RoleHolding, RoleRequest

from tests.factories import hold, number, person

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def staffed(world, app):
    """Two security administrators and an auditor more."""
    with app.flask_app.test_request_context():
        for name in ("ana", "ben"):
            person(name, "security_administrator")
        person("auditor", "auditor")
    return world


def asked(browse, **more):
    data = {"user": "citizen", "role": "reviewer", "agency": "traffic", "number": number("citizen"), **more}
    return browse("ana").post("/people/new", **data)


def request():
    model.Session.rollback()
    return model.Session.query(RoleRequest).order_by(RoleRequest.requested_at.desc()).first()


def live(name):
    model.Session.rollback()
    rows = model.Session.query(RoleHolding).join(model.User, model.User.id == RoleHolding.user_id)
    return [one.role for one in rows.filter(model.User.name == name, RoleHolding.revoked_at.is_(None))]


class TestDoors:
    def test_who_reads_and_who_gives(self, staffed, browse):
        for name in ("citizen", "root", "operator", "traffic-reviewer", "intake"):
            for path in ("/people", "/people/export.csv", "/people/new"):
                assert browse(name).get(path).status_code == 403, (name, path)
            assert browse(name).post("/people/new", user="citizen").status_code == 403
            assert browse(name).post(f"/people/requests/{NOBODY}/confirm", number="x").status_code == 403
            assert browse(name).post(f"/people/holdings/{NOBODY}/revoke", confirmed="yes").status_code == 403
        assert browse("auditor").get("/people").status_code == 200
        assert browse("auditor").get("/people/new").status_code == 403
        assert 'action="/people' not in browse("auditor").get("/people").text
        for name in ("ana", "citizen", "auditor"):
            answer = browse(name).get("/people/mine")
            assert answer.status_code == 200
            assert "no-store" in answer.headers["Cache-Control"]

    def test_strangers_sign_in(self, staffed, browse):
        for path in ("/people", "/people/new", "/people/mine", "/people/export.csv"):
            answer = browse().get(path)
            assert (answer.status_code, "/user/login" in answer.headers["Location"]) == (302, True)

    def test_forged_forms_are_refused(self, staffed, browse):
        asked(browse)
        for path in ("/people/new", f"/people/requests/{request().id}/confirm", "/people/mine/delegate"):
            data = {"number": number("citizen"), "confirmed": "yes"}
            assert browse("ben").client.post(path, data=data).status_code == 400
        assert live("citizen") == []


class TestGiving:
    def test_from_request_to_revocation(self, staffed, browse):
        assert asked(browse, reason="任命文件<b>").status_code == 302
        page = browse("ben").get("/people").text
        assert "任命文件&lt;b&gt;" in page
        assert number("citizen") not in page
        key = request().id
        own = browse("ana").post(f"/people/requests/{key}/confirm", number=number("citizen"))
        assert (own.status_code, live("citizen")) == (403, [])
        wrong = browse("ben").post(f"/people/requests/{key}/confirm", number="GUESSED1")
        assert (wrong.status_code, live("citizen")) == (409, [])
        assert browse("ben").post(f"/people/requests/{key}/confirm", number="").status_code == 409
        done = browse("ben").post(f"/people/requests/{key}/confirm", number=number("citizen"))
        assert (done.status_code, live("citizen")) == (302, ["reviewer"])
        assert browse("citizen").get("/desk").status_code == 200
        model.Session.rollback()
        holding = model.Session.query(RoleHolding).filter_by(granted_by=model.User.get("ana").id).one().id
        first = browse("ana").post(f"/people/holdings/{holding}/revoke")
        assert (first.status_code, live("citizen")) == (200, ["reviewer"]), "asks first"
        browse("ana").post(f"/people/holdings/{holding}/revoke", confirmed="yes")
        assert live("citizen") == []
        assert browse("citizen").get("/desk").status_code == 403
        assert browse("ana").post(f"/people/holdings/{holding}/revoke", confirmed="yes").status_code == 404

    def test_what_was_typed_comes_back_with_what_is_wrong(self, staffed, browse):
        answer = asked(browse, number="1", reason="任命")
        assert answer.status_code == 409
        assert 'id="error-number"' in answer.text
        assert 'value="citizen"' in answer.text
        assert "任命" in answer.text
        empty = browse("ana").post("/people/new")
        assert empty.status_code == 409
        for name in ("user", "role", "number"):
            assert f'id="error-{name}"' in empty.text
        assert asked(browse, agency="").status_code == 409
        assert asked(browse, user="nobody-here").status_code == 404
        assert asked(browse, until="2020-01-01").status_code == 409
        assert request() is None

    def test_declined(self, staffed, browse):
        asked(browse)
        key = request().id
        assert browse("ben").post(f"/people/requests/{key}/decline").status_code == 302
        assert request().state == "declined"
        assert browse("ben").post(f"/people/requests/{NOBODY}/decline").status_code == 404


class TestReading:
    def test_filters(self, staffed, browse):
        page = browse("auditor").get("/people?agency=traffic").text
        assert "traffic-signer" in page
        assert "market-signer" not in page
        page = browse("auditor").get("/people?role=signer").text
        assert "traffic-signer" in page
        assert "traffic-reviewer" not in page
        assert browse("auditor").get("/people?agency=nowhere").status_code == 200
        assert browse("auditor").get("/people?state=%00&user=%27").status_code == 200

    @pytest.mark.parametrize(("language", "words"), [("en", "Whole portal"), ("zh_Hans_CN", "全平台")])
    def test_the_export_says_who_holds_what_since_when_by_whom_until(self, staffed, browse, app, language, words):
        with app.flask_app.test_request_context():
            model.User.get("citizen").fullname = "=HYPERLINK(1)"
            hold("citizen", "expert")
            model.Session.commit()
        answer = browse("auditor").get(f"/{language}/people/export.csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
        assert "no-store" in answer.headers["Cache-Control"]
        rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert all(len(row) == 12 for row in rows)
        row = next(row for row in rows if row[0] == "citizen")
        assert row[1] == "'=HYPERLINK(1)"
        assert row[3] == words
        assert row[4].startswith(clock.today().isoformat())
        assert {row[0] for row in rows[1:]} >= {"ana", "ben", "auditor", "operator", "traffic-signer", "market-signer"}

    @pytest.mark.parametrize("path", ["/people", "/people/new", "/people/mine"])
    def test_both_languages(self, staffed, browse, path):
        texts = [browse("ana").get(f"/{language}{path}").text for language in ("en", "zh_Hans_CN")]
        assert "security administrator" in texts[0].lower()
        assert "安全管理员" in texts[1]


class TestAway:
    def test_a_substitute_is_named_and_sent_home(self, staffed, browse):
        model.Session.rollback()
        reviewer = model.User.get("traffic-reviewer").id
        holding = model.Session.query(RoleHolding).filter_by(user_id=reviewer).one().id
        until = (clock.today() + dt.timedelta(days=5)).isoformat()
        data = {"holding": holding, "substitute": "traffic-signer", "until": until, "reason": "休假"}
        asks = browse("traffic-reviewer").post("/people/mine/delegate", **data)
        assert asks.status_code == 200
        assert 'name="confirmed"' in asks.text
        back = browse("traffic-reviewer").post("/people/mine/delegate", **data, confirmed="no")
        assert "休假" in back.text
        done = browse("traffic-reviewer").post("/people/mine/delegate", **data, confirmed="yes")
        assert done.status_code == 302
        for name in ("traffic-reviewer", "traffic-signer"):
            page = browse(name).get("/people/mine").text
            assert "休假" in page
        assert "休假" not in browse("market-signer").get("/people/mine").text
        key = page_key(browse("traffic-signer").get("/people/mine").text)
        assert browse("market-signer").post(f"/people/mine/delegations/{key}/end").status_code == 403
        assert browse("traffic-signer").post(f"/people/mine/delegations/{key}/end").status_code == 302
        assert "休假" not in browse("traffic-reviewer").get("/people/mine").text

    def test_what_is_missing_or_not_possible(self, staffed, browse):
        empty = browse("traffic-reviewer").post("/people/mine/delegate")
        assert empty.status_code == 409
        data = {"holding": NOBODY, "substitute": "traffic-signer", "until": "2026-13-01", "reason": "x"}
        assert browse("traffic-reviewer").post("/people/mine/delegate", **data, confirmed="yes").status_code == 409


def page_key(page):
    return page.split("/people/mine/delegations/")[1].split("/end")[0]
