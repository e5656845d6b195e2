"""Unified social credit codes in their one form, with their check sign."""

import pytest
from ckanext.shopendata.policy import credit_code
from ckanext.shopendata.policy.refusal import Refused
from hypothesis import given
from hypothesis import strategies as st

#: Published in GB 32100-2015.
GOOD = "91350100M000100Y43"


@pytest.mark.parametrize("written", [GOOD, GOOD.lower(), f" {GOOD[:8]}-{GOOD[8:]} ", "９１350100Ｍ000100Ｙ43"])
def test_one_form(written):
    assert credit_code.check(written) == GOOD


@pytest.mark.parametrize("wrong", ["", "x", GOOD[:-1], GOOD + "1", GOOD[:-1] + "4", "O" + GOOD[1:], "9" * 18])
def test_malformed(wrong):
    with pytest.raises(Refused, match="code_malformed"):
        credit_code.check(wrong)


@given(st.integers(0, 16), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_sign_is_always_found(place, sign):
    typed = GOOD[:place] + sign + GOOD[place + 1 :]
    if typed != GOOD:
        with pytest.raises(Refused, match="code_malformed"):
            credit_code.check(typed)
