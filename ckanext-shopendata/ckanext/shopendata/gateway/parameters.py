"""What a caller asks for, checked against what the caller may read before any SQL is composed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from ckanext.shopendata.gateway.problems import Refusal
from ckanext.shopendata.policy.scope import Column

__all__ = [
    "MAX_LIMIT",
    "Wish",
    "filters_of",
    "natural",
    "parse_json",
    "read_fields",
    "read_filters",
    "read_sort",
    "storable",
]

MAX_LIMIT = 1000
MAX_OFFSET = 10**9
MAX_VALUES = 200

_DECIMAL = re.compile(r"[+-]?[0-9]{1,60}(\.[0-9]{1,60})?")
_NATURAL = re.compile(r"[0-9]{1,18}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_TERM = re.compile(r'\s*"?([0-9A-Za-z_]{1,63})"?(?:\s+(asc|desc))?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Wish:
    """A request that names only columns its caller may see."""

    fields: tuple[Column, ...]
    filters: tuple[tuple[Column, list[Any]], ...] = ()
    sort: tuple[tuple[Column, bool], ...] = ()  #: column, descending
    limit: int = 100
    offset: int = 0
    q: str = ""
    distinct: bool = False
    total: bool = True


def parse_json(text: str | bytes, code: str, parameter: str) -> Any:
    """JSON as Python values, decimals exact. Raises :class:`Refusal` ``code`` for anything else."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise Refusal(code, f"{parameter or '请求内容'}应为有效的 JSON", parameter) from error


def natural(value: object, code: str, parameter: str, most: int) -> int:
    """A whole number from 0 to ``most``, given as number or text. Raises :class:`Refusal` ``code``."""
    if isinstance(value, str) and _NATURAL.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Refusal(code, f"{parameter} 应为 0 到 {most} 的整数", parameter)
    return value


def read_fields(codes: Sequence[object], columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns to answer with, in the order asked for. Raises :class:`Refusal` ``unknown_column``."""
    return tuple(dict.fromkeys(_column(code, columns, "fields") for code in codes))


def read_sort(terms: Sequence[object], columns: Sequence[Column]) -> tuple[tuple[Column, bool], ...]:
    """``code``, ``code asc``, ``code desc``. Raises :class:`Refusal` ``bad_sort`` or ``unknown_column``."""
    found: dict[Column, bool] = {}
    for term in terms:
        match = _TERM.fullmatch(term) if isinstance(term, str) else None
        if match is None:
            raise Refusal("bad_sort", "sort 应为以逗号分隔的“数据项”“数据项 asc”或“数据项 desc”", "sort")
        found.setdefault(_column(match[1], columns, "sort"), (match[2] or "").lower() == "desc")
    return tuple(found.items())


def read_filters(given: object, columns: Sequence[Column]) -> tuple[tuple[Column, list[Any]], ...]:
    """``{code: value or list of values}``. Raises :class:`Refusal` ``bad_filters`` or ``unknown_column``."""
    if not isinstance(given, Mapping):
        raise Refusal("bad_filters", "filters 应为 JSON 对象：{数据项: 值或值的列表}", "filters")
    found = []
    for code, wanted in given.items():
        column = _column(code, columns, "filters")
        values = wanted if isinstance(wanted, list) else [wanted]
        if len(values) > MAX_VALUES:
            raise Refusal("bad_filters", f"一个数据项最多筛选 {MAX_VALUES} 个值", "filters")
        found.append((column, [_filter_value(value, column) for value in values]))
    return tuple(found)


def filters_of(stored: Mapping[str, list[Any]], loaded: Mapping[str, Column]) -> list[tuple[Column, list[Any]]]:
    """A row filter of a dataset or grant. Raises :class:`Refusal` ``scope_unreadable``: it must never be skipped."""
    try:
        return [
            (loaded[code], [_value(value, loaded[code].type) for value in allowed]) for code, allowed in stored.items()
        ]
    except (KeyError, ValueError) as error:
        raise Refusal("scope_unreadable") from error


def _column(code: object, columns: Sequence[Column], parameter: str) -> Column:
    for column in columns:
        if column.code == code:
            return column
    # The same words for a column that does not exist and for one that is not granted.
    codes = [column.code for column in columns]
    raise Refusal("unknown_column", f"可用的数据项：{'、'.join(codes)}", parameter, columns=codes)


def _filter_value(value: object, column: Column) -> Any:
    try:
        return _value(value, column.type)
    except ValueError as error:
        raise Refusal("bad_filters", f"数据项 {column.code} 的值应为{error}", "filters") from error


def _value(value: object, kind: str) -> Any:
    """A filter's value as what PostgreSQL compares; ``ValueError`` says in Chinese what it should have been."""
    if value is None:
        return None
    read, form = _READERS[kind]
    try:
        return read(value)
    except ValueError:
        raise ValueError(form) from None


def _word(value: object, pattern: re.Pattern[str]) -> str:
    """A number's digits, whether it came as number or as text."""
    word = str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value
    if not isinstance(word, str) or not pattern.fullmatch(word):
        raise ValueError
    return word


def _text(value: object) -> str:
    word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(word, str) or not storable(word):
        raise ValueError
    return word


def _integer(value: object) -> int:
    number = int(_word(value, _INTEGER))
    if not -(2**63) <= number < 2**63:
        raise ValueError
    return number


def _truth(value: object) -> bool:
    if not isinstance(value, bool) and value not in ("true", "false"):
        raise ValueError
    return value is True or value == "true"


def _moment(pattern: str, read: Callable[[str], Any]) -> Callable[[object], Any]:
    compiled = re.compile(pattern)
    return lambda value: read(_word(value, compiled))


_READERS: dict[str, tuple[Callable[[object], Any], str]] = {
    "text": (_text, "文本"),
    "int": (_integer, "整数"),
    "decimal": (lambda value: Decimal(_word(value, _DECIMAL)), "数值"),
    "bool": (_truth, " true 或 false"),
    "date": (_moment(_DATE, date.fromisoformat), " YYYY-MM-DD"),
    "time": (_moment(_TIME, time.fromisoformat), " HH:MM:SS"),
    "datetime": (_moment(f"{_DATE}([T ]{_TIME})?", datetime.fromisoformat), " YYYY-MM-DDTHH:MM:SS"),
}


def storable(text: str) -> bool:
    """Whether it can stand in a table: PostgreSQL stores neither NUL nor half a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _no_number(word: str) -> Any:
    raise ValueError(word)
