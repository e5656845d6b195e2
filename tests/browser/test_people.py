"""A role is given by two people and lent to a substitute, in a real browser, in Chinese and in English."""

import datetime as dt

import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.model import RoleHolding

from tests.browser.conftest import press
from tests.factories import Agency, number, person

WORDS = {
    "zh_Hans_CN": {
        "ask": "提交授予申请", "confirm": "确认", "revoke": "收回", "name": "指定代理人", "mine": "我的角色",
    },
    "en": {
        "ask": "Ask for this role", "confirm": "Confirm", "revoke": "Take back", "name": "Name the substitute",
        "mine": "My roles",
    },
}  # fmt: skip


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    with app.flask_app.test_request_context():
        person("operator", "operator")
        for name in ("shenan", "fangyu"):
            person(name, "security_administrator")
        Agency("operator", "traffic", "上海市交通委员会")
        Agency("operator", "market", "上海市市场监督管理局")
        person("auditor", "auditor")
        person("wangmin")


@pytest.mark.parametrize("language", WORDS)
def test_a_role_from_request_to_substitute(world, walk, keep, language):
    words = WORDS[language]

    def shot(page, name):
        keep(page, f"people-{language}-{name}")

    page = walk("shenan")
    page.goto(f"/{language}/people/new")
    press(page, words["ask"])
    assert page.locator("#problems li").count() == 3
    shot(page, "1-incomplete")
    page.fill("[name=user]", "wangmin")
    page.select_option("[name=role]", "reviewer")
    page.select_option("[name=agency]", "traffic")
    page.fill("[name=number]", number("wangmin"))
    page.fill("[name=reason]", "任命文件〔2026〕12号")
    shot(page, "2-form")
    press(page, words["ask"])
    page.wait_for_url("**/people")

    page = walk("fangyu")
    page.goto(f"/{language}/people")
    shot(page, "3-waiting")
    page.locator("[name=number]").fill("GUESSED01")
    press(page, words["confirm"])
    assert page.locator("#problems li").count() == 1
    shot(page, "4-differs")
    page.locator("[name=number]").fill(number("wangmin"))
    press(page, words["confirm"])
    shot(page, "5-given")

    page = walk("wangmin")
    page.goto(f"/{language}/people/mine")
    assert page.get_by_role("link", name=words["mine"]).count()
    page.select_option("[name=holding]", index=1)
    page.fill("[name=substitute]", "traffic-signer")
    page.fill("[name=until]", (clock.today() + dt.timedelta(days=5)).isoformat())
    page.fill("[name=reason]", "年休假")
    shot(page, "6-away")
    press(page, words["name"])
    shot(page, "7-asks")
    press(page, words["name"])
    shot(page, "8-away")
    assert page.get_by_text("年休假").count() == 1

    page = walk("auditor")
    page.goto(f"/{language}/people")
    shot(page, "9-auditor")
    assert page.locator(".work form[method=post]").count() == 0

    page = walk("shenan")
    page.goto(f"/{language}/people?user=wangmin")
    press(page, words["revoke"] + (": wangmin" if language == "en" else "：wangmin"))
    shot(page, "10-revoke")
    press(page, words["revoke"])
    model.Session.rollback()
    user = model.User.get("wangmin").id
    assert [one.ending for one in model.Session.query(RoleHolding).filter_by(user_id=user)] == ["revoked"]
