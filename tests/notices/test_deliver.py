"""Notices: who gets which, that none is lost, and that none is repeated more than once."""

import datetime as dt
import re
import stat
from typing import ClassVar

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.common import config
from ckanext.shopendata import clock
from ckanext.shopendata.interfaces import IMessenger
from ckanext.shopendata.model import AccessKey, Application, Notice, RoleHolding, Task
from ckanext.shopendata.notices import deliver, mail
from ckanext.shopendata.notices.forget import forget
from ckanext.shopendata.notices.remind import remind
from ckanext.shopendata.policy.retention import NOTICE_DAYS
from ckanext.shopendata.publish import outbox

from tests.factories import FORM, call, granted, number, person

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """The worker's clock stands at ten in the morning, far from any digest; ``later(hours)`` puts it forward."""
    state = {"now": dt.datetime.combine(clock.today() + dt.timedelta(days=1), dt.time(10), clock.ZONE)}
    monkeypatch.setattr(outbox, "now", lambda: state["now"])

    def go(hours=0.0):
        state["now"] = state["now"] + HOUR * hours
        return state["now"]

    return go


@pytest.fixture
def run(app):
    """The notifier, until nothing is due."""

    def go():
        with app.flask_app.test_request_context():
            while deliver.work():
                pass

    return go


@pytest.fixture
def at_once(act):
    """Officials who want to be told at once."""

    def wish(*names, **modes):
        for name in names:
            act("preference_save", name, modes=modes or {"work": "now"})

    return wish


def notices(**wanted):
    model.Session.rollback()
    return model.Session.query(Notice).filter_by(**wanted).order_by(Notice.created_at).all()


class TestWhoIsTold:
    def test_each_step_tells_the_applicant_and_whose_work_it_becomes(self, world, act, mailbox, run, at_once):
        at_once("intake", "traffic-reviewer", "traffic-signer", "market-reviewer")
        with_form = {"datasets": [world.name], "form": FORM}
        application = act("application_save", world.citizen, **with_form)
        run()
        assert mailbox.told() == [], "a draft is nobody's business"
        number = application["number"]

        act("application_submit", world.citizen, id=application["id"])
        run()
        assert sorted(mailbox.told()) == [
            ("citizen", f"您的申请 {number} 已提交。"), ("intake", first(mailbox, "intake"))
        ]  # fmt: skip
        assert number in first(mailbox, "intake")

        mailbox.empty()
        act("application_correct", world.intake, id=application["id"], points=[{"field": "scenario", "text": "写明"}])
        run()
        assert [name for name, _ in mailbox.told()] == ["citizen"]
        assert "写明" not in mailbox.read()[0].get_content(), "what is to be mended is read in the portal"

        mailbox.empty()
        with clock.at(clock.now() + HOUR):
            act("application_submit", world.citizen, id=application["id"])
        case = act("application_accept", world.intake, id=application["id"])["cases"][0]
        run()
        names = [name for name, _ in mailbox.told()]
        assert sorted(names) == ["citizen", "citizen", "traffic-reviewer"], "intake is settled before it was sent"

        mailbox.empty()
        act("case_decide", "traffic-reviewer", id=case["id"], verb="grant", opinion="同意开放给贵公司")
        run()
        assert sorted(name for name, _ in mailbox.told()) == ["citizen", "traffic-signer"]
        assert not any("同意开放给贵公司" in one.get_content() for one in mailbox.read())

        mailbox.empty()
        act("agreement_confirm", world.citizen, id=case["id"])
        act("agreement_confirm", "traffic-signer", id=case["id"])
        run()
        assert [name for name, _ in mailbox.told()] == ["citizen"]

    def test_a_mail_names_nothing_but_numbers_days_and_agencies(self, world, accepted, mailbox, run, at_once):
        run()
        said = " ".join(one.get_content() for one in mailbox.read())
        for secret in ("公交车辆实时到站信息", *FORM.values()):
            assert len(secret) < 4 or secret not in said

    def test_files_of_the_mailbox_are_nobody_elses(self, world, submitted, mailbox, run):
        run()
        files = list(mailbox.folder.glob("*.eml"))
        assert files
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
        assert stat.S_IMODE(mailbox.folder.stat().st_mode) == 0o700

    def test_links_lead_to_a_page_that_the_recipient_can_open(
        self, world, submitted, act, browse, mailbox, run, at_once
    ):
        at_once("traffic-reviewer")
        act("application_accept", world.intake, id=submitted["id"])
        run()
        for one in mailbox.read():
            links = re.findall(r"http://[^/]+(/\S+)", one.get_content())
            assert len(links) == 2
            for path in links:
                assert browse(one["To"].split("@")[0]).get(path).status_code == 200, (one["To"], path)

    def test_who_lost_the_role_meanwhile_gets_nothing(self, world, submitted, act, mailbox, run, app):
        act("application_accept", world.intake, id=submitted["id"])
        waiting = notices(moment="case.to_decide")
        assert [one.state for one in waiting] == ["waiting"]
        for held in model.Session.query(RoleHolding).filter_by(user_id=waiting[0].recipient_id):
            held.revoked_at = clock.now()
        force(waiting[0])
        run()
        assert "traffic-reviewer" not in [name for name, _ in mailbox.told()]
        assert [(one.state, one.why) for one in notices(moment="case.to_decide")] == [
            ("dropped", "it is not the recipient's matter any more")
        ]

    def test_an_account_that_is_gone_gets_nothing(self, world, submitted, mailbox, run):
        model.Session.query(model.User).filter_by(name="citizen").update({"state": "deleted"})
        model.Session.commit()
        run()
        assert mailbox.read() == []
        assert {one.state for one in notices(moment="application.submitted")} == {"dropped"}

    def test_an_official_is_not_told_of_their_own_application(self, world, act, app):
        application = act("application_save", world.intake, datasets=[world.name], form=FORM)
        act("application_submit", world.intake, id=application["id"])
        assert [one.moment for one in notices()] == ["application.submitted"]

    def test_other_agencies_hear_nothing(self, world, accepted, act, at_once):
        act("case_decide", "traffic-reviewer", id=accepted["id"], verb="grant", opinion="同意")
        told = {model.User.get(one.recipient_id).name for one in notices()}
        assert told == {"citizen", "intake", "traffic-reviewer", "traffic-signer"}


