"""While it is on nothing can be changed by anybody or anything, everything can be read, and nothing typed is lost."""

import datetime as dt
import threading
import time

import ckan.plugins.toolkit as tk
import pytest
import requests
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan
from ckan.tests import factories
from ckanext.shopendata import clock, maintenance
from ckanext.shopendata.harvesters import runs
from ckanext.shopendata.model import HarvestRun
from ckanext.shopendata.model.audit import events, payloads
from ckanext.shopendata.publish import outbox

from tests.factories import number, person


class TestVisitors:
    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("/", ("平台维护中", "数据库升级")),
            ("/en/", ("Maintenance:", "database upgrade")),
            ("/en/dataset/", ("database upgrade",)),
        ],
    )
    def test_every_page_says_why_in_the_readers_language(self, switched_on, outside, path, words):
        answer = outside(path)
        assert answer.status_code == 200
        assert all(word in answer.text for word in words)

    def test_reading_goes_on_by_every_interface(self, switched_on, outside):
        assert outside("/api/3/action/package_search").json()["success"]
        assert outside("/api/3/action/package_search", "POST", json={"rows": 1}).json()["success"]
        assert outside("/readyz").status_code == 200
        assert outside("/gateway/v1/me").status_code == 401
        assert outside("/en/user/login").status_code == 200

    @pytest.mark.parametrize("name", ["shopendata_application_save", "user_update", "harvest_source_create"])
    def test_programs_are_told_in_json_when_to_come_back(self, switched_on, outside, name):
        token = factories.SysadminWithToken()["token"]
        answer = outside(f"/api/3/action/{name}", "POST", json={}, headers={"Authorization": token})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 60
        told = answer.json()
        assert told["success"] is False
        assert (told["error"]["reason_zh"], told["error"]["reason_en"]) == ("数据库升级", "database upgrade")

    def test_an_unknown_action_is_still_unknown(self, switched_on, outside):
        assert outside("/api/3/action/nowhere", "POST", json={}).status_code == 400

    @pytest.mark.parametrize(("language", "words"), [("", "重新提交"), ("/en", "Send again")])
    def test_what_was_typed_is_kept_but_no_password(self, switched_on, app, language, words):
        typed = {"name": '王 "芳" <b>', "password": "S3cr3tS3cr3t", "again": "S3cr3tS3cr3t"}
        answer = app.test_client().post(f"{language}/register/begin", data=typed)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 503
        assert words in page
        assert 'name="name" value="王 &#34;芳&#34; &lt;b&gt;"' in page
        assert "S3cr3tS3cr3t" not in page
        assert f'action="{language}/register/begin"' in page or 'action="/register/begin"' in page

    def test_people_sign_in_to_read(self, switched_on, app):
        user = factories.User(password="correct horse battery staple")
        browser = app.test_client()
        typed = {"login": user["name"], "password": "correct horse battery staple"}
        assert browser.post("/user/login", data=typed, follow_redirects=False).status_code == 302
        assert browser.get("/work").status_code == 200

    def test_until_when_is_told_in_chinas_time(self, clean_db, outside):
        until = dt.datetime.now(dt.timezone.utc).replace(second=0, microsecond=0) + dt.timedelta(hours=3)
        try:
            maintenance.begin("console", until=until)
            assert until.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M") in outside("/").text
            token = factories.SysadminWithToken()["token"]
            answer = outside("/api/3/action/user_update", "POST", json={}, headers={"Authorization": token})
            assert 10000 < int(answer.headers["Retry-After"]) <= 10800
        finally:
            maintenance.end("console")


