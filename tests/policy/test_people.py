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
    apart = {Role.OPERATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR, Role.INTAKE_OFFICER, Role.CATALOGUE_CHECKER}
    for verb in DECIDING:
        assert not PERMISSIONS[verb] & apart


def test_exclusive_roles_exclude_each_other_both_ways():
    for one, other in product(Role, Role):
        held = [Holding(one, "a" if one.of_agency else None)]
        excluded = frozenset({one, other}) in people.EXCLUSIVE
        agency = "a" if other.of_agency else None
        if excluded:
            with pytest.raises(Refused) as refused:
                people.check_grant(other, agency, held, "grantor", "holder")
            assert refused.value.code == "roles_exclude_each_other"
        else:
            people.check_grant(other, agency, held, "grantor", "holder")


@pytest.mark.parametrize(
    ("role", "agency", "grantor", "code"),
    [
        (Role.REVIEWER, None, "x", "agency_missing"),
        (Role.AUDITOR, "a", "x", "role_of_portal"),
        (Role.AUDITOR, None, "holder", "own_role"),
    ],
)
def test_grants_that_make_no_sense(role, agency, grantor, code):
    with pytest.raises(Refused) as refused:
        people.check_grant(role, agency, [], grantor, "holder")
    assert refused.value.code == code
