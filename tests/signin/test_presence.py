"""A decision needs its maker: their own session, and a code typed in it a short while ago. By HTTP, as an attacker."""

import ast
import re
from pathlib import Path

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import helpers
from ckanext.shopendata.model import Decision, RoleHolding
from ckanext.shopendata.policy.credential import LIMITS, Guess

from tests.factories import call, number
from tests.signin.conftest import aged, verbs_of

ROOT = Path(__file__).resolve().parents[2]
ASKS = 'name="code_of_device"'


@pytest.fixture
def waiting(world, app):
    """A role that waits for ben's confirmation."""
    with app.flask_app.test_request_context():
        asked = call("role_request", "ana", user="citizen", role="expert", number=number("citizen"))
    return f"/people/requests/{asked['id']}/confirm"


@pytest.fixture
def decide(waiting):
    """Confirms it in a browser; with a code where one is given."""

    def post(browser, code=None, **more):
        typed = {"number": number("citizen")} | ({"code_of_device": code} if code is not None else {})
        return browser.post(waiting, **typed, **more)

    return post


def given():
    model.Session.rollback()
    return model.Session.query(RoleHolding).filter_by(user_id=model.User.get("citizen").id).count()


def token_of(app, name):
    with app.flask_app.test_request_context():
        return helpers.call_action("api_token_create", {"user": name}, user=name, name="t")["token"]


class TestAsked:
    def test_the_code_is_asked_for_and_what_was_typed_comes_back_with_it(self, browse, device, decide):
        mine, ben = device("ben"), browse("ben")
        asked = decide(ben)
        assert (asked.status_code, given()) == (200, 0)
        assert ASKS in asked.text
        assert f'name="number" value="{number("citizen")}"' in asked.text
        assert decide(ben, mine.code()).status_code == 302
        assert given() == 1

    def test_once_in_a_quarter_of_an_hour(self, browse, device, decide, world):
        mine, ben = device("ben"), browse("ben")
        revoke = "/people/holdings/x/revoke"
        assert decide(ben, mine.code()).status_code == 302
        aged("ben", 14)
        assert ASKS not in ben.post(revoke, confirmed="yes").text
        aged("ben", 16)
        holding = model.Session.query(RoleHolding).filter_by(user_id=model.User.get("citizen").id).one().id
        again = ben.post(f"/people/holdings/{holding}/revoke", confirmed="yes")
        assert ASKS in again.text
        assert 'name="confirmed" value="yes"' in again.text

    def test_a_long_form_keeps_every_field(self, browse, device, world, app):
        with app.flask_app.test_request_context():
            entry, dataset = world.agency.entry("道路掘路施工信息", "unconditional", [("a", "甲", "text", "none")])
            call("entry_confirm", world.agency.administrator, ids=[entry])
        mine, reviewer = device(world.agency.reviewer), browse(world.agency.reviewer)
        form = {
            "verb": "decide", "confirmed": "yes", "picked": dataset, "tier": "conditional",
            "reasons": ["timeliness"], "bases": ["0"], "conditions": "仅限\n“甲”<b>", "review_by": "2027-01-01",
        }  # fmt: skip
        asked = reviewer.post("/catalogue/bulk?q=道路&page=2", **form)
        kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.text))
        assert set(kept) == {*form}
        assert kept["conditions"] == "仅限\n“甲”&lt;b&gt;"
        assert "/catalogue/bulk?q=" in re.search(r'<form method="post" action="([^"]+)"', asked.text)[1]
        assert reviewer.post("/catalogue/bulk", **form, code_of_device=mine.code()).status_code == 302
        model.Session.rollback()
        assert model.Session.query(Decision).filter_by(dataset_id=dataset).one().tier == "conditional"

    def test_who_has_no_device_is_told_how_to_get_one(self, browse, decide):
        ben = browse("ben")
        assert "/security/device" in decide(ben).text
        refused = decide(ben, "123456")
        assert (refused.status_code, given()) == (409, 0)
        assert ASKS in refused.text

    def test_what_decides_nothing_asks_for_nothing(self, browse, waiting):
        assert browse("ben").post(waiting.replace("confirm", "decline")).status_code == 302


