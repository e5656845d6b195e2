"""From the form to the call in a real browser: a developer, the data centre, an agency's reviewer and signer."""

import re
from pathlib import Path

import pytest
from ckan import model
from ckanext.shopendata.model import Dataset
from ckanext.shopendata.publish import publisher

from tests.factories import FORM, Agency, code_typed, person

SHOTS = Path(__file__).resolve().parents[2] / "var" / "test" / "screenshots"
PASSWORD = "correct-horse-9"
COLUMNS = [
    ("line", "线路名称", "text", "none"),
    ("seconds", "预计到达秒数", "int", "none"),
    ("driver", "驾驶员", "text", "first_char"),
]

#: Asks the gateway from the page; answers with status and body.
FETCH = """async ([address, key]) => {
    const answer = await fetch(address, {headers: key ? {"X-Access-Key": key} : {}});
    return [answer.status, await answer.json()];
}"""


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    with app.flask_app.test_request_context():
        person("operator", "operator")
        centre, _, _ = person("checker", "catalogue_checker"), person("intake", "intake_officer"), person("linxiao")
        agency = Agency("operator", "traffic", "上海市交通委员会")
        declared = {"公交线路与站点信息": "unconditional", "公交车辆实时到站信息": "conditional"}
        entries = [
            agency.entry(title, tier, COLUMNS, [["71路", "60", "王小明"]], code="307001/000002")
            for title, tier in declared.items()
        ]
        agency.open(centre, *entries)
        for number in range(1, 13):
            agency.entry(
                f"道路掘路施工信息（第{number}批）",
                "conditional" if number % 3 else None,
                COLUMNS,
                code=f"307001/{number:06}",
            )
        while publisher.work():
            pass
        return model.Session.get(Dataset, entries[1][1]).name


class Walker:
    """Signs people in and out, collects complaints, keeps pictures."""

    def __init__(self, browser, address, of):
        self.browser, self.address, self.of, self.complaints, self.number = browser, address, of, [], 0
        SHOTS.mkdir(parents=True, exist_ok=True)

    def sign_in(self, name):
        context = self.browser.new_context(base_url=self.address, viewport={"width": 1280, "height": 900})
        self.page = context.new_page()
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/user/login")
        self.page.fill("input[name=login]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/dashboard/**")
        code_typed(name)
        return self.page

    def hear(self, said):
        """Keeps what the browser complains about, but for the refusals that a test asks for."""
        wanted = "409" in said.text or "/gateway/" in said.location.get("url", "")
        if said.type == "error" and not wanted:
            self.complaints.append(said.text)

    def shot(self, name):
        self.number += 1
        self.page.screenshot(path=SHOTS / f"{self.of}-{self.number:02}-{name}.png", full_page=True)

    def press(self, text):
        with self.page.expect_navigation():
            self.page.locator(".work").get_by_role("button", name=text, exact=True).click()


@pytest.fixture
def walk(browser, portal_url, request):
    walker = Walker(browser, portal_url, request.node.name.removeprefix("test_"))
    yield walker
    for context in browser.contexts:
        context.close()


