"""From the form to the key in a real browser: a developer, the data centre, an agency's reviewer and signer."""

from pathlib import Path

import pytest
from ckan import model
from ckanext.shopendata.model import Dataset
from ckanext.shopendata.publish import publisher

from tests.factories import FORM, Agency, person

SHOTS = Path(__file__).resolve().parents[2] / "var" / "test" / "screenshots"
PASSWORD = "correct-horse-9"
COLUMNS = [
    ("line", "线路名称", "text", "none"),
    ("seconds", "预计到达秒数", "int", "none"),
    ("driver", "驾驶员", "text", "first_char"),
]


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
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" and "409" not in said.text else None,
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/user/login")
        self.page.fill("input[name=login]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/dashboard/**")
        return self.page

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


def test_from_the_form_to_the_key(world, walk):
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
    assert page.locator("#key").input_value().startswith("sod_")
    walk.shot("key")
    page.goto("/applications")
    walk.shot("applications")
    walk.press(f"吊销 {page.locator('.grant code').first.inner_text()[-4:]}")
    walk.shot("revoke")
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
