"""Ways to become the second pair of eyes oneself. Each is refused, and leaves no trace but the refusal."""

import datetime as dt
import unicodedata

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.shopendata import clock

from tests import factories
from tests.factories import call, hold, number, person
from tests.people.conftest import appoint, bodies, drain, happened, holding, refusal

COLUMNS = [("stop_code", "站点编号", "text", "none"), ("stop_name", "站点名称", "text", "none")]
ROWS = [["0071", "人民广场"]]
REVIEWER, ADMINISTRATOR, SIGNER = "traffic-reviewer", "traffic-administrator", "traffic-signer"
DECIDE = {"verb": "grant", "opinion": "同意"}


def also(name, role, agency=None):
    """A further role of somebody."""
    hold(name, role, agency)
    model.Session.commit()


def away(name, role, substitute, days=10, since=None):
    """Names a substitute from today, or in some days."""
    first = clock.today() + dt.timedelta(days=since or 0)
    return call(
        "delegation_create", name, holding=holding(name, role), substitute=substitute, reason="休假",
        since=first.isoformat(), until=(first + dt.timedelta(days=days)).isoformat(),
    )  # fmt: skip


def asked(user="citizen", role="expert", by="ana", **more):
    return call("role_request", by, user=user, role=role, **({"number": number(user)} | more))["id"]


class TestRoles:
    """Giving oneself the role by which one would decide."""

    def test_asking_for_oneself(self, world):
        assert refusal("role_request", "ana", user="ana", role="expert", number=number("ana")) == "own_role"

    def test_confirming_for_oneself(self, world):
        key = asked("ben", "catalogue_checker")
        assert refusal("role_confirm", "ben", id=key, number=number("ben")) == "own_role"

    def test_confirming_what_one_asked_for(self, world):
        assert refusal("role_confirm", "ana", id=asked(), number=number("citizen")) == "own_request"

    def test_being_administrator_of_the_portal(self, world):
        root = person("root", sysadmin=True)
        assert refusal("role_request", root, user="citizen", role="reviewer", agency="traffic", number="310101X") == (
            "not_permitted"
        )
        assert refusal("role_confirm", root, id=asked(), number=number("citizen")) == "not_permitted"
        with pytest.raises(tk.NotAuthorized):
            tk.get_action("shopendata_role_confirm")(
                {"user": root, "ignore_auth": True}, {"id": asked("checker"), "number": number("checker")}
            )

    def test_a_second_account_of_ones_own(self, world):
        person("shadow")
        for written in (number(REVIEWER), number(REVIEWER).lower(), f" {number(REVIEWER)[:4]}-{number(REVIEWER)[4:]}"):
            data = {"user": "shadow", "role": "data_administrator", "agency": "traffic", "number": written}
            assert refusal("role_request", "ana", **data) == "person_has_account"

    def test_a_second_account_asked_for_at_the_same_time(self, world):
        person("shadow")
        first, second = asked(number="310101X"), asked("shadow", number="310101X")
        call("role_confirm", "ben", id=first, number="310101X")
        assert refusal("role_confirm", "ben", id=second, number="310101X") == "person_has_account"

    def test_a_second_security_administrator_that_is_oneself(self, world):
        person("shadow")
        data = {"user": "shadow", "role": "security_administrator", "number": number("ana")}
        assert refusal("role_request", "ana", **data) == "own_role"
        assert refusal("role_request", "ben", **data) == "person_has_account"

    def test_an_account_handed_on_to_somebody_else(self, world):
        data = {"user": REVIEWER, "role": "data_administrator", "agency": "traffic", "number": "NEWPERSON1"}
        assert refusal("role_request", "ana", **data) == "person_differs"

    def test_a_paper_that_the_other_never_saw(self, world):
        assert refusal("role_confirm", "ben", id=asked(), number="GUESSED001") == "person_differs"

    def test_two_roles_that_exclude_each_other_confirmed_one_after_the_other(self, world):
        first = asked("citizen", "operator")
        second = asked("citizen", "reviewer", agency="traffic")
        call("role_confirm", "ben", id=first, number=number("citizen"))
        assert refusal("role_confirm", "ben", id=second, number=number("citizen")) == "roles_exclude_each_other"

    def test_guards_who_would_judge(self, world):
        for name in ("operator", "ben", "intake"):
            data = {"user": name, "role": "reviewer", "agency": "traffic", "number": number(name)}
            assert refusal("role_request", "ana", **data) == "roles_exclude_each_other"

    def test_a_request_of_somebody_whose_role_was_revoked(self, world):
        person("cid", "security_administrator")
        key = asked(by="cid")
        call("role_revoke", "ana", id=holding("cid", "security_administrator"))
        assert refusal("role_confirm", "ben", id=key, number=number("citizen")) == "requester_left"

    def test_a_request_forgotten_in_a_drawer(self, world):
        key = asked()
        with clock.at(clock.now() + dt.timedelta(days=20)):
            assert refusal("role_confirm", "ben", id=key, number=number("citizen")) == "request_lapsed"

    def test_a_role_in_an_agency_that_was_dissolved_meanwhile(self, world):
        factories.Agency("operator", "gone", "已撤销单位")
        key = asked("citizen", "reviewer", agency="gone")
        call("agency_dissolve", "operator", id="gone", reason="机构改革")
        assert refusal("role_confirm", "ben", id=key, number=number("citizen")) == "not_in_this_state"

    def test_a_role_for_an_account_that_was_deleted(self, world):
        key = asked()
        tk.get_action("user_delete")({"ignore_auth": True, "user": ""}, {"id": "citizen"})
        assert refusal("role_confirm", "ben", id=key, number=number("citizen")) == "NotFound"


