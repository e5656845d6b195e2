"""All state machines: what no table names is refused, whatever is in it leads somewhere, and the ends are ends."""

import pytest
from ckanext.shopendata.policy import application, catalogue, classification, grant, openlist
from ckanext.shopendata.policy.refusal import Refused

MACHINES = {
    "entry": (catalogue.TRANSITIONS, catalogue.EntryState, {"rejected"}, {"harvested", "drafted"}),
    "dataset": (
        classification.TRANSITIONS, classification.DatasetState, {"superseded", "withdrawn"}, {"undecided"},
    ),
    "list": (openlist.TRANSITIONS, openlist.ListState, {"superseded"}, {"drafting"}),
    "application": (
        application.TRANSITIONS, application.State, {"not_accepted", "withdrawn", "lapsed"}, {"draft"},
    ),
    "case": (application.CASE_TRANSITIONS, application.CaseState, {"active", "withdrawn", "lapsed"}, {"in_review"}),
    "grant": (grant.TRANSITIONS, grant.GrantState, {"closed"}, {"pending_agreement"}),
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_has_a_row_and_only_the_ends_have_none_to_go_to(name):
    table, states, ends, _ = MACHINES[name]
    assert set(table) == set(states)
    assert {state.value for state, steps in table.items() if not steps} == ends


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_can_be_reached(name):
    table, states, _, starts = MACHINES[name]
    reached = {states(start) for start in starts}
    while more := {after for state in reached for after in table[state].values()} - reached:
        reached |= more
    assert reached == set(states)


STEPS = {
    "entry": lambda state, verb: catalogue.step(state, verb, "duplicate"),
    "dataset": classification.step,
    "list": openlist.step,
    "application": application.step,
    "case": lambda state, verb: application.case_step(state, verb, "not_held"),
    "grant": grant.step,
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_step_is_taken_if_the_table_has_it_and_refused_by_name_if_not(name):
    table, states, _, _ = MACHINES[name]
    verbs = {verb for steps in table.values() for verb in steps} | {"no-such-verb"}
    for state in states:
        for verb in verbs:
            if verb in table[state]:
                assert STEPS[name](state, verb) is table[state][verb]
            else:
                with pytest.raises(Refused) as refused:
                    STEPS[name](state, verb)
                assert refused.value.code == "not_in_this_state"
                assert refused.value.details == {"state": state.value, "verb": verb}


def test_nothing_undecided_can_be_listed_or_published():
    before = {"undecided", "proposed", "unit_review", "special_review"}
    for state in classification.DatasetState:
        if state.value in before:
            assert not {"list", "publish"} & set(classification.TRANSITIONS[state])


def test_rejecting_refusing_and_reducing_need_a_known_reason():
    with pytest.raises(Refused, match="reason_unknown"):
        catalogue.step(catalogue.EntryState.HARVESTED, "reject", "did not like it")
    for verb in ("refuse", "grant_reduced"):
        with pytest.raises(Refused, match="reason_unknown"):
            application.case_step(application.CaseState.IN_REVIEW, verb)
