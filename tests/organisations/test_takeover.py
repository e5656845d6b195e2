"""A verified organisation that nobody acts for: whoever proves to be the same one gets in, and nobody else does."""

import pytest
from ckan import model
from ckan.tests import helpers
from ckanext.shopendata.model import AccessKey, Application, Grant, Link, Member, Organisation, Proof, audit

from tests import factories
from tests.factories import PROOF, call, join, organisation
from tests.organisations.conftest import NOBODY, at_once, refusal
from tests.organisations.test_members import decided, granted, member, rows, user


def delete(name):
    """As an administrator does."""
    helpers.call_action("user_delete", id=name)


@pytest.fixture
def forsaken(people):
    """Ada's organisation with an application, a grant and a key; her account is gone, Ben hands in the same one."""
    key = organisation("ada", intake="intake")
    people.paper, people.grant, people.kid = granted(people, "ada", key)
    call("member_invite", "ada", organisation=key, mail="late@example.org", functions=["agent"])
    delete("ada")
    people.standing, people.newcomer = key, organisation("ben", name="示例出行科技有限公司")
    people.draft = call(
        "application_save", "ben", organisation=people.newcomer, datasets=[people.name], form=factories.FORM
    )["id"]
    call("organisation_submit", "ben", id=people.newcomer)
    return people


def take_over(who, world):
    return call("organisation_take_over", who, id=world.newcomer, version=1)


class TestTakenOver:
    def test_on_the_page(self, forsaken, browse, mailbox):
        second, path = browse("second"), f"/desk/organisations/{forsaken.newcomer}"
        page = second.get(path).text
        assert ("没有账号为其办事" in page, f'action="{path}/take-over"' in page) == (True, True)
        assert f'action="{path}/verify"' not in page
        asked = second.post(f"{path}/take-over", version="1")
        assert (asked.status_code, rows(Organisation, id=forsaken.newcomer)[0].state) == (200, "submitted")
        stale = second.post(f"{path}/take-over", version="7", confirmed="yes")
        assert (stale.status_code, rows(Organisation, id=forsaken.newcomer)[0].state) == (409, "submitted")
        assert second.post(f"{path}/take-over", version="1", confirmed="yes").status_code == 302
        ben = browse("ben")
        assert ben.get(f"/organisations/{forsaken.newcomer}").status_code == 404
        assert "示例出行科技有限公司" in ben.get(f"/organisations/{forsaken.standing}").text
        assert f"/organisations/{forsaken.standing}" in mailbox("ben@example.org")[-1].get_content()

    def test_everything_has_hands_again(self, forsaken):
        shown = take_over("second", forsaken)
        assert (shown["id"], shown["state"], shown["name"]) == (forsaken.standing, "verified", "示例出行科技有限公司")
        assert [one["name"] for one in shown["members"]] == ["ben"]
        assert rows(Member, user_id=user("ada"))[0].ended_at is not None
        assert {one.organisation_id for one in rows(Application)} == {forsaken.standing}
        assert {one.organisation_id for one in rows(Proof)} == {forsaken.standing}
        ben = user("ben")
        assert rows(Application, id=forsaken.paper)[0].applicant_id == ben
        assert rows(Grant, id=forsaken.grant)[0].holder_id == ben
        assert rows(AccessKey, kid=forsaken.kid)[0].custodian_id == ben
        assert [one["id"] for one in call("grant_list", "ben")] == [forsaken.grant]
        call("application_submit", "ben", id=forsaken.draft)
        assert {one.ending for one in rows(Link, purpose="invite")} == {"withdrawn"}, "ada's are worth nothing"
        assert rows(Organisation, id=forsaken.newcomer)[0].state == "closed"

    def test_the_agency_lets_the_new_people_in(self, forsaken, mailbox):
        """Who closes an account and who reads a proof get at no data by that, be they one person."""
        call("preference_save", forsaken.agency.reviewer, modes={"work": "now"})
        take_over("second", forsaken)
        assert rows(Grant, id=forsaken.grant)[0].state == "suspended"
        assert refusal("key_create", "ben", grant=forsaken.grant) == "grant_not_active"
        letter = mailbox(f"{forsaken.agency.reviewer}@example.org")[-1].get_content()
        assert f"/desk/cases/{rows(Grant)[0].case_id}" in letter
        assert [one for one in mailbox("ben@example.org") if "暂停" in one.get_content()]
        call("grant_resume", forsaken.agency.reviewer, id=forsaken.grant, note="已核对新的经办人")
        call("key_revoke", "ben", kid=forsaken.kid)
        assert call("key_create", "ben", grant=forsaken.grant)["key"].startswith("sod_")

    def test_agreements_that_wait_are_confirmed_anew(self, people):
        key = organisation("ada", intake="intake")
        _, case = decided(people, "ada", key)
        call("agreement_confirm", people.agency.signer, id=case)
        delete("ada")
        newcomer = organisation("ben")
        call("organisation_submit", "ben", id=newcomer)
        call("organisation_take_over", "second", id=newcomer, version=1)
        call("agreement_confirm", "ben", id=case)
        assert rows(Grant) == []
        call("agreement_confirm", people.agency.signer, id=case)
        assert [one.state for one in rows(Grant)] == ["active"]

    def test_the_record_says_who_let_whom_in(self, forsaken):
        take_over("second", forsaken)
        said = model.Session.query(audit.events).filter(audit.events.c.object_id == forsaken.standing)
        last = said.order_by(audit.events.c.seq.desc()).first()
        assert (last.verb, last.actor, last.role) == ("organisation.take_over", user("second"), "intake_officer")

    def test_a_member_who_is_left_stays(self, people):
        key = organisation("ada", intake="intake")
        join(key, "eve", "technical", by="ada")
        delete("ada")
        newcomer = organisation("eve")
        join(newcomer, "ben", "security", by="eve")
        call("organisation_submit", "eve", id=newcomer)
        shown = call("organisation_take_over", "second", id=newcomer, version=1)
        assert {one["name"]: one["functions"] for one in shown["members"]} == {
            "eve": ["agent", "technical"], "ben": ["security"],
        }  # fmt: skip


