"""Texts, dates and numbers as other systems write them, made fit for our tables. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

__all__ = ["Malformed", "clean", "date", "number", "plain_text", "words"]

_BLANKS = re.compile(r"\s+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_BETWEEN_WORDS = re.compile(r"[,，、;；|]")
_LARGEST = 2**63 - 1


class Malformed(ValueError):  # noqa: N818 - an answer about a value, not a defect
    """A value is of another kind than its field."""


def clean(value: Any) -> str:
    """The text on one line, without blanks around it (full-width ones included), control characters or half signs.

    Raises :class:`Malformed` for what is neither a text nor a number; ``None`` is the empty text.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Malformed
    kept = (" " if unicodedata.category(sign) in {"Cc", "Cs"} else sign for sign in str(value))
    return _BLANKS.sub(" ", "".join(kept)).strip("\ufeff\u200b ")


def plain_text(value: Any) -> str:
    """The text without markup; what scripts and style sheets hold is no text. Raises :class:`Malformed`."""
    text = clean(value)
    if "<" not in text and "&" not in text:
        return text
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except AssertionError:  # the parser's way to refuse a broken declaration
        raise Malformed from None
    return clean(" ".join(reader.parts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"} and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def date(value: Any) -> dt.date | None:
    """The day of ``2023-06-10``, with or without a time behind it; none for a blank. Raises :class:`Malformed`."""
    text = clean(value)
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if not found:
        raise Malformed
    try:
        return dt.date(*(int(part) for part in found.groups()))
    except ValueError:
        raise Malformed from None


def number(value: Any) -> int | None:
    """A count; none for a blank. Raises :class:`Malformed`."""
    text = clean(value)
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > _LARGEST:
        raise Malformed
    return int(text)


def words(value: Any) -> list[str]:
    """Labels from a list or from one text with separators, without blanks or repeats. Raises :class:`Malformed`."""
    given = value if isinstance(value, list) else _BETWEEN_WORDS.split(clean(value))
    return list(dict.fromkeys(word for word in map(clean, given) if word))