class TestDelegation:
    """Having somebody else's role lent."""

    def test_delegating_to_oneself(self, world):
        data = {"holding": holding(REVIEWER, "reviewer"), "substitute": REVIEWER, "reason": "x", "until": tomorrow()}
        assert refusal("delegation_create", REVIEWER, **data) == "own_substitute"

    def test_delegating_to_ones_second_account(self, world):
        person("shadow")
        call("account_verify", "ana", user="shadow", number=number(REVIEWER))
        data = {"holding": holding(REVIEWER, "reviewer"), "substitute": "shadow", "reason": "x", "until": tomorrow()}
        assert refusal("delegation_create", REVIEWER, **data) == "own_substitute"

    @pytest.mark.parametrize("who", ["citizen", "checker", "other-reviewer"])
    def test_delegating_to_a_stranger(self, world, who):
        factories.Agency("operator", "other", "其他单位")
        data = {"holding": holding(REVIEWER, "reviewer"), "substitute": who, "reason": "x", "until": tomorrow()}
        assert refusal("delegation_create", REVIEWER, **data) == "substitute_unknown"

    def test_delegating_to_somebody_whose_roles_exclude_it(self, world):
        person("auditor", "auditor")
        data = {"holding": holding("intake", "intake_officer"), "substitute": "auditor", "reason": "x"}
        assert refusal("delegation_create", "intake", **data, until=tomorrow()) == "roles_exclude_each_other"

    def test_taking_a_role_that_excludes_what_one_stands_in_for(self, world):
        away("intake", "intake_officer", "checker")
        data = {"user": "checker", "role": "reviewer", "agency": "traffic", "number": number("checker")}
        assert refusal("role_request", "ana", **data) == "roles_exclude_each_other"

    def test_delegating_the_giving_of_roles(self, world):
        data = {"holding": holding("ana", "security_administrator"), "substitute": "checker", "reason": "x"}
        assert refusal("delegation_create", "ana", **data, until=tomorrow()) == "role_not_delegable"

    def test_delegating_somebody_elses_role(self, world):
        data = {"holding": holding(REVIEWER, "reviewer"), "substitute": SIGNER, "reason": "x", "until": tomorrow()}
        assert refusal("delegation_create", ADMINISTRATOR, **data) == "NotFound"

    def test_handing_on_what_was_lent(self, world):
        key = holding(REVIEWER, "reviewer")
        away(REVIEWER, "reviewer", SIGNER)
        data = {"holding": key, "substitute": ADMINISTRATOR, "reason": "x", "until": tomorrow()}
        assert refusal("delegation_create", SIGNER, **data) == "NotFound"
        assert refusal("delegation_create", REVIEWER, **data) == "delegated_already"

    def test_somebody_who_is_away_standing_in(self, world):
        away(SIGNER, "signer", ADMINISTRATOR)
        data = {"holding": holding(REVIEWER, "reviewer"), "substitute": SIGNER, "reason": "x", "until": tomorrow()}
        assert refusal("delegation_create", REVIEWER, **data) == "substitute_away"

    def test_before_and_after_the_time_and_after_its_end(self, world, waiting):
        made = away(REVIEWER, "reviewer", SIGNER, days=2, since=3)
        for days, may in ((0, False), (4, True), (7, False)):
            with clock.at(clock.now() + dt.timedelta(days=days)):
                if may:
                    assert "reviewer" in roles_of(SIGNER)
                else:
                    assert refusal("dataset_decide", SIGNER, ids=[waiting]) == "not_permitted"
        call("delegation_end", SIGNER, id=made["id"])
        with clock.at(clock.now() + dt.timedelta(days=4)):
            assert refusal("dataset_decide", SIGNER, ids=[waiting]) == "not_permitted"

    def test_after_the_holders_role_has_ended(self, world, waiting):
        away(REVIEWER, "reviewer", SIGNER)
        call("role_revoke", "ana", id=holding(REVIEWER, "reviewer"))
        assert refusal("dataset_decide", SIGNER, ids=[waiting]) == "not_permitted"

    def test_after_the_substitutes_own_role_has_ended(self, world, waiting):
        away(REVIEWER, "reviewer", SIGNER)
        call("role_revoke", "ana", id=holding(SIGNER, "signer"))
        assert refusal("dataset_decide", SIGNER, ids=[waiting]) == "NotFound"


