"""Members: invited by mail, nothing without a function, and nothing without hands when they go."""

import datetime as dt

import pytest
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.logic.link import secret
from ckanext.shopendata.model import AccessKey, Application, Grant, Link, Member
from ckanext.shopendata.notices import deliver

from tests import factories
from tests.factories import call, hold, join, organisation, person
from tests.organisations.conftest import NOBODY, at_once, refusal, token

DECIDE = {"verb": "grant", "opinion": "同意"}


def rows(kind, **which):
    model.Session.rollback()
    return model.Session.query(kind).filter_by(**which).all()


def user(name):
    return model.User.get(name).id


def member(key, name):
    return rows(Member, organisation_id=key, user_id=user(name), ended_at=None)[0].id


def applied(people, agent, key):
    form = factories.FORM | {"applicant_name": "骗子公司", "credit_code": "91350100M000100Y43"}
    made = call("application_save", agent, organisation=key, datasets=[people.name], form=form)
    return call("application_submit", agent, id=made["id"])


def decided(people, agent, key):
    """An application of the organisation whose agreement waits. Returns application and case."""
    made = applied(people, agent, key)
    case = call("application_accept", "intake", id=made["id"])["cases"][0]["id"]
    call("case_decide", people.agency.reviewer, id=case, **DECIDE)
    return made["id"], case


def granted(people, agent, key):
    """An application of the organisation through to an active grant, with a key. Returns application, grant, key."""
    paper, case = decided(people, agent, key)
    call("agreement_confirm", agent, id=case)
    call("agreement_confirm", people.agency.signer, id=case)
    grant = call("grant_list", agent)[0]["id"]
    return paper, grant, call("key_create", agent, grant=grant)["kid"]


