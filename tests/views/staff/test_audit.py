"""The auditors' pages and those for erasing contents: who gets them, what they show, what they record."""

import json
import re

import psycopg
import pytest
from ckan import model
from ckanext.shopendata import audit
from ckanext.shopendata.audit import files, sealer
from ckanext.shopendata.model.audit import events
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.chain import Check
from werkzeug.http import parse_options_header

from stack import databases, secrets
from tests.factories import Agency, person

OBJECT = "11111111-0000-4000-8000-000000000001"
REASON = "当事人书面请求，个人信息保护法第四十七条"


@pytest.fixture
def seal(test_stack):
    password = secrets.read(test_stack.var / "secrets", "audit_sealer")
    where = f"{test_stack['POSTGRES_HOST']}:{test_stack['POSTGRES_PORT']}"

    def run():
        model.Session.rollback()
        with sealer.connect(f"postgresql://audit_sealer:{password}@{where}/ckan") as connection:
            at_work = sealer.Sealer(connection)
            while at_work.work():
                pass

    return run


@pytest.fixture
def office(clean_db, app, test_stack, seal):
    """People of all kinds, and events of somebody's work; the record holds nothing else."""
    with databases.connect(test_stack, "ckan") as connection:
        connection.execute("TRUNCATE seal.link, audit.payload, audit.event")
    with app.flask_app.test_request_context():
        person("operator", "operator")
        agency = Agency("operator", "traffic", "上海市交通委员会")
        for name, role in (("auditor", "auditor"), ("guard", "security_administrator"),
                           ("second", "security_administrator"), ("intake", "intake_officer")):  # fmt: skip
            person(name, role)
        person("citizen")
        person("root", sysadmin=True)
        reviewer = model.User.get(agency.reviewer).id
        about = {"object_type": "dataset", "object_id": OBJECT, "actor": reviewer, "role": "reviewer"}
        first, second = audit.record(
            Event(verb="dataset.decide", agency=agency.id, body={"before": "undecided", "after": "closed"}, **about),
            Event(
                verb="test.change",
                agency=agency.id,
                body={"before": {"title": "旧名", "kept": 1}, "after": {"title": "新名<b>"}, "contact": "王小明"},
                **about,
            ),
        )
        model.Session.commit()
    seal()
    return {"first": first, "second": second, "reviewer": agency.reviewer}


def newest():
    model.Session.rollback()
    return model.Session.execute(events.select().order_by(events.c.seq.desc()).limit(1)).one()


class TestDoors:
    @pytest.mark.parametrize("name", ["citizen", "root", "operator", "guard", "intake", "traffic-reviewer"])
    def test_others_are_told_nothing(self, office, browse, name):
        before = newest().id
        assert browse(name).get("/audit").status_code == 403
        assert browse(name).get(f"/audit/events/{office['first']}").status_code == 404
        assert browse(name).get("/audit/events/nobody").status_code == 404
        assert browse(name).post("/audit/export").status_code == 403
        assert browse(name).get("/audit/redactions").status_code == (200 if name == "guard" else 403)
        assert 'href="/audit"' not in browse(name).get("/applications").text
        assert newest().id == before

    def test_strangers_sign_in(self, office, browse):
        for path in ("/audit", f"/audit/events/{office['first']}", "/audit/redactions"):
            assert "/user/login" in browse().get(path).headers["Location"]

    def test_auditors_read_and_change_nothing(self, office, browse):
        assert 'href="/audit"' in browse("auditor").get("/applications").text
        page = browse("auditor").get("/audit/redactions")
        assert page.status_code == 200
        assert 'name="reason"' not in page.text
        form = {"event": office["first"], "reason": "x", "confirmed": "yes"}
        assert browse("auditor").post("/audit/redactions", **form).status_code == 403
        assert browse("auditor").client.post("/audit/export").status_code == 400, "a forged form"


class TestSearch:
    def rows(self, browse, query=""):
        page = browse("auditor").get(f"/audit{query}")
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        return page.text.count('href="/audit/events/')

    def test_by_object_actor_verb_and_period(self, office, browse):
        everything = self.rows(browse)
        assert everything > 2
        assert self.rows(browse, f"?object={OBJECT}") == 2
        assert self.rows(browse, f"?object={OBJECT}&verb=test.change") == 1
        assert self.rows(browse, "?verb=dataset.") == 1
        assert self.rows(browse, "?verb=dataset_decide") == self.rows(browse, "?verb=%25") == 0
        assert self.rows(browse, f"?actor={office['reviewer']}") == 2
        assert self.rows(browse, "?actor=console&object_type=role") == self.rows(browse, "?actor=console")
        assert self.rows(browse, "?since=2026-01-01") == everything
        assert self.rows(browse, "?until=2026-01-01") == self.rows(browse, "?since=2999-01-01") == 0

    def test_a_wrong_day_is_said_at_its_field(self, office, browse):
        page = browse("auditor").get("/audit?since=yesterday&actor=console")
        assert page.status_code == 409
        assert 'href="#field-since"' in page.text
        assert 'value="console"' in page.text

    @pytest.mark.parametrize(("language", "word"), [("", "审计记录"), ("/en", "Audit record")])
    def test_in_both_languages(self, office, browse, language, word):
        for path in ("/audit", f"/audit/events/{office['second']}", "/audit/redactions"):
            assert word in browse("auditor").get(f"{language}{path}").text or path.endswith("redactions")