def test_from_the_form_to_the_call(world, walk):
    page = walk.sign_in("linxiao")
    page.goto("/applications")
    walk.shot("applications-empty")
    page.goto(f"/applications/new?dataset={world}")
    page.fill("[name=scenario]", "为乘客规划出行路线")
    walk.press("提交")
    assert page.locator("[name=scenario]").input_value() == "为乘客规划出行路线"
    assert page.locator("#problems li").count() >= 8
    walk.shot("form-incomplete")
    for name, value in FORM.items():
        field = page.locator(f"[name={name}]")
        field.select_option(value) if name in ("applicant_kind", "purpose") else field.fill(value)
    walk.press("提交")
    walk.shot("submitted")
    here = page.url

    page = walk.sign_in("intake")
    page.goto("/desk")
    walk.shot("desk-intake")
    page.locator("#applications ~ .table-scroll a, section[aria-labelledby=applications] td a").first.click()
    page.wait_for_url("**/desk/applications/**")
    page.get_by_text("材料不齐").click()
    walk.shot("intake")
    walk.press("受理")
    walk.shot("confirm-accept")
    walk.press("受理")

    page = walk.sign_in("traffic-reviewer")
    page.goto("/desk")
    walk.shot("desk-reviewer")
    page.locator("section[aria-labelledby=cases] td a").first.click()
    page.wait_for_url("**/desk/cases/**")
    case = page.url
    page.get_by_label("驾驶员").uncheck()
    page.get_by_label("部分同意开放").check()
    page.fill("[name=opinion]", "驾驶员姓名与用途无关，其余同意开放。")
    walk.press("下一步")
    walk.shot("case-problem")
    page.select_option("[name=reason]", "exceeds_minimum")
    walk.press("下一步")
    walk.shot("case-confirm")
    walk.press("部分同意开放")
    walk.shot("case-decided")

    page = walk.sign_in("linxiao")
    page.goto(here)
    walk.shot("agreement")
    walk.press("线上确认")
    walk.press("线上确认")
    page = walk.sign_in("traffic-signer")
    page.goto("/desk?cases=agreement_pending")
    walk.shot("desk-signer")
    page.goto(case)
    walk.press("线上确认")
    walk.press("线上确认")
    walk.shot("case-active")

    page = walk.sign_in("linxiao")
    page.goto("/applications")
    walk.press("新建密钥")
    key = page.locator("#key").input_value()
    assert key.startswith("sod_")
    walk.shot("key")
    (address,) = re.findall(r'"(http\S+/rows\?limit=10)"', page.locator("pre code").inner_text())
    assert address.startswith(walk.address)
    status, answer = page.evaluate(FETCH, [address, key])
    assert status == 200
    assert [field["id"] for field in answer["fields"]] == ["line", "seconds"]
    assert answer["records"] == [{"line": "71路", "seconds": 60}]
    for wrong in (None, key[:-1] + ("a" if key[-1] != "a" else "b")):
        status, answer = page.evaluate(FETCH, [address, wrong])
        assert status == 401
        assert "71路" not in str(answer)
    page.goto("/applications")
    walk.shot("applications")
    walk.press(f"吊销 {page.locator('.grant code').first.inner_text()[-4:]}")
    walk.shot("revoke")

    citizen, page = page, walk.sign_in("traffic-reviewer")
    page.goto(case)
    page.fill("[name=note]", "超出约定用途")
    walk.press("吊销")
    assert citizen.evaluate(FETCH, [address, key])[0] == 200
    walk.press("吊销")
    walk.shot("case-revoked")
    status, answer = citizen.evaluate(FETCH, [address, key])
    assert (status, answer["code"]) == (401, "key_revoked")
    assert "71路" not in str(answer)
    walk.page = citizen
    citizen.goto("/applications")
    walk.shot("applications-revoked")
    assert citizen.get_by_role("button", name="新建密钥").count() == 0
    assert "新建访问密钥" not in citizen.locator(".work").inner_text()
    assert citizen.get_by_role("columnheader", name="申请编号").count() == 1
    assert walk.complaints == []


def test_the_catalogue_at_work(world, walk):
    page = walk.sign_in("traffic-administrator")
    page.goto("/catalogue")
    walk.shot("catalogue")
    page.locator("[data-select-all]").check()
    walk.press("提出开放属性建议…")
    walk.shot("bulk-propose")
    page.goto("/catalogue?state=harvested")
    page.locator("[name=all]").check()
    walk.press("认领…")
    walk.shot("bulk-confirm")
    walk.press("认领（12）")
    walk.shot("confirmed")
    page.goto("/catalogue?q=到站")
    page.locator("td.title a").first.click()
    page.wait_for_load_state()
    walk.shot("entry")
    page.goto("/catalogue/open-list/traffic")
    walk.press("编制新版本")
    walk.shot("open-list")
    page = walk.sign_in("traffic-reviewer")
    page.goto("/catalogue?dataset_state=proposed")
    page.locator("[name=all]").check()
    walk.press("开放类型认定…")
    walk.shot("bulk-decide")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/catalogue")
    walk.shot("catalogue-phone")
    assert walk.complaints == []
