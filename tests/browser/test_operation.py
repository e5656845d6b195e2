"""Maintenance, errors and times as people see them; pictures of each in both languages, below var/screenshots."""

import datetime as dt

import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import maintenance
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.model import Dataset
from ckanext.shopendata.policy.link import Purpose

from tests.views.public.conftest import build_world

UNTIL = dt.datetime(2099, 1, 1, 10, 0, tzinfo=dt.timezone.utc)
LANGUAGES = {"zh": "", "en": "/en"}


@pytest.fixture
def picture(keep, page):
    def take(name):
        for width, pixels in (("wide", 1280), ("narrow", 390)):
            page.set_viewport_size({"width": pixels, "height": 900})
            keep(page, f"{name}-{width}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)

    return take


@pytest.fixture
def name(clean_db, clean_index, with_request_context, loader_environment):
    """A public dataset's name in addresses."""
    world = build_world()
    found = model.Session.get(Dataset, world.unconditional[1]).name
    model.Session.remove()
    return found


@pytest.fixture
def begun(clean_db, with_request_context):
    """What a letter carries to somebody who registers."""
    link = links.send(Purpose.REGISTER, "wangfang@example.org", "zh_Hans_CN")
    token = links.secret(link.id)
    model.Session.commit()
    return token


@pytest.mark.parametrize("language", LANGUAGES)
def test_maintenance_keeps_what_was_typed_until_it_can_be_sent(page, picture, begun, language):
    page.goto(f"{LANGUAGES[language]}/register/begin?token={begun}")
    maintenance.begin("console", "数据库升级", "Database upgrade", UNTIL)
    try:
        for field, value in {"name": "王芳", "password": "correct-horse-9", "repeated": "correct-horse-9"}.items():
            page.fill(f'input[name="{field}"]', value)
        page.click('.work button[type="submit"]')
        banner = page.locator(".maintenance").inner_text()
        assert {"zh": "数据库升级", "en": "Database upgrade"}[language] in banner
        assert "2099-01-01 18:00" in banner
        page.click("summary")
        assert "王芳" in page.locator("details").inner_text()
        assert "correct-horse-9" not in page.content()
        picture(f"maintenance-{language}")
        page.goto(LANGUAGES[language] + "/dataset/")
        picture(f"maintenance-search-{language}")
    finally:
        model.Session.rollback()
        maintenance.end("console")


def test_it_is_sent_when_maintenance_is_over(page, clean_db):
    page.goto("/user/reset")
    maintenance.begin("console")
    try:
        page.fill('input[name="user"]', "nobody")
        page.click('.form-actions button[type="submit"]')
        assert page.locator("form button.btn-primary", has_text="重新提交").count() == 1
    finally:
        maintenance.end("console")
    with page.expect_navigation():
        page.click('button:has-text("重新提交")')
    assert page.locator(".maintenance").count() == 0
    assert "重新提交" not in page.content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_withdrawn_says_so(page, picture, name, language):
    change = sa.update(Dataset).where(Dataset.name == name).values(state="withdrawn")
    title = model.Session.scalar(sa.select(Dataset.title).where(Dataset.name == name))
    model.Session.execute(change)
    row = model.Package.get(name)
    row.state = "deleted"
    model.Session.commit()
    answer = page.goto(f"{LANGUAGES[language]}/dataset/{name}")
    assert answer.status == 410
    assert title not in page.content()
    picture(f"gone-{language}")


def test_times_are_chinas_in_every_browser(browser, portal_url, clean_db):
    """CKAN's script looks for such elements; some pages of its plugins have them."""
    written = '<span class="automatic-local-datetime" data-datetime="2026-03-02T03:00:00+0800">2026-03-02 03:00</span>'

    def plant(route):
        answer = route.fetch()
        route.fulfill(
            response=answer,
            body=answer.text().replace("</main>", written + "</main>").replace("</footer>", written + "</footer>"),
        )

    for zone in ("Asia/Shanghai", "America/New_York"):
        context = browser.new_context(base_url=portal_url, timezone_id=zone)
        page = context.new_page()
        page.route("**/about", plant)
        page.goto("/about")
        page.wait_for_load_state("networkidle")
        shown = page.locator("[data-datetime]").first
        assert shown.inner_text() == "2026-03-02 03:00"
        assert shown.is_visible()
        context.close()
