"""Signing in by an account of an OpenID provider: the whole way against a provider on loopback, and what is refused."""

from urllib.parse import parse_qs, urlsplit

import ckan.plugins.toolkit as tk
import pytest
import requests
from ckan import model
from ckanext.shopendata.model import Account, Identity, sessions
from ckanext.shopendata.publish import publisher
from joserfc.jwk import RSAKey

from tests.factories import FORM, Agency, call, person
from tests.signin.conftest import OPTION, verbs_of
from tests.signin.provider import SECRET

PASSWORD = "correct-horse-9"


@pytest.fixture
def citizen(provider, app):
    with app.flask_app.test_request_context():
        return person("citizen")


def to_provider(answer):
    """Follows the browser to the provider and takes the address to which it sends back."""
    assert answer.status_code == 302, answer.text
    sent = requests.get(answer.headers["Location"], allow_redirects=False, timeout=10)
    assert sent.status_code == 302, sent.text
    back = urlsplit(sent.headers["Location"])
    return f"{back.path}?{back.query}"


def signs_in(browser, begin="/oidc/begin"):
    return browser.get(to_provider(browser.get(begin)))


def who(browser):
    """Who the browser is signed in as, or nobody."""
    page = browser.get("/profile")
    return None if page.status_code == 302 else page.text


def identities():
    model.Session.rollback()
    return [(one.subject, model.User.get(one.user_id).name, one.level) for one in model.Session.query(Identity)]


