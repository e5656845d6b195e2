"""Guessing passwords, finding out accounts, weak passwords, log-ins and tokens that outlive their use."""

import datetime as dt
import threading
import uuid

import ckan.plugins.toolkit as tk
import pytest
import redis
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan
from ckan.tests import helpers
from ckanext.shopendata import clock
from ckanext.shopendata.hardening import signin
from ckanext.shopendata.logic import throttle
from ckanext.shopendata.model import sessions, tries
from ckanext.shopendata.policy.credential import LIMITS, Guess, Limit, Verdict

from tests.factories import person
from tests.signin.conftest import bare, mail_all, verbs_of

PASSWORD = "correct-horse-9"
NEW = "seven-grey-otters-dance"
MOST = LIMITS[Guess.ACCOUNT].tries
WEAK = ("short-1", "password123", "Citizen@Example.org", "qwertyuiop1", "Admin@123456")


@pytest.fixture
def citizen(clean_db, app):
    with app.flask_app.test_request_context():
        return model.User.get(person("citizen"))


@pytest.fixture
def log_in(app):
    """What the portal answers to a try, in a new browser."""

    def post(login, password=PASSWORD, **form):
        return app.test_client().post("/user/login", data={"login": login, "password": password, **form})

    return post


def is_in(answer):
    return answer.status_code == 302 or "/user/_logout" in answer.text


def later(minutes):
    """Lets all counters be so much older."""
    ago = dt.timedelta(minutes=minutes)
    values = {"since": tries.c.since - ago, "locked_until": tries.c.locked_until - ago}
    with model.meta.engine.begin() as connection:
        connection.execute(sa.update(tries).values(values))