class TestNothingIsLost:
    def test_a_mail_server_that_is_down_for_an_hour(self, world, act, monkeypatch, mailbox, run, later, submitted):
        monkeypatch.setitem(config, "smtp.server", "127.0.0.1:9")  # nobody listens on discard
        monkeypatch.setitem(config, "smtp.starttls", False)
        run()
        for _ in range(59):
            later(1 / 60)
            run()
        (told,) = notices(moment="application.submitted")
        assert (told.state, told.begun) == ("waiting", 0)
        task = model.Session.query(Task).filter_by(kind="notice", object_id=told.id).one()
        assert 5 < task.attempts < 30, "tried again, later each time"
        assert task.error.startswith("NotTaken")
        assert "citizen@" not in task.error
        monkeypatch.setitem(config, "smtp.server", "")
        later(1)
        run()
        assert [name for name, _ in mailbox.told()] == ["citizen"]
        assert notices(moment="application.submitted")[0].state == "sent"

    def test_what_was_not_committed_is_not_told(self, world, act, monkeypatch):
        application = act("application_save", world.citizen, datasets=[world.name], form=FORM)

        def fail():
            raise OSError("the database is gone")

        with monkeypatch.context() as broken:
            broken.setattr(model.Session, "commit", fail)
            with pytest.raises(OSError, match="gone"):
                act("application_submit", world.citizen, id=application["id"])
        assert model.Session.get(Application, application["id"]).state == "draft"
        assert notices() == []
        assert outbox.waiting(deliver.HANDLERS) == 0

    def test_without_any_way_to_send_it_waits(self, world, submitted, monkeypatch, run, mailbox, later):
        monkeypatch.setitem(config, "ckanext.shopendata.mail.folder", "")
        run()
        assert notices(moment="application.submitted")[0].state == "waiting"
        monkeypatch.setitem(config, "ckanext.shopendata.mail.folder", str(mailbox.folder))
        later(1)
        run()
        assert len(mailbox.read()) == 1

    def test_a_server_that_refuses_for_days_is_given_up(self, world, submitted, monkeypatch, run, later, mailbox):
        def refuse(letter):
            raise mail.Rejected("refused with 550")

        monkeypatch.setattr(mail, "send", refuse)
        run()
        later(24)
        run()
        assert notices(moment="application.submitted")[0].state == "waiting"
        later(49)
        run()
        told = notices(moment="application.submitted")[0]
        assert (told.state, told.why) == ("failed", "refused with 550")