class TestFirstTime:
    def test_somebody_gets_an_account_and_comes_back_to_it(self, provider, browse):
        first = browse()
        assert signs_in(first).status_code == 302
        assert "周同" in who(first)
        ((subject, name, level),) = identities()
        assert (subject, level) == ("p-1", "L3")
        made = model.User.get(name)
        assert (made.email, made.sysadmin) == ("zhoutong@example.org", False)
        assert model.Session.get(Account, made.id).mail_verified_at is not None
        assert verbs_of(made.id) == ["account.register", "account.link"]
        provider.person |= {"acr": "L4", "email": "elsewhere@example.org", "name": "周桐"}
        again = browse()
        signs_in(again)
        assert "L4" in who(again)
        assert identities() == [("p-1", name, "L4")], "the identifier counts, not the address"
        assert model.User.get(name).email == "zhoutong@example.org"

    def test_the_way_back_is_ours_only(self, provider, browse):
        browser = browse()
        assert signs_in(browser, "/oidc/begin?came_from=/work").headers["Location"].endswith("/work")
        stranger = browse()
        provider.person["sub"] = "p-1"
        there = signs_in(stranger, "/oidc/begin?came_from=https://evil.example/").headers["Location"]
        assert "evil" not in there

    def test_what_is_asked_of_the_provider(self, provider, browse):
        asked = parse_qs(urlsplit(browse().get("/oidc/begin").headers["Location"]).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["redirect_uri"][0].endswith("/oidc/return")
        assert all(asked[name] for name in ("state", "nonce", "code_challenge"))
        assert SECRET not in str(asked)

    @pytest.mark.parametrize(
        "claims",
        [{"email_verified": False}, {"email_verified": "true"}, {"email": ""}, {"email": "not an address"}],
    )
    def test_without_a_verified_address_nobody_gets_one(self, provider, browse, claims):
        provider.person |= claims
        browser = browse()
        assert signs_in(browser).status_code == 409
        assert (who(browser), identities()) == (None, [])

    def test_where_nobody_registers_so(self, provider, browse, monkeypatch):
        monkeypatch.setitem(tk.config, OPTION + "register", False)
        browser = browse()
        assert signs_in(browser).status_code == 409
        assert (who(browser), identities()) == (None, [])

    def test_an_address_alone_opens_no_account(self, provider, citizen, browse):
        provider.person["email"] = "Citizen@example.org"
        browser = browse()
        answer = signs_in(browser)
        assert (answer.status_code, who(browser), identities()) == (409, None, [])


class TestRefused:
    def test_without_a_provider_there_is_no_such_page(self, provider, browse, monkeypatch):
        monkeypatch.setitem(tk.config, OPTION + "issuer", "")
        browser = browse()
        for path in ("/oidc/begin", "/oidc/return?code=x&state=y"):
            assert browser.get(path).status_code == 404
        assert "/oidc/" not in browser.get("/user/login").text

    def test_another_browsers_code(self, provider, browse):
        """Whoever sends somebody a finished address does not sign them in to an account of theirs."""
        address = to_provider(browse().get("/oidc/begin"))
        victim = browse()
        assert victim.get(address).status_code == 502
        assert who(victim) is None

    def test_a_code_counts_once(self, provider, browse):
        browser = browse()
        address = to_provider(browser.get("/oidc/begin"))
        assert browser.get(address).status_code == 302
        browser.post("/user/_logout")
        assert browse().get(address).status_code == 502

    @pytest.mark.parametrize(
        "says", [{"iss": "http://127.0.0.1:1"}, {"aud": ["another"]}, {"nonce": "another"}, {"exp": 1}, {"sub": ""}]
    )
    def test_tokens_that_say_something_else(self, provider, browse, says):
        provider.says = says
        browser = browse()
        assert signs_in(browser).status_code in {409, 502}
        assert (who(browser), identities()) == (None, [])

    def test_a_token_that_somebody_else_signed(self, provider, browse, monkeypatch):
        monkeypatch.setattr(provider, "signs_with", RSAKey.generate_key(2048, {"kid": "one"}))
        browser = browse()
        assert signs_in(browser).status_code == 502
        assert (who(browser), identities()) == (None, [])

    def test_a_provider_that_does_not_answer(self, provider, browse, monkeypatch):
        monkeypatch.setitem(tk.config, OPTION + "issuer", "http://127.0.0.1:9")
        assert browse().get("/oidc/begin").status_code == 502

    def test_an_account_that_is_closed(self, provider, browse):
        signs_in(browse())
        ((_, name, _),) = identities()
        model.User.get(name).delete()
        model.Session.commit()
        browser = browse()
        assert signs_in(browser).status_code == 409
        assert who(browser) is None


class TestLinked:
    def link(self, browser, password=PASSWORD):
        asked = browser.post("/oidc/link", password=password)
        return signs_in(browser, "/oidc/begin?link=1") if asked.status_code == 200 else asked

    def test_with_the_password_and_then_without(self, provider, citizen, browse):
        mine = browse("citizen")
        assert self.link(mine, "guessed-horse-8").status_code == 409
        assert identities() == []
        assert self.link(mine).status_code == 302
        assert identities() == [("p-1", "citizen", "L3")]
        later = browse()
        signs_in(later)
        assert "citizen@example.org" in who(later)
        assert mine.post("/oidc/unlink", password=PASSWORD).status_code == 302
        assert identities() == []
        assert verbs_of(model.User.get("citizen").id)[-2:] == ["account.link", "account.unlink"]

    def test_begin_alone_links_nothing(self, provider, citizen, browse):
        """A page elsewhere can send somebody who is signed in to ``begin``; it says no word of theirs."""
        mine = browse("citizen")
        signs_in(mine, "/oidc/begin?link=1")
        assert [name for _, name, _ in identities()] != ["citizen"]

    def test_an_identity_has_one_account(self, provider, citizen, app, browse):
        assert self.link(browse("citizen")).status_code == 302
        with app.flask_app.test_request_context():
            person("neighbour")
        assert self.link(browse("neighbour")).status_code == 409
        assert identities() == [("p-1", "citizen", "L3")]

    def test_an_account_has_one_identity(self, provider, citizen, browse):
        assert self.link(browse("citizen")).status_code == 302
        provider.person["sub"] = "p-2"
        assert self.link(browse("citizen")).status_code == 409
        assert identities() == [("p-1", "citizen", "L3")]

    def test_forged_forms(self, provider, citizen, browse):
        mine = browse("citizen")
        for path in ("/oidc/link", "/oidc/unlink"):
            assert mine.client.post(path, data={"password": PASSWORD}).status_code == 400
        for path in ("/oidc/link", "/oidc/unlink"):
            assert browse().post(path, password=PASSWORD).status_code == 403


def test_a_log_in_by_the_provider_decides_nothing_by_itself(provider, citizen, app, browse):
    """The session is new, and no code was typed in it."""
    with app.flask_app.test_request_context():
        person("ana", "security_administrator")
    TestLinked().link(browse("ana"))
    stranger = browse()
    stranger.get("/oidc/begin")
    before = stranger.client._cookies.copy()
    signs_in(stranger)
    assert "ana@example.org" in who(stranger)
    assert stranger.client._cookies != before, "the log-in is a session of its own"
    model.Session.rollback()
    rows = model.Session.query(sessions).filter(sessions.c.user_id == model.User.get("ana").id)
    assert {row.code_at for row in rows} == {None}


def test_who_reviews_reads_how_well_the_provider_knows_the_applicant(
    provider, citizen, app, browse, clean_index, loader_environment, monkeypatch
):
    TestLinked().link(browse("citizen"))
    with app.flask_app.test_request_context():
        person("operator", "operator")
        centre, intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
        agency = Agency("operator", "traffic", "上海市交通委员会")
        columns = [("stop_code", "站点编号", "text", "none")]
        entry = agency.entry("公交车辆实时到站信息", "conditional", columns, [["0071"]])
        agency.open(centre, entry)
        while publisher.work():
            pass
        key = call("application_save", "citizen", datasets=[entry[1]], form=FORM)["id"]
        call("application_submit", "citizen", id=key)
    desk = browse(intake)
    assert "实名等级：L3" in desk.get(f"/desk/applications/{key}").text
    with app.flask_app.test_request_context():
        case = call("application_accept", intake, id=key)["cases"][0]["id"]
    assert "实名等级：L3" in browse("traffic-reviewer").get(f"/desk/cases/{case}").text
    monkeypatch.setitem(tk.config, OPTION + "issuer", "")
    assert "实名等级" not in desk.get(f"/desk/applications/{key}").text