class TestInvitations:
    def test_from_letter_to_member(self, people, browse, mailbox, act):
        key = act_made(act)
        ada, ben = browse("ada"), browse("ben")
        empty = ada.post(f"/organisations/{key}/members")
        assert (empty.status_code, rows(Link)) == (409, [])
        sent = ada.post(f"/organisations/{key}/members", mail="Ben@Example.org", functions=["technical"], language="en")
        assert sent.status_code == 302
        assert "ben@example.org" in ada.get(f"/organisations/{key}").text
        letter = mailbox("ben@example.org")[0].get_content()
        assert "示例出行" not in letter, "an organisation that nobody has verified could be called anything"
        opened = token(mailbox("ben@example.org")[0])
        stranger = browse().get(f"/invitation?token={opened}")
        assert (stranger.status_code, "示例出行" in stranger.text) == (200, False)
        page = ben.get(f"/invitation?token={opened}")
        assert (page.status_code, "示例出行" in page.text, member_of(key, "ben")) == (200, True, [])
        assert browse("eve").get(f"/invitation?token={opened}").status_code == 403
        assert browse("eve").post("/invitation", token=opened).status_code == 403
        assert "/user/login" in browse().client.post("/invitation", data={"token": opened}, follow_redirects=False).text
        assert member_of(key, "ben") == []
        assert ben.post("/invitation", token=opened).status_code == 302
        assert [one.functions for one in member_of(key, "ben")] == [["technical"]]
        assert ben.get(f"/organisations/{key}").status_code == 200
        assert ben.post("/invitation", token=opened).status_code == 409
        assert mailbox("ada@example.org")[-1].get_content().count(f"/organisations/{key}") == 1

    def test_a_verified_organisation_is_named(self, people, mailbox):
        key = organisation("ada", intake="intake", name="示例 & <b>公司")
        call(
            "member_invite", "ada", organisation=key, mail="ben@example.org", functions=["agent"], language="zh_Hans_CN"
        )
        assert "示例 & <b>公司" in mailbox("ben@example.org")[-1].get_content()

    def test_who_has_no_account_makes_one_with_the_letter(self, people, browse, mailbox, act):
        key = act_made(act)
        act("member_invite", "ada", organisation=key, mail="new@example.org", functions=["agent"])
        opened = token(mailbox("new@example.org")[0])
        assert opened in browse().get(f"/invitation?token={opened}").text
        done = browse().post("/register/begin", token=opened, name="新人", password="correct-horse-9",
                             repeated="correct-horse-9")  # fmt: skip
        assert done.status_code == 302
        name = model.Session.query(model.User).filter_by(email="new@example.org").one().name
        assert member_of(key, name) == []
        act("invitation_accept", name, token=opened)
        assert len(member_of(key, name)) == 1

    def test_dead_invitations(self, people):
        key = organisation("ada")
        shown = call("member_invite", "ada", organisation=key, mail="ben@example.org", functions=["agent"])
        link = shown["invitations"][0]["id"]
        with clock.at(clock.now() + dt.timedelta(days=8)):
            assert refusal("invitation_accept", "ben", token=secret(link)) == "link_dead"
        for who, word in (("eve", "NotFound"), ("ben", "NotFound"), ("intake", "NotFound")):
            assert refusal("invitation_withdraw", who, id=link) == word
        call("invitation_withdraw", "ada", id=link)
        assert refusal("invitation_accept", "ben", token=secret(link)) == "link_dead"
        assert refusal("invitation_withdraw", "ada", id=link) == "link_dead"
        for wrong in ("x", secret(NOBODY)):
            assert refusal("invitation_accept", "ben", token=wrong) == "link_dead"

    def test_invitations_of_who_has_left_are_worth_nothing(self, people):
        key = organisation("ada")
        join(key, "ben", "agent", by="ada")
        shown = call("member_invite", "ben", organisation=key, mail="eve@example.org", functions=["agent"])
        link = shown["invitations"][0]["id"]
        call("member_end", "ada", id=member(key, "ben"))
        assert refusal("invitation_accept", "eve", token=secret(link)) == "link_dead"

    def test_two_invitations_accepted_at_once(self, people, app):
        key = organisation("ada")
        for functions in (["technical"], ["security"]):
            call("member_invite", "ada", organisation=key, mail="ben@example.org", functions=functions)
        links = [secret(one.id) for one in rows(Link)]
        works = [lambda one=one: call("invitation_accept", "ben", token=one) for one in (*links, links[0])]
        results = at_once(app, *works)
        assert sum(isinstance(one, dict) for one in results) == 2, results
        assert [one.functions for one in member_of(key, "ben")] == [["technical", "security"]]

    def test_who_may_invite(self, people):
        key = organisation("ada")
        join(key, "ben", "technical", "security", by="ada")
        given = {"organisation": key, "mail": "eve@example.org", "functions": ["agent"]}
        assert refusal("member_invite", "ben", **given) == "not_an_agent"
        for who in ("eve", "intake", people.root):
            assert refusal("member_invite", who, **given) == "NotFound"
        assert refusal("member_invite", "ada", **given | {"functions": ["boss"]}) == "function_unknown"
        assert refusal("member_invite", "ada", **given | {"mail": "x"}) == "mail_malformed"
        for number in range(19):
            call("member_invite", "ada", **given | {"mail": f"a{number}@example.org"})
        assert refusal("member_invite", "ada", **given) == "too_many"


def member_of(key, name):
    return rows(Member, organisation_id=key, user_id=user(name), ended_at=None)


def act_made(act):
    return act("organisation_create", "ada", kind="enterprise", name="示例出行科技（上海）有限公司")["id"]


