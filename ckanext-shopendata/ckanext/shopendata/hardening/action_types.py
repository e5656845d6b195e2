"""Kinds of values that parameters of actions take; knows nothing of CKAN, of the request or of any action.

A kind accepts what CKAN takes in a well-formed call and no more. Where CKAN makes text of numbers, numbers are
accepted; parameters of a query string are always text or lists of text, so numbers and truth values are accepted as
text, too. ``null`` means "not given" to CKAN nearly everywhere.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlparse

from werkzeug.datastructures import FileStorage

#: Nesting of a parameter's value; a package with its resources and their extras needs five.
MAX_DEPTH = 20
#: Values in one parameter, counting every object, list, text and number.
MAX_VALUES = 1_000_000
#: Length of a parameter's name and of the names in objects.
MAX_NAME = 256

_INT32, _INT64 = 2**31, 2**63


def _(message: str) -> str:
    """Marks a message for extraction; whoever shows it translates it."""
    return message


MISSING = _("Missing value")
TEXT_FAULT = _("Text may not contain null characters or lone surrogates")
NAME_FAULT = _("Names in objects may have at most 256 characters")
NUMBER_FAULT = _("Numbers must be finite, whole numbers must fit into 64 bits")
DEPTH_FAULT = _("Objects and lists may not be nested deeper than 20 levels")
COUNT_FAULT = _("Too many values")
REPEATED = _("Ids may not be repeated")
EMPTY = _("Objects may not be empty")
TOO_LONG = _("May be at most a century")

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Wrong:
    """Something that is not as it should be: what was expected, and where it stands below the parameter."""

    message: str
    path: Path = ()
    detail: str = ""


def unsound(value: Any) -> str | None:
    """The first fault of a value that no parameter may have, whatever its kind; None if there is none."""
    left, open_values = MAX_VALUES, [(value, 0)]
    while open_values:
        item, depth = open_values.pop()
        left -= 1
        if left < 0:
            return COUNT_FAULT
        if isinstance(item, (dict, list)):
            if depth >= MAX_DEPTH:
                return DEPTH_FAULT
            if isinstance(item, dict):
                if fault := next(filter(None, map(unsound_name, item)), None):
                    return fault
                item = item.values()
            open_values.extend((member, depth + 1) for member in item)
        elif fault := _unsound_scalar(item):
            return fault
    return None


def unsound_name(name: str) -> str | None:
    """The fault of a parameter's name or of a name in an object."""
    return NAME_FAULT if len(name) > MAX_NAME else _unsound_scalar(name)


def _unsound_scalar(value: Any) -> str | None:
    if isinstance(value, FileStorage):
        value = value.filename or ""
    if isinstance(value, str):
        return TEXT_FAULT if "\0" in value or not (value.isascii() or _encodable(value)) else None
    if isinstance(value, float):
        return None if math.isfinite(value) else NUMBER_FAULT
    if isinstance(value, int):
        return None if -_INT64 <= value < _INT64 else NUMBER_FAULT
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class StrictJSON:
    """A JSON reader (in the shape of the :mod:`json` module) without what the standard library allows beyond JSON."""

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        """Parses; raises ValueError for NaN, Infinity, repeated names and nesting that exhausts the stack."""
        try:
            return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        except RecursionError as error:
            raise ValueError(DEPTH_FAULT) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("repeated name")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(name)


@dataclass(frozen=True)
class Kind:
    """A kind of value: the sentence that describes it, and the test.

    ``members`` are the kinds of an object's members, or of those of each object in a list; other members may be
    anything. ``required`` members may not be absent or null. ``read`` is what CKAN makes of text in this place.
    """

    message: str
    accepts: Callable[[Any], bool]
    members: Mapping[str, Kind] = field(default_factory=dict)
    required: Collection[str] = ()
    read: Callable[[str], Any] | None = None
    #: Follows the message and is not translated.
    detail: str = ""

    def wrong(self, value: Any) -> Iterator[Wrong]:
        """What is wrong with a value; nothing if it is of this kind."""
        fault = None
        if self.read and isinstance(value, str):
            try:
                value = self.read(value)
                fault = unsound(value)
            except RecursionError:
                fault = DEPTH_FAULT
        if fault or not self.accepts(value):
            yield Wrong(fault) if fault else Wrong(self.message, detail=self.detail)
        elif isinstance(value, list):
            for position, item in enumerate(value):
                yield from self._wrong_members(item, (position,))
        else:
            yield from self._wrong_members(value, ())

    def _wrong_members(self, value: Any, path: Path) -> Iterator[Wrong]:
        if not isinstance(value, dict):
            return
        for name in self.required:
            if value.get(name) is None:
                yield Wrong(MISSING, (*path, name))
        for name, kind in self.members.items():
            if name in value:
                for found in kind.wrong(value[name]):
                    yield replace(found, path=(*path, name, *found.path))