class TestDatasets:
    """Deciding what one has proposed."""

    def test_with_both_roles(self, world, waiting):
        also(REVIEWER, "data_administrator", "traffic")
        propose(REVIEWER, waiting)
        assert refusal("dataset_decide", REVIEWER, ids=[waiting]) == "own_proposal"

    def test_by_ones_substitute(self, world, waiting):
        also(REVIEWER, "data_administrator", "traffic")
        propose(REVIEWER, waiting)
        away(REVIEWER, "reviewer", SIGNER)
        assert refusal("dataset_decide", SIGNER, ids=[waiting]) == "own_proposal"

    def test_as_the_substitute_of_the_reviewer(self, world, waiting):
        propose(ADMINISTRATOR, waiting)
        away(REVIEWER, "reviewer", ADMINISTRATOR)
        assert refusal("dataset_decide", ADMINISTRATOR, ids=[waiting]) == "own_proposal"

    def test_the_reviewer_while_their_substitute_proposes(self, world, waiting):
        away(REVIEWER, "reviewer", ADMINISTRATOR)
        propose(ADMINISTRATOR, waiting)
        assert refusal("dataset_decide", REVIEWER, ids=[waiting]) == "own_proposal"

    def test_what_was_proposed_in_ones_stead_after_coming_back(self, world, waiting):
        also(REVIEWER, "data_administrator", "traffic")
        made = away(REVIEWER, "data_administrator", SIGNER)
        propose(SIGNER, waiting)
        call("delegation_end", REVIEWER, id=made["id"])
        assert refusal("dataset_decide", REVIEWER, ids=[waiting]) == "own_proposal"


