"""Who lost password or device gets new ones at the word of two people, and nobody else gets at anybody's."""

import datetime as dt
import re

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan
from ckan.tests import helpers
from ckanext.shopendata import clock
from ckanext.shopendata.logic import totp
from ckanext.shopendata.model import CredentialReset, Link

from tests.factories import call, hold, number, person
from tests.people.conftest import bodies, holding, refusal
from tests.signin.conftest import mail_all, verbs_of

REVIEWER, SIGNER = "traffic-reviewer", "traffic-signer"
PASSWORD, NEW = "correct-horse-9", "seven-grey-otters-dance"


@pytest.fixture
def inside(world, app):
    """Actions of a request of their own: browsers that follow must not find its user."""
    with app.flask_app.test_request_context():
        person("root", sysadmin=True)

    class Inside:
        def __getattr__(self, name):
            def run(*args, **data):
                with app.flask_app.test_request_context():
                    return globals()[name](*args, **data)

            return run

    return Inside()


def asked(user=REVIEWER, by="ana", **more):
    return call("credential_ask", by, user=user, reason="手机遗失，已当面核对", **more)["id"]


def token_in(mail):
    return re.search(r"/password\?token=([\w-]+)", mail.get_content())[1]


def login_works(app, name, password):
    answer = app.test_client().post("/user/login", data={"login": name, "password": password}, follow_redirects=False)
    return answer.status_code == 302


class TestByTwo:
    def test_from_the_request_to_the_new_password(self, inside, app, browse, device, mailbox):
        device(REVIEWER)
        mine = browse(REVIEWER)
        token = inside.token_of(REVIEWER)
        key = inside.asked()
        assert login_works(app, REVIEWER, PASSWORD), "asking changes nothing"
        inside.call("credential_confirm", "ben", id=key)
        assert not login_works(app, REVIEWER, PASSWORD)
        assert mine.get("/security").status_code == 302
        assert app.get("/api/3/action/user_list", headers={"Authorization": token}, status=None).status_code == 403
        assert inside.device_of(REVIEWER) is None
        inside.mail_all()
        told = [mail for mail in mailbox.read() if mail["To"] == f"{REVIEWER}@example.org"]
        assert len(told) == 2
        (token,) = {token_in(mail) for mail in told if "/password?" in mail.get_content()}
        guest = browse()
        page = guest.get(f"/password?token={token}")
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert guest.post("/password", token=token, password="password123", again="password123").status_code == 409
        assert guest.post("/password", token=token, password=NEW, again=NEW + "x").status_code == 409
        assert guest.post("/password", token=token, password=NEW, again=NEW).status_code == 302
        assert login_works(app, REVIEWER, NEW)
        assert guest.get(f"/password?token={token}").status_code == 404
        assert guest.post("/password", token=token, password=PASSWORD, again=PASSWORD).status_code == 404
        assert verbs_of(key) == ["credential.ask", "credential.confirm"]
        assert verbs_of(model.User.get(REVIEWER).id)[-1] == "account.password"
        assert NEW not in str(inside.bodies("account.password")[0])

    def test_the_database_opens_no_account(self, inside, browse, mailbox):
        inside.call("credential_confirm", "ben", id=inside.asked())
        inside.mail_all()
        row = model.Session.query(Link).one()
        assert browse().get(f"/password?token={row.digest}").status_code == 404

    def test_a_link_ends(self, inside, browse, mailbox):
        inside.call("credential_confirm", "ben", id=inside.asked())
        inside.mail_all()
        token = token_in(mailbox.read()[-1])
        model.Session.query(Link).one().expires_at = clock.now()
        model.Session.commit()
        assert browse().post("/password", token=token, password=NEW, again=NEW).status_code == 404

    def test_a_new_address_gets_the_link_and_the_old_one_is_told(self, inside, mailbox):
        key = inside.asked(email="new@example.org")
        inside.mail_all()
        inside.call("credential_confirm", "ben", id=key)
        inside.mail_all()
        assert [mail["To"] for mail in mailbox.read()] == [f"{REVIEWER}@example.org", "new@example.org"]


