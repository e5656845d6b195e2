"""What may be stored and what may run, header by header."""

import pytest
from ckan.tests import factories
from ckanext.shopendata.hardening import responses
from ckanext.shopendata.publish import publishing


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestCaching:
    def test_an_anonymous_answer_may_be_revalidated(self, app):
        answer = app.test_client().get("/api/3/action/package_list")
        assert "no-store" not in answer.headers["Cache-Control"]

    @pytest.mark.parametrize("action", ["package_list", "package_search", "status_show"])
    def test_an_answer_to_a_token_is_never_stored(self, app, action):
        token = factories.APIToken(user=factories.User()["name"])["token"]
        answer = app.test_client().get(f"/api/3/action/{action}", headers={"Authorization": token})
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Authorization" in answer.headers["Vary"]

    def test_even_a_wrong_token_is_not_stored(self, app):
        answer = app.test_client().get("/api/3/action/package_list", headers={"Authorization": "nonsense"})
        assert answer.headers["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize("address", ["/nowhere", "/api/3/action/package_show?id=nowhere"])
    def test_errors_are_not_stored(self, app, address):
        answer = app.test_client().get(address)
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestContentPolicy:
    def test_pages_run_no_foreign_or_inline_script(self, app):
        policy = app.test_client().get("/").headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "object-src 'none'" in policy

    def test_ckans_own_handlers_work_where_its_forms_need_them(self, app):
        """The token list: without these CKAN's form is dead."""
        client, password = app.test_client(), "correct horse battery staple"
        person = factories.User(password=password)
        client.post("/user/login", data={"login": person["name"], "password": password})
        answer = client.get(f"/user/{person['name']}/api-tokens")
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "script-src-attr 'unsafe-inline'" in policy

    def test_the_endpoints_with_a_policy_of_their_own_exist(self, app):
        known = {rule.endpoint for rule in app.flask_app.url_map.iter_rules()}
        assert set(responses._FORMS + responses._PREVIEWS + responses._FILES) <= known

    def test_an_uploaded_page_is_a_download_that_runs_nothing(self, app, publisher, create_with_upload):
        owner = factories.Organization()
        dataset = publisher.dataset(owner_org=owner["id"])
        with publishing():
            resource = create_with_upload(
                b"<script>alert(1)</script>", "page.html", package_id=dataset["id"], url="page.html"
            )
        answer = app.test_client().get(f"/dataset/{dataset['id']}/resource/{resource['id']}/download/page.html")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("clean_db")
class TestStatus:
    def test_strangers_do_not_learn_what_runs_here(self, app):
        status = app.test_client().get("/api/3/action/status_show").json["result"]
        assert "extensions" not in status
        assert "ckan_version" not in status
        assert "error_emails_to" not in status

    def test_administrators_do(self, app):
        token = factories.SysadminWithToken()["token"]
        status = app.test_client().get("/api/3/action/status_show", headers={"Authorization": token}).json["result"]
        assert "shopendata" in status["extensions"]
