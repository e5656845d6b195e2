"""What may stand in a log: no secret, and nothing by which one line could look like two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["HIDDEN", "is_secret", "line", "secretless", "text", "value"]

#: What stands in the place of a secret.
HIDDEN = "***"

#: Names of things that are secrets, wherever they stand: headers, parameters, fields of forms, options.
_NAMES = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-(?:access|ckan-api)-key|pass(?:word|wd|phrase)?[12]?|pwd|secret"
    r"|\w*(?:_secret|_password|_token|_pepper|_key)|csrf|token|pepper|api_?key|access_?key|totp|otp|reset_key"
)
_NAMED = re.compile(rf"(?:{_NAMES})", re.IGNORECASE)

#: Pattern -> what stays of it.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Access keys (policy/key.py), cut off ones as well. The first part is public and finds the key.
    (re.compile(r"(sod_[0-9A-Za-z]{12}_)[0-9A-Za-z]+"), rf"\1{HIDDEN}"),
    # JSON web tokens: CKAN's API tokens.
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"), HIDDEN),
    # The cookie of a log-in (hardening/sessions.py).
    (re.compile(r"\brow\.[\w-]{20,}"), f"row.{HIDDEN}"),
    # Passwords in addresses.
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{0,200}:)[^\s/@\"']+(?=@)", re.IGNORECASE), rf"\1{HIDDEN}"),
    # One-time links.
    (re.compile(r"([?&](?:key|code|token|ticket|state)=)[^\s&#\"'<>]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # Whole values of headers, which have spaces: to the end of what is quoted or of the line.
    (
        re.compile(
            r"\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=,]\s*)(?:(['\"])(?:\\.|(?!\3).)*\3?|[^\r\n]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    # name=value, name: value, 'name': 'value'
    (
        re.compile(
            rf"(?<![\w-])((?:{_NAMES})['\"]?\s*(?:=|:|=>)\s*)(?:[bu]?(['\"])(?:\\.|(?!\2).)*\2?|[^\s,;&)}}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)

#: Control characters, and those that end lines or turn the direction of text around for some readers.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_UNSEEN_BUT_NEWLINES = re.compile(_UNSEEN.pattern.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f"))


def secretless(said: str) -> str:
    """The text without secrets."""
    for pattern, kept in _PATTERNS:
        said = pattern.sub(kept, said)
    return said


def line(said: str, limit: int = 4000) -> str:
    """The text without secrets, in one line of visible characters, at most ``limit`` of them and a mark of the cut."""
    return _cut(_UNSEEN.sub(_shown, secretless(said[: 2 * limit])), limit)


def text(said: str, limit: int = 20000) -> str:
    """The same for what has lines of its own, such as a traceback."""
    return _cut(_UNSEEN_BUT_NEWLINES.sub(_shown, secretless(said[: 2 * limit])), limit)


def is_secret(name: str) -> bool:
    """Whether what has this name is a secret."""
    return bool(_NAMED.fullmatch(name.lstrip("_")))


def value(said: Any, name: str = "", depth: int = 4) -> Any:
    """The same for anything that goes beside a message, by the name that it has there."""
    if name and is_secret(name) and said not in (None, "", False, True):
        return HIDDEN
    if said is None or isinstance(said, (bool, int, float)):
        return said
    if isinstance(said, Mapping) and depth:
        return {line(str(key)): value(one, str(key), depth - 1) for key, one in said.items()}
    if isinstance(said, (list, tuple, set, frozenset)) and depth:
        return [value(one, name, depth - 1) for one in said]
    return line(str(said))


def _shown(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _cut(said: str, limit: int) -> str:
    return said if len(said) <= limit else f"{said[:limit]}…"