class TestAlone:
    """Ways to do it without a second person."""

    def test_one_person(self, inside):
        assert inside.refusal("credential_confirm", "ana", id=inside.asked()) == "own_request"

    def test_for_oneself(self, inside):
        assert inside.refusal("credential_ask", "ana", user="ana", reason="x") == "own_account"
        key = inside.asked("ben")
        assert inside.refusal("credential_confirm", "ben", id=key) == "own_account"

    def test_for_ones_second_account(self, inside):
        inside.person("shadow")
        inside.call("account_verify", "ben", user="shadow", number=number("ana"))
        assert inside.refusal("credential_ask", "ana", user="shadow", reason="x") == "own_account"
        key = inside.asked("shadow", by="ben")
        assert inside.refusal("credential_confirm", "ana", id=key) == "own_account"

    def test_with_ones_second_account(self, inside):
        """One that nobody has tied to the person has no role; one that is tied can get none."""
        inside.person("shadow")
        key = inside.asked()
        assert inside.refusal("credential_confirm", "shadow", id=key) == "not_permitted"
        data = {"user": "shadow", "role": "security_administrator", "number": number("ana")}
        assert inside.refusal("role_request", "ben", **data) == "person_has_account"

    def test_for_whom_one_stands_in(self, inside):
        inside.also("ana", "data_administrator")
        inside.lend("ana", "data_administrator", SIGNER)
        assert inside.refusal("credential_ask", "ana", user=SIGNER, reason="x") == "own_account"

    def test_lending_the_role(self, inside):
        inside.also("ana", "data_administrator")
        assert inside.lend_refused("ana", "security_administrator", SIGNER) == "role_not_delegable"

    def test_by_who_left_meanwhile(self, inside):
        key = inside.asked()
        inside.call("role_revoke", "ben", id=inside.holding("ana", "security_administrator"))
        assert inside.refusal("credential_confirm", "ben", id=key) == "requester_left"

    def test_what_was_forgotten_in_a_drawer(self, inside):
        key = inside.asked()
        model.Session.get(CredentialReset, key).asked_at -= dt.timedelta(days=4)
        model.Session.commit()
        assert inside.refusal("credential_confirm", "ben", id=key) == "request_lapsed"
        assert inside.asked() != key

    def test_twice(self, inside):
        key = inside.asked()
        assert inside.refusal("credential_ask", "ben", user=REVIEWER, reason="x") == "reset_waits"
        inside.call("credential_confirm", "ben", id=key)
        assert inside.refusal("credential_confirm", "ben", id=key) == "not_in_this_state"

    def test_without_a_code(self, inside, browse):
        key, ben = inside.asked(), browse("ben")
        assert 'name="code_of_device"' in ben.post(f"/security/resets/{key}/confirm").text
        assert login_as_before(REVIEWER)

    @pytest.mark.parametrize("who", ["root", "operator", "citizen", REVIEWER])
    def test_by_who_is_no_security_administrator(self, inside, browse, who):
        assert inside.refusal("credential_ask", who, user=SIGNER, reason="x") == "not_permitted"
        assert browse(who).get("/security/resets").status_code == 403