class Killed(BaseException):
    """The process dies: nothing after it runs."""


class TestNothingIsRepeatedForEver:
    @pytest.fixture
    def deaths(self, monkeypatch):
        """The process dies after each mail has been sent, this many times."""
        left, send = {"count": 0}, mail.send

        def send_and_die(letter):
            send(letter)
            if left["count"]:
                left["count"] -= 1
                raise Killed

        monkeypatch.setattr(mail, "send", send_and_die)
        return left

    @pytest.mark.parametrize(("times", "mails", "state"), [(0, 1, "sent"), (1, 2, "sent"), (5, 2, "unconfirmed")])
    def test_killed_between_send_and_commit(self, world, submitted, run, later, mailbox, deaths, times, mails, state):
        deaths["count"] = times
        for _ in range(8):
            try:
                run()
            except Killed:
                model.Session.rollback()
                model.Session.remove()
            later(1)
        assert len(mailbox.read()) == mails
        assert len({one["Message-ID"] for one in mailbox.read()}) == 1
        assert notices(moment="application.submitted")[0].state == state

    def test_a_digest_that_is_repeated_holds_the_same(self, world, act, run, later, mailbox, deaths):
        for text in ("一", "二"):
            submit(world, act, text)
        run()
        deaths["count"] = 1
        later(24)
        with pytest.raises(Killed):
            run()
        model.Session.rollback()
        submit(world, act, "三")
        later(24)
        run()
        digests = [one for one in mailbox.read() if one["To"].startswith("intake")]
        assert [one.get_content().count("/desk/applications/") for one in digests] == [2, 2, 1]
        assert digests[0]["Message-ID"] == digests[1]["Message-ID"] != digests[2]["Message-ID"]

    def test_the_same_moment_is_told_once(self, world, submitted, act, app):
        with app.flask_app.test_request_context(), clock.at(clock.now() + dt.timedelta(days=20)):
            remind()
            remind()
        assert len(notices(moment="intake.over")) == 1


