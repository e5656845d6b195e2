"""What of a table may be read: columns, masks, rows; and what a look at the values may find before anything opens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ckanext.shopendata.policy.refusal import Refused

__all__ = [
    "PATTERNS", "Column", "Mask", "Scan", "columns_of", "findings_in", "opened", "vault_table", "veil", "verdict_on",
]  # fmt: skip


class Mask(Enum):
    """How a value is veiled. The gateway applies it as an SQL expression: raw values never reach Python."""

    NONE = "none"
    FIRST_CHAR = "first_char"  # 王**
    PHONE = "phone"  # 138****0000
    IDENTITY = "identity"  # 310101********0000
    BAND = "band"  # a number's order of magnitude
    DROP = "drop"  # the column does not exist


#: From what shows everything to what shows nothing: of two masks the later one holds.
_STRICTNESS = (Mask.NONE, Mask.IDENTITY, Mask.PHONE, Mask.FIRST_CHAR, Mask.BAND, Mask.DROP)


class Scan(Enum):
    """Result of the sensitive-column scan. Only ``PASSED`` opens a row (DESIGN 3)."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Column:
    """A column of a loaded table: ASCII code, Chinese name, type (policy.catalogue.ItemType), unit, mask."""

    code: str
    name: str
    type: str = "text"
    unit: str = ""
    mask: Mask = Mask.NONE


#: What no public table may hold. A resident ID is 17 digits and a check character with a possible date of birth inside;
#: a mobile number 11 digits. Neither may stand inside a longer run of letters or digits (credit codes, serial numbers).
PATTERNS: dict[str, re.Pattern[str]] = {
    "resident_id": re.compile(
        r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9A-Za-z])"
    ),
    "mobile": re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z])"),
}

_WIDE = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")


def findings_in(value: object) -> list[str]:
    """Kinds of :data:`PATTERNS` that a value shows. Full-width digits count like others."""
    if not isinstance(value, str) or len(value) < 11:
        return []
    plain = value.translate(_WIDE)
    return [kind for kind, pattern in PATTERNS.items() if pattern.search(plain)]


def verdict_on(findings: Mapping[tuple[str, str], int], masks: Mapping[str, Mask]) -> Scan:
    """Whether a table with these findings, (column, kind) -> rows, may open: each must lie in a masked column."""
    open_ones = [column for column, _ in findings if masks.get(column, Mask.NONE) is Mask.NONE]
    return Scan.FAILED if open_ones else Scan.PASSED


def columns_of(
    items: Sequence[Column], selection: Iterable[str] | None = None, masks: Mapping[str, str] | None = None
) -> tuple[Column, ...]:
    """The columns of a dataset or grant: the selected ones, in the table's order, each with its strictest mask.

    Raises :class:`Refused` ``column_unknown`` for a selection that names what is not there, ``ValueError`` for a word
    that is no mask.
    """
    known = {item.code: item for item in items}
    chosen = set(known) if selection is None else set(selection)
    if unknown := sorted(chosen - set(known)):
        raise Refused("column_unknown", "items", columns=unknown)
    found = []
    for item in items:
        mask = max(item.mask, Mask((masks or {}).get(item.code, "none")), key=_STRICTNESS.index)
        if item.code in chosen and mask is not Mask.DROP:
            found.append(Column(item.code, item.name, item.type, item.unit, mask))
    return tuple(found)


def opened(
    items: Sequence[Column],
    selection: Iterable[str] | None,
    masks: Mapping[str, str],
    decided: Mapping[str, str] | None,
) -> tuple[Column, ...]:
    """The columns that a decision has opened: what the source adds later, or masks less, waits for the next one.

    ``decided`` are the items as the decision saw them, code -> mask; ``None`` when it saw none (no data then, or no
    decision yet). An item that the source takes away is gone. Raises as :func:`columns_of`.
    """
    if decided is None:
        return columns_of(items, selection, masks)
    seen = [
        replace(item, mask=max(item.mask, Mask(decided[item.code]), key=_STRICTNESS.index))
        for item in items
        if item.code in decided
    ]
    codes = {item.code for item in seen}
    return columns_of(seen, codes if selection is None else codes & set(selection), masks)


def vault_table(resource_id: str) -> str:
    """Name of a resource's table in the vault."""
    return "r_" + resource_id.replace("-", "")


def veil(value: str, mask: Mask) -> str:
    """A value behind its mask, as the gateway's SQL veils it. Its length says nothing about the value's."""
    text = value.strip(" ")
    if mask is Mask.FIRST_CHAR:
        return text[:1] + "**" if text else ""
    if mask is Mask.PHONE:
        return text[:3] + "****" + text[-4:] if len(text) >= 11 else "****"
    if mask is Mask.IDENTITY:
        return text[:6] + "********" + text[-4:] if len(text) >= 15 else "********"
    if mask is Mask.BAND:
        return _band(text)
    return value


def _band(text: str) -> str:
    """The order of magnitude of a number: ``100-999``, ``-(10-99)``, ``0-1`` below one; ``**`` for what is none."""
    bare = text.lstrip("+-")
    if not re.fullmatch(r"[0-9]*\.?[0-9]*", bare) or not bare.strip("."):
        return "**"
    digits = bare.split(".")[0].lstrip("0")
    band = "1" + "0" * (len(digits) - 1) + "-" + "9" * len(digits) if digits else "0-1"
    return f"-({band})" if text.startswith("-") else band
