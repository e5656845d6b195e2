"""Applicant organisations: codes, states, files, parties, and that nothing is ever without hands."""

import itertools
from typing import ClassVar

import pytest
from ckanext.shopendata.policy import organisation as policy
from ckanext.shopendata.policy.organisation import Function, Hands, Kind, State
from ckanext.shopendata.policy.refusal import Refused
from hypothesis import given
from hypothesis import strategies as st

#: Published in GB 32100-2015.
GOOD = "91350100M000100Y43"
A, T, S = Function.AGENT, Function.TECHNICAL, Function.SECURITY


def refusal(function, *given):
    with pytest.raises(Refused) as refused:
        function(*given)
    return refused.value.code


class TestStates:
    def test_what_is_read_stands_still(self):
        for verb in ("save", "change", "close", "submit"):
            assert refusal(policy.step, State.SUBMITTED, verb) == "not_in_this_state"

    def test_a_change_of_what_was_proved_ends_the_verification(self):
        assert policy.step(State.VERIFIED, "change") is State.UNVERIFIED
        assert policy.step(State.VERIFIED, "save") is State.VERIFIED

    def test_only_what_was_handed_in_is_verified_or_returned(self):
        for state, verb in itertools.product(set(State) - {State.SUBMITTED}, ("verify", "return")):
            assert refusal(policy.step, state, verb) == "not_in_this_state"

    def test_closed_is_the_end(self):
        for verb in ("save", "change", "submit", "verify", "return", "take_back", "close"):
            assert refusal(policy.step, State.CLOSED, verb) == "not_in_this_state"


class TestFields:
    def test_all_that_is_missing_at_once(self):
        empty = dict.fromkeys(policy.FIELDS, "")
        assert set(policy.deficiencies(empty, 0)) == {*policy.FIELDS, "proof"}
        assert policy.deficiencies(dict.fromkeys(policy.FIELDS, "x"), 1) == {}

    def test_cleaned(self):
        assert policy.clean({"name": "  示例  公司 ", "code": GOOD.lower(), "phone": ""}) == {
            "name": "示例 公司", "code": GOOD, "phone": "",
        }  # fmt: skip
        assert refusal(policy.clean, {"name": "长" * 201}) == "field_too_long"
        assert refusal(policy.clean, {"kind": "king"}) == "unknown"

    def test_every_kind_has_its_word_in_the_form(self):
        assert {kind.applicant_kind for kind in Kind} == {"legal_person", "unincorporated"}


class TestProof:
    def test_what_may_be_one(self):
        policy.check_proof(policy.PROOF_SIZE, "application/pdf", policy.PROOF_COUNT - 1)
        assert refusal(policy.check_proof, 10, "text/html", 0) == "proof_kind"
        assert refusal(policy.check_proof, policy.PROOF_SIZE + 1, "image/png", 0) == "proof_too_large"
        assert refusal(policy.check_proof, 10, "image/png", policy.PROOF_COUNT) == "proof_too_many"

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            ("营业执照.PDF", "营业执照.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\fakepath\\a.exe.pdf", "a_exe.pdf"),
            ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie__x.pdf"),
            ('"; filename=x.html', "filename_x.pdf"),
            ("....", "proof.pdf"),
            ("", "proof.pdf"),
            ("\u202egpj.pdf", "gpj.pdf"),
        ],
    )
    def test_names_mean_nothing_to_machines(self, given, name):
        assert policy.file_name(given, "application/pdf") == name


class TestParty:
    LEGAL: ClassVar = {"applicant_kind": "legal_person", "credit_code": GOOD}

    def test_a_person_applies_as_one(self):
        policy.check_party(None, "", {"applicant_kind": "natural_person"})
        assert refusal(policy.check_party, None, "", self.LEGAL) == "organisation_missing"

    def test_only_a_verified_organisation_goes_on(self):
        policy.check_party(State.VERIFIED, GOOD, self.LEGAL)
        for state in set(State) - {State.VERIFIED}:
            assert refusal(policy.check_party, state, GOOD, self.LEGAL) == "organisation_unverified"

    def test_an_organisation_with_another_code_is_another_one(self):
        assert refusal(policy.check_party, State.VERIFIED, "other", self.LEGAL) == "organisation_changed"


class TestRelease:
    """Leaving, and giving functions up."""

    def test_the_last_agent_names_a_successor(self):
        assert refusal(policy.check_release, [A], [], Hands(), 0, None) == "last_agent"
        assert policy.check_release([A], [], Hands(), 0, [S]) == [A, S]
        assert policy.check_release([A], [], Hands(), 1, None) == []

    @pytest.mark.parametrize("hands", [Hands(applications=1), Hands(grants=1), Hands(keys=1)])
    def test_nothing_is_orphaned(self, hands):
        assert refusal(policy.check_release, [A], [], hands, 5, None) == "successor_missing"
        gains = policy.check_release([A], [], hands, 5, [S])
        assert policy.may(gains, "key.create")
        assert (A in gains) is bool(hands.applications or hands.grants)

    def test_keys_stay_with_whom_remains_technical(self):
        assert policy.check_release([A, T], [T], Hands(keys=2), 1, None) == []
        assert refusal(policy.check_release, [T], [S], Hands(keys=2), 1, None) == "successor_missing"
        assert policy.check_release([T], [], Hands(keys=2), 1, [A]) == [A]

    @given(
        st.sets(st.sampled_from(list(Function)), min_size=1),
        st.sets(st.sampled_from(list(Function))),
        st.builds(Hands, st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
        st.integers(0, 2),
        st.none() | st.sets(st.sampled_from(list(Function)), min_size=1),
    )
    def test_whatever_happens_somebody_can_look_after_it(self, has, kept, hands, agents, successor):
        kept = kept & has
        try:
            gains = policy.check_release(has, kept, hands, agents, successor)
        except Refused:
            assert successor is None
            return
        if A in has:
            assert agents or A in kept or A in gains
        if A in has - kept and (hands.applications or hands.grants):
            assert A in gains
        if hands.keys and not policy.may(kept, "key.create"):
            assert policy.may(gains, "key.create")


def test_functions():
    assert policy.check_functions(["security", "agent", "agent"]) == [A, S]
    assert refusal(policy.check_functions, []) == "functions_missing"
    assert refusal(policy.check_functions, ["boss"]) == "function_unknown"
    assert not policy.may([T, S], "application.write")
    assert not policy.may([], "organisation.read")


def test_taking_over_needs_somebody_gone_and_somebody_there():
    policy.check_take_over([], ["ben"])
    assert refusal(policy.check_take_over, ["ada"], ["ben"]) == "agents_act"
    assert refusal(policy.check_take_over, ["ada"], []) == "agents_act"
    assert refusal(policy.check_take_over, [], []) == "nobody_acts"
