"""Who is there in person, which codes, passwords and links count, and how often one may guess."""

import datetime as dt

import pytest
from ckanext.shopendata.policy import credential as policy
from ckanext.shopendata.policy.credential import LIMITS, Guess, Presence, ResetState, Tries, Verdict
from ckanext.shopendata.policy.people import DECISIONS, PERMISSIONS, Role, eyes
from ckanext.shopendata.policy.refusal import Refused

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.timezone.utc)
QUARTER = dt.timedelta(minutes=15)
#: Verbs that sound like decisions and are none: confirming an entry (认领) prepares.
SOUND_LIKE_IT = {"entry.confirm"}


def refused(function, *args, **named):
    with pytest.raises(Refused) as problem:
        function(*args, **named)
    return problem.value.code


def minutes(count):
    return dt.timedelta(minutes=count)


def test_every_verb_that_sounds_like_a_decision_is_one():
    words = ("confirm", "decide", "extend", "publish", "resume", "revoke", "sign", "suspend", "uphold", "withdraw")
    sounding = {verb for verb in PERMISSIONS if verb.rpartition(".")[2] in words}
    assert sounding - SOUND_LIKE_IT == set(DECISIONS)


def test_who_does_not_decide_has_no_decision():
    hands = {Role.OPERATOR, Role.VENDOR_OPERATOR, Role.INTAKE_OFFICER, Role.PROVISIONER, Role.AUDITOR}
    assert not any(PERMISSIONS[verb] & hands for verb in DECISIONS)


class TestPresence:
    @pytest.mark.parametrize("age", [0, 1, 15])
    def test_a_code_of_the_last_quarter_of_an_hour_counts(self, age):
        policy.check_presence(Presence("me", NOW - minutes(age)), "me", NOW, QUARTER)

    @pytest.mark.parametrize(
        "presence",
        [
            None,
            Presence("me", None),
            Presence("me", NOW - minutes(16)),
            Presence("me", NOW - QUARTER - dt.timedelta(microseconds=1)),
            Presence("me", NOW + minutes(1)),
            Presence("other", NOW),
        ],
    )
    def test_nothing_else_does(self, presence):
        assert refused(policy.check_presence, presence, "me", NOW, QUARTER) == "code_needed"


def test_a_code_counts_once_and_none_before_it():
    policy.check_step(7, None)
    policy.check_step(8, 7)
    for step in (6, 7):
        assert refused(policy.check_step, step, 7) == "code_wrong"


class TestGuessing:
    limit = LIMITS[Guess.CODE]

    def after(self, count):
        tries = None
        for _ in range(count):
            tries, verdict = policy.weigh(tries, self.limit, NOW)
        return tries, verdict

    def test_the_first_ones_are_looked_at_the_next_locks(self):
        assert self.after(self.limit.tries)[1] is Verdict.ADMITTED
        assert self.after(self.limit.tries + 1)[1] is Verdict.LOCKS
        assert self.after(self.limit.tries + 2)[1] is Verdict.LOCKED

    def test_a_lock_ends_by_itself_however_often_one_tries(self):
        tries, _ = self.after(self.limit.tries + 50)
        assert tries.locked_until == NOW + self.limit.within
        assert policy.weigh(tries, self.limit, NOW + self.limit.within)[1] is Verdict.ADMITTED

    def test_slow_ones_never_lock(self):
        tries, moment = None, NOW
        for _ in range(50):
            moment += self.limit.within + minutes(1)
            tries, verdict = policy.weigh(tries, self.limit, moment)
            assert (tries, verdict) == (Tries(1, moment), Verdict.ADMITTED)


class TestPasswords:
    def test_short_long_common_and_own_names(self):
        check = policy.check_password
        check("x" * 10, 9.0, 10, ("wangmin",))
        assert refused(check, "x" * 9, 20.0, 10, ()) == "password_short"
        assert refused(check, "x" * 201, 20.0, 10, ()) == "password_long"
        assert refused(check, "x" * 10, 8.9, 10, ()) == "password_common"
        assert refused(check, "Wangmin@Example.org", 20.0, 10, ("wangmin@example.org",)) == "password_common"


class TestReplacing:
    def test_two_other_people(self):
        policy.check_reset(eyes("ana"), eyes("eva"))
        policy.check_reset_confirm(eyes("ben"), eyes("ana"), eyes("eva"))

    def test_nobody_for_themselves_and_nobody_twice(self):
        assert refused(policy.check_reset, eyes("ana", "person:1"), eyes("second", "person:1")) == "own_account"
        assert refused(policy.check_reset_confirm, eyes("ana"), eyes("ana"), eyes("eva")) == "own_request"
        assert refused(policy.check_reset_confirm, eyes("eva"), eyes("ana"), eyes("eva")) == "own_account"
        # What came out since it was asked for.
        assert refused(policy.check_reset_confirm, eyes("ben"), eyes("ana", "person:1"), eyes("x", "person:1")) == (
            "own_account"
        )

    def test_an_answered_request_is_over(self):
        for verb in ("confirm", "decline", "lapse"):
            over = policy.step(ResetState.ASKED, verb)
            assert refused(policy.step, over, "confirm") == "not_in_this_state"

    @pytest.mark.parametrize(("role", "device", "sent"), [(0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 0, 0)])
    def test_a_mailbox_alone_opens_no_account_with_a_role(self, role, device, sent):
        assert policy.link_by_mail(holds_role=bool(role), has_device=bool(device)) == bool(sent)
