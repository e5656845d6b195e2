"""Registration, an organisation with its proof, and the intake's verification, in Chinese and in English."""

import re

import pytest
from ckan import model
from ckanext.shopendata.model import Organisation

from tests.browser.conftest import PASSWORD, press
from tests.factories import PROOF, credit_code, person
from tests.organisations.conftest import mailbox  # noqa: F401 - a fixture

WORDS = {
    "zh_Hans_CN": {
        "send": "发送链接", "make": "完成注册", "begin": "保存并继续", "file": "上传文件", "submit": "保存并提交核验",
        "verify": "通过核验", "return": "退回", "invite": "发送邀请", "profile": "个人资料",
    },
    "en": {
        "send": "Send me the link", "make": "Make my account", "begin": "Save and go on", "file": "Add the file",
        "submit": "Save and hand in to be verified", "verify": "Verify", "return": "Return it",
        "invite": "Send the invitation", "profile": "My profile",
    },
}  # fmt: skip


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    with app.flask_app.test_request_context():
        person("intake", "intake_officer")


@pytest.fixture
def letter(mailbox):  # noqa: F811
    """The link in the newest letter to somebody."""
    return lambda address: re.search(r"http\S+token=[0-9a-f]{64}", mailbox(address)[-1].get_content())[0]


@pytest.mark.parametrize("language", WORDS)
def test_from_address_to_verified_organisation(world, walk, keep, letter, language, tmp_path):
    words, mail = WORDS[language], f"linxiao-{language.lower()}@example.org"

    def shot(page, name):
        keep(page, f"organisations-{language}-{name}")

    page = walk()
    page.goto(f"/{language}/register")
    shot(page, "01-register")
    page.fill("[name=mail]", mail)
    press(page, words["send"])
    shot(page, "02-sent")
    page.goto(letter(mail))
    page.fill("[name=name]", "林晓")
    page.fill("[name=password]", "short")
    page.fill("[name=repeated]", "short")
    press(page, words["make"])
    assert page.locator("#problems li").count() == 1
    shot(page, "03-password")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=repeated]", PASSWORD)
    page.select_option("[name=language]", language)
    press(page, words["make"])
    assert page.url.endswith(f"/{language}/user/login") or language == "zh_Hans_CN"
    shot(page, "04-sign-in")

    page = walk(mail, code=False)
    page.goto(f"/{language}/profile")
    assert page.get_by_role("heading", name=words["profile"], exact=True).count()
    shot(page, "05-profile")
    page.goto(f"/{language}/organisations/new")
    page.select_option("[name=kind]", "enterprise")
    page.fill("[name=name]", "示例出行科技（上海）有限公司")
    press(page, words["begin"])
    page.fill("[name=code]", credit_code(1)[:-1] + "0")
    press(page, words["submit"])
    shot(page, "06-incomplete")
    for name, value in (("code", credit_code(1)), ("legal_representative", "林示例"), ("address", "上海市示例路1号"),
                        ("phone", "021-00001101")):  # fmt: skip
        page.fill(f"[name={name}]", value)
    press(page, words["submit"])
    assert page.locator("#problems a[href='#field-proof']").count() == 1
    fake, real = tmp_path / "执照.pdf", tmp_path / "营业执照.pdf"
    fake.write_text("<html><script>alert(1)</script></html>")
    real.write_bytes(PROOF)
    page.set_input_files("[name=proof]", fake)
    press(page, words["file"])
    shot(page, "07-no-pdf")
    page.set_input_files("[name=proof]", real)
    press(page, words["file"])
    page.locator("details.choice summary").last.click()
    page.fill("[name=mail]", "colleague@example.org")
    page.locator("#field-functions input").nth(1).check()
    press(page, words["invite"])
    shot(page, "08-ready")
    press(page, words["submit"])
    shot(page, "09-handed-in")
    invitation = letter("colleague@example.org")
    stranger = walk()
    stranger.goto(invitation)
    shot(stranger, "10-invited")

    desk = walk("intake", code=False)
    desk.goto(f"/{language}/work")
    shot(desk, "11-work")
    desk.goto(f"/{language}/desk/organisations")
    shot(desk, "12-waiting")
    desk.locator(".work-table a").first.click()
    shot(desk, "13-verification")
    with desk.expect_download() as download:
        desk.locator("a[href*='/proofs/']").first.click()
    assert download.value.suggested_filename == "营业执照.pdf"
    desk.locator("details.choice summary").last.click()
    desk.fill("[name=reasons]", "营业执照不清晰，请重新扫描")
    press(desk, words["return"])
    press(desk, words["return"])
    page.reload()
    shot(page, "14-returned")
    press(page, words["submit"])
    desk.goto(f"/{language}/desk/organisations")
    desk.locator(".work-table a").first.click()
    press(desk, words["verify"])
    shot(desk, "15-asks")
    press(desk, words["verify"])
    page.reload()
    shot(page, "16-verified")
    page.goto(f"/{language}/organisations")
    shot(page, "17-mine")
    page.goto(f"/{language}/applications/new")
    shot(page, "18-applying")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/{language}/organisations")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".work-table a").first.click()
    shot(page, "19-phone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    model.Session.rollback()
    assert [one.state for one in model.Session.query(Organisation)] == ["verified"]