class TestApplying:
    def test_an_unverified_organisation_drafts_and_does_not_submit(self, people, browse, act):
        key = act_made(act)
        form = {"intent": "submit", "datasets": people.name, "organisation": key, **factories.FORM}
        answer = browse("ada").post("/applications/new", token="6f1c3a2e-0000-4000-8000-000000000001", **form)
        assert answer.status_code == 409
        assert f'href="/organisations/{key}"' in answer.text
        assert 'id="error-organisation"' in answer.text
        (draft,) = rows(Application)
        assert (draft.state, draft.organisation_id) == ("draft", key)
        assert f"/organisations/{key}" in browse("ada").get(f"/applications/{draft.id}").text

    def test_name_and_code_are_those_that_were_verified(self, people):
        key = organisation("ada", intake="intake")
        made = applied(people, "ada", key)
        assert made["organisation"]["id"] == key
        assert (made["form"]["applicant_name"], made["form"]["credit_code"], made["form"]["applicant_kind"]) == (
            "示例出行科技（上海）有限公司", factories.credit_code(1), "legal_person",
        )  # fmt: skip

    def test_nobody_applies_for_a_company_as_a_person(self, people):
        form = factories.FORM | {"applicant_kind": "legal_person", "credit_code": factories.credit_code(1)}
        made = call("application_save", "eve", datasets=[people.name], form=form)
        assert refusal("application_submit", "eve", id=made["id"]) == "organisation_missing"

    def test_whose_an_application_is(self, people):
        """What strangers, other members and members by function may do, verb by verb."""
        key = organisation("ada", intake="intake")
        join(key, "ben", "security", by="ada")
        application, grant, kid = granted(people, "ada", key)
        for who in ("eve", people.other.reviewer, people.root):
            assert refusal("application_show", who, id=application) == "NotFound"
            assert refusal("grant_show", who, id=grant) in {"NotFound", "not_permitted"}
            assert refusal("key_create", who, grant=grant) == "NotFound"
            assert refusal("key_revoke", who, kid=kid) == "NotFound"
            assert refusal("application_save", who, organisation=key) == "NotFound"
            assert call("grant_list", who) == []
        able = set(call("application_show", "ben", id=application)["may"])
        assert able == {"organisation.read", "application.read", "grant.read", "key.revoke"}
        assert refusal("application_withdraw", "ben", id=application) == "NotFound"
        assert refusal("key_create", "ben", grant=grant) == "NotFound"
        assert refusal("application_save", "ben", organisation=key) == "NotFound"
        assert refusal("organisation_save", "ben", id=key, phone="1") == "not_an_agent"
        call("key_revoke", "ben", kid=kid)
        assert [one["id"] for one in call("grant_list", "ben")] == [grant]

    def test_a_submitted_application_stays_with_its_organisation(self, people):
        key = organisation("ada", intake="intake")
        made = applied(people, "ada", key)
        call("application_correct", "intake", id=made["id"], points=[{"field": "purpose", "text": "x"}])
        assert refusal("application_save", "ada", id=made["id"], organisation="") == "organisation_fixed"
        call("organisation_save", "ada", id=key, name="另一公司")
        assert refusal("application_submit", "ada", id=made["id"]) == "organisation_unverified"

    def test_an_organisation_that_changes_is_not_taken_in(self, people):
        key = organisation("ada", intake="intake")
        made = applied(people, "ada", key)
        call("organisation_save", "ada", id=key, code=factories.credit_code(8))
        assert refusal("application_accept", "intake", id=made["id"]) == "organisation_unverified"
        call("organisation_verify", "intake", id=key, version=call("organisation_submit", "ada", id=key)["version"])
        assert refusal("application_accept", "intake", id=made["id"]) == "organisation_changed"


