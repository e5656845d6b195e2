"""Which columns open, and how veiled."""

import pytest
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.scope import Column, Mask, columns_of, vault_table

ITEMS = (Column("a", "甲"), Column("b", "乙", mask=Mask.PHONE), Column("c", "丙", mask=Mask.DROP))


def test_the_selection_keeps_the_tables_order():
    assert [column.code for column in columns_of(ITEMS)] == ["a", "b"]
    assert [column.code for column in columns_of(ITEMS, ["b", "a"])] == ["a", "b"]
    assert columns_of(ITEMS, []) == ()
    with pytest.raises(Refused) as refused:
        columns_of(ITEMS, ["a", "z"])
    assert refused.value.details == {"columns": ["z"]}


@pytest.mark.parametrize("stronger", [Mask.FIRST_CHAR, Mask.BAND, Mask.DROP])
@pytest.mark.parametrize("weaker", [Mask.NONE, Mask.IDENTITY, Mask.PHONE])
def test_of_two_masks_the_stricter_holds(weaker, stronger):
    for own, given in ((weaker, stronger), (stronger, weaker)):
        found = columns_of((Column("a", "甲", mask=own),), masks={"a": given.value})
        assert [column.mask for column in found] == ([] if stronger is Mask.DROP else [stronger])


def test_a_word_that_is_no_mask_is_an_error():
    with pytest.raises(ValueError, match="blur"):
        columns_of(ITEMS, masks={"a": "blur"})


def test_the_vaults_table_has_a_short_ascii_name():
    assert vault_table("6f1c3a2e-0000-4000-8000-00000000abcd") == "r_6f1c3a2e00004000800000000000abcd"
