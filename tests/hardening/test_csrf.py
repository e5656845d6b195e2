"""A form forged on another site must not act for a logged-in user, whatever anonymous visitors did before."""

import ckan.config.middleware.flask_app as flask_app
import pytest
from ckan.tests import factories
from ckanext.shopendata.hardening import csrf as shim

FORM = {"name": "planted", "title": "planted"}


@pytest.fixture
def forged_post(app):
    """Logs a user in, lets an anonymous visitor open the form, then posts it in the user's name without a token."""

    def post():
        app.flask_app.config["WTF_CSRF_ENABLED"] = True
        password = "correct horse battery staple"
        user = factories.Sysadmin(password=password)
        anonymous = app.test_client()
        # What an attacker can do: any number of requests without a log-in, before or in between.
        for address in ("/organization/new", "/user/login", "/dataset/new"):
            anonymous.get(address)
        anonymous.post("/organization/new", data=FORM)
        victim = app.test_client()
        token = _token(victim.get("/user/login").text)
        answer = victim.post(
            "/user/login",
            data={"login": user["name"], "password": password, "_csrf_token": token},
            follow_redirects=False,
        )
        assert answer.status_code == 302
        return victim.post("/organization/new", data=FORM, follow_redirects=False), victim

    return post


def _token(page):
    return page.split('name="_csrf_token" content="')[1].split('"')[0]


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestForgedForm:
    def test_is_refused(self, forged_post):
        answer, _ = forged_post()
        assert answer.status_code == 400
        assert "表单打开时间过长" in answer.text

    def test_passes_without_the_shim(self, forged_post, monkeypatch):
        """The reason for the shim: stock CKAN 2.12.0 accepts the same request."""
        cls = type(flask_app.csrf)
        monkeypatch.setattr(flask_app.csrf, "exempt", lambda view: cls.exempt(flask_app.csrf, view))
        monkeypatch.setattr(flask_app.csrf, "_is_exempt", lambda: cls._is_exempt(flask_app.csrf))
        monkeypatch.setattr(flask_app.csrf, "_exempt_views", set(flask_app.csrf._exempt_views))
        answer, _ = forged_post()
        assert answer.status_code == 302

    def test_the_real_form_still_works(self, forged_post):
        _, victim = forged_post()
        token = _token(victim.get("/organization/new").text)
        answer = victim.post("/organization/new", data=FORM | {"_csrf_token": token}, follow_redirects=False)
        assert answer.status_code == 302


def test_installing_twice_changes_nothing():
    shim.exempt_per_request()
    before = flask_app.csrf.exempt, flask_app.csrf._is_exempt
    shim.exempt_per_request()
    assert before == (flask_app.csrf.exempt, flask_app.csrf._is_exempt)


def test_ckan_still_needs_the_shim():
    """Fails when CKAN ships its own fix: then remove hardening/csrf.py."""
    assert not hasattr(flask_app, "CSRFProtectPerRequest")
