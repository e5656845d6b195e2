"""How long what is kept: never shorter than the law wants, and most of it for good."""

import datetime as dt

import pytest
from ckanext.shopendata.policy.retention import KINDS, RecordKind, expired, kept_days


def test_each_kind_has_one_row_with_its_source_and_its_end():
    assert [kept.kind for kept in KINDS] == list(RecordKind)
    assert all(kept.source and kept.ends for kept in KINDS)


def test_access_logs_are_kept_as_long_as_the_law_wants():
    assert kept_days(RecordKind.ACCESS_LOG, 183) == 183
    for wished in (182, 0, -1):
        with pytest.raises(ValueError, match="183"):
            kept_days(RecordKind.ACCESS_LOG, wished)


@pytest.mark.parametrize("kind", [RecordKind.EVENT, RecordKind.DECISION, RecordKind.ACCOUNT, RecordKind.ANCHOR])
def test_what_no_program_deletes(kind):
    with pytest.raises(ValueError, match="no program"):
        kept_days(kind, 100_000)


def test_a_day_is_kept_in_full():
    today = dt.date(2026, 11, 22)
    assert not expired(today - dt.timedelta(days=183), today, 183)
    assert expired(today - dt.timedelta(days=184), today, 183)