class TestRefused:
    def test_a_token_even_while_its_owner_could_decide(self, app, browse, device, decide, waiting):
        token, mine, ben = token_of(app, "ben"), device("ben"), browse("ben")
        asked = waiting.split("/")[3]
        assert ben.post("/people/requests/x/confirm", number="X", code_of_device=mine.code()).status_code != 200
        for headers in ({"Authorization": token}, {"X-CKAN-API-Key": token}):
            answer = app.post(
                "/api/3/action/shopendata_role_confirm", json={"id": asked, "number": number("citizen")},
                headers=headers, status=None,
            )  # fmt: skip
            assert answer.status_code == 403
        assert given() == 0

    @pytest.mark.parametrize("value", ["valid", "Bearer x", "x"])
    def test_a_session_with_a_token_beside_it(self, app, browse, device, waiting, value):
        """A token exempts from the guard against forged forms: then it is nobody's own session."""
        token, mine, ben = token_of(app, "ben"), device("ben"), browse("ben")
        assert ben.post("/people/requests/x/confirm", number="X", code_of_device=mine.code()).status_code != 200
        data = {"_csrf_token": ben.token, "number": number("citizen")}
        headers = {"Authorization": token if value == "valid" else value}
        answer = ben.client.post(waiting, data=data, headers=headers, follow_redirects=False)
        assert answer.status_code != 302 or "/user/login" in answer.location
        assert given() == 0

    def test_a_stolen_session_and_its_guesses(self, app, browse, device, decide, waiting):
        mine, ben = device("ben"), browse("ben")
        thief = app.test_client()
        thief.set_cookie(
            "shopendata", ben.client.get_cookie("shopendata", domain="127.0.0.1").value, domain="127.0.0.1"
        )
        data = {"_csrf_token": ben.token, "number": number("citizen")}
        right = mine.code()
        wrong = "000000" if right != "000000" else "111111"
        assert ASKS in thief.post(waiting, data=data).text
        for _ in range(LIMITS[Guess.CODE].tries + 2):
            assert thief.post(waiting, data=data | {"code_of_device": wrong}).status_code == 409
        assert decide(ben, right).status_code == 409
        assert given() == 0
        assert verbs_of(model.User.get("ben").id).count("account.lock") == 1

    def test_a_code_that_was_seen_and_used_again(self, browse, device, decide):
        mine, ben, again = device("ben"), browse("ben"), browse("ben")
        seen = mine.code()
        assert ben.post("/people/requests/x/confirm", number="X", code_of_device=seen).status_code != 200
        assert decide(again, seen).status_code == 409
        assert given() == 0

    def test_a_code_of_another_account(self, browse, device, decide):
        others = device("ana")
        device("ben")
        assert decide(browse("ben"), others.code()).status_code == 409
        assert given() == 0

    def test_a_code_typed_in_another_session(self, browse, device, decide):
        mine, here, there = device("ben"), browse("ben"), browse("ben")
        assert here.post("/people/requests/x/confirm", number="X", code_of_device=mine.code()).status_code != 200
        assert ASKS in decide(there).text
        assert given() == 0

    def test_a_session_of_somebody_else_who_typed_theirs(self, browse, device, decide):
        mine, checker = device("checker"), browse("checker")
        assert decide(checker, mine.code()).status_code == 403
        assert given() == 0

    def test_a_copied_row_of_the_table_of_devices(self, browse, device, decide):
        """Who can write the database still cannot make their device that of a decider."""
        mine = device("citizen")
        device("ben")
        from ckanext.shopendata.model import CodeDevice

        rows = {row.user_id: row for row in model.Session.query(CodeDevice)}
        rows[model.User.get("ben").id].secret = rows[model.User.get("citizen").id].secret
        model.Session.commit()
        assert mine.secret not in str([row.secret for row in rows.values()])
        assert decide(browse("ben"), mine.code()).status_code == 409
        assert given() == 0

    def test_an_administrator(self, world, app, waiting):
        from tests.factories import person

        with app.flask_app.test_request_context():
            person("root", sysadmin=True)
            for context in (
                {"user": "root"},
                {"user": "root", "ignore_auth": True},
                {"user": "ben", "ignore_auth": True},
            ):
                with pytest.raises(tk.NotAuthorized):
                    tk.get_action("shopendata_role_confirm")(
                        context, {"id": waiting.split("/")[3], "number": number("citizen")}
                    )
        assert given() == 0


def test_nobody_else_vouches():
    """Who opens ``in_person`` or ``changing`` says that the person is there: these may, and no view and no action."""
    wanted = {"in_person": {"harvesters/demo/stage.py"}, "changing": {
        "ckanext-shopendata/ckanext/shopendata/hardening/accounts.py",
        "ckanext-shopendata/ckanext/shopendata/logic/action/credential.py",
        "ckanext-shopendata/ckanext/shopendata/logic/action/account.py",
        "ckanext-shopendata/ckanext/shopendata/logic/password.py",
            "ckanext-shopendata/ckanext/shopendata/logic/password_link.py",
    }}  # fmt: skip
    found = {name: set() for name in wanted}
    for folder in ("ckanext-shopendata", "harvesters", "theme", "stack", "config"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    if called in wanted:
                        found[called].add(str(path.relative_to(ROOT)))
    assert found == wanted
