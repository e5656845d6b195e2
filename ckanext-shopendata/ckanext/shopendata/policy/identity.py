"""Accounts that somebody else vouches for: what an OpenID provider says about a person, and what follows from it.

A provider knows people by an identifier of its own that never changes hands. A mail address does: two accounts are
never put together because their addresses are alike (their holder does that, signed in to the one of them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ckanext.shopendata.policy import link
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["Claims", "Step", "next_step", "read"]

#: Longest words that are kept of what a provider says.
_LENGTH = {"subject": 255, "name": 100, "level": 40}


@dataclass(frozen=True)
class Claims:
    """Who somebody is to a provider. ``mail``: verified there, else empty; ``level``: 实名等级, else empty."""

    issuer: str
    subject: str
    name: str = ""
    mail: str = ""
    level: str = ""


def read(issuer: str, claims: Mapping[str, Any], level_claim: str) -> Claims:
    """What a verified ID token says; raises :class:`Refused` ``identity_malformed``.

    :param issuer: the provider that the portal trusts; the token has to name it
    :param level_claim: name of the claim that tells how well the person is known
    """
    subject = claims.get("sub")
    if claims.get("iss") != issuer or not isinstance(subject, str) or not 0 < len(subject) <= _LENGTH["subject"]:
        raise Refused("identity_malformed")
    return Claims(issuer, subject, _text(claims, "name"), _mail(claims), _text(claims, level_claim, "level"))


class Step(Enum):
    """What follows when somebody comes back from the provider."""

    SIGN_IN = "sign_in"
    LINK = "link"
    REGISTER = "register"


def next_step(owner: str | None, asker: str | None, mail: str, *, known: bool, registers: bool) -> Step:
    """What is done; raises :class:`Refused`.

    :param owner: the account that has this identity; ``asker``: the account that asked to have it, signed in
    :param mail: the address that the provider has verified; ``known``: an account of the portal has it
    :param registers: whether people without an account get one
    """
    if asker is not None:
        if owner not in {None, asker}:
            raise Refused("identity_taken")
        return Step.LINK
    if owner is not None:
        return Step.SIGN_IN
    if not registers:
        raise Refused("identity_unknown")
    if not mail:
        raise Refused("identity_without_mail")
    if known:
        raise Refused("identity_mail_known")
    return Step.REGISTER


def _text(claims: Mapping[str, Any], name: str, kind: str = "name") -> str:
    value = claims.get(name)
    return " ".join(value.split())[: _LENGTH[kind]] if isinstance(value, str) and value.isprintable() else ""


def _mail(claims: Mapping[str, Any]) -> str:
    if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
        return ""
    try:
        return link.address(claims["email"])
    except Refused:
        return ""
