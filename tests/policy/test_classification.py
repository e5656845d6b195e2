"""The tiers: four words, and everything else is undecided, which is as good as closed."""

import pytest
from ckanext.shopendata.policy.classification import Tier
from hypothesis import given, settings
from hypothesis import strategies as st

#: A small alphabet: hypothesis would spend a second on its table of all characters.
words = st.text("unconditalclosedbew 无条件开放_-\n")
anything = st.none() | st.booleans() | st.integers() | st.floats() | words | st.binary() | st.lists(words)


@pytest.mark.parametrize("tier", Tier)
def test_a_tier_reads_back_from_its_word(tier):
    assert Tier.read(tier.value) is tier
    assert Tier.read(tier) is tier


@settings(max_examples=50, deadline=None)
@given(anything)
def test_unknown_means_undecided(value):
    if not (isinstance(value, str) and value in {tier.value for tier in Tier}):
        assert Tier.read(value) is Tier.UNDECIDED


@pytest.mark.parametrize(
    "foreign",
    ["1", "2", "无条件开放", "Unconditional", " unconditional", "unconditional ", "open", "public", 1, True, None],
)
def test_foreign_codes_open_nothing(foreign):
    tier = Tier.read(foreign)
    assert not tier.has_public_metadata
    assert not tier.has_public_data


@pytest.mark.parametrize(
    ("tier", "metadata", "data"),
    [
        (Tier.UNCONDITIONAL, True, True),
        (Tier.CONDITIONAL, True, False),
        (Tier.CLOSED, False, False),
        (Tier.UNDECIDED, False, False),
    ],
)
def test_what_a_tier_shows(tier, metadata, data):
    assert (tier.has_public_metadata, tier.has_public_data) == (metadata, data)
