"""Log-ins live in PostgreSQL: they end when their row does, and a stolen table opens none."""

from datetime import datetime, timedelta, timezone

import ckan.model as model
import pytest
import sqlalchemy as sa
from ckan.tests import factories
from ckanext.shopendata.logic import session
from ckanext.shopendata.model.session import sessions

PASSWORD = "correct horse battery staple"
COOKIE = "shopendata"
HOST = {"domain": "127.0.0.1"}


@pytest.fixture
def user():
    return factories.User(password=PASSWORD)


@pytest.fixture
def client(app):
    return app.test_client()


def log_in(client, user, **form):
    answer = client.post(
        "/user/login", data={"login": user["name"], "password": PASSWORD, **form}, follow_redirects=False
    )
    assert answer.status_code == 302
    return client.get_cookie(COOKIE, **HOST).value


def is_logged_in(client):
    return client.get("/user/edit", follow_redirects=False).status_code == 200


def rows():
    with model.meta.engine.connect() as connection:
        return connection.execute(sa.select(sessions)).mappings().all()


@pytest.mark.usefixtures("clean_db")
class TestSessions:
    def test_a_visitor_leaves_no_row(self, client):
        client.get("/")
        client.get("/user/login")
        assert client.get_cookie(COOKIE, **HOST) is not None
        assert rows() == []

    def test_a_log_in_is_one_row_that_does_not_hold_the_token(self, client, user):
        cookie = log_in(client, user)
        assert is_logged_in(client)
        (row,) = rows()
        assert row["user_id"] == user["id"]
        assert cookie.removeprefix("row.") not in str(dict(row))

    def test_logging_out_ends_a_copied_cookie(self, app, client, user):
        cookie = log_in(client, user)
        client.get("/user/_logout")
        thief = app.test_client()
        thief.set_cookie(COOKIE, cookie, **HOST)
        assert not is_logged_in(thief)
        assert rows() == []

    def test_revoking_ends_every_log_in_of_a_user(self, app, client, user):
        other = app.test_client()
        log_in(client, user)
        log_in(other, user)
        assert session.end_all(user["id"]) == 2
        model.Session.commit()
        assert not is_logged_in(client)
        assert not is_logged_in(other)

    def test_a_log_in_gets_a_new_token(self, app, client, user):
        """Session fixation: what the attacker planted before the log-in is worth nothing after it."""
        planted = log_in(client, user)
        assert client.get("/user/_logout", follow_redirects=False).status_code == 302
        client.set_cookie(COOKIE, planted, **HOST)
        assert log_in(client, user) != planted
        thief = app.test_client()
        thief.set_cookie(COOKIE, planted, **HOST)
        assert not is_logged_in(thief)

    def test_a_log_in_inside_a_signed_cookie_is_ignored(self, app, client, user):
        """Even somebody who knows the signing key cannot write himself a log-in."""
        signer = app.flask_app.session_interface.get_signing_serializer(app.flask_app)
        client.set_cookie(COOKIE, signer.dumps({"_user_id": user["id"], "_fresh": True}), **HOST)
        assert not is_logged_in(client)

    def test_remember_me_gives_no_second_log_in(self, client, user):
        log_in(client, user, remember="63072000")
        assert client.get_cookie("remember_token", **HOST) is None

    @pytest.mark.parametrize("column", ["seen_at", "expires_at"])
    def test_idle_and_old_sessions_end(self, client, user, column):
        log_in(client, user)
        past = datetime.now(timezone.utc) - timedelta(hours=13)
        with model.meta.engine.begin() as connection:
            connection.execute(sa.update(sessions).values({column: past}))
        assert not is_logged_in(client)
        assert rows() == []

    def test_a_change_does_not_prolong_a_session(self, client, user):
        log_in(client, user)
        (before,) = rows()
        client.get("/user/edit")
        client.post("/user/edit", data={})
        (after,) = rows()
        assert after["expires_at"] == before["expires_at"]

    def test_cookie_flags(self, client, user):
        answer = client.post("/user/login", data={"login": user["name"], "password": PASSWORD}, follow_redirects=False)
        cookie = next(v for v in answer.headers.getlist("Set-Cookie") if v.startswith(COOKIE + "="))
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

    def test_redis_is_not_needed(self, client, user, monkeypatch):
        """DESIGN invariant 7: who is logged in is known while Redis is down."""
        import redis

        def refuse(*args, **kwargs):
            raise redis.ConnectionError

        monkeypatch.setattr(redis.connection.Connection, "connect", refuse)
        log_in(client, user)
        assert is_logged_in(client)
