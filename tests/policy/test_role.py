from datetime import datetime, timedelta, timezone

import pytest
from ckanext.shopendata.policy import role
from ckanext.shopendata.policy.people import Holding, Role
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.role import Parties, RequestState

NOW = datetime(2026, 11, 22, 4, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def refusal(check, *given, **named):
    with pytest.raises(Refused) as refused:
        check(*given, **named)
    return refused.value.code


def who(*names):
    return frozenset(names)


class TestTwoPeople:
    def test_three_different_people_give_a_role(self):
        role.check_confirm(Role.REVIEWER, "a", [], Parties(who("holder"), who("one"), who("two")))

    @pytest.mark.parametrize(
        ("holder", "requester", "confirmer", "code"),
        [
            (who("x"), who("x"), who("two"), "own_role"),
            (who("x"), who("one"), who("x"), "own_role"),
            (who("x"), who("one"), who("one"), "own_request"),
            # Two accounts of one person.
            (who("x1", "person:x"), who("x2", "person:x"), who("two"), "own_role"),
            (who("x1", "person:x"), who("one"), who("x2", "person:x"), "own_role"),
            (who("x"), who("one1", "person:one"), who("one2", "person:one"), "own_request"),
        ],
    )
    def test_nobody_is_two_of_the_three(self, holder, requester, confirmer, code):
        parties = Parties(holder, requester, confirmer)
        assert refusal(role.check_confirm, Role.AUDITOR, None, [], parties) == code

    def test_without_a_confirmer_there_is_no_role(self):
        assert refusal(role.check_confirm, Role.AUDITOR, None, [], Parties(who("x"), who("one"))) == "own_request"
        assert (
            refusal(role.check_confirm, Role.AUDITOR, None, [], Parties(who("x"), who("one"), who())) == "own_request"
        )

    def test_exclusions_hold_at_both_ends(self):
        held, parties = [Holding(Role.OPERATOR)], Parties(who("x"), who("one"), who("two"))
        for check in (role.check_request, role.check_confirm):
            assert refusal(check, Role.REVIEWER, "a", held, parties) == "roles_exclude_each_other"

    @pytest.mark.parametrize("state", [state for state in RequestState if state is not RequestState.REQUESTED])
    def test_what_is_closed_stays_closed(self, state):
        for verb in ("confirm", "decline", "lapse"):
            assert refusal(role.step, state, verb) == "not_in_this_state"

    def test_the_console_gives_the_first_two_and_nothing_else(self):
        role.check_console(Role.SECURITY_ADMINISTRATOR, 0)
        role.check_console(Role.SECURITY_ADMINISTRATOR, 1)
        assert refusal(role.check_console, Role.SECURITY_ADMINISTRATOR, 2) == "console_has_given"
        for other in set(Role) - {Role.SECURITY_ADMINISTRATOR}:
            assert refusal(role.check_console, other, 0) == "console_gives_first_role"


class TestTerm:
    def test_a_term_ends_and_is_not_too_long(self):
        role.check_term(NOW + 10 * DAY, NOW, 10)
        assert refusal(role.check_term, NOW + 10 * DAY + timedelta(seconds=1), NOW, 10) == "term_too_long"
        assert refusal(role.check_term, NOW, NOW, 10) == "term_over"

    def test_a_role_is_renewed_in_its_last_days(self):
        role.check_renewal(NOW + role.RENEWABLE, NOW)
        assert refusal(role.check_renewal, NOW + role.RENEWABLE + DAY, NOW) == "already_holds"
        assert refusal(role.check_renewal, None, NOW) == "already_holds"

    @pytest.mark.parametrize(
        ("until", "ended", "ending", "life"),
        [
            (None, None, "", "live"),
            (NOW + DAY, None, "", "live"),
            (NOW, None, "", "expired"),
            (NOW + DAY, NOW, "revoked", "revoked"),
            (NOW + DAY, NOW, "", "revoked"),
            (NOW + DAY, NOW, "agency_gone", "agency_gone"),
        ],
    )
    def test_life(self, until, ended, ending, life):
        assert role.life(until, ended, ending, NOW) == life


class TestPerson:
    @pytest.mark.parametrize(
        "other", [" 3101 0119 9001 0112 3x", "３１０１０１１９９００１０１１２３Ｘ", "310101-19900101-123x"]
    )
    def test_one_number_however_it_is_written(self, other):
        assert role.digest(other, "pepper") == role.digest("31010119900101123X", "pepper")

    @pytest.mark.parametrize("number", ["", "12345", "1" * 33, "王小明王小明", "12345;6", "123456\0"])
    def test_what_is_no_number(self, number):
        assert refusal(role.check_number, number) == "number_malformed"

    def test_the_hash_needs_the_secret(self):
        assert role.digest("123456", "one") != role.digest("123456", "two")
        assert "123456" not in role.digest("123456", "one")


class TestDelegation:
    HELD = Holding(Role.REVIEWER, "a")
    COLLEAGUE = (Holding(Role.DATA_ADMINISTRATOR, "a"),)

    def test_a_colleague_stands_in(self):
        role.check_delegation(self.HELD, who("h"), who("s"), self.COLLEAGUE, away=False)

    @pytest.mark.parametrize(
        ("held", "substitute", "has", "away", "code"),
        [
            (HELD, "h", COLLEAGUE, False, "own_substitute"),
            (HELD, "s", (), False, "substitute_unknown"),
            (HELD, "s", (Holding(Role.REVIEWER, "b"),), False, "substitute_unknown"),
            (HELD, "s", (Holding(Role.SIGNER, "a", stead="x"),), False, "substitute_unknown"),
            (HELD, "s", (Holding(Role.REVIEWER, "a"),), False, "substitute_holds_it"),
            (HELD, "s", (*COLLEAGUE, Holding(Role.OPERATOR)), False, "roles_exclude_each_other"),
            (HELD, "s", (*COLLEAGUE, Holding(Role.AUDITOR, stead="x")), False, "roles_exclude_each_other"),
            (HELD, "s", COLLEAGUE, True, "substitute_away"),
            (Holding(Role.REVIEWER, "a", stead="x"), "s", COLLEAGUE, False, "delegation_of_delegation"),
            *(
                (Holding(kept), "s", (Holding(Role.EXPERT),), False, "role_not_delegable")
                for kept in role.NOT_DELEGABLE
            ),
        ],
    )
    def test_who_does_not(self, held, substitute, has, away, code):
        assert refusal(role.check_delegation, held, who("h"), who(substitute), has, away=away) == code

    def test_not_for_ever(self):
        role.check_absence(NOW, NOW + 60 * DAY, NOW, 60)
        assert refusal(role.check_absence, NOW, NOW + 61 * DAY, NOW, 60) == "term_too_long"
        assert refusal(role.check_absence, NOW + DAY, NOW + DAY, NOW, 60) == "term_over"
        assert refusal(role.check_absence, NOW - 2 * DAY, NOW - DAY, NOW, 60) == "term_over"
