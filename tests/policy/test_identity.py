"""Who somebody is to a provider, and what follows from it."""

import pytest
from ckanext.shopendata.policy.identity import Claims, Step, next_step, read
from ckanext.shopendata.policy.refusal import Refused

HERE = "https://id.example.gov.cn"
TOLD = {"iss": HERE, "sub": "p-1", "name": " 周  同 ", "email": "Zhou@Example.org", "email_verified": True, "acr": "L3"}


def test_what_is_kept_of_a_token():
    assert read(HERE, TOLD, "acr") == Claims(HERE, "p-1", "周 同", "zhou@example.org", "L3")
    assert read(HERE, TOLD | {"level": "4"}, "level").level == "4"
    assert read(HERE, {"iss": HERE, "sub": "p-1"}, "acr") == Claims(HERE, "p-1")


@pytest.mark.parametrize(
    "told", [{"iss": HERE + "/"}, {"iss": None}, {"sub": ""}, {"sub": None}, {"sub": 7}, {"sub": "x" * 256}]
)
def test_who_is_nobody(told):
    with pytest.raises(Refused):
        read(HERE, TOLD | told, "acr")


@pytest.mark.parametrize(
    "told", [{"email_verified": 1}, {"email_verified": "true"}, {"email": ["a@b.cn"]}, {"email": "x"}]
)
def test_an_address_that_the_provider_has_not_verified(told):
    assert read(HERE, TOLD | told, "acr").mail == ""


def test_names_and_levels_are_short_and_printable():
    assert len(read(HERE, TOLD | {"name": "周" * 500}, "acr").name) == 100
    assert read(HERE, TOLD | {"name": "周\u202e同", "acr": {"level": 3}}, "acr") == Claims(
        HERE, "p-1", "", "zhou@example.org", ""
    )


def step(owner=None, asker=None, mail="a@b.cn", *, known=False, registers=True):
    try:
        return next_step(owner, asker, mail, known=known, registers=registers)
    except Refused as refused:
        return refused.code


def test_what_follows():
    assert step(owner="me") is Step.SIGN_IN
    assert step(owner="me", known=True, registers=False, mail="") is Step.SIGN_IN
    assert step(asker="me") is step(asker="me", owner="me") is Step.LINK
    assert step(asker="me", owner="you") == "identity_taken"
    assert step() is Step.REGISTER
    assert step(registers=False) == "identity_unknown"
    assert step(mail="") == "identity_without_mail"
    assert step(known=True) == "identity_mail_known"
