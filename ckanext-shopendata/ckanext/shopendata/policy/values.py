"""Values as sources deliver them, read as the type that the dictionary promises; what cannot be is kept as text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from ckanext.shopendata.policy.catalogue import ItemType

__all__ = ["EMPTY", "plain", "read"]

#: What offices write where they mean nothing.
EMPTY = frozenset({"", "-", "--", "—", "无", "NULL", "null", "/"})

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
#: A comma parts thousands; anywhere else it may part decimals or several numbers, and nobody knows which.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_DATE = re.compile(r"(\d{4})([-./年]?)(\d{1,2})(?:\2|月)(\d{1,2})日?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_YES, _NO = {"true", "是", "1", "有", "y", "yes"}, {"false", "否", "0", "无", "n", "no"}


def plain(value: object) -> str | None:
    """A delivered value as text; ``None`` for nothing. Text stays as delivered but for what PostgreSQL cannot hold."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\0", "")


def read(value: str | None, kind: ItemType) -> str | None:
    """A value in the form that PostgreSQL reads as ``kind``; ``None`` for nothing. Raises ``ValueError``."""
    if value is None or kind is ItemType.TEXT:
        return value
    narrow = value.translate(_WIDE).strip()
    if kind is ItemType.BOOLEAN and narrow.lower() in _YES | _NO:
        return "true" if narrow.lower() in _YES else "false"
    if narrow in EMPTY:
        return None
    return _READERS[kind](narrow)


def _integer(text: str) -> str:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError(text)
    return str(int(text))


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(text)
    return format(number, "f")


def _date(text: str) -> str:
    match = _DATE.fullmatch(text)
    if match is None or (not match[2] and len(text) != 8):
        raise ValueError(text)
    return dt.date(int(match[1]), int(match[3]), int(match[4])).isoformat()


def _time(text: str) -> str:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return dt.time(int(match[1]), int(match[2]), int(match[3] or 0)).isoformat()


def _datetime(text: str) -> str:
    day, _, clock = text.replace("T", " ").partition(" ")
    return f"{_date(day)} {_time(clock.strip() or '00:00')}"


def _never(text: str) -> str:
    raise ValueError(text)


_READERS: dict[ItemType, Callable[[str], str]] = {
    ItemType.INTEGER: _integer,
    ItemType.DECIMAL: _decimal,
    ItemType.DATE: _date,
    ItemType.TIME: _time,
    ItemType.DATETIME: _datetime,
    ItemType.BOOLEAN: _never,
}