class TestLists:
    def test_signing_what_one_compiled(self, opened):
        also(ADMINISTRATOR, "signer", "traffic")
        version = call("openlist_compile", ADMINISTRATOR, agency="traffic")
        assert refusal("openlist_sign", ADMINISTRATOR, id=version["id"]) == "own_list"

    def test_signing_what_ones_substitute_compiled(self, opened):
        also(SIGNER, "data_administrator", "traffic")
        made = away(SIGNER, "data_administrator", REVIEWER)
        version = call("openlist_compile", REVIEWER, agency="traffic")
        call("delegation_end", SIGNER, id=made["id"])
        assert refusal("openlist_sign", SIGNER, id=version["id"]) == "own_list"

    def test_publishing_what_one_signed(self, opened):
        version = call("openlist_compile", ADMINISTRATOR, agency="traffic")
        call("openlist_sign", SIGNER, id=version["id"])
        assert refusal("openlist_publish", SIGNER, id=version["id"]) == "acted_before"

    def test_publishing_what_was_signed_in_ones_stead(self, opened):
        made = away(SIGNER, "signer", REVIEWER)
        version = call("openlist_compile", ADMINISTRATOR, agency="traffic")
        call("openlist_sign", REVIEWER, id=version["id"])
        call("delegation_end", REVIEWER, id=made["id"])
        assert refusal("openlist_publish", SIGNER, id=version["id"]) == "acted_before"
        assert refusal("openlist_publish", REVIEWER, id=version["id"]) == "acted_before"


class TestApplications:
    """Deciding on what one applies for."""

    def test_with_ones_own_account(self, opened):
        also("citizen", "reviewer", "traffic")
        assert refusal("case_decide", "citizen", id=opened.case("citizen"), **DECIDE) == "own_application"

    def test_with_ones_second_account(self, opened):
        """Whose account the applicant's is comes out while the case runs."""
        case = opened.case("citizen")
        call("account_verify", "ana", user="citizen", number=number(REVIEWER))
        assert refusal("case_decide", REVIEWER, id=case, **DECIDE) == "own_application"

    def test_by_ones_substitute(self, opened):
        case = opened.case("citizen")
        call("account_verify", "ana", user="citizen", number=number(REVIEWER))
        away(REVIEWER, "reviewer", SIGNER)
        assert refusal("case_decide", SIGNER, id=case, **DECIDE) == "own_application"

    def test_taking_in_with_ones_second_account(self, opened):
        application = opened.submitted("citizen")
        call("account_verify", "ana", user="citizen", number=number("intake"))
        assert refusal("application_accept", "intake", id=application) == "own_application"

    def test_for_an_organisation_under_which_one_applied_before(self, opened):
        colleague = person("colleague")
        opened.submitted(REVIEWER)
        assert refusal("case_decide", REVIEWER, id=opened.case(colleague), **DECIDE) == "own_organisation"

    @pytest.mark.parametrize("written", [str, str.lower, "fullwidth"])
    def test_an_agencys_own_application(self, opened, written):
        """By its unified social credit code, however it is written."""
        code = "11310000MB2F30X21D"
        call("agency_rename", "operator", id="traffic", title="上海市交通委员会", code=code, reason="登记")
        wide = code.translate({ord(one): unicodedata.lookup(f"FULLWIDTH {unicodedata.name(one)}") for one in code})
        case = opened.case("citizen", wide if written == "fullwidth" else written(code))
        assert refusal("case_decide", REVIEWER, id=case, **DECIDE) == "own_organisation"

    def test_of_another_body_in_which_one_works_too(self, opened):
        other = factories.Agency("operator", "other", "其他单位")
        call("agency_rename", "operator", id="other", title="其他单位", code="11310000MB2F30X22G", reason="登记")
        also(REVIEWER, "data_administrator", other.name)
        case = opened.case("citizen", "11310000MB2F30X22G")
        assert refusal("case_decide", REVIEWER, id=case, **DECIDE) == "own_organisation"

    def test_leaving_that_body_while_the_case_runs(self, opened):
        other = factories.Agency("operator", "other", "其他单位")
        call("agency_rename", "operator", id="other", title="其他单位", code="11310000MB2F30X22G", reason="登记")
        also(REVIEWER, "data_administrator", other.name)
        case = opened.case("citizen", "11310000MB2F30X22G")
        call("role_revoke", REVIEWER, id=holding(REVIEWER, "data_administrator"))
        assert refusal("case_decide", REVIEWER, id=case, **DECIDE) == "own_organisation"

    def test_deciding_and_signing_the_agreement(self, opened):
        also(REVIEWER, "signer", "traffic")
        case = opened.case("citizen")
        call("case_decide", REVIEWER, id=case, **DECIDE)
        assert refusal("agreement_confirm", REVIEWER, id=case) == "acted_before"

    def test_signing_what_was_decided_in_ones_stead(self, opened):
        also(REVIEWER, "signer", "traffic")
        made = away(REVIEWER, "reviewer", ADMINISTRATOR)
        case = opened.case("citizen")
        call("case_decide", ADMINISTRATOR, id=case, **DECIDE)
        call("delegation_end", REVIEWER, id=made["id"])
        assert refusal("agreement_confirm", REVIEWER, id=case) == "acted_before"

    def test_opening_ones_own_grant_again(self, opened):
        case = opened.case("citizen")
        call("case_decide", REVIEWER, id=case, **DECIDE)
        call("agreement_confirm", "citizen", id=case)
        call("agreement_confirm", SIGNER, id=case)
        grant = call("grant_list", "citizen")[0]["id"]
        call("grant_suspend", REVIEWER, id=grant, note="核查")
        call("account_verify", "ana", user="citizen", number=number(REVIEWER))
        assert refusal("grant_resume", REVIEWER, id=grant, note="恢复") == "own_application"


