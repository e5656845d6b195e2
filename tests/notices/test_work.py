"""待办: one list a person, by deadline, with what is over seen by those who oversee it."""

import datetime as dt

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.logic import work
from ckanext.shopendata.logic.command import actor_of
from ckanext.shopendata.model import Application, Case

from tests import factories
from tests.factories import FORM

CAST = (
    "citizen", "neighbour", "intake", "checker", "root", "traffic-administrator", "traffic-reviewer", "traffic-signer",
    "market-administrator", "market-reviewer", "market-signer",
)  # fmt: skip


@pytest.fixture
def lists(act, app):
    """Everybody's list as (kind, number of things, overseen); people without any are left out."""

    def read():
        found = {name: act("desk_show", name)["work"] for name in CAST}
        with app.flask_app.test_request_context():
            for name, lines in found.items():
                assert work.count(actor_of({"user": name})) == len(lines), "the header says what the list has"
        return {
            name: [(one["kind"], one["count"], one["overseen"]) for one in lines]
            for name, lines in found.items()
            if lines
        }

    return read


def over(row):
    """Lets the last day of a row be long past."""
    row.clock = row.clock | {"started": "2026-06-01"}
    row.due_on = dt.date(2026, 6, 15)
    model.Session.commit()


BEGIN = {"traffic-reviewer": [("decide_datasets", 1, False)], "traffic-administrator": [("confirm_entries", 1, False)]}


def test_each_step_waits_for_whoever_has_to_do_it_and_for_nobody_else(world, act, lists):
    assert lists() == BEGIN
    application = act("application_save", world.citizen, datasets=[world.name], form=FORM)
    act("application_submit", world.citizen, id=application["id"])
    assert lists() == BEGIN | {"intake": [("take_in", 1, False)]}
    act("application_correct", world.intake, id=application["id"], points=[{"field": "scenario", "text": "写明"}])
    assert lists() == BEGIN | {"citizen": [("correct", 1, False)]}
    act("application_submit", world.citizen, id=application["id"])
    case = act("application_accept", world.intake, id=application["id"])["cases"][0]
    waiting = {"traffic-reviewer": [("decide_case", 1, False), *BEGIN["traffic-reviewer"]]}
    assert lists() == BEGIN | waiting
    act("case_decide", "traffic-reviewer", id=case["id"], verb="grant", opinion="同意")
    agreement = {"citizen": [("agree", 1, False)], "traffic-signer": [("confirm_agreement", 1, False)]}
    assert lists() == BEGIN | agreement
    act("agreement_confirm", world.citizen, id=case["id"])
    assert lists() == BEGIN | {"traffic-signer": agreement["traffic-signer"]}
    act("agreement_confirm", "traffic-signer", id=case["id"])
    assert lists() == BEGIN


def test_lists_wait_for_those_who_may_still_sign_and_publish(world, act, lists):
    version = act("openlist_compile", "traffic-administrator", agency="traffic")
    found = lists()
    assert ("sign_list", 1, False) in found["traffic-signer"]
    assert ("sign_list", 1, False) in found["traffic-administrator"]
    act("openlist_sign", "traffic-signer", id=version["id"])
    found = lists()
    assert "traffic-signer" not in found, "who signed does not publish"
    assert ("publish_list", 1, False) in found["traffic-reviewer"]


def test_nobody_is_asked_to_decide_on_what_they_proposed_or_applied_for(world, act, lists, app):
    with app.flask_app.test_request_context():
        factories.person("both", ("data_administrator", "traffic"), ("reviewer", "traffic"), "intake_officer")
    act("dataset_propose", "both", ids=[world.waiting[1]], tier="closed", reasons=["personal_privacy"],
        bases=factories.BASES)  # fmt: skip
    application = act("application_save", "both", datasets=[world.name], form=FORM)
    act("application_submit", "both", id=application["id"])
    assert [one["kind"] for one in act("desk_show", "both")["work"]] == ["confirm_entries"]
    act("application_accept", world.intake, id=application["id"])
    assert [one["kind"] for one in act("desk_show", "both")["work"]] == ["confirm_entries"]
    assert ("decide_datasets", 1, False) in lists()["traffic-reviewer"]


def test_what_is_over_is_seen_by_those_who_oversee_it(world, submitted, act, lists, browse):
    over(model.Session.get(Application, submitted["id"]))
    assert lists() == BEGIN | {"intake": [("take_in", 1, False)], "checker": [("take_in", 1, True)]}
    page = browse("checker").get("/work").text
    assert submitted["number"] in page
    assert f"/desk/applications/{submitted['id']}" not in page, "overseeing is not reading"
    assert browse("checker").get(f"/desk/applications/{submitted['id']}").status_code == 404

    case = act("application_accept", world.intake, id=submitted["id"])["cases"][0]
    assert "traffic-signer" not in lists()
    over(model.Session.get(Case, case["id"]))
    found = lists()
    assert found["traffic-signer"] == [("decide_case", 1, True)]
    assert found["traffic-reviewer"][0] == ("decide_case", 1, False)
    assert not [name for name in found if name.startswith("market") or name == "checker"]
    page = browse("traffic-signer").get("/work").text
    assert "已超期" in page
    assert browse("traffic-signer").get(f"/desk/cases/{case['id']}").status_code == 200


