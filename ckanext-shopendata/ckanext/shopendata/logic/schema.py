"""What each action accepts. What a schema does not name is refused, so that a misspelt field cannot pass unseen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.shopendata.policy.classification import Tier

__all__: list[str] = []

#: How many objects one call may name.
MANY = 5000

_PAGE: dict[str, tuple[int, int]] = {"limit": (50, 1000), "offset": (0, 10_000_000)}


def text(value: Any) -> str:
    """Text; numbers and other types are no text."""
    if not isinstance(value, str):
        raise tk.Invalid(tk._("Please enter text"))
    if "\0" in value:
        raise tk.Invalid(tk._("Contains a character that cannot be stored"))
    return value.strip()


def filled(value: Any) -> str:
    """Text that is not empty."""
    given = text("" if value in (None, tk.missing) else value)
    if not given:
        raise tk.Invalid(tk._("Missing value"))
    return given


def address(value: Any) -> str:
    """A mail address."""
    given = filled(value)
    if not re.fullmatch(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,190}", given):
        raise tk.Invalid(tk._("Please give a mail address"))
    return given


def uuid(value: Any) -> str:
    """A UUID in its usual form."""
    try:
        return str(UUID(text(value)))
    except ValueError:
        raise tk.Invalid(tk._("Please give a UUID")) from None


def texts(value: Any) -> list[str]:
    """A list of texts; one text stands for a list of one."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > MANY:
        raise tk.Invalid(tk._("Please give a list of at most {count} values").format(count=MANY))
    return [filled(one) for one in values]


def some(value: Any) -> list[str]:
    """A list of texts that is not empty."""
    if value in (None, tk.missing, [], ""):
        raise tk.Invalid(tk._("Please choose at least one"))
    return texts(value)


def date(value: Any) -> dt.date:
    """A day, as ``2026-11-22``."""
    try:
        return dt.date.fromisoformat(text(value))
    except ValueError:
        raise tk.Invalid(tk._("Please give a date such as 2026-11-22")) from None


def dates(value: Any) -> list[dt.date]:
    """A list of days; one stands for a list of one."""
    return [date(one) for one in ([value] if isinstance(value, str) else texts(value))]


def objects(value: Any) -> list[dict[str, str]]:
    """A list of objects whose values are texts."""
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(one, dict) for one in value):
        raise tk.Invalid(tk._("Please give a list of objects"))
    return [{text(name): text(content) for name, content in one.items()} for one in value]


def mapping(value: Any) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict) or len(value) > 200:
        raise tk.Invalid(tk._("Please give an object"))
    return value


def each(validator: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    """An object whose values pass ``validator``."""

    def check(value: Any) -> dict[str, Any]:
        return {name: validator(one) for name, one in mapping(value).items()}

    return check


def one_of(*allowed: str) -> Callable[[Any], str]:
    """One of these words."""

    def check(value: Any) -> str:
        if value not in allowed:
            raise tk.Invalid(tk._("Please choose one of: {choices}").format(choices=", ".join(allowed)))
        return str(value)

    return check


def number(low: int, high: int) -> Callable[[Any], int]:
    """A whole number; texts of digits count (addresses carry nothing else)."""

    def check(value: Any) -> int:
        try:
            given = int(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
        except ValueError:
            given = None
        if given is None or not low <= given <= high:
            raise tk.Invalid(tk._("Please give a number from {low} to {high}").format(low=low, high=high))
        return given

    return check


def fields(**given: Any) -> Callable[[], Schema]:
    """A schema: a validator means required, ``maybe(validator)`` not."""

    def schema() -> Schema:
        checks: dict[str, Any] = {
            name: rule if isinstance(rule, list) else [_present, rule] for name, rule in given.items()
        }
        checks |= {"__extras": [_no_more], "__junk": [_no_more]}
        return checks

    return schema


def maybe(validator: Callable[[Any], Any]) -> list[Any]:
    """A field that may be left out; then the action does not see it."""
    return [tk.get_validator("ignore_missing"), validator]


def listing(**given: Any) -> Callable[[], Schema]:
    """A schema of something that answers page by page."""
    default: Any = tk.get_validator("default")
    pages = {name: [default(first), number(0, most)] for name, (first, most) in _PAGE.items()}
    return fields(**given, **pages)


def _present(key: Any, data: Any, errors: Any, context: Any) -> None:
    del context
    if data.get(key) is tk.missing or data.get(key) is None:
        errors[key].append(tk._("Missing value"))
        raise tk.StopOnError  # what comes next would say the same in other words


def _no_more(key: Any, data: Any, errors: Any, context: Any) -> None:
    if extra := data.get(key):
        names = ", ".join(sorted(str(name) for name in extra)) if isinstance(extra, dict) else "…"
        errors[key].append(tk._("Unknown field: {names}").format(names=names))
    data.pop(key, None)


tier = one_of(*(member.value for member in Tier if member is not Tier.UNDECIDED))
