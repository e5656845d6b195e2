"""An agency is registered, renamed and merged, and gets a division, in a real browser, in Chinese and in English."""

import pytest
from ckan import model
from ckanext.shopendata.model import Agency as AgencyRow

from tests.browser.conftest import press
from tests.factories import Agency, person

WORDS = {
    "zh_Hans_CN": {
        "register": "登记该单位", "rename": "更名", "merge": "并入", "save": "保存", "take": "移除：科技信息处",
        "out": "移除", "change": "修改",
    },
    "en": {
        "register": "Register this agency", "rename": "Rename", "merge": "Merge", "save": "Save",
        "take": "Take out: 科技信息处", "out": "Take out", "change": "Change",
    },
}  # fmt: skip


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    with app.flask_app.test_request_context():
        person("operator", "operator")
        Agency("operator", "traffic", "上海市交通委员会")
        Agency("operator", "market", "上海市市场监督管理局")


@pytest.mark.parametrize("language", WORDS)
def test_an_agency_from_registration_to_merger(world, walk, keep, language):
    words = WORDS[language]

    def shot(page, name):
        keep(page, f"agency-{language}-{name}")

    page = walk("operator")
    page.goto(f"/{language}/agencies/new")
    press(page, words["register"])
    assert page.locator("#problems li").count() == 3
    page.fill("[name=title]", "上海市数据局")
    page.select_option("[name=kind]", "administrative")
    page.select_option("[name=level]", "city")
    page.fill("[name=aliases]", "市数据局\n数据局")
    shot(page, "1-new")
    press(page, words["register"])
    shot(page, "2-registered")
    page.get_by_role("link", name=words["rename"], exact=True).click()
    page.fill("[name=title]", "上海市数据管理局")
    page.fill("[name=reason]", "沪委编委〔2026〕7号")
    press(page, words["rename"])
    shot(page, "3-asks")
    press(page, words["rename"])
    page.get_by_role("link", name=words["merge"], exact=True).click()
    page.select_option("[name=into]", "market")
    page.fill("[name=reason]", "沪委编委〔2026〕8号")
    shot(page, "4-merge")
    press(page, words["merge"])
    shot(page, "5-asks")
    press(page, words["merge"])
    page.wait_for_url("**/agencies/market")
    page.goto(f"/{language}/agencies")
    shot(page, "6-agencies")
    model.Session.rollback()
    gone = model.Session.query(AgencyRow).filter_by(title="上海市数据管理局").one()
    assert gone.dissolved_at

    page = walk("traffic-administrator")
    page.goto(f"/{language}/agencies/traffic/division")
    page.fill("[name=title]", "科技信息处")
    page.fill("[name=contact_phone]", "021-63210000")
    press(page, words["save"])
    shot(page, "7-division")
    press(page, words["take"])
    shot(page, "8-asks")
    press(page, words["out"])
    assert page.get_by_text("科技信息处").count() == 0
