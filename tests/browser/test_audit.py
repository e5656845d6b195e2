"""The audit record in a real browser: an auditor searches and reads; two security administrators erase a content."""

import pytest
from ckan import model
from ckanext.shopendata import audit
from ckanext.shopendata.audit import sealer
from ckanext.shopendata.policy.audit import Event

from stack import databases, secrets
from tests.factories import Agency, person

PASSWORD = "correct-horse-9"
DATASET = "5dc66ee7-8e80-4626-be30-8aa6988b36d2"


@pytest.fixture
def seal(test_stack):
    password = secrets.read(test_stack.var / "secrets", "audit_sealer")
    where = f"{test_stack['POSTGRES_HOST']}:{test_stack['POSTGRES_PORT']}"

    def run():
        model.Session.rollback()
        with sealer.connect(f"postgresql://audit_sealer:{password}@{where}/ckan") as connection:
            sealer.Sealer(connection).work()

    return run


@pytest.fixture
def event(clean_db, app, test_stack, seal):
    with databases.connect(test_stack, "ckan") as connection:
        connection.execute("TRUNCATE seal.link, audit.payload, audit.event")
    with app.flask_app.test_request_context():
        person("operator", "operator")
        agency = Agency("operator", "traffic", "上海市交通委员会")
        person("auditor", "auditor")
        for name in ("guard", "second"):
            person(name, "security_administrator")
        actor = model.User.get(agency.reviewer).id
        about = {"object_type": "dataset", "object_id": DATASET, "actor": actor, "role": "reviewer"}
        body = {"before": "undecided", "after": "conditional", "note": "联系人王小明，手机 021-00001234"}
        more = {"before": "listed", "after": "suspended", "reason": "wrong_data"}
        key = audit.record(
            Event(verb="dataset.decide", agency=agency.id, body=body, **about),
            Event(verb="dataset.suspend", agency=agency.id, body=more, **about),
        )[0]
        model.Session.commit()
    seal()
    return key


def test_searching_reading_and_erasing(event, walk, keep, seal):
    auditor = walk("auditor")
    auditor.click('a[href="/audit"]')
    auditor.select_option("#input-object_type", "dataset")
    auditor.click(".filters-bar button[type=submit]")
    assert auditor.locator(".work-table tbody tr").count() == 2
    keep(auditor, "audit-1-search")
    auditor.click(f"a[href='/audit/events/{event}']")
    assert "王小明" in auditor.content()
    keep(auditor, "audit-2-event")

    guard = walk("guard")
    guard.click('a[href="/audit/redactions"]')
    guard.fill("#input-event", event)
    guard.fill("#input-reason", "个人信息保护法第四十七条；当事人 2026-11-20 书面请求")
    guard.click("form[action='/audit/redactions'] button")
    keep(guard, "audit-3-ask")
    guard.click("button[value=yes]")
    guard.wait_for_url("**/audit/redactions")
    seal()

    second = walk("second")
    second.goto("/audit/redactions")
    assert "王小明" not in second.content()
    keep(second, "audit-4-confirm")
    second.click("form[action$='/confirm'] button")
    second.click("button[value=yes]")
    second.wait_for_url("**/audit/redactions")
    seal()

    auditor.goto(f"/en/audit/events/{event}")
    assert "王小明" not in auditor.content()
    assert "Erased" in auditor.content()
    keep(auditor, "audit-5-erased-en")
    auditor.goto("/en/audit")
    keep(auditor, "audit-6-search-en")
    small = walk("auditor", width=390)
    small.goto("/audit")
    keep(small, "audit-7-phone")
    assert small.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
