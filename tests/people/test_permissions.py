"""Every cell of the table of roles and verbs, by HTTP through the action API (docs/permissions.md)."""

import datetime as dt

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import helpers
from ckanext.shopendata import clock
from ckanext.shopendata.model import Dataset, Division
from ckanext.shopendata.policy.people import DECISIONS, PERMISSIONS, Role

from tests import factories
from tests.factories import call, hold, person
from tests.people.conftest import drain, make_world, refusal

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def calls(clean_db, clean_index, app, loader_environment):
    """In a context of its own: calls by HTTP must not find its user."""
    with app.flask_app.test_request_context():
        return make_calls(make_world())


def make_calls(world):
    """Verb -> an action that asks for it, about something of the agency that the action's own rules then refuse."""
    entry, dataset = world.agency.entry("公交车辆实时到站信息", "conditional", (("a", "甲", "text", "none"),), [["1"]])
    world.agency.open(world.centre, (entry, dataset))
    drain()
    dataset = model.Session.get(Dataset, dataset)
    made = call("application_save", "citizen", datasets=[dataset.id], form=factories.FORM)
    call("application_submit", "citizen", id=made["id"])
    case = call("application_accept", world.intake, id=made["id"])["cases"][0]["id"]
    call("case_decide", world.agency.reviewer, id=case, verb="grant", opinion="同意")
    call("agreement_confirm", "citizen", id=case)
    call("agreement_confirm", world.agency.signer, id=case)
    grant = call("grant_list", "citizen")[0]["id"]
    call("grant_revoke", world.agency.reviewer, id=grant, note="x")
    version = call("openlist_show", "", agency="traffic")["id"]
    organisation = factories.organisation("citizen")
    call("organisation_submit", "citizen", id=organisation)
    entries = {"ids": [entry]}
    # What is done to nothing, or to what is not in the state for it.
    return {
        "agency.create": ("agency_create", {"title": "上海市交通委员会", "kind": "administrative", "level": "city"}),
        "agency.change": ("agency_change", {"id": UNKNOWN}),
        "agency.rename": ("agency_rename", {"id": UNKNOWN, "title": "x", "reason": "x"}),
        "agency.merge": ("agency_merge", {"id": "traffic", "into": "traffic", "reason": "x"}),
        "agency.dissolve": ("agency_dissolve", {"id": "traffic", "reason": "x"}),
        "division.change": ("division_save", {"agency": "traffic", "title": "科技处"}),
        "division.read": ("division_list", {"agency": "traffic"}),
        "account.verify": ("account_verify", {"user": "citizen", "number": "TESTCITIZEN"}),
        "role.request": ("role_request", {"user": "citizen", "role": "reviewer", "number": "TESTCITIZEN"}),
        "role.confirm": ("role_confirm", {"id": UNKNOWN, "number": "TESTCITIZEN"}),
        "role.decline": ("role_decline", {"id": UNKNOWN}),
        "role.revoke": ("role_revoke", {"id": UNKNOWN}),
        "role.list": ("role_list", {}),
        "credential.ask": ("credential_ask", {"user": UNKNOWN, "reason": "x"}),
        "credential.confirm": ("credential_confirm", {"id": UNKNOWN}),
        "credential.decline": ("credential_decline", {"id": UNKNOWN}),
        "credential.read": ("credential_list", {}),
        "entry.read": ("entry_show", {"id": entry}),
        "entry.confirm": ("entry_confirm", entries),
        "entry.complete": ("entry_complete", entries | {"acquisition_method": "direct", "reason": "x"}),
        "entry.reject": ("entry_reject", entries | {"reason": "duplicate"}),
        "entry.check": ("entry_check", entries),
        "entry.return": ("entry_return", entries | {"note": "x"}),
        "dataset.propose": ("dataset_propose", {"ids": [dataset.id], "tier": "closed"}),
        "dataset.decide": ("dataset_decide", {"ids": [dataset.id], "tier": "closed"}),
        "dataset.suspend": ("dataset_suspend", {"id": dataset.id, "reason": "other", "note": "x"}),
        "dataset.resume": ("dataset_resume", {"id": dataset.id, "note": "x"}),
        "openlist.compile": ("openlist_compile", {"agency": "traffic"}),
        "openlist.sign": ("openlist_sign", {"id": version, "document": {}}),
        "openlist.publish": ("openlist_publish", {"id": version}),
        "openlist.discard": ("openlist_discard", {"id": version}),
        "application.intake": ("application_accept", {"id": made["id"]}),
        "application.read": ("application_list", {"mine": "false"}),
        "case.read": ("case_show", {"id": case}),
        "case.decide": ("case_decide", {"id": case, "verb": "grant", "opinion": "x"}),
        "agreement.confirm": ("agreement_confirm", {"id": case}),
        "grant.read": ("grant_show", {"id": grant}),
        "grant.suspend": ("grant_suspend", {"id": grant, "note": "x"}),
        "grant.resume": ("grant_resume", {"id": grant, "note": "x"}),
        "grant.revoke": ("grant_revoke", {"id": grant, "note": "x"}),
        "case.extend": ("case_extend", {"id": case, "days": 5, "reason": "x"}),
        "erasure.decide": ("erasure_refuse", {"id": UNKNOWN, "reason": "x"}),
        "event.read": ("event_list", {}),
        "event.export": ("event_export", {}),
        "organisation.verify": ("organisation_verify", {"id": organisation, "version": 9}),
        "organisation.read": ("organisation_show", {"id": organisation}),
        "redaction.ask": ("redaction_ask", {"event": UNKNOWN, "reason": "x"}),
        "redaction.confirm": ("redaction_confirm", {"id": UNKNOWN}),
        "redaction.read": ("redaction_list", {}),
    }  # fmt: skip


