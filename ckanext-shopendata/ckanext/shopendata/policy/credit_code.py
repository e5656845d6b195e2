"""Unified social credit codes (统一社会信用代码, GB 32100-2015): of agencies as of those who apply."""

from __future__ import annotations

import re
import unicodedata

from ckanext.shopendata.policy.refusal import Refused

__all__ = ["check", "last_sign", "plain"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = tuple(3**place % 31 for place in range(17))
_CODE = re.compile(f"[{_ALPHABET}]{{18}}")
_VALUE = {sign: value for value, sign in enumerate(_ALPHABET)}


def plain(text: str) -> str:
    """A code in its one form: half width, capitals, nothing between. It need not be a good one."""
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", text).upper())


def last_sign(code: str) -> str:
    """The eighteenth sign for the first seventeen."""
    total = sum(_VALUE[sign] * weight for sign, weight in zip(code, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def check(text: str) -> str:
    """A code in its one form; raises :class:`Refused` for what cannot be one."""
    code = plain(text)
    if not _CODE.fullmatch(code) or last_sign(code[:17]) != code[17]:
        raise Refused("code_malformed", "code")
    return code