class TestGuessing:
    def test_an_account_is_locked_also_for_the_right_password_and_opens_by_itself(self, citizen, log_in):
        for _ in range(MOST):
            assert not is_in(log_in("citizen", "wrong"))
        assert not is_in(log_in("citizen"))
        assert not is_in(log_in("citizen@example.org")), "the address leads to the same account"
        assert verbs_of(citizen.id) == ["account.lock"]
        later(14)
        assert not is_in(log_in("citizen"))
        later(2)
        assert is_in(log_in("citizen"))

    def test_who_gets_it_right_begins_anew(self, citizen, log_in):
        for _ in range(3):
            for _ in range(MOST - 1):
                log_in("citizen", "wrong")
            assert is_in(log_in("citizen"))

    def test_all_at_once_gain_nothing(self, citizen):
        seen = []
        crowd = [threading.Thread(target=lambda: seen.append(throttle.admit(Guess.ACCOUNT, "x"))) for _ in range(40)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert seen.count(Verdict.ADMITTED) == MOST
        assert seen.count(Verdict.LOCKS) == 1

    def test_an_address_that_tries_many_names(self, citizen, log_in, monkeypatch, app):
        monkeypatch.setitem(LIMITS, Guess.ADDRESS, Limit(5, dt.timedelta(minutes=15)))

        def post(login, address, password="wrong"):
            data = {"login": login, "password": password}
            return app.test_client().post("/user/login", data=data, headers={"X-Forwarded-For": address})

        for name in range(5):
            post(f"name-{name}", "192.0.2.7")
        assert not is_in(post("citizen", "192.0.2.7", PASSWORD))
        assert is_in(post("citizen", "192.0.2.8", PASSWORD))
        for name in range(6):
            post(f"name-{name}", f"2001:db8::{name}")
        assert not is_in(post("citizen", "2001:db8::ffff", PASSWORD)), "one network"

    def test_redis_is_not_needed_to_count_nor_to_get_in(self, citizen, log_in, monkeypatch):
        def refuse(*args, **kwargs):
            raise redis.ConnectionError

        monkeypatch.setattr(redis.connection.Connection, "connect", refuse)
        assert is_in(log_in("citizen"))
        for _ in range(MOST + 1):
            log_in("citizen", "wrong")
        assert not is_in(log_in("citizen"))

    def test_the_table_holds_no_names(self, citizen, log_in):
        log_in("my-password-by-mistake", "x")
        with model.meta.engine.connect() as connection:
            rows = connection.execute(sa.select(tries)).all()
        assert rows
        assert "by-mistake" not in str(rows)

    @pytest.mark.parametrize("form", [{}, {"login": "a\0b", "password": "x"}, {"login": "x" * 5000, "password": "y"},
                                      {"login": "citizen", "password": "x" * 9000}])  # fmt: skip
    def test_strange_forms(self, citizen, app, form):
        assert app.test_client().post("/user/login", data=form).status_code == 200


class TestFindingOut:
    def test_answers_do_not_tell_accounts_apart(self, citizen, log_in, app):
        answers = {
            "unknown": log_in("nobody-here", "wrong"),
            "unknown address": log_in("nobody@example.org", "wrong"),
            "known": log_in("citizen", "wrong"),
            "known address": log_in("citizen@example.org", "wrong"),
        }
        for _ in range(MOST + 1):
            answers["unknown, locked"] = log_in("nobody-here", "wrong")
            answers["known, locked"] = log_in("citizen", "wrong")
        answers["known, locked, right"] = log_in("citizen")
        texts = {bare(answer) for answer in answers.values()}
        assert {answer.status_code for answer in answers.values()} == {200}
        assert len(texts) == 1

    def test_the_same_work_for_all(self, citizen, monkeypatch):
        from passlib.hash import pbkdf2_sha512

        weighed, verify = [], pbkdf2_sha512.verify
        monkeypatch.setattr(pbkdf2_sha512, "verify", lambda *given: weighed.append(1) or verify(*given))
        for login in ("nobody-here", "citizen", "citizen@example.org", "", "x" * 999):
            for _ in range(MOST + 2):
                weighed.clear()
                assert signin.authenticate({"login": login, "password": "wrong"}) is None
                assert len(weighed) == 1, login

    def test_forgotten_passwords(self, world, device, app, mailbox):
        """Whoever it is, the answer is one; links go to who may have one."""
        device("ben")
        texts = set()
        for name in ("nobody-here", "nobody@example.org", "citizen", "ana", "ben", "ben@example.org"):
            answer = app.test_client().post("/user/reset", data={"user": name})
            texts.add(bare(answer))
        assert len(texts) == 1
        with app.flask_app.test_request_context():
            mail_all()
        assert {mail["To"] for mail in mailbox.read()} == {"citizen@example.org", "ben@example.org"}

    def test_links_are_not_sent_without_end(self, citizen, app, mailbox):
        for _ in range(8):
            app.test_client().post("/user/reset", data={"user": "citizen"})
            with app.flask_app.test_request_context():
                mail_all()
        assert len(mailbox.read()) == LIMITS[Guess.LINK].tries


class TestPasswords:
    """Each door that sets one."""

    @pytest.mark.parametrize("password", WEAK)
    def test_actions(self, citizen, app, password):
        with app.flask_app.test_request_context():
            made = {"name": "newcomer", "email": "citizen@example.org", "password": password}
            with pytest.raises(tk.ValidationError):
                helpers.call_action("user_create", **made | {"email": f"{uuid.uuid4()}@example.org"})
            for action in ("user_update", "user_patch"):
                data = {"id": "citizen", "email": "citizen@example.org", "name": "citizen", "password": password}
                with pytest.raises(tk.ValidationError):
                    tk.get_action(action)({"user": "citizen"}, data | {"old_password": PASSWORD})

    def test_the_form_of_the_profile_and_the_command_line(self, citizen, browse, cli):
        mine = browse("citizen")
        form = {"name": "citizen", "email": "citizen@example.org", "save": "", "old_password": PASSWORD}
        weak = mine.post("/user/edit/citizen", **form, password1="password123", password2="password123")
        assert weak.status_code == 200
        assert cli.invoke(ckan, ["user", "setpass", "citizen", "-p", "password123"]).exit_code == 1
        assert model.User.get("citizen").validate_password(PASSWORD)
        done = cli.invoke(ckan, ["user", "setpass", "citizen", "-p", NEW])
        assert done.exit_code == 0, done.output
        model.Session.rollback()
        assert model.User.get("citizen").validate_password(NEW)
        assert mine.get("/security").status_code == 302, "its log-ins are over"

    def test_the_registration(self, citizen, browse):
        form = {"name": "newcomer", "email": "n@example.org", "password1": "password123", "password2": "password123"}
        browse().post("/user/register", **form, fullname="", save="")
        assert model.User.get("newcomer") is None


class TestOwnAccount:
    def test_a_new_password_or_address_needs_the_old_password(self, citizen, browse):
        mine = browse("citizen")
        form = {"name": "citizen", "save": "", "old_password": "guessed-horse-8", "email": "citizen@example.org"}
        mine.post("/user/edit/citizen", **form | {"email": "thief@example.org"})
        mine.post("/user/edit/citizen", **form, password1=NEW, password2=NEW)
        model.Session.rollback()
        assert model.User.get("citizen").email == "citizen@example.org"
        assert model.User.get("citizen").validate_password(PASSWORD)

    def test_a_token_changes_neither_without_it(self, citizen, app):
        with app.flask_app.test_request_context():
            token = helpers.call_action("api_token_create", {"user": "citizen"}, user="citizen", name="t")["token"]
        for new in ({"password": NEW}, {"email": "thief@example.org"}):
            answer = app.post("/api/3/action/user_patch", json={"id": "citizen"} | new,
                              headers={"Authorization": token}, status=None)  # fmt: skip
            assert answer.status_code in {400, 403, 409}, answer.text
        model.Session.rollback()
        assert model.User.get("citizen").email == "citizen@example.org"

    def test_a_new_password_ends_all_other_log_ins(self, citizen, browse):
        here, there = browse("citizen"), browse("citizen")
        form = {"name": "citizen", "email": "citizen@example.org", "save": "", "old_password": PASSWORD}
        assert here.post("/user/edit/citizen", **form, password1=NEW, password2=NEW).status_code == 302
        assert here.get("/security").status_code == 200
        assert there.get("/security").status_code == 302
        assert "account.password" in verbs_of(citizen.id)


class TestSessions:
    def test_seen_ended_one_by_one_and_all_others(self, citizen, browse):
        browsers = [browse("citizen") for _ in range(4)]
        first = browsers[0]
        page = first.get("/security").text
        assert page.count('name="key"') == 3
        key = page.split('name="key" value="')[1].split('"')[0]
        assert first.post("/security/sessions/end", key=key).status_code == 302
        assert sum(one.get("/security").status_code == 200 for one in browsers) == 3
        first.post("/security/sessions/end")
        assert [one.get("/security").status_code for one in browsers] == [200, 302, 302, 302]
        assert "session.end" in verbs_of(citizen.id)

    def test_nobody_ends_somebody_elses(self, citizen, app, browse):
        with app.flask_app.test_request_context():
            person("neighbour")
        mine, other = browse("citizen"), browse("neighbour")
        with model.meta.engine.connect() as connection:
            wanted = sa.select(sessions.c.token_hash).where(sessions.c.user_id == citizen.id)
            key = connection.scalar(wanted)
        other.post("/security/sessions/end", key=key)
        assert mine.get("/security").status_code == 200

    def test_a_session_knows_its_browser_and_where_it_was_opened(self, citizen, app):
        mark = '<script>"x" Chrome/129.0 Windows NT'
        headers = {"User-Agent": mark, "X-Forwarded-For": "192.0.2.44"}
        client = app.test_client()
        client.post("/user/login", data={"login": "citizen", "password": PASSWORD}, headers=headers)
        page = client.get("/security").text
        assert "Chrome · Windows" in page
        assert "192.0.2.44" in page
        assert mark not in page


class TestTokens:
    def test_no_longer_than_the_limit(self, citizen, app):
        with app.flask_app.test_request_context():
            for days, fine in ((365, True), (366, False)):
                data = {"user": "citizen", "name": "t", "expires_in": days, "unit": 86400}
                if fine:
                    assert tk.get_action("api_token_create")({"user": "citizen"}, data)["token"]
                else:
                    with pytest.raises(tk.ValidationError):
                        tk.get_action("api_token_create")({"user": "citizen"}, data)

    def test_a_token_makes_no_token(self, citizen, app):
        with app.flask_app.test_request_context():
            token = helpers.call_action("api_token_create", {"user": "citizen"}, user="citizen", name="t")["token"]
        answer = app.post("/api/3/action/api_token_create", json={"user": "citizen", "name": "next"},
                          headers={"Authorization": token}, status=None)  # fmt: skip
        assert answer.status_code == 403


def test_a_device_is_set_up_with_password_and_first_code(citizen, browse, app):
    from pyotp.totp import TOTP

    mine, other = browse("citizen"), browse("citizen")
    assert mine.post("/security/device", old_password="guessed-horse-8").status_code == 409
    page = mine.post("/security/device", old_password=PASSWORD)
    secret = page.text.split('<code class="secret">')[1].split("<")[0].replace(" ", "")
    sealed = page.text.split('name="draft" value="')[1].split('"')[0]
    assert "<svg" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    code = TOTP(secret).at(clock.now())
    assert secret not in mine.post("/security/device/confirm", draft="x" + sealed, code=code).text
    assert other.get("/security").status_code == 200
    assert mine.post("/security/device/confirm", draft=sealed, code=code).status_code == 302
    assert other.get("/security").status_code == 302, "other log-ins are over"
    assert "account.device" in verbs_of(citizen.id)
    # The form that set it up sets nothing up any more.
    assert mine.post("/security/device/confirm", draft=sealed, code=code).status_code == 409
    # Another one needs a code of this one.
    assert mine.post("/security/device", old_password=PASSWORD, code=code).status_code == 409
    later_code = TOTP(secret).at(clock.now(), counter_offset=1)
    assert "<svg" in mine.post("/security/device", old_password=PASSWORD, code=later_code).text
