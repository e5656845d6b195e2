"""待办 and how one is told, in a real browser, in both languages."""

import datetime as dt

import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.model import Application, Case, Dataset
from ckanext.shopendata.publish import publisher

from tests.browser.test_applying import COLUMNS
from tests.factories import FORM, Agency, call, person


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    """An official with several roles, and applications of several ages."""
    with app.flask_app.test_request_context():
        person("operator", "operator")
        centre, _, _ = person("checker", "catalogue_checker"), person("intake", "intake_officer"), person("linxiao")
        agency = Agency("operator", "traffic", "上海市交通委员会")
        entry = agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, [["71路", "60", "王小明"]])
        agency.open(centre, entry)
        while publisher.work():
            pass
        name = model.Session.get(Dataset, entry[1]).name
        for number in range(4):
            agency.entry(f"道路掘路施工信息（第{number}批）", "conditional" if number % 2 else None, COLUMNS)
        person("chen", ("reviewer", "traffic"), ("signer", "traffic"), ("data_administrator", "traffic"))
        for days in (30, 12, 0):
            with clock.at(clock.now() - dt.timedelta(days=days)):
                key = call("application_save", "linxiao", datasets=[name], form=FORM)["id"]
                call("application_submit", "linxiao", id=key)
                case = call("application_accept", "intake", id=key)["cases"][0]["id"]
            if days:
                row = model.Session.get(Case, case)
                row.clock, row.due_on = row.clock | {"started": "2026-10-12"}, dt.date(2026, 10, 26)
                model.Session.commit()
        with clock.at(clock.now() - dt.timedelta(days=9)):
            key = call("application_save", "linxiao", datasets=[name], form=FORM)["id"]
            call("application_submit", "linxiao", id=key)
        points = [{"field": "safeguards", "text": "请写明日志保存期限"}]
        call("application_correct", "intake", id=key, points=points)
        return model.Session.get(Application, key).id


def test_work_list(world, walker):
    page = walker.sign_in("chen")
    page.goto("/work")
    assert page.locator("h1").inner_text() == "待办"
    lines = page.locator("tbody tr").count()
    assert page.locator(".waiting").inner_text() == str(lines)
    assert page.locator("tr.over").count() == 2
    assert "超期" in page.locator("tbody tr").first.inner_text()
    walker.shot("work-zh")
    page.goto("/en/work")
    assert page.locator("h1").inner_text() == "To do"
    assert "Last day 2026-10-26" in page.locator("tbody tr").first.inner_text()
    walker.shot("work-en")
    page.locator("tbody a").first.click()
    page.wait_for_url("**/desk/cases/**")
    walker.shot("case-over")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/work")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    walker.shot("work-narrow")


def test_preferences(world, walker):
    page = walker.sign_in("linxiao")
    page.goto("/work")
    walker.shot("applicant-zh")
    page.locator("tbody a").first.click()
    page.wait_for_url(f"**/applications/{world}")
    walker.shot("correction")
    page.goto("/work/notices")
    assert page.locator("input[name=own][value=off]").count() == 0
    walker.shot("notices-zh")
    page.check("input[name=work][value=off]")
    page.select_option("[name=language]", "en")
    walker.press("保存")
    assert page.locator("input[name=work][value=off]").is_checked()
    page.goto("/en/work/notices")
    assert page.locator("h1").inner_text() == "How I am told"
    walker.shot("notices-en")
