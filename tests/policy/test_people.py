from itertools import product

import pytest
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.people import PERMISSIONS, Holding, Role
from ckanext.shopendata.policy.refusal import Refused

DECIDING = {"dataset.decide", "case.decide", "openlist.publish", "agreement.confirm"}


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_as_far_as_it_is_held(role):
    for verb, roles in PERMISSIONS.items():
        held = [Holding(role, "a" if role.of_agency else None)]
        if role not in roles:
            with pytest.raises(Refused):
                people.require(held, verb, "a")
            continue
        assert people.require(held, verb, "a") is role
        if role.of_agency:
            for elsewhere in ("b", None):
                with pytest.raises(Refused):
                    people.require(held, verb, elsewhere)


def test_nobody_without_a_role_may_anything():
    for verb in PERMISSIONS:
        with pytest.raises(Refused) as refused:
            people.require([], verb, "a")
        assert refused.value.code == "not_permitted"


def test_who_configures_guards_or_audits_decides_nothing():
    apart = set(Role) - {Role.REVIEWER, Role.SIGNER}
    for verb in DECIDING:
        assert not PERMISSIONS[verb] & apart


def test_an_auditor_changes_nothing():
    for verb, roles in PERMISSIONS.items():
        if Role.AUDITOR in roles:
            assert verb.endswith((".read", ".list", ".export")), verb


def test_experts_and_vendors_may_nothing_yet():
    for roles in PERMISSIONS.values():
        assert not roles & {Role.EXPERT, Role.VENDOR_OPERATOR}


def test_ones_own_role_goes_before_one_in_somebodys_stead():
    own, lent = Holding(Role.REVIEWER, "a"), Holding(Role.SIGNER, "a", stead="away")
    assert people.require([lent, own], "openlist.publish", "a") is Role.REVIEWER
    assert people.steads([lent, own], "reviewer", "a") == frozenset()
    assert people.steads([lent, own], "signer", "a") == {"away"}
    assert people.steads([lent], "signer", "b") == frozenset()


def test_exclusive_roles_exclude_each_other_both_ways():
    for one, other in product(Role, Role):
        held = [Holding(one, "a" if one.of_agency else None)]
        if frozenset({one, other}) in people.EXCLUSIVE:
            with pytest.raises(Refused) as refused:
                people.check_exclusions(other, held)
            assert refused.value.code == "roles_exclude_each_other"
        else:
            people.check_exclusions(other, held)


def test_who_guards_judges_and_audits_are_different_people():
    guards = {Role.OPERATOR, Role.VENDOR_OPERATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}
    judges = {Role.REVIEWER, Role.SIGNER, Role.SECRECY_REVIEWER, Role.EXPERT}
    for one, other in product(guards, judges):
        assert frozenset({one, other}) in people.EXCLUSIVE
    for one, other in product({Role.AUDITOR}, set(Role) - {Role.AUDITOR}):
        assert frozenset({one, other}) in people.EXCLUSIVE


@pytest.mark.parametrize(
    ("role", "agency", "code"),
    [(Role.REVIEWER, None, "agency_missing"), (Role.AUDITOR, "a", "role_of_portal")],
)
def test_places_that_make_no_sense(role, agency, code):
    with pytest.raises(Refused) as refused:
        people.check_place(role, agency)
    assert refused.value.code == code


def test_one_pair_of_eyes():
    assert people.eyes("a", None, {"b", ""}, "") == {"a", "b"}
    assert people.eyes(None) == frozenset()
