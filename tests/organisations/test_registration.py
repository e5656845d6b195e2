"""Registration by mail, and the profile: who asks learns nothing, a link opens once, nobody is in before."""

import datetime as dt
import re

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import helpers
from ckanext.shopendata import clock
from ckanext.shopendata.logic import registration
from ckanext.shopendata.model import Account, Link, NoticePreference
from ckanext.shopendata.policy.link import ADDRESS_LIMIT

from tests.factories import call, person
from tests.organisations.conftest import at_once, happened, refusal, token
from tests.views.staff.conftest import Browser

GOOD = "correct-horse-9"


@pytest.fixture
def known(clean_db, app):
    with app.flask_app.test_request_context():
        return person("known")


@pytest.fixture
def ask(app):
    """Asks for a link as a stranger at this network address does; returns answer and page."""

    def post(mail, source="192.0.2.1"):
        stranger = Browser(app, None)
        stranger.client.environ_base["HTTP_X_FORWARDED_FOR"] = source
        answer = stranger.post("/register", mail=mail)
        return answer, stranger.client.get(answer.headers["Location"]) if answer.status_code == 302 else answer

    return post


def complete(app, secret, name="林晓", password=GOOD, repeated=None, language="en"):
    data = {"token": secret, "name": name, "password": password, "repeated": repeated or password}
    return Browser(app, None).post("/register/begin", **data, language=language)


def accounts(mail):
    model.Session.rollback()
    return model.Session.query(model.User).filter_by(email=mail).all()


def without_token(page):
    """A page without what differs from request to request, whoever asks."""
    return re.sub(r'(name="_csrf_token" (?:content|value)=")[^"]*', r"\1", page)


def test_from_address_to_account(known, ask, app, mailbox):
    answer, page = ask(" Lin.Xiao@Example.org ")
    assert (answer.status_code, page.status_code) == (302, 200)
    assert accounts("lin.xiao@example.org") == []
    (letter,) = mailbox("lin.xiao@example.org")
    secret = token(letter)
    stored = model.Session.query(Link).one()
    assert secret not in str({column.name: getattr(stored, column.name) for column in Link.__table__.columns})
    for _ in range(2):
        form = Browser(app, None).get(f"/register/begin?token={secret}")
        assert (form.status_code, "lin.xiao@example.org" in form.text) == (200, True), "looking uses nothing up"
        assert "no-store" in form.headers["Cache-Control"]
    done = complete(app, secret)
    assert (done.status_code, "/en/user/login" in done.headers["Location"]) == (302, True)
    (account,) = accounts("lin.xiao@example.org")
    assert (account.fullname, account.state, account.sysadmin) == ("林晓", "active", False)
    assert account.name.startswith("lin-xiao-")
    assert model.Session.get(Account, account.id).mail_verified_at
    assert model.Session.get(NoticePreference, account.id).language == "en"
    signed_in = Browser(app, None)
    login = signed_in.client.post(
        "/user/login", data={"login": "lin.xiao@example.org", "password": GOOD}, follow_redirects=False
    )
    assert login.status_code == 302
    assert "林晓" in signed_in.get("/profile").text
    again = complete(app, secret, name="Other")
    assert again.status_code == 409
    assert len(accounts("lin.xiao@example.org")) == 1


def test_known_and_unknown_addresses_look_the_same(known, ask, mailbox):
    """Status, address, headers and bytes; the mailbox alone tells them apart."""
    seen = []
    for mail in ("known@example.org", "KNOWN@example.org", "unknown@example.org"):
        answer, page = ask(mail)
        kept = {name: value for name, value in answer.headers.items() if name not in ("Set-Cookie", "Date")}
        seen.append((answer.status_code, answer.text, kept, page.status_code, without_token(page.text)))
    assert seen[0] == seen[1] == seen[2]
    told = mailbox("known@example.org")
    assert len(told) == 2
    assert all("token=" not in one.get_content() for one in told)
    assert all("/user/login" in one.get_content() for one in told)
    assert "token=" in mailbox("unknown@example.org")[0].get_content()


def test_the_letter_to_who_is_known_opens_nothing(known, ask, app, mailbox):
    from ckanext.shopendata.logic.link import secret

    ask("known@example.org")
    mailbox()
    made = secret(model.Session.query(Link).one().id)
    assert complete(app, made).status_code == 409
    assert len(accounts("known@example.org")) == 1


def test_too_many_for_one_mailbox_says_nothing(known, ask, mailbox):
    pages = {without_token(ask("often@example.org", f"192.0.2.{n}")[1].text) for n in range(6)}
    assert len(pages) == 1
    assert len(mailbox("often@example.org")) == 3


def test_too_many_from_one_place(known, ask, mailbox):
    for number in range(ADDRESS_LIMIT):
        assert ask(f"a{number}@example.org")[0].status_code == 302
    assert ask("more@example.org")[0].status_code == 429
    assert ask("known@example.org")[0].status_code == 429
    assert ask("more@example.org", "192.0.2.9")[0].status_code == 302
    with clock.at(clock.now() + dt.timedelta(hours=2)):
        assert ask("more@example.org")[0].status_code == 302
    stored = {one.asked_from for one in model.Session.query(Link)}
    assert not any("192.0.2" in one for one in stored)


@pytest.mark.parametrize("mail", ["", "x", "a@b\nBcc: c@example.org", "<script>@example.org"])
def test_what_is_no_address_comes_back(known, ask, mailbox, mail):
    answer, _ = ask(mail)
    assert (answer.status_code, mailbox()) == (409, [])
    assert "<script>@" not in answer.text


