import pytest
from ckanext.shopendata.policy.classification import (
    OPENNESS,
    Basis,
    Reason,
    Tier,
    Verdict,
    check_decider,
    check_opening,
    tightens,
)
from ckanext.shopendata.policy.refusal import Refused

REASONS = {
    "timeliness": Reason("timeliness", Tier.CONDITIONAL),
    "privacy": Reason("privacy", Tier.CLOSED),
    "law": Reason("law", Tier.CLOSED, needs_law=True),
}
RULE, LAW = Basis("办法", "30"), Basis("某法", "40", "law")

GOOD = [
    Verdict(Tier.UNCONDITIONAL),
    Verdict(Tier.CONDITIONAL, ("timeliness",), (RULE,), "接口"),
    Verdict(Tier.CLOSED, ("privacy",), (RULE,)),
    Verdict(Tier.CLOSED, ("law",), (LAW,)),
]
BAD = [
    (Verdict(Tier.UNDECIDED), "tier_missing"),
    (Verdict(Tier.UNCONDITIONAL, ("privacy",)), "reason_unknown"),
    (Verdict(Tier.CONDITIONAL, ("privacy",), (RULE,), "接口"), "reason_unknown"),
    (Verdict(Tier.CONDITIONAL, ("no-such",), (RULE,), "接口"), "reason_unknown"),
    (Verdict(Tier.CONDITIONAL, (), (RULE,), "接口"), "reason_missing"),
    (Verdict(Tier.CONDITIONAL, ("timeliness",), (), "接口"), "basis_missing"),
    (Verdict(Tier.CONDITIONAL, ("timeliness",), (RULE,), "  "), "conditions_missing"),
    (Verdict(Tier.CLOSED, ("law",), (RULE,)), "law_missing"),
    (Verdict(Tier.CLOSED, ("privacy",)), "basis_missing"),
]


@pytest.mark.parametrize("verdict", GOOD)
def test_grounds_that_carry_their_tier(verdict):
    verdict.check(REASONS)


@pytest.mark.parametrize(("verdict", "code"), BAD)
def test_grounds_that_do_not(verdict, code):
    with pytest.raises(Refused) as refused:
        verdict.check(REASONS)
    assert refused.value.code == code


def test_nobody_decides_their_own_proposal_and_a_source_proposes_for_nobody():
    check_decider("a", "b")
    check_decider("a", None)
    with pytest.raises(Refused, match="own_proposal"):
        check_decider("a", "a")


@pytest.mark.parametrize("old", Tier)
@pytest.mark.parametrize("new", Tier)
def test_tightening_is_opening_less(old, new):
    order = [{Tier.CLOSED, Tier.UNDECIDED}, {Tier.CONDITIONAL}, {Tier.UNCONDITIONAL}]
    rank = {tier: place for place, tiers in enumerate(order) for tier in tiers}
    assert tightens(old, new) is (rank[new] < rank[old])


@pytest.mark.parametrize("before", Tier)
@pytest.mark.parametrize("proposed", [None, *Tier])
@pytest.mark.parametrize("after", [tier for tier in Tier if tier is not Tier.UNDECIDED])
def test_alone_one_can_only_tighten(before, proposed, after):
    tightening = OPENNESS[after] < OPENNESS[before]
    if tightening or (proposed is not None and OPENNESS[after] <= OPENNESS[proposed]):
        check_opening(before, after, proposed)
    else:
        with pytest.raises(Refused, match="not_proposed"):
            check_opening(before, after, proposed)
