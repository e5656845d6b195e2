"""One-time links."""

import datetime as dt

import pytest
from ckanext.shopendata.policy import link as policy
from ckanext.shopendata.policy.refusal import Refused

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("Lin.Xiao@Example.ORG ", "lin.xiao@example.org"),
        ("ｌｉｎ@example.org", "lin@example.org"),
        ("a+b@mail.example.cn", "a+b@mail.example.cn"),
    ],
)
def test_addresses_in_one_form(given, address):
    assert policy.address(given) == address


@pytest.mark.parametrize(
    "given",
    ["", "x", "x@y", "@example.org", "a b@example.org", "a@example.org\nBcc: b@example.org", "a@b@example.org",
     "a@example.org,b@example.org", "<a@example.org>", "林@example.org", "a" * 65 + "@example.org", "a@-.org\0"],
)  # fmt: skip
def test_what_is_no_address(given):
    with pytest.raises(Refused, match="mail_malformed"):
        policy.address(given)


def test_a_token_follows_from_the_portals_key_alone():
    one, other = policy.token("a", "secret"), policy.token("b", "secret")
    assert len({one, other, policy.token("a", "another"), policy.digest(one)}) == 4
    assert policy.token("a", "secret") == one
    assert len(one) == 64
    with pytest.raises(ValueError, match="no key"):
        policy.token("a", "")


def test_dead_links_are_alike():
    hour = dt.timedelta(hours=1)
    policy.check_live(None, NOW + hour, NOW)
    for ended, expires in ((NOW, NOW + hour), (None, NOW), (None, NOW - hour)):
        with pytest.raises(Refused, match="link_dead"):
            policy.check_live(ended, expires, NOW)


def test_room():
    policy.check_room(2, 3)
    with pytest.raises(Refused, match="too_many"):
        policy.check_room(3, 3)