class TestOneSide:
    """Nobody decides on an application of an organisation that they belong to, whenever they came or went."""

    @pytest.fixture
    def case(self, people):
        people.key = organisation("ada", intake="intake")
        people.application = applied(people, "ada", people.key)["id"]
        return call("application_accept", "intake", id=people.application)["cases"][0]["id"]

    def test_joining_while_the_case_runs(self, people, case):
        reviewer = people.agency.reviewer
        join(people.key, reviewer, "security", by="ada")
        assert refusal("case_decide", reviewer, id=case, **DECIDE) == "own_organisation"
        assert not [one for one in call("desk_show", reviewer)["work"] if one["kind"] == "decide_case"]
        call("member_end", reviewer, id=member(people.key, reviewer))
        assert refusal("case_decide", reviewer, id=case, **DECIDE) == "own_organisation", "leaving does not help"
        join(people.key, people.agency.signer, "security", by="ada")
        assert refusal("case_extend", people.agency.signer, id=case, days=5, reason="x") == "own_organisation"

    def test_the_same_code_by_another_way(self, people, case):
        """A second organisation with the code, and an agency whose code it is."""
        reviewer = people.agency.reviewer
        twin = organisation(reviewer, name="同一代码")
        assert refusal("case_decide", reviewer, id=case, **DECIDE) == "own_organisation"
        call("organisation_save", reviewer, id=twin, code=factories.credit_code(5))
        call("case_decide", reviewer, id=case, **DECIDE)

    def test_an_agency_with_the_organisations_code(self, people, case):
        call(
            "agency_rename",
            "operator",
            id="market",
            title="上海市市场监督管理局",
            code=factories.credit_code(1),
            reason="x",
        )
        hold(people.agency.reviewer, "data_administrator", "market")
        model.Session.commit()
        assert refusal("case_decide", people.agency.reviewer, id=case, **DECIDE) == "own_organisation"

    def test_changing_the_code_changes_no_side(self, people, case):
        join(people.key, people.agency.reviewer, "technical", by="ada")
        call("organisation_save", "ada", id=people.key, code=factories.credit_code(8))
        assert refusal("case_decide", people.agency.reviewer, id=case, **DECIDE) == "own_organisation"

    def test_who_has_decided_does_not_join_before_the_end(self, people, case):
        reviewer = people.agency.reviewer
        call("case_decide", reviewer, id=case, **DECIDE)
        call("member_invite", "ada", organisation=people.key, mail=f"{reviewer}@example.org", functions=["agent"])
        link = secret(rows(Link)[0].id)
        assert refusal("invitation_accept", reviewer, token=link) == "decided_here"
        call("application_withdraw", "ada", id=people.application)
        call("invitation_accept", reviewer, token=link)

    def test_confirming_for_both_sides(self, people, case):
        signer = people.agency.signer
        call("case_decide", people.agency.reviewer, id=case, **DECIDE)
        join(people.key, signer, "agent", by="ada")
        call("agreement_confirm", signer, id=case)
        assert refusal("agreement_confirm", signer, id=case) == "already_confirmed"
        mine = member(people.key, signer)
        call("member_change", "ada", id=mine, functions=["security"])
        assert refusal("agreement_confirm", signer, id=case) == "own_organisation"

    def test_an_official_suspends_no_grant_of_their_own_organisation(self, people, case):
        call("case_decide", people.agency.reviewer, id=case, **DECIDE)
        call("agreement_confirm", "ada", id=case)
        call("agreement_confirm", people.agency.signer, id=case)
        grant = call("grant_list", "ada")[0]["id"]
        join(people.key, people.agency.reviewer, "security", by="ada")
        assert refusal("grant_suspend", people.agency.reviewer, id=grant, note="x") == "own_organisation"