class TestReminders:
    def test_near_then_over_then_whoever_oversees(self, world, submitted, act, app, mailbox, run):
        due = dt.date.fromisoformat(submitted["deadline"]["due"])
        with app.flask_app.test_request_context():
            for day, moments in (
                (-5, set()), (0, {"intake.near"}), (1, {"intake.near", "intake.over", "intake.overseen"}),
            ):  # fmt: skip
                with clock.at(dt.datetime.combine(due, dt.time(12), clock.ZONE) + dt.timedelta(days=day)):
                    remind()
                told = {(one.moment, model.User.get(one.recipient_id).name) for one in notices()}
                assert {moment for moment, _ in told if moment.startswith("intake.")} == moments
        assert ("intake.over", "intake") in told
        assert ("intake.overseen", "checker") in told
        assert ("intake.overseen", "intake") not in told

    def test_a_decision_that_is_late_reaches_the_agencys_signer(self, world, accepted, app):
        with app.flask_app.test_request_context(), clock.at(clock.now() + dt.timedelta(days=25)):
            remind()
        told = {(one.moment, model.User.get(one.recipient_id).name) for one in notices()}
        assert ("case.over", "traffic-reviewer") in told
        assert ("case.overseen", "traffic-signer") in told
        assert not [name for _, name in told if name.startswith("market")]

    def test_a_reminder_of_what_is_done_is_not_sent(self, world, accepted, act, app, mailbox, run):
        with app.flask_app.test_request_context(), clock.at(clock.now() + dt.timedelta(days=25)):
            remind()
        act("case_decide", "traffic-reviewer", id=accepted["id"], verb="refuse", reason="not_held", opinion="无")
        run()
        assert {one.state for one in notices(moment="case.over")} == {"dropped"}
        assert not [name for name, _ in mailbox.told() if name.startswith("traffic")]

    def test_a_key_about_to_expire(self, world, app, act):
        with app.flask_app.test_request_context():
            grant = granted("citizen", "intake", world.agency, world.conditional[1])
            call("key_create", "citizen", grant=grant["id"])
            remind()
            assert not notices(moment="key.expiring")
            with clock.at(dt.datetime.fromisoformat(grant["valid_until"]) - dt.timedelta(days=10)):
                remind()
        (told,) = notices(moment="key.expiring")
        key = model.Session.query(AccessKey).one()
        assert told.data["hint"] == key.hint
        assert key.kid not in str(told.data)

    def test_where_the_calendar_is_missing_nobody_is_reminded_and_the_day_is_found_later(
        self, world, submitted, app, monkeypatch
    ):
        from ckanext.shopendata.policy import workdays

        with monkeypatch.context() as without, app.flask_app.test_request_context():
            without.setattr(workdays, "covered", lambda: (dt.date(2020, 1, 1), clock.today()))
            remind()
            assert model.Session.get(Application, submitted["id"]).due_on is None
            shown = call("application_show", "citizen", id=submitted["id"])["deadline"]
            assert (shown["mark"], shown["due"], shown["days"]) == ("unknown", None, None)
        with app.flask_app.test_request_context():
            remind()
        model.Session.rollback()
        due = model.Session.get(Application, submitted["id"]).due_on
        assert due.isoformat() == submitted["deadline"]["due"]

    def test_access_that_is_suspended_resumed_and_revoked(self, world, app, mailbox, run):
        with app.flask_app.test_request_context():
            grant = granted("citizen", "intake", world.agency, world.conditional[1])["id"]
            for verb in ("suspend", "resume", "revoke"):
                call(f"grant_{verb}", "traffic-reviewer", id=grant, note="核查")
        run()
        told = sorted((one.moment, one.state) for one in notices() if one.moment != "grant.active")
        assert [one for one in told if one[0].startswith("grant.")] == [
            ("grant.resumed", "dropped"), ("grant.revoked", "sent"), ("grant.suspended", "dropped"),
        ]  # fmt: skip
        assert any("已撤销" in said for who, said in mailbox.told() if who == "citizen")

    def test_roles_given_ending_lent_and_ended(self, world, app, mailbox, run):
        with app.flask_app.test_request_context():
            person("ana", "security_administrator")
            person("ben", "security_administrator")
            key = call("role_request", "ana", user="citizen", role="expert", number=number("citizen"))["id"]
            held = call("role_confirm", "ben", id=key, number=number("citizen"))
            mine = next(one for one in call("role_list", "traffic-reviewer", user="traffic-reviewer"))
            until = (clock.today() + dt.timedelta(days=5)).isoformat()
            lent = {"holding": mine["id"], "substitute": "traffic-signer", "reason": "休假", "until": until}
            call("delegation_create", "traffic-reviewer", **lent)
            ends = dt.datetime.fromisoformat(held["until"])
            for days in (31, 29, 28):
                with clock.at(ends - dt.timedelta(days=days)):
                    remind()
            call("role_revoke", "ana", id=held["id"], reason="调岗")
        run()
        told = {(one.moment, model.User.get(one.recipient_id).name) for one in notices() if one.state == "sent"}
        assert {("role.given", "citizen"), ("role.ending", "citizen"), ("role.ended", "citizen")} <= told
        assert ("role.stands_in", "traffic-signer") in told
        assert (
            len([one for one in notices(moment="role.ending") if one.recipient_id == model.User.get("citizen").id]) == 1
        )

    def test_what_one_gives_up_oneself_is_not_told(self, world, app):
        with app.flask_app.test_request_context():
            mine = next(one for one in call("role_list", "traffic-signer", user="traffic-signer"))
            call("role_revoke", "traffic-signer", id=mine["id"])
        assert not notices(moment="role.ended")


