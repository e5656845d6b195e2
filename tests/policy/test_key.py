import random
from datetime import datetime, timedelta, timezone

import pytest
from ckanext.shopendata.policy import key as keys
from ckanext.shopendata.policy.grant import (
    LIVE_KEYS,
    GrantState,
    KeyFacts,
    Standing,
    check_new_key,
    standing,
)
from ckanext.shopendata.policy.refusal import Refused

NOW = datetime(2026, 3, 6, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
GOOD = {
    "expires_at": NOW + DAY, "revoked_at": None, "state": "active", "valid_from": NOW - DAY, "valid_until": NOW + DAY,
}  # fmt: skip


def minted(seed=1):
    return keys.mint(random.Random(seed).choice)


def test_a_key_reads_as_what_it_was_minted():
    for seed in range(50):
        key = minted(seed)
        assert keys.read(key.text) == key
        assert keys.PATTERN.fullmatch(key.text)


def test_any_changed_character_is_noticed():
    text = minted().text
    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        assert keys.read(text[:place] + other + text[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "sod_", "sod__", "x" * 66, minted().text + " ", " " + minted().text, "钥匙" * 33])
def test_anything_else_is_no_key(text):
    assert keys.read(text) is None


def test_the_seal_depends_on_key_and_pepper_and_holds_no_secret():
    one, other = minted(1), minted(2)
    seals = {keys.seal(one, "p"), keys.seal(other, "p"), keys.seal(one, "q"), keys.seal(keys.Key("x", one.secret), "p")}
    assert len(seals) == 4
    assert one.secret not in repr(one)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Standing.GOOD),
        ({"revoked_at": NOW}, Standing.KEY_REVOKED),
        ({"expires_at": NOW}, Standing.KEY_EXPIRED),
        ({"state": "suspended"}, Standing.GRANT_SUSPENDED),
        ({"valid_until": NOW}, Standing.GRANT_ENDED),
        ({"valid_from": NOW + timedelta(seconds=1)}, Standing.GRANT_ENDED),
        ({"state": "no such state"}, Standing.GRANT_ENDED),
        *(({"state": s.value}, Standing.GRANT_ENDED) for s in GrantState if s.value not in {"active", "suspended"}),
    ],
)
def test_what_a_key_is_worth(change, expected):
    assert standing(KeyFacts(**(GOOD | change)), NOW) is expected


def test_keys_are_made_for_running_grants_and_few():
    check_new_key(GrantState.ACTIVE, NOW + DAY, NOW, LIVE_KEYS - 1)
    with pytest.raises(Refused, match="too_many_keys"):
        check_new_key(GrantState.ACTIVE, NOW + DAY, NOW, LIVE_KEYS)
    with pytest.raises(Refused, match="grant_not_active"):
        check_new_key(GrantState.ACTIVE, NOW, NOW, 0)
    for state in set(GrantState) - {GrantState.ACTIVE}:
        with pytest.raises(Refused, match="grant_not_active"):
            check_new_key(state, NOW + DAY, NOW, 0)