def as_json(text: str) -> Any:
    """What a text says as JSON; the text itself if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def as_json_object(text: str) -> Any:
    """The object that a text says as JSON; the text itself if it says anything else."""
    value = as_json(text)
    return value if isinstance(value, dict) else text


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float))


def _is_truth(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in {"true", "yes", "on", "y", "t", "1", "false", "no", "off", "n", "f", "0"}
    return value is None or isinstance(value, bool) or value in (0, 1)


def _are_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _is_object(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_object_of_texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(item, str) for item in value.values()))


def _are_objects(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, dict) for item in value))


def _is_whole(value: Any, least: int, most: int) -> bool:
    if isinstance(value, str):
        return bool(re.fullmatch(r"\s*[+-]?\d{1,20}\s*", value)) and least <= int(value) <= most
    if isinstance(value, float):
        return value.is_integer() and least <= value <= most
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most)


def _is_date(value: Any) -> bool:
    # CKAN takes runs of digits for the parts of a date; longer ones overflow in datetime.
    return value is None or (isinstance(value, str) and not re.search(r"\d{10}", value))


def _is_sort(value: Any) -> bool:
    if isinstance(value, str):
        return value == "" or all(part.strip() for part in value.split(","))
    return value is None


def _is_timestamp(value: Any) -> bool:
    return _is_date(value) and not re.search(r"(Z|[+-]\d\d:?\d\d)$", value or "")


def _is_address(value: Any) -> bool:
    try:
        return value is None or (isinstance(value, str) and urlparse(value) is not None)
    except ValueError:
        return False


def _are_filters(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, dict) and _are_filters(item) for item in value)
    if isinstance(value, dict):
        return all(
            isinstance(member, list) and _are_filters(member) if re.match(r"\$(?!\$)", name) else _is_filter(member)
            for name, member in value.items()
        )
    return value is None


def _is_filter(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_filter(item) for item in value if isinstance(item, dict))
    return not isinstance(value, dict) or (bool(value) and isinstance(value.get("in", []), list))


TEXT = Kind(_("Must be text"), _is_text)
#: Text, or a number or truth value that CKAN makes text of.
SCALAR = Kind(_("Must be text"), _is_scalar)
NATURAL = Kind(_("Must be a whole number from 0 to 2147483647"), partial(_is_whole, least=0, most=_INT32 - 1))
INTEGER = Kind(_("Must be a whole number of at most 32 bits"), partial(_is_whole, least=-_INT32, most=_INT32 - 1))
LONG = Kind(_("Must be a whole number of at most 64 bits"), partial(_is_whole, least=-_INT64, most=_INT64 - 1))
BOOLEAN = Kind(_("Must be true or false"), _is_truth)
DATE = Kind(_("Must be a date in ISO 8601"), _is_date)
#: A time in UTC, as CKAN keeps them.
TIMESTAMP = Kind(_("Must be a date in ISO 8601 without a time zone"), _is_timestamp)
ADDRESS = Kind(_("Must be an address (URL)"), _is_address)
#: Conditions on rows: ``{"field": value, "other": {"gt": 1}, "$or": [...]}``, or a list of such objects.
FILTERS = Kind(_("Must be an object of conditions, or a list of such objects"), _are_filters)
#: Fields to sort by, each with an optional direction.
SORT = Kind(_("Must be a list of fields, separated by commas"), _is_sort)
TEXTS = Kind(_("Must be a list of texts"), _are_texts)
TEXT_OR_TEXTS = Kind(_("Must be text or a list of texts"), lambda value: _is_text(value) or _are_texts(value))
OBJECT = Kind(_("Must be an object"), _is_object)
OBJECT_OF_TEXTS = Kind(_("Must be an object whose values are texts"), _is_object_of_texts)
OBJECTS = Kind(_("Must be a list of objects"), _are_objects)
#: A file, or the text that forms send in its place.
UPLOAD = Kind(_("Must be a file"), lambda value: _is_text(value) or isinstance(value, FileStorage))
#: Whatever CKAN or a plugin makes of it, but no file.
ANYTHING = Kind(_("Must not be a file"), lambda value: not isinstance(value, FileStorage))


def one_of(*words: str, none: Collection[str | None] = (None, "")) -> Kind:
    """One of these words, or what stands for none of them."""
    return Kind(_("Must be one of:"), lambda value: value in (*none, *words), detail=", ".join(words))


def or_empty(kind: Kind) -> Kind:
    """The same kind for a place where CKAN takes empty text for "not given"."""
    return replace(kind, accepts=lambda value: value == "" or kind.accepts(value))


def given(kind: Kind) -> Kind:
    """The same kind for a place where CKAN fails on null."""
    return replace(kind, accepts=lambda value: value is not None and kind.accepts(value))


def with_members(kind: Kind, *required: str, **members: Kind) -> Kind:
    """The same kind, with the kinds of its objects' members."""
    return replace(kind, required=required, members=members)
