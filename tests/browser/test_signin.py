"""A device is set up, a decision asks for its code, lost credentials are replaced: in a browser, in both languages."""

import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.model import RoleHolding
from pyotp.totp import TOTP

from tests.browser.conftest import PASSWORD, press
from tests.factories import Agency, call, number, person

WORDS = {
    "zh_Hans_CN": {
        "go": "继续", "device": "确认绑定", "confirm": "确认", "others": "结束其他全部登录", "ask": "提出申请",
    },
    "en": {
        "go": "Continue", "device": "Confirm the device", "confirm": "Confirm", "others": "End all others",
        "ask": "Ask for it",
    },
}  # fmt: skip


@pytest.fixture
def waiting(clean_db, clean_index, app, loader_environment):
    """A role that waits to be confirmed."""
    with app.flask_app.test_request_context():
        person("operator", "operator")
        for name in ("shenan", "fangyu"):
            person(name, "security_administrator")
        Agency("operator", "traffic", "上海市交通委员会")
        person("wangmin")
        call("role_request", "shenan", user="wangmin", role="reviewer", agency="traffic", number=number("wangmin"))


@pytest.mark.parametrize("language", WORDS)
def test_from_the_first_code_to_a_decision(waiting, walk, keep, language):
    words = WORDS[language]

    def shot(page, name):
        keep(page, f"signin-{language}-{name}")

    walk("fangyu", 390, code=False).goto(f"/{language}/security")
    page = walk("fangyu", code=False)
    page.goto(f"/{language}/security")
    shot(page, "1-security")
    page.goto(f"/{language}/security/device")
    shot(page, "2-password")
    page.fill("[name=old_password]", PASSWORD)
    press(page, words["go"])
    assert page.locator(".qr-frame svg").bounding_box()["width"] > 150
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.fill("[name=code]", "000000")
    press(page, words["device"])
    assert page.locator("#problems li").count() == 1
    shot(page, "3-wrong-code")
    codes = TOTP(secret)
    page.fill("[name=code]", codes.at(clock.now()))
    press(page, words["device"])
    page.wait_for_url("**/security")

    page.goto(f"/{language}/people")
    page.fill("[name=number]", number("wangmin"))
    press(page, words["confirm"])
    shot(page, "4-code-asked")
    page.fill("[name=code_of_device]", "000000")
    press(page, words["go"])
    shot(page, "5-code-wrong")
    page.fill("[name=code_of_device]", codes.at(clock.now(), counter_offset=1))
    press(page, words["go"])
    page.wait_for_url("**/people")
    model.Session.rollback()
    user = model.User.get("wangmin").id
    assert [one.role for one in model.Session.query(RoleHolding).filter_by(user_id=user)] == ["reviewer"]

    walk("fangyu", code=False)
    page.goto(f"/{language}/security")
    assert page.locator("tbody tr").count() == 2
    shot(page, "6-sessions")
    press(page, words["others"])
    assert page.locator("tbody tr").count() == 1

    page = walk("shenan", code=False)
    page.goto(f"/{language}/security/resets")
    page.fill("[name=user]", "wangmin")
    page.fill("[name=reason]", "手机遗失，本人持证件到场核验")
    press(page, words["ask"])
    shot(page, "7-reset-asks")
    press(page, words["ask"])
    page.wait_for_url("**/security/resets")
    shot(page, "8-resets")

    small = walk("fangyu", 390, code=False)
    small.goto(f"/{language}/security")
    shot(small, "9-narrow")