class TestAllowed:
    """What these rules do not forbid."""

    def test_a_substitute_decides_and_both_are_named(self, world, waiting):
        propose(ADMINISTRATOR, waiting)
        away(REVIEWER, "reviewer", SIGNER)
        lent = [one for one in call("desk_show", SIGNER)["roles"] if one["in_stead_of"]]
        assert [(one["role"], one["in_stead_of"]) for one in lent] == [("reviewer", REVIEWER)]
        call("dataset_decide", SIGNER, ids=[waiting])
        said = bodies("dataset.decide")[0]
        assert said["actor"] == model.User.get(SIGNER).id
        assert said["body"]["in_stead_of"] == [model.User.get(REVIEWER).id]

    def test_another_organisations_application_is_decided(self, opened):
        call("agency_rename", "operator", id="traffic", title="上海市交通委员会", code="11310000MB2F30X21D", reason="x")
        call("case_decide", REVIEWER, id=opened.case("citizen"), **DECIDE)

    def test_a_role_in_two_agencies(self, world):
        factories.Agency("operator", "other", "其他单位")
        before = happened()
        appoint(REVIEWER, "reviewer", "other")
        assert happened() == before + 2
        assert len(call("role_list", REVIEWER, user=REVIEWER)) == 2


def roles_of(name):
    return {one["role"] for one in call("desk_show", name)["roles"]}


def tomorrow():
    return (clock.today() + dt.timedelta(days=1)).isoformat()


def propose(name, dataset):
    call("dataset_propose", name, ids=[dataset], tier="unconditional")


@pytest.fixture
def waiting(world):
    """A dataset of a confirmed entry, about which nothing is proposed."""
    entry, dataset = world.agency.entry("道路掘路施工信息", None, COLUMNS)
    call("entry_confirm", ADMINISTRATOR, ids=[entry])
    return dataset


@pytest.fixture
def opened(world):
    """One conditional dataset in public, and what applicants do with it."""
    entry = world.agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, ROWS, code="307001/000002")
    world.agency.open(world.centre, entry)
    drain()

    def submitted(applicant, code="91990000MA00000000"):
        form = factories.FORM | {"credit_code": code}
        application = call("application_save", applicant, datasets=[entry[1]], form=form)
        return call("application_submit", applicant, id=application["id"])["id"]

    def case(applicant, *code):
        return call("application_accept", world.intake, id=submitted(applicant, *code))["cases"][0]["id"]

    world.submitted, world.case = submitted, case
    return world