class TestOneEvent:
    def test_before_and_after(self, office, browse):
        page = browse("auditor").get(f"/audit/events/{office['second']}").text
        assert "<td>旧名</td><td>新名&lt;b&gt;</td>" in page
        assert "<td>1</td><td>—</td>" in page
        assert "王小明" in page
        assert f'rel="prev" href="/audit/events/{office["first"]}"' in page
        page = browse("auditor").get(f"/audit/events/{office['first']}").text
        assert "<td>undecided</td><td>closed</td>" in page
        assert f'rel="next" href="/audit/events/{office["second"]}"' in page
        assert "state-good" in page

    def test_what_was_tampered_with_is_said(self, office, browse, test_stack):
        with databases.connect(test_stack, "ckan") as connection:
            connection.execute("UPDATE audit.event SET role = 'x' WHERE id = %s", (office["first"],))
        page = browse("auditor").get(f"/audit/events/{office['first']}").text
        assert 'class="work-problems"' in page
        assert "state-bad" in page


class TestExtract:
    def test_is_a_file_that_can_be_checked_and_an_event(self, office, browse):
        answer = browse("auditor").post("/audit/export", object=OBJECT)
        kind, options = parse_options_header(answer.headers["Content-Disposition"])
        assert kind == "attachment"
        assert re.fullmatch(r"audit-\d{8}-\d{6}\.jsonl", options["filename"])
        export = files.Export(answer.text.splitlines())
        records = list(export.records())
        assert [one.columns.id for one in records] == [office["first"], office["second"]]
        assert list(Check(whole=export.whole).run(records)) == []
        taken = newest()
        assert (taken.verb, taken.actor) == ("event.export", model.User.get("auditor").id)
        assert json.loads(answer.text.splitlines()[0])["whole"] is False


class TestErasing:
    def test_from_asking_to_the_erased_content(self, office, browse, seal):
        guard, second = browse("guard"), browse("second")
        form = {"event": office["second"], "reason": REASON}
        assert guard.post("/audit/redactions", event=office["second"]).status_code == 409
        assert newest().verb != "redaction.ask"
        asked = guard.post("/audit/redactions", **form)
        assert asked.status_code == 200
        assert REASON in asked.text
        assert newest().verb != "redaction.ask", "the page asks first"
        again = guard.post("/audit/redactions", **form, confirmed="no")
        assert f'value="{office["second"]}"' in again.text
        assert guard.post("/audit/redactions", **form, confirmed="yes").status_code == 302
        key = newest().id
        assert f"/audit/redactions/{key}/confirm" not in guard.get("/audit/redactions").text
        page = second.get("/audit/redactions").text
        assert f"/audit/redactions/{key}/confirm" in page
        assert "contact" in page
        assert "王小明" not in page
        assert guard.post(f"/audit/redactions/{key}/confirm", confirmed="yes").status_code == 403
        seal()
        assert second.post(f"/audit/redactions/{key}/confirm").status_code == 200
        assert second.post(f"/audit/redactions/{key}/confirm", confirmed="yes").status_code == 302
        assert "王小明" in browse("auditor").get(f"/audit/events/{office['second']}").text
        seal()
        page = browse("auditor").get(f"/audit/events/{office['second']}").text
        assert "王小明" not in page
        assert REASON in page
        assert 'class="work-problems"' not in page

    def test_declining_wants_a_reason(self, office, browse):
        browse("guard").post("/audit/redactions", event=office["first"], reason=REASON, confirmed="yes")
        key = newest().id
        assert browse("second").post(f"/audit/redactions/{key}/refuse", refusal=" ").status_code == 409
        assert browse("second").post(f"/audit/redactions/{key}/refuse", refusal="保存期未满").status_code == 302
        assert newest().verb == "redaction.refuse"
        assert browse("second").post(f"/audit/redactions/{key}/confirm", confirmed="yes").status_code == 409


def test_the_application_itself_cannot(office, test_stack):
    password = secrets.read(test_stack.var / "secrets", "ckan_web")
    where = f"{test_stack['POSTGRES_HOST']}:{test_stack['POSTGRES_PORT']}"
    with psycopg.connect(f"postgresql://ckan_web:{password}@{where}/ckan", autocommit=True) as connection:
        for statement in ("DELETE FROM audit.payload", "UPDATE audit.payload SET salt = NULL, body = NULL"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
