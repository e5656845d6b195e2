"""What visitors see when something is missing, gone, forbidden or broken: two languages, nothing told, same bytes."""

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from ckanext.shopendata.hardening import errors
from ckanext.shopendata.model import Dataset
from flask import abort
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from tests.factories import Agency, person

TOKEN = re.compile(r'(name="_csrf_token"\s+(?:content|value)=")[^"]+')
COLUMNS = [("stop_code", "站点编号", "text", "none")]
SECRET = "S3cr3t words of an exception"


def same(answer, name):
    """An answer without what differs between any two requests: tokens, and the name that was asked for."""
    return answer.status_code, TOKEN.sub(r"\1", answer.text).replace(name, "NAME")


@pytest.fixture
def catalogue(clean_db, clean_index, with_request_context, loader_environment):
    """A harvest source, which is private, and datasets in every state short of being public."""
    person("operator", "operator")
    agency = Agency("operator", "traffic", "上海市交通委员会")
    undecided = agency.entry("未认定数据", None, COLUMNS, [["1"]], code="307001/000009")
    return model.Session.get_one(Dataset, undecided[1]).name


class TestMissing:
    @pytest.mark.parametrize("language", ["", "/en"])
    def test_what_may_not_be_known_is_what_does_not_exist(self, catalogue, outside, language):
        unknown = same(outside(f"{language}/dataset/nowhere"), "nowhere")
        assert unknown[0] == 404
        assert same(outside(f"{language}/dataset/{catalogue}"), catalogue) == unknown
        hidden = same(outside(f"{language}/dataset/edit/{catalogue}"), f"edit/{catalogue}")
        assert hidden == same(outside(f"{language}/dataset/nowhere/x"), "nowhere/x") or hidden == unknown

    @pytest.mark.parametrize(("path", "words"), [("/nowhere", "页面不存在"), ("/en/nowhere", "Page not found")])
    def test_pages_are_in_the_readers_language(self, outside, path, words):
        answer = outside(path)
        assert answer.status_code == 404
        assert f"<h1>{words}</h1>" in answer.text
        assert answer.headers["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("path", ["/api/nowhere", "/api/3/nowhere/x", "/en/api/nowhere"])
    def test_programs_get_json(self, outside, path):
        answer = outside(path)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.json()["success"] is False
        assert answer.json()["error"]["__type"] == "Not Found Error"

    def test_a_source_that_does_not_exist_has_no_last_job(self, app, clean_db):
        admin = factories.SysadminWithToken()
        for source in ("nowhere", "0" * 36):
            answer = app.get(f"/harvest/{source}/job/last", headers={"Authorization": admin["token"]})
            assert answer.status_code == 404


class TestGone:
    @pytest.fixture
    def dataset(self, catalogue):
        row = model.Session.scalars(sa.select(Dataset).where(Dataset.name == catalogue)).one()
        row.first_published_at = dt.datetime.now(dt.timezone.utc)
        model.Session.commit()
        return row

    @pytest.mark.parametrize(("language", "words"), [("", "已不再提供"), ("/en", "No longer available")])
    def test_what_was_public_once_is_gone_and_nothing_of_it_is_told(self, dataset, outside, language, words):
        for reference in (dataset.name, dataset.id):
            answer = outside(f"{language}/dataset/{reference}")
            assert answer.status_code == 410
            assert words in answer.text
            assert "未认定数据" not in answer.text
            assert "not found" not in answer.text
            assert "no-store" in answer.headers["Cache-Control"]
        assert same(outside(f"/dataset/{dataset.name}"), dataset.name) == same(
            outside(f"/dataset/{dataset.id}"), dataset.id
        )

    def test_other_pages_of_that_name_are_missing_as_ever(self, dataset, outside):
        assert outside(f"/organization/{dataset.name}").status_code == 404
        assert outside(f"/user/{dataset.name}").status_code in {302, 404, 200}
        assert outside(f"/api/3/action/package_show?id={dataset.name}").status_code == 404

    def test_what_was_never_public_is_missing(self, catalogue, outside):
        assert outside(f"/dataset/{catalogue}").status_code == 404


class TestBroken:
    @pytest.fixture
    def ask(self, app, monkeypatch, clean_db):
        """The answer to an exception of the view, as the portal gives it when nobody is testing."""
        handlers = app.flask_app.error_handler_spec[None].setdefault(None, {})
        monkeypatch.setitem(handlers, Exception, errors.answer)

        def call(error, path="/about"):
            def fail(**_):
                raise error

            for endpoint in ("home.about", "shopendata_theme.messages"):
                monkeypatch.setitem(app.flask_app.view_functions, endpoint, fail)
            return app.test_client().get(path)

        return call

    @pytest.mark.parametrize(
        ("path", "words"),
        [("/about", "出错了"), ("/en/about", "Something went wrong"), ("/api/i18n/zh_CN", "Server Error")],
    )
    def test_a_fault_tells_nothing(self, ask, path, words):
        answer = ask(RuntimeError(SECRET), path)
        assert answer.status_code == 500
        assert SECRET not in answer.get_data(as_text=True)
        assert words in answer.get_data(as_text=True)

    def test_what_is_away_for_the_moment_is_503(self, ask):
        answer = ask(sa.exc.OperationalError("SELECT 'x'", {}, Exception(SECRET)))
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
        assert SECRET not in answer.get_data(as_text=True)

    def test_an_error_page_that_fails_has_a_plain_one_behind_it(self, ask, monkeypatch):
        def fail(*_):
            raise sa.exc.OperationalError("SELECT", {}, Exception(SECRET))

        monkeypatch.setattr(errors.tk, "render", fail)
        page = ask(RuntimeError(SECRET))
        assert page.status_code == 503
        text = page.get_data(as_text=True)
        assert "服务暂时不可用" in text
        assert "Please try again" in text
        assert SECRET not in text

    def test_an_old_form_says_what_to_do(self, ask):
        assert "刷新页面" in ask(CSRFError("The CSRF token has expired.")).get_data(as_text=True)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 414, 429, 500, 502, 503, 504])
    def test_every_status_has_a_page_without_words_of_werkzeug(self, ask, status):
        with pytest.raises(HTTPException) as raised:
            abort(status)
        page = ask(raised.value)
        assert page.status_code == status
        text = page.get_data(as_text=True)
        assert re.search(r"<h1>[^<]*[\u4e00-\u9fff]", text)
        content = text.split('id="error-content"')[1].split("</article>")[0]
        words = re.sub(r"<[^>]+>|&\w+;", " ", content)
        assert not re.search(r"[A-Za-z]{4,} [a-z]{2,} [a-z]{2,}", words), words


def test_the_foot_says_where_the_source_code_is(app, ckan_config, monkeypatch):
    assert "AGPL" in app.get("/").text
    monkeypatch.setitem(ckan_config, "ckanext.shopendata.source_url", "https://code.example.gov.cn/portal")
    assert '<a href="https://code.example.gov.cn/portal"' in app.get("/en/").text