class TestOtherDoors:
    """Setting what a decider signs in with, past all that."""

    @pytest.mark.parametrize("who", ["root", "ana", "operator"])
    @pytest.mark.parametrize("action", ["user_update", "user_patch"])
    def test_actions(self, inside, app, who, action):
        data = {"id": REVIEWER, "name": REVIEWER, "email": f"{REVIEWER}@example.org"}
        for new in ({"password": NEW}, {"email": "thief@example.org"}, {"password_hash": "x"}):
            for context in ({"user": who}, {"user": who, "ignore_auth": True}):
                with app.flask_app.test_request_context(), pytest.raises((tk.NotAuthorized, tk.ValidationError)):
                    tk.get_action(action)(context, data | new)
                model.Session.rollback()
        assert login_as_before(REVIEWER)

    def test_pages_of_an_administrator(self, inside, browse):
        root = browse("root")
        form = {"name": REVIEWER, "email": "thief@example.org", "save": "", "old_password": PASSWORD,
                "password1": NEW, "password2": NEW}  # fmt: skip
        assert root.post(f"/user/edit/{REVIEWER}", **form).status_code == 403
        assert login_as_before(REVIEWER)

    def test_the_command_line(self, inside, cli):
        done = cli.invoke(ckan, ["user", "setpass", REVIEWER, "-p", NEW])
        assert done.exit_code == 1
        assert "two people" in done.output
        assert cli.invoke(ckan, ["user", "token", "add", REVIEWER, "t"]).exit_code == 1
        model.Session.rollback()
        assert login_as_before(REVIEWER)
        assert model.Session.query(model.ApiToken).count() == 0

    def test_code_that_writes_the_row(self, inside):
        for name, value in (("password", NEW), ("email", "thief@example.org")):
            user = model.User.get(REVIEWER)
            setattr(user, name, value)
            with pytest.raises(tk.NotAuthorized):
                model.Session.commit()
            model.Session.rollback()
        assert login_as_before(REVIEWER)

    def test_a_key_for_ckans_own_link(self, inside, browse):
        user = model.User.get(REVIEWER)
        user.reset_key = "planted-key-0123"
        model.Session.commit()
        form = {"password1": NEW, "password2": NEW}
        answer = browse().post(f"/user/reset/{user.id}?key=planted-key-0123", **form)
        assert answer.status_code == 403
        assert login_as_before(REVIEWER)

    def test_a_token_for_somebody_else(self, inside, app):
        for context in ({"user": "root"}, {"ignore_auth": True, "user": "root"}, {"ignore_auth": True}):
            with app.flask_app.test_request_context(), pytest.raises(tk.NotAuthorized):
                tk.get_action("api_token_create")(context, {"user": REVIEWER, "name": "t"})

    def test_a_hash_of_an_older_kind_is_renewed_and_no_log_in_ends(self, inside, browse, app):
        from passlib.hash import pbkdf2_sha512

        mine = browse(REVIEWER)
        old = pbkdf2_sha512.using(rounds=1000).hash(PASSWORD)
        model.Session.execute(model.User.__table__.update().where(model.User.name == REVIEWER).values(password=old))
        model.Session.commit()
        assert login_works(app, REVIEWER, PASSWORD)
        model.Session.rollback()
        assert model.User.get(REVIEWER).password != old
        assert mine.get("/security").status_code == 200


class TestForgotten:
    def test_a_mailbox_alone_opens_no_account_of_who_decides(self, inside, app, browse, device, mailbox):
        mine, guest = device(REVIEWER), browse()
        guest.post("/user/reset", user=REVIEWER)
        inside.mail_all()
        (mail,) = mailbox.read()
        token = token_in(mail)
        for code in ("", "000000"):
            assert guest.post("/password", token=token, password=NEW, again=NEW, code=code).status_code == 409
        assert login_as_before(REVIEWER)
        assert guest.post("/password", token=token, password=NEW, again=NEW, code=mine.code()).status_code == 302
        assert login_works(app, REVIEWER, NEW)

    def test_who_applies_needs_the_link_only(self, inside, app, browse, mailbox):
        guest = browse()
        guest.post("/user/reset", user="citizen@example.org")
        inside.mail_all()
        (mail,) = mailbox.read()
        assert guest.post("/password", token=token_in(mail), password=NEW, again=NEW).status_code == 302
        assert login_works(app, "citizen", NEW)

    def test_a_link_from_before_one_held_a_role(self, inside, browse, mailbox):
        guest = browse()
        guest.post("/user/reset", user="citizen")
        inside.mail_all()
        inside.also("citizen", "reviewer")
        assert guest.post("/password", token=token_in(mailbox.read()[0]), password=NEW, again=NEW).status_code == 404


def login_as_before(name):
    model.Session.rollback()
    user = model.User.get(name)
    return user.validate_password(PASSWORD) and user.email == f"{name}@example.org"


def token_of(name):
    return helpers.call_action("api_token_create", {"user": name}, user=name, name="t")["token"]


def device_of(name):
    return totp.enrolled_at(model.User.get(name).id)


def also(name, role):
    hold(name, role, "traffic")
    model.Session.commit()


def lend(name, role, substitute):
    until = (clock.today() + dt.timedelta(days=5)).isoformat()
    return call("delegation_create", name, holding=holding(name, role), substitute=substitute, reason="x", until=until)


def lend_refused(name, role, substitute):
    until = (clock.today() + dt.timedelta(days=5)).isoformat()
    data = {"holding": holding(name, role), "substitute": substitute, "reason": "x", "until": until}
    return refusal("delegation_create", name, **data)


__all__ = ["bodies", "mail_all"]