class TestRefused:
    def test_while_an_agent_acts(self, people):
        key = organisation("ada", intake="intake")
        join(key, "eve", "agent", by="ada")
        newcomer = organisation("ben")
        call("organisation_submit", "ben", id=newcomer)
        for _ in ("ada", "eve"):
            assert refusal("organisation_take_over", "second", id=newcomer, version=1) == "agents_act"
            assert call("organisation_show", "second", id=newcomer)["forsaken"] is False
            delete(_)
        assert call("organisation_show", "second", id=newcomer)["forsaken"] is True
        call("organisation_take_over", "second", id=newcomer, version=1)

    def test_where_there_is_nothing_to_take_over(self, people):
        key = organisation("ben")
        call("organisation_submit", "ben", id=key)
        assert refusal("organisation_take_over", "second", id=key, version=1) == "NotFound"
        assert refusal("organisation_take_over", "second", id=NOBODY, version=1) == "NotFound"

    def test_what_is_not_handed_in_or_has_changed_since(self, forsaken):
        assert refusal("organisation_take_over", "second", id=forsaken.newcomer, version=2) == "read_again"
        call("organisation_take_back", "ben", id=forsaken.newcomer)
        assert refusal("organisation_take_over", "second", id=forsaken.newcomer, version=1) == "not_in_this_state"

    def test_by_anybody_else(self, forsaken):
        for who in ("ben", "eve", forsaken.root, forsaken.centre, forsaken.agency.reviewer, forsaken.agency.signer):
            assert refusal("organisation_take_over", who, id=forsaken.newcomer, version=1) == "not_permitted", who

    def test_by_who_belongs_to_either(self, people):
        key = organisation("ada", intake="intake")
        join(key, "second", "security", by="ada")
        delete("ada")
        newcomer = organisation("ben")
        call("organisation_submit", "ben", id=newcomer)
        assert refusal("organisation_take_over", "second", id=newcomer, version=1) == "own_organisation"

    def test_nobody_comes_in_who_decided_a_case_of_it_that_runs(self, people):
        key = organisation("ada", intake="intake")
        decided(people, "ada", key)
        delete("ada")
        newcomer = organisation("ben")
        join(newcomer, people.agency.reviewer, "technical", by="ben")
        call("organisation_submit", "ben", id=newcomer)
        assert refusal("organisation_take_over", "second", id=newcomer, version=1) == "decided_here"

    def test_with_nobody_left_on_the_other_side_either(self, forsaken):
        delete("ben")
        assert refusal("organisation_take_over", "second", id=forsaken.newcomer, version=1) == "nobody_acts"

    def test_two_officers_at_once(self, forsaken, app):
        results = at_once(app, *[lambda who=who: take_over(who, forsaken) for who in ("intake", "second")])
        assert sum(isinstance(one, dict) for one in results) == 1, results
        assert len(rows(Member, organisation_id=forsaken.standing, ended_at=None)) == 1


def test_an_account_that_is_gone_is_no_agent_who_could_stay(people):
    key = organisation("ada", intake="intake")
    join(key, "ben", "agent", by="ada")
    delete("ada")
    assert refusal("member_end", "ben", id=member(key, "ben")) == "last_agent"
    assert [one["name"] for one in call("organisation_show", "ben", id=key)["members"]] == ["ben"]


def test_the_proof_is_read_by_the_intake_after_that_too(forsaken):
    take_over("second", forsaken)
    shown = call("organisation_show", "second", id=forsaken.standing)
    assert [one["size"] for one in shown["proofs"]] == [len(PROOF)] * 2