#: Actions that look for the object before they ask who may: told apart from 404 by asking about something that is not.
NOTHING = {
    "agency.change",
    "agency.rename",
    "role.confirm",
    "role.decline",
    "role.revoke",
    "redaction.ask",
    "redaction.confirm",
    "erasure.decide",
    "credential.ask",
    "credential.confirm",
    "credential.decline",
}
#: Verbs that no action asks for: they add what is over its time to somebody's list (tests/notices, tests/views).
SHOWN = {"intake.oversee", "case.oversee"}


def tokens_of(app, people):
    """Who -> a token of theirs."""
    with app.flask_app.test_request_context():
        return {
            key: helpers.call_action("api_token_create", {"user": name}, user=name, name="cells")["token"]
            for key, name in people().items()
        }


def holders():
    """A person of each role in the agency, and nobody in particular."""
    people = {role: person(f"cell-{role.value.replace('_', '-')}") for role in Role}
    for role, name in people.items():
        hold(name, role.value, "traffic" if role.of_agency else None)
    model.Session.commit()
    return people | {None: person("cell-nobody")}


def ask(app, token, call):
    """The answer to a call of an action."""
    action, data = call
    return app.post(f"/en/api/3/action/shopendata_{action}", json=data, headers={"Authorization": token}, status=None)


def test_every_cell(calls, app):
    assert set(calls) == set(PERMISSIONS) - SHOWN, "a verb without a way to try it"
    wrong, tokens = [], tokens_of(app, holders)
    for verb, asked in calls.items():
        for role, token in tokens.items():
            answer = ask(app, token, asked)
            allowed = role in PERMISSIONS[verb]
            expected = {200, 409} | ({404} if verb in NOTHING else set()) if allowed else {403, 404}
            if verb in DECISIONS:
                # A token carries no decision, whoever's it is; who may is told what is missing, and nobody else.
                expected = {403} if allowed else {403, 404}
                told = "in person" in answer.json["error"]["message"]
                if told != allowed:
                    wrong.append((verb, role.value if role else None, "told" if told else "not told"))
            if answer.status_code not in expected:
                wrong.append((verb, role.value if role else None, answer.status_code, answer.json["error"]))
    assert not wrong


def test_every_decision_in_person(calls, app):
    """The cells that no token reaches, for people who have just typed a code."""
    with app.flask_app.test_request_context():
        people, wrong = holders(), []
        for verb in sorted(DECISIONS):
            action, data = calls[verb]
            for role, name in people.items():
                try:
                    call(action, name, **data)
                    done = True
                except tk.NotAuthorized:
                    done = False
                except tk.ObjectNotFound:
                    done = verb in NOTHING and role in PERMISSIONS[verb]
                except tk.ValidationError:
                    done = True
                if done != (role in PERMISSIONS[verb]):
                    wrong.append((verb, role, done))
        assert not wrong


def test_roles_of_one_agency_do_not_reach_another(calls, app):
    here = {"entry.read", "division.read", "division.change", "dataset.decide", "dataset.propose", "case.read",
            "case.decide", "grant.read", "grant.revoke", "openlist.compile", "openlist.publish"}  # fmt: skip

    def people():
        other = factories.Agency("operator", "other", "其他单位")
        return {name: name for name in (other.administrator, other.reviewer, other.signer)}

    for name, token in tokens_of(app, people).items():
        for verb in here:
            assert ask(app, token, calls[verb]).status_code in {403, 404}, (name, verb)


def test_a_district_authority_sees_the_bodies_below(world):
    call("agency_create", "operator", title="示例区", name="district", kind="district", level="district")
    call(
        "agency_create", "operator", title="示例区交通局", name="below", kind="administrative", level="district",
        parent="district",
    )  # fmt: skip
    person("district", ("district_authority", "district"))
    below = call("agency_show", "", id="below")["id"]
    model.Session.add(Division(agency_id=below, title="科", changed_by="x", changed_at=clock.now()))
    model.Session.commit()
    assert [one["title"] for one in call("division_list", "district", agency="below")] == ["科"]
    assert call("entry_list", "district", agency="traffic")["count"] == 0
    with clock.at(clock.now() + dt.timedelta(days=400)):
        assert refusal("division_list", "district", agency="below") == "NotFound"