def test_the_most_urgent_comes_first_and_what_has_no_limit_last(world, act):
    numbers = {}
    for name in ("a", "b", "c"):
        application = act("application_save", world.citizen, datasets=[world.name], form=FORM)
        numbers[name] = act("application_submit", world.citizen, id=application["id"])["number"]
        over(model.Session.get(Application, application["id"]))
    for name, due in (("a", None), ("b", dt.date(2026, 6, 20)), ("c", dt.date(2026, 6, 10))):
        row = model.Session.query(Application).filter_by(sequence=int(numbers[name][-6:])).one()
        started = "2036-01-01" if due is None else (due - dt.timedelta(days=7)).isoformat()
        row.clock, row.due_on = row.clock | {"started": started}, due
    model.Session.commit()
    shown = act("desk_show", "intake")["work"]
    assert [one["number"] for one in shown] == [numbers["c"], numbers["b"], numbers["a"]]
    assert shown[-1]["deadline"]["mark"] == "unknown"


def test_the_header_counts_and_strangers_get_nothing(world, submitted, browse):
    assert '<span class="waiting">1</span>' in browse("intake").get("/about").text
    assert 'class="waiting"' not in browse("neighbour").get("/about").text
    assert 'class="waiting"' not in browse().get("/about").text
    assert browse().get("/work").status_code == 302


class TestTimeLimits:
    def test_the_pages_show_the_last_day(self, world, submitted, act, browse):
        due = submitted["deadline"]["due"]
        for name, path in (("citizen", f"/applications/{submitted['id']}"), ("citizen", "/applications"),
                           ("intake", f"/desk/applications/{submitted['id']}"), ("intake", "/desk")):  # fmt: skip
            assert f"{due} 截止" in browse(name).get(path).text, path
        case = act("application_accept", world.intake, id=submitted["id"])["cases"][0]
        for name, path in (
            ("citizen", f"/applications/{submitted['id']}"), ("traffic-reviewer", f"/desk/cases/{case['id']}"),
            ("traffic-reviewer", "/desk"),
        ):  # fmt: skip
            assert f"{case['deadline']['due']} 截止" in browse(name).get(path).text, path

    def test_the_centres_clock_stands_still_while_the_applicant_mends(self, world, act, app):
        noon = dt.datetime(2026, 10, 12, 4, tzinfo=dt.timezone.utc)  # a Monday after the holidays

        def at(days, action, user, **data):
            with app.flask_app.test_request_context(), clock.at(noon + dt.timedelta(days=days)):
                return factories.call(action, user, **data)

        application = at(0, "application_save", "citizen", datasets=[world.name], form=FORM)
        key = application["id"]
        assert at(0, "application_submit", "citizen", id=key)["deadline"]["due"] == "2026-10-19"
        points = [{"field": "scenario", "text": "写明"}]
        told = at(2, "application_correct", "intake", id=key, points=points)["deadline"]
        assert told["due"] == "2026-11-04", "fifteen working days for the applicant"
        at(3, "application_save", "citizen", id=key, form={"scenario": "更明确"})
        assert at(3, "application_show", "citizen", id=key)["deadline"]["due"] == told["due"], "saving wins no time"
        with pytest.raises(tk.ValidationError, match="correction_period_runs"):
            at(23, "application_lapse", "intake", id=key)
        assert at(9, "application_submit", "citizen", id=key)["deadline"]["due"] == "2026-10-26"

    def test_the_head_extends_once_in_time_and_the_applicant_reads_why(self, world, accepted, act, browse):
        key, before = accepted["id"], accepted["deadline"]["due"]
        assert "延长审核期限" not in browse("traffic-reviewer").get(f"/desk/cases/{key}").text
        with pytest.raises(tk.NotAuthorized):
            act("case_extend", "traffic-reviewer", id=key, days=5, reason="须征求意见")
        with pytest.raises(tk.ObjectNotFound):
            act("case_extend", "market-signer", id=key, days=5, reason="须征求意见")
        signer = browse("traffic-signer")
        assert "延长审核期限" in signer.get(f"/desk/cases/{key}").text
        assert signer.post(f"/desk/cases/{key}/extend", days="5").status_code == 409
        asked = signer.post(f"/desk/cases/{key}/extend", days="5", extension_reason="须征求意见")
        assert "须征求意见" in asked.text
        sent = {"days": "5", "extension_reason": "须征求意见", "confirmed": "yes"}
        assert signer.post(f"/desk/cases/{key}/extend", **sent).status_code == 302
        assert signer.post(f"/desk/cases/{key}/extend", **sent).status_code == 409
        shown = act("case_show", "traffic-reviewer", id=key)
        assert shown["deadline"]["due"] > before
        assert "须征求意见" in browse("citizen").get(f"/applications/{shown['application']['id']}").text
