"""From the form to the call in a real browser: a developer, the data centre, an agency's reviewer and signer."""

import re

import pytest
from ckan import model
from ckanext.shopendata.model import Dataset
from ckanext.shopendata.publish import publisher
from ckanext.shopendata.views.application_form import OF_PARTY

from tests.factories import FORM, Agency, person

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


def test_from_the_form_to_the_call(world, walker, portal_url):
    page = walker.sign_in("linxiao")
    page.goto("/applications")
    walker.shot("applications-empty")
    page.goto(f"/applications/new?dataset={world}")
    page.fill("[name=scenario]", "为乘客规划出行路线")
    walker.press("提交")
    assert page.locator("[name=scenario]").input_value() == "为乘客规划出行路线"
    assert page.locator("#problems li").count() >= 8
    walker.shot("form-incomplete")
    for name, value in FORM.items():
        field = page.locator(f"[name={name}]")
        if name not in OF_PARTY or name == "applicant_name":
            field.select_option(value) if name == "purpose" else field.fill(value)
    walker.press("提交")
    walker.shot("submitted")
    here = page.url

    page = walker.sign_in("intake")
    page.goto("/desk")
    walker.shot("desk-intake")
    page.locator("#applications ~ .table-scroll a, section[aria-labelledby=applications] td a").first.click()
    page.wait_for_url("**/desk/applications/**")
    page.get_by_text("材料不齐").click()
    walker.shot("intake")
    walker.press("受理")
    walker.shot("confirm-accept")
    walker.press("受理")

    page = walker.sign_in("traffic-reviewer")
    page.goto("/desk")
    walker.shot("desk-reviewer")
    page.locator("section[aria-labelledby=cases] td a").first.click()
    page.wait_for_url("**/desk/cases/**")
    case = page.url
    page.get_by_label("驾驶员").uncheck()
    page.get_by_label("部分同意开放").check()
    page.fill("[name=opinion]", "驾驶员姓名与用途无关，其余同意开放。")
    walker.press("下一步")
    walker.shot("case-problem")
    page.select_option("[name=reason]", "exceeds_minimum")
    walker.press("下一步")
    walker.shot("case-confirm")
    walker.press("部分同意开放")
    walker.shot("case-decided")

    page = walker.sign_in("linxiao")
    page.goto(here)
    walker.shot("agreement")
    walker.press("线上确认")
    walker.press("线上确认")
    page = walker.sign_in("traffic-signer")
    page.goto("/desk?cases=agreement_pending")
    walker.shot("desk-signer")
    page.goto(case)
    walker.press("线上确认")
    walker.press("线上确认")
    walker.shot("case-active")

    page = walker.sign_in("linxiao")
    page.goto("/applications")
    walker.press("新建密钥")
    key = page.locator("#key").input_value()
    assert key.startswith("sod_")
    walker.shot("key")
    (address,) = re.findall(r'"(http\S+/rows\?limit=10)"', page.locator("pre code").inner_text())
    assert address.startswith(portal_url)
    status, answer = page.evaluate(FETCH, [address, key])
    assert status == 200
    assert [field["id"] for field in answer["fields"]] == ["line", "seconds"]
    assert answer["records"] == [{"line": "71路", "seconds": 60}]
    for wrong in (None, key[:-1] + ("a" if key[-1] != "a" else "b")):
        status, answer = page.evaluate(FETCH, [address, wrong])
        assert status == 401
        assert "71路" not in str(answer)
    page.goto("/applications")
    walker.shot("applications")
    walker.press(f"吊销 {page.locator('.grant code').first.inner_text()[-4:]}")
    walker.shot("revoke")

    citizen, page = page, walker.sign_in("traffic-reviewer")
    page.goto(case)
    page.fill("[name=note]", "超出约定用途")
    walker.press("吊销")
    assert citizen.evaluate(FETCH, [address, key])[0] == 200
    walker.press("吊销")
    walker.shot("case-revoked")
    status, answer = citizen.evaluate(FETCH, [address, key])
    assert (status, answer["code"]) == (401, "key_revoked")
    assert "71路" not in str(answer)
    walker.page = citizen
    citizen.goto("/applications")
    walker.shot("applications-revoked")
    assert citizen.get_by_role("button", name="新建密钥").count() == 0
    assert "新建访问密钥" not in citizen.locator(".work").inner_text()
    assert citizen.get_by_role("columnheader", name="申请编号").count() == 1


def test_the_catalogue_at_work(world, walker):
    page = walker.sign_in("traffic-administrator")
    page.goto("/catalogue")
    walker.shot("catalogue")
    page.locator("[data-select-all]").check()
    walker.press("提出开放属性建议…")
    walker.shot("bulk-propose")
    page.goto("/catalogue?state=harvested")
    page.locator("[name=all]").check()
    walker.press("认领…")
    walker.shot("bulk-confirm")
    walker.press("认领（12）")
    walker.shot("confirmed")
    page.goto("/catalogue?q=到站")
    page.locator("td.title a").first.click()
    page.wait_for_load_state()
    walker.shot("entry")
    page.goto("/catalogue/open-list/traffic")
    walker.press("编制新版本")
    walker.shot("open-list")
    page = walker.sign_in("traffic-reviewer")
    page.goto("/catalogue?dataset_state=proposed")
    page.locator("[name=all]").check()
    walker.press("开放类型认定…")
    walker.shot("bulk-decide")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/catalogue")
    walker.shot("catalogue-phone")
