"""Who may be told of what, and how."""

from datetime import datetime, timedelta, timezone

import pytest
from ckanext.shopendata.policy import notice, people
from ckanext.shopendata.policy.notice import ALLOWED, MOMENTS, Group, Mode
from ckanext.shopendata.policy.people import Holding, Role
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.work import KINDS


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_only_whose_matter_or_work_it_is_may_be_told(moment):
    """Every role, held in the agency and in another; being the owner is no role."""
    for role in Role:
        for agency in ("a", "b") if role.of_agency else (None,):
            held = [Holding(role, agency)]
            told = notice.entitled(moment, "official", "owner", held, "a")
            able = moment.verb is not None and role in people.PERMISSIONS[moment.verb] and agency in ("a", None)
            assert told == able, (role, agency)
            assert notice.entitled(moment, "owner", "owner", held, "a") == (moment.verb is None)
    assert not notice.entitled(moment, "stranger", "owner", [], "a")


def test_every_verb_named_is_a_verb():
    verbs = {moment.verb for moment in MOMENTS.values()} | {
        verb for kind in KINDS.values() for verb in (kind.verb, kind.overseen_by)
    }
    assert verbs - {None} <= set(people.PERMISSIONS)


def test_modes_not_allowed_are_refused_and_count_as_none_when_found():
    assert notice.check_modes({"work": "off", "own": "digest"}) == {"work": "off", "own": "digest"}
    for modes, code in (({"own": "off"}, "mode_not_allowed"), ({"x": "now"}, "unknown"), ({"own": "x"}, "unknown")):
        with pytest.raises(Refused, match=code):
            notice.check_modes(modes)
    assert notice.mode_of(Group.OWN, {"own": "off"}) is Mode.NOW
    assert notice.mode_of(Group.WORK, {}) is ALLOWED[Group.WORK][0] is Mode.DIGEST


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-22T23:59:00+00:00", "2026-11-23T00:00:00+00:00"),  # one minute to eight in China
        ("2026-11-23T00:00:00+00:00", "2026-11-24T00:00:00+00:00"),
        ("2026-11-23T15:59:00+00:00", "2026-11-24T00:00:00+00:00"),
        ("2026-11-23T16:01:00+00:00", "2026-11-24T00:00:00+00:00"),  # already the 24th in China
    ],
)
def test_a_digest_comes_at_eight_in_china(now, due):
    assert notice.due(Mode.DIGEST, datetime.fromisoformat(now)) == datetime.fromisoformat(due)


def test_at_once_is_now():
    now = datetime(2026, 11, 22, tzinfo=timezone.utc) + timedelta(seconds=1)
    assert notice.due(Mode.NOW, now) == now