class TestEverythingElse:
    def test_actions_refuse_whoever_calls_them(self, switched_on, with_request_context):
        citizen = person("citizen")
        with pytest.raises(maintenance.UnderMaintenance):
            tk.get_action("shopendata_preference_save")({"user": citizen}, {"language": "en"})

    def test_workers_take_up_nothing_until_it_is_over(self, clean_db):
        outbox.put("publish", "a")
        model.Session.add(
            HarvestRun(id="r", source_id="s", state="planned", counters={}, error="", dry=False, created_at=clock.now())
        )
        model.Session.commit()
        maintenance.begin("console")
        assert outbox.lease(["publish"], 9) == []
        assert runs.lease() is None
        maintenance.end("console")
        assert len(outbox.lease(["publish"], 9)) == 1
        assert runs.lease().run_id == "r"

    def test_what_is_stored_and_cannot_be_read_counts_as_on(self, clean_db):
        for value in ("{", "[]", '{"unknown": 1}', "true"):
            model.set_system_info("ckanext.shopendata.maintenance", value)
            assert maintenance.standing() is not None
            assert maintenance.standing().seconds_left >= 60
        assert maintenance.end("console")
        assert maintenance.standing() is None

    def test_each_switch_is_an_event(self, clean_db):
        before = model.Session.scalar(sa.select(sa.func.max(events.c.seq))) or 0
        maintenance.begin("console", "一")
        maintenance.begin("console", "二")
        assert maintenance.end("console")
        assert not maintenance.end("console")
        joined = events.join(payloads, payloads.c.event_id == events.c.id)
        rows = (
            sa.select(events.c.verb, payloads.c.body)
            .select_from(joined)
            .where(events.c.seq > before)
            .order_by(events.c.seq)
        )
        told = model.Session.execute(rows).all()
        assert [row.verb for row in told] == ["maintenance.begin", "maintenance.change", "maintenance.end"]
        assert [row.body.get("reason_zh") for row in told] == ["一", "二", None]
        assert told[0].body["since"] == told[1].body["since"]

    def test_it_begins_when_the_last_writer_has_ended(self, clean_db, monkeypatch):
        with model.meta.engine.connect() as writer:
            writer.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(maintenance.LOCK)))
            monkeypatch.setattr(maintenance, "PATIENCE", "200ms")
            with pytest.raises(TimeoutError):
                maintenance.begin("console")
            assert maintenance.standing() is None
            monkeypatch.setattr(maintenance, "PATIENCE", "20s")
            done = []

            def switch():
                maintenance.begin("console")
                done.append(1)
                model.Session.remove()

            switching = threading.Thread(target=switch)
            switching.start()
            time.sleep(0.5)
            assert done == []
            writer.rollback()
            switching.join(20)
        assert done == [1]
        model.Session.rollback()
        with pytest.raises(maintenance.UnderMaintenance):
            maintenance.refuse_write()
        model.Session.rollback()
        maintenance.end("console")


class TestCommand:
    @pytest.fixture
    def run(self, cli, ckan_config, test_stack, clean_db):
        def call(*words):
            group = [] if words[0] == "people" else ["maintenance"]
            answer = cli.invoke(ckan, ["-c", str(test_stack.var / "test.ini"), "shopendata", *group, *words])
            return answer.exit_code, answer.output

        yield call
        model.Session.rollback()
        maintenance.end("console")

    def test_on_status_off(self, run):
        assert run("status") == (0, "maintenance: off\n")
        code, said = run("on", "--reason-zh", "升级", "--until", "2099-01-02 03:04")
        assert code == 0, said
        assert "until 2099-01-02T03:04+08:00" in said
        assert "still in hand: 0 tasks, 0 synchronisations" in said
        assert "升级" in run("status")[1]
        assert run("off") == (0, "maintenance: off\n")
        assert "off already" in run("off")[1]

    def test_other_commands_say_in_a_line_why_they_change_nothing(self, run, app):
        with app.flask_app.test_request_context():
            person("ana")
        run("on")
        code, said = run("people", "grant", "ana", "--number", number("ana"))
        assert (code, said.count("\n")) == (1, 1)
        assert "平台维护中" in said

    def test_the_past_is_refused(self, run):
        code, said = run("on", "--until", "2001-01-01 00:00")
        assert code == 2
        assert "past" in said
        assert run("status")[1] == "maintenance: off\n"


def test_no_route_that_writes_is_open(switched_on, portal_url, app):
    """Every route that takes anything but reading, tried as its declaration says, by a stranger."""
    from ckanext.shopendata.hardening import inventory, readonly

    tried = 0
    for rule in app.flask_app.url_map.iter_rules():
        kind = inventory.classes("pages")[rule.endpoint]
        if (
            "POST" not in rule.methods
            or kind not in {"metadata", "data"}
            or rule.endpoint in readonly._READING | {"api.action"}
        ):
            continue
        path = rule.build({name: "3" if name == "ver" else "x" for name in rule.arguments}, append_unknown=False)
        if path is None:
            continue
        assert requests.post(portal_url + path[1], timeout=20).status_code in {503, 400}, rule
        tried += 1
    assert tried >= 3
