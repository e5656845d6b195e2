"""Identifiers that are well formed and belong to nobody.

Unified social credit codes carry the region part 990000, which is not assigned; landlines begin with 0 after the area
code, which no number in Shanghai does; mobile numbers stand in 140 0000, a range for things, not people.
"""

from __future__ import annotations

from ckanext.shopendata.policy.credit_code import last_sign

REGION = "990000"

_BODY_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_BODY_VALUE = {sign: value for value, sign in enumerate(_BODY_ALPHABET)}


def body_check(body: str) -> str:
    """The ninth sign of an organisation code (GB 11714) for its first eight."""
    rest = 11 - sum(_BODY_VALUE[sign] * weight for sign, weight in zip(body, _BODY_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def credit_code(kind: str, body: str) -> str:
    """A complete code: two signs of kind (``11`` organ, ``91`` company, ``51`` society ...), eight of body."""
    code = f"{kind}{REGION}{body}{body_check(body)}"
    return code + last_sign(code)


def company_code(number: int) -> str:
    """The credit code of invented company ``number`` (0 to 999,999), spread so that neighbours look unrelated."""
    return credit_code("91", f"MA{number * 104_729 % 1_000_000:06d}")


def landline(number: int) -> str:
    """A Shanghai number that cannot ring."""
    return f"021-0000{number % 10_000:04d}"


def mobile(number: int) -> str:
    """A number in a range that is not given to people."""
    return f"1400000{number % 10_000:04d}"