def test_what_is_wrong_is_said_and_the_link_still_opens(known, ask, app, mailbox):
    ask("lin@example.org")
    secret = token(mailbox()[0])
    for given in ({"password": "short"}, {"repeated": "different-9"}, {"name": ""}, {"name": "x" * 101}):
        answer = complete(app, secret, **given)
        assert answer.status_code == 409
        assert 'class="error-text"' in answer.text
        assert "short" not in answer.text
        assert accounts("lin@example.org") == []
    assert complete(app, secret).status_code == 302


def test_old_and_invented_links_open_nothing(known, ask, app, mailbox):
    ask("lin@example.org")
    secret = token(mailbox()[0])
    with clock.at(clock.now() + dt.timedelta(hours=25)):
        assert complete(app, secret).status_code == 409
        assert Browser(app, None).get(f"/register/begin?token={secret}").status_code == 409
        ask("other@example.org")
    for wrong in ("", "x", "0" * 64, secret.upper(), secret + "0", "\0", "林"):
        assert complete(app, wrong).status_code == 409, wrong
    model.Session.rollback()
    with clock.at(clock.now() + dt.timedelta(days=4)):
        ask("third@example.org")
        model.Session.rollback()
        assert [one.mail for one in model.Session.query(Link)] == ["third@example.org"], "addresses are not kept"


def test_two_registrations_of_one_mail_at_once(known, ask, app, mailbox):
    for source in ("192.0.2.1", "192.0.2.2"):
        ask("lin@example.org", source)
    one, other = (token(letter) for letter in mailbox("lin@example.org"))
    for secrets in ((one, other, one), (one, one, other)):
        results = at_once(
            app, *(lambda secret=secret: registration.complete(secret, "林晓", GOOD, "") for secret in secrets)
        )
        assert sum(isinstance(result, str) for result in results) == (1 if secrets[1] == other else 0), results
        assert len(accounts("lin@example.org")) == 1


def test_there_is_no_other_way_in(known, app):
    stranger, member = Browser(app, None), Browser(app, "known")
    data = {"name": "sneaky", "email": "s@example.org", "password1": GOOD, "password2": GOOD, "password": GOOD}
    for browser in (stranger, member):
        assert browser.get("/user/register").status_code == 404
        assert browser.post("/user/register", **data).status_code in {404, 405}
        assert browser.client.post("/api/3/action/user_create", json=data).status_code == 403
    with pytest.raises(tk.NotAuthorized):
        helpers.call_action("user_create", {"user": "", "ignore_auth": False}, **data)
    assert accounts("s@example.org") == []


class TestProfile:
    def test_what_one_is_called(self, known, app):
        browser = Browser(app, "known")
        saved = browser.post("/profile", name="李 <b>明</b>", phone="021-00001234", language="en")
        assert "/en/profile" in saved.headers["Location"]
        page = browser.get("/profile").text
        assert "李 &lt;b&gt;明&lt;/b&gt;" in page
        assert "021-00001234" in page
        assert browser.post("/profile", name="", phone="").status_code == 409
        assert browser.post("/profile", name="x" * 101, phone="").status_code == 409
        assert browser.post("/profile", name="x", phone="1\n2" * 20).status_code == 409
        assert browser.post("/profile", name="x", phone="", language="xx").status_code == 409
        assert Browser(app, None).get("/profile").status_code == 302

    def test_another_address_is_shown_to_be_ones_own_first(self, known, app, mailbox):
        browser = Browser(app, "known")
        assert browser.post("/profile/mail", mail="new@example.org", password="wrong").status_code == 409
        assert browser.post("/profile/mail", mail="new@example.org", password=GOOD).status_code == 302
        assert accounts("new@example.org") == []
        secret = token(mailbox("new@example.org")[0])
        with app.flask_app.test_request_context():
            person("other")
        assert Browser(app, "other").post("/profile/mail/confirm", token=secret).status_code == 409
        assert "token" in browser.get(f"/profile/mail?token={secret}").text
        assert accounts("new@example.org") == []
        assert browser.post("/profile/mail/confirm", token=secret).status_code == 302
        assert [one.name for one in accounts("new@example.org")] == ["known"]
        (told,) = mailbox("known@example.org")
        assert "known" in told.get_content()
        assert "token=" not in told.get_content()
        assert browser.post("/profile/mail/confirm", token=secret).status_code == 409

    def test_an_address_of_somebody_else_is_not_told(self, known, app, mailbox):
        with app.flask_app.test_request_context():
            person("other")
        browser = Browser(app, "other")
        answers = [
            browser.post("/profile/mail", mail=mail, password=GOOD) for mail in ("known@example.org", "x@example.org")
        ]
        assert len({(one.status_code, one.headers["Location"], one.text) for one in answers}) == 1
        assert "token=" not in mailbox("known@example.org")[0].get_content()

    def test_ckans_form_cannot_change_it_unseen(self, known, app):
        """Nobody gets at another's mailbox, or at an address that is not theirs, through CKAN's own doors."""
        before = happened()
        with pytest.raises(tk.NotAuthorized):
            helpers.call_action(
                "user_patch", {"user": "known", "ignore_auth": False}, id="known", email="x@example.org"
            )
        assert accounts("x@example.org") == []
        assert happened() == before

    def test_registered_people_start_with_nothing(self, known, ask, app, mailbox):
        ask("lin@example.org")
        complete(app, token(mailbox()[0]))
        name = accounts("lin@example.org")[0].name
        with app.flask_app.test_request_context():
            assert call("organisation_list", name)["results"] == []
            assert call("application_list", name)["count"] == 0
            assert refusal("organisation_list", name, mine="false") == "not_permitted"