class TestLeaving:
    def test_the_last_agent_names_who_takes_over(self, people, browse, act):
        key = act_made(act)
        first = member(key, "ada")
        path = f"/organisations/{key}/members/{first}"
        asks = browse("ada").post(path, intent="end")
        assert (asks.status_code, len(member_of(key, "ada"))) == (200, 1)
        alone = browse("ada").post(path, intent="end", confirmed="yes")
        assert (alone.status_code, len(member_of(key, "ada"))) == (409, 1)
        assert 'href="#field-successor"' in alone.text
        invited = act("member_invite", "ada", organisation=key, mail="ben@example.org", functions=["security"])
        act("invitation_accept", "ben", token=secret(invited["invitations"][0]["id"]))
        done = browse("ada").post(path, intent="end", confirmed="yes", successor=member(key, "ben"))
        assert (done.status_code, member_of(key, "ada")) == (302, [])
        assert member_of(key, "ben")[0].functions == ["agent", "security"]
        assert browse("ada").get(f"/organisations/{key}").status_code == 404

    def test_everything_goes_to_the_successor_and_nothing_stays_visible(self, people, mailbox, app):
        key = organisation("ada", intake="intake")
        join(key, "ben", "technical", by="ada")
        application, grant, kid = granted(people, "ada", key)
        second = applied(people, "ada", key)["id"]
        first, heir = member(key, "ada"), member(key, "ben")
        assert refusal("member_end", "ada", id=first) == "last_agent"
        for wrong in (first, NOBODY):
            assert refusal("member_end", "ada", id=first, successor=wrong) == "successor_unknown"
        call("member_end", "ada", id=first, successor=heir)
        assert {one.applicant_id for one in rows(Application)} == {user("ben")}
        assert [one.holder_id for one in rows(Grant)] == [user("ben")]
        assert [(one.custodian_id, one.created_by) for one in rows(AccessKey)] == [(user("ben"), user("ada"))]
        assert call("grant_list", "ben")[0]["keys"][0]["inherited"] is True
        for action, data in (
            ("organisation_show", {"id": key}), ("application_show", {"id": application}),
            ("application_withdraw", {"id": second}), ("grant_show", {"id": grant}), ("key_revoke", {"kid": kid}),
            ("key_create", {"grant": grant}),
            ("member_invite", {"organisation": key, "mail": "x@example.org", "functions": ["agent"]}),
            ("application_save", {"organisation": key}), ("organisation_save", {"id": key, "phone": "1"}),
        ):  # fmt: skip
            assert refusal(action, "ada", **data) in {"NotFound", "not_permitted"}, action
        assert call("application_list", "ada")["count"] == len(call("grant_list", "ada")) == 0
        assert call("desk_show", "ada")["work"] == []
        mailbox()
        call("application_correct", "intake", id=second, points=[{"field": "purpose", "text": "x"}])
        assert any(
            "correction" in one["Subject"] or "补正" in one["Subject"] for one in mailbox("ben@example.org")[-1:]
        )
        assert not any("补正" in one["Subject"] or "correction" in one["Subject"] for one in mailbox("ada@example.org"))
        assert deliver.work() == 0

    def test_an_agent_takes_a_member_out(self, people):
        key = organisation("ada")
        join(key, "ben", "technical", by="ada")
        join(key, "eve", "security", by="ada")
        assert refusal("member_end", "ben", id=member(key, "eve")) == "not_an_agent"
        assert refusal("member_end", "intake", id=member(key, "eve")) == "NotFound"
        gone = member(key, "eve")
        call("member_end", "ada", id=gone)
        assert refusal("member_end", "ada", id=gone) == "NotFound"
        call("member_end", "ben", id=member(key, "ben"))
        assert [one["me"] for one in call("organisation_show", "ada", id=key)["members"]] == [True]

    def test_functions_are_not_given_up_with_something_in_hand(self, people):
        key = organisation("ada", intake="intake")
        join(key, "ben", "agent", by="ada")
        granted(people, "ada", key)
        mine = member(key, "ada")
        assert refusal("member_change", "ada", id=mine, functions=["technical"]) == "successor_missing"
        call("member_change", "ada", id=mine, functions=["technical"], successor=member(key, "ben"))
        assert [one.custodian_id for one in rows(AccessKey)] == [user("ada")], "still technical: keys stay"
        assert [one.holder_id for one in rows(Grant)] == [user("ben")]
        assert refusal("member_change", "ada", id=mine, functions=["agent"]) == "not_an_agent", "not by oneself"
        assert refusal("member_end", "ben", id=mine) == "successor_missing"

    def test_the_last_two_agents_leave_at_once(self, people, app):
        key = organisation("ada")
        join(key, "ben", "agent", by="ada")
        ids = {name: member(key, name) for name in ("ada", "ben")}
        results = at_once(app, *(lambda name=name: call("member_end", name, id=ids[name]) for name in ids))
        assert sum(one is None for one in results) == 1, results
        assert len(rows(Member, organisation_id=key, ended_at=None)) == 1

    def test_applying_while_one_is_taken_out(self, people, app):
        """Whatever comes first: no application is left with who has gone."""
        key = organisation("ada", intake="intake")
        join(key, "ben", "agent", by="ada")
        gone = member(key, "ben")
        at_once(
            app,
            lambda: call("application_save", "ben", organisation=key, datasets=[people.name], form=factories.FORM),
            lambda: call("member_end", "ada", id=gone, successor=member(key, "ada")),
        )
        assert {one.applicant_id for one in rows(Application)} <= {user("ada")}

    def test_coming_back_is_a_new_membership(self, people):
        key = organisation("ada")
        first = join(key, "ben", "agent", by="ada")
        call("member_end", "ada", id=first)
        assert join(key, "ben", "security", by="ada") != first
        assert call("account_show", "ben")["organisations"][0]["functions"] == ["security"]
        person("late")
        assert call("account_show", "late")["organisations"] == []
