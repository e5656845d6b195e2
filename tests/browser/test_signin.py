"""A device is set up, a decision asks for its code, lost credentials are replaced: in a browser, in both languages."""

from pathlib import Path

import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.model import RoleHolding
from pyotp.totp import TOTP

from tests.factories import Agency, call, number, person

SHOTS = Path(__file__).resolve().parents[2] / "var" / "test" / "screenshots"
PASSWORD = "correct-horse-9"
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


@pytest.fixture
def walk(browser, portal_url):
    complaints = []

    def sign_in(name, width=1280):
        page = browser.new_context(base_url=portal_url, viewport={"width": width, "height": 900}).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
        page.goto("/user/login")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dashboard/**")
        return page

    yield sign_in
    for context in browser.contexts:
        context.close()
    assert not complaints


def press(page, text):
    with page.expect_navigation():
        page.locator(".work").get_by_role("button", name=text, exact=True).first.click()


@pytest.mark.parametrize("language", WORDS)
def test_from_the_first_code_to_a_decision(waiting, walk, language):
    words, shots = WORDS[language], SHOTS / f"signin-{language}"
    SHOTS.mkdir(parents=True, exist_ok=True)

    def shot(page, name):
        page.screenshot(path=f"{shots}-{name}.png", full_page=True)

    walk("fangyu", 390).goto(f"/{language}/security")
    page = walk("fangyu")
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

    walk("fangyu")
    page.goto(f"/{language}/security")
    assert page.locator("tbody tr").count() == 2
    shot(page, "6-sessions")
    press(page, words["others"])
    assert page.locator("tbody tr").count() == 1

    page = walk("shenan")
    page.goto(f"/{language}/security/resets")
    page.fill("[name=user]", "wangmin")
    page.fill("[name=reason]", "手机遗失，本人持证件到场核验")
    press(page, words["ask"])
    shot(page, "7-reset-asks")
    press(page, words["ask"])
    page.wait_for_url("**/security/resets")
    shot(page, "8-resets")

    small = walk("fangyu", 390)
    small.goto(f"/{language}/security")
    shot(small, "9-narrow")