def test_old_notices_are_forgotten_once_they_are_over(world, submitted, app, run):
    run()
    waits = notices(moment="application.to_take_in")
    with app.flask_app.test_request_context():
        forget()
        assert len(notices()) > len(waits)
        # The stack's clock may be weeks ahead of the tests'.
        with clock.at(clock.now() + dt.timedelta(days=NOTICE_DAYS + 60)):
            forget()
    assert {one.state for one in notices()} <= {"waiting"}


class TestPreferences:
    def test_new_work_comes_once_a_day_at_eight(self, world, submitted, run, mailbox, later):
        task = model.Session.query(Task).filter_by(kind="digest").one()
        local = task.due_at.astimezone(clock.ZONE)
        assert (local.hour, local.minute) == (8, 0)
        run()
        assert [name for name, _ in mailbox.told()] == ["citizen"]
        later(24)
        run()
        assert [name for name, _ in mailbox.told()] == ["citizen", "intake"]

    def test_off_means_off(self, world, act, at_once):
        at_once("intake", work="off")
        submit(world, act, "一")
        assert not notices(moment="application.to_take_in")

    def test_what_starts_a_time_limit_cannot_be_switched_off(self, world, act):
        for group in ("own", "due"):
            with pytest.raises(tk.ValidationError) as refused:
                act("preference_save", "citizen", modes={group: "off"})
            assert refused.value.error_dict["code"] == ["mode_not_allowed"]
        with pytest.raises(tk.ValidationError):
            act("preference_save", "citizen", modes={"everything": "off"})

    def test_the_recipients_language(self, world, act, run, mailbox):
        act("preference_save", "citizen", language="en")
        application = submit(world, act, "一")
        run()
        (one,) = mailbox.read()
        assert one["Subject"] == f"Your application {application['number']} has been submitted."
        assert "Hello," in one.get_content()
        assert not re.search("[\u4e00-\u9fff]", one.get_content().rpartition("-- ")[0])

    def test_a_choice_is_ones_own_and_an_event(self, world, act, browse):
        page = browse("citizen").get("/work/notices")
        assert page.status_code == 200
        assert "citizen@example.org" in page.text
        answered = browse("citizen").post("/work/notices", own="digest", due="now", work="off", language="en")
        assert answered.status_code == 302
        assert act("preference_show", "citizen")["modes"] == {"own": "digest", "due": "now", "work": "off"}
        assert act("preference_show", "neighbour")["modes"]["own"] == "now"
        assert browse("citizen").post("/work/notices", own="off").status_code == 409
        assert browse().get("/work/notices").status_code == 302


class Texts(p.SingletonPlugin):
    p.implements(IMessenger)
    sent: ClassVar = []
    broken = False

    def send(self, user_id, key, subject, text, link):
        if Texts.broken:
            raise OSError("the provider is down")
        Texts.sent.append((model.User.get(user_id).name, key, text))


@pytest.mark.usefixtures("with_plugins")
@pytest.mark.with_plugins("texts")
@pytest.mark.provide_plugin("texts", Texts)
class TestMessengers:
    def test_they_get_each_single_notice_and_are_asked_again(self, world, act, mailbox, run, later):
        Texts.sent.clear()
        Texts.broken = True
        submit(world, act, "一")
        run()
        assert len(mailbox.read()) == 1, "mail does not wait for them"
        Texts.broken = False
        later(1)
        run()
        (told,) = notices(moment="application.submitted")
        assert [(name, key) for name, key, _ in Texts.sent] == [("citizen", told.id)]


def first(mailbox, name):
    return next(text for to, text in mailbox.told() if to == name)


def submit(world, act, text):
    application = act("application_save", world.citizen, datasets=[world.name], form=FORM | {"scenario": text})
    return act("application_submit", world.citizen, id=application["id"])


def force(notice):
    """Sends a notice of a digest now."""
    outbox.put("digest", notice.recipient_id)
    model.Session.query(Task).filter_by(kind="digest").update({"due_at": outbox.now()})
    model.Session.commit()
