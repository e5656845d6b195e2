"""Which columns open, and how veiled."""

import pytest
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.scope import Column, Mask, columns_of, opened, vault_table

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


class TestOpened:
    """What a decision has opened, whatever the source says later."""

    ITEMS = (Column("a", "甲"), Column("b", "乙", mask=Mask.FIRST_CHAR), Column("c", "丙"))

    def codes(self, *arguments):
        return {column.code: column.mask for column in opened(self.ITEMS, *arguments)}

    def test_before_any_decision_all_that_is_selected(self):
        assert self.codes(None, {}, None) == {"a": Mask.NONE, "b": Mask.FIRST_CHAR, "c": Mask.NONE}
        assert set(self.codes(["a"], {}, None)) == {"a"}

    def test_what_came_later_is_not(self):
        assert set(self.codes(None, {}, {"a": "none", "b": "none"})) == {"a", "b"}
        assert set(self.codes(["a", "c"], {}, {"a": "none", "b": "none"})) == {"a"}

    def test_what_is_gone_is_gone(self):
        assert set(self.codes(["a", "z"], {}, {"a": "none", "z": "none"})) == {"a"}

    def test_of_all_masks_the_strictest(self):
        assert self.codes(None, {"c": "first_char"}, {"a": "band", "b": "none", "c": "none"}) == {
            "a": Mask.BAND, "b": Mask.FIRST_CHAR, "c": Mask.FIRST_CHAR,
        }  # fmt: skip
        assert set(self.codes(None, {}, {"a": "drop", "b": "none"})) == {"b"}

    def test_a_decision_that_saw_items_and_none_of_these_opens_nothing(self):
        assert self.codes(None, {}, {}) == {}
