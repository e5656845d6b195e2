"""Data items (数据项) in the short notation of the entries' YAML files.

``名称 code* int [km] !p=phone``: Chinese name, code, ``*`` if part of the key, type (text if left out), unit in square
brackets, ``!p`` personal or ``!b`` business-sensitive with the mask proposed by the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_NOTATION = re.compile(
    r"(?P<name>\S+) (?P<code>[a-z][a-z0-9_]*)(?P<key>\*?)"
    r"(?: (?P<type>int|decimal|datetime|date|time|bool))?"
    r"(?: \[(?P<unit>[^\]]+)\])?"
    r"(?: !(?P<flag>[pb])(?:=(?P<mask>first_char|phone|band))?)?"
)
_SENSITIVITY = {None: "none", "p": "personal", "b": "trade_secret"}
_LENGTH = {"text": 200, "int": 12, "decimal": 18, "date": 10, "datetime": 19, "time": 5, "bool": 5}
_DESCRIPTION = {
    "lon": "GCJ-02 坐标",
    "lat": "GCJ-02 坐标",
    "uscc": "18位统一社会信用代码，文本型，区划段为 990000（演示）",
    "phone": "文本型，演示号码",
}


@dataclass(frozen=True)
class Item:
    """One column or interface field of an entry."""

    name: str
    code: str
    type: str = "text"
    unit: str = ""
    key: bool = False
    sensitivity: str = "none"
    mask: str = "none"

    def as_record(self, seq: int) -> dict[str, Any]:
        """The item as the platform delivers it; ``seq`` counts from 1."""
        described = _DESCRIPTION.get(
            self.code, "文本型编码，保留前导零" if self.code.endswith(("_code", "_no")) else ""
        )
        return {
            "seq": seq,
            "nameCn": self.name,
            "nameEn": self.code,
            "type": self.type,
            "length": _LENGTH[self.type],
            "unit": self.unit,
            "key": self.key,
            "sensitivity": self.sensitivity,
            "mask": self.mask,
            "description": described,
        }


def parse(notation: str) -> tuple[Item, ...]:
    """Items of one entry, separated by semicolons.

    Raises:
        ValueError: a part does not follow the notation.
    """
    return tuple(_parse_one(part.strip()) for part in notation.split(";"))


def _parse_one(part: str) -> Item:
    found = _NOTATION.fullmatch(part)
    if not found:
        raise ValueError(f"not an item: {part!r}")
    return Item(
        name=found["name"],
        code=found["code"],
        type=found["type"] or "text",
        unit=found["unit"] or "",
        key=bool(found["key"]),
        sensitivity=_SENSITIVITY[found["flag"]],
        mask=found["mask"] or "none",
    )
