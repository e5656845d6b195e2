"""My data, and deciding on requests, in a real browser, in both languages."""

import pytest
from ckanext.shopendata.publish import publisher

from tests.browser.test_applying import COLUMNS
from tests.factories import Agency, call, granted, person


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    """An applicant with access, and a security administrator."""
    with app.flask_app.test_request_context():
        person("operator", "operator")
        centre, intake, applicant = (
            person("checker", "catalogue_checker"), person("intake", "intake_officer"), person("linxiao"),
        )  # fmt: skip
        person("shenan", "security_administrator")
        agency = Agency("operator", "traffic", "上海市交通委员会")
        entry = agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, [["71路", "60", "王小明"]])
        agency.open(centre, entry)
        while publisher.work():
            pass
        call("key_create", applicant, grant=granted(applicant, intake, agency, entry[1])["id"])


def test_my_data_and_its_end(world, walker):
    page = walker.sign_in("linxiao")
    page.goto("/my-data")
    assert page.locator("h1").inner_text() == "我的信息"
    assert "《档案法》" in page.locator("table").inner_text()
    walker.shot("my-data-zh")
    page.goto("/en/my-data")
    assert page.locator("h1").inner_text() == "My data"
    walker.shot("my-data-en")
    page.goto("/my-data")
    page.fill("textarea[name=note]", "不再从事相关工作，请注销账号。")
    page.click("text=申请删除我的个人信息")
    walker.shot("my-data-ask-zh")
    page.click("button[value=yes]")
    assert "待决定" in page.locator("main, [role=main]").first.inner_text()
    walker.shot("my-data-asked-zh")
    page = walker.sign_in("shenan")
    page.goto("/my-data/requests")
    walker.shot("erasures-zh")
    page.click("text=同意…")
    page.click("button[value=yes]")
    assert "closed-" in page.locator(".case-line").inner_text()
    walker.shot("erasures-done-zh")
    page.goto("/en/my-data/requests")
    assert "Archives Law" in page.locator(".case-line").inner_text()
    walker.shot("erasures-done-en")
