"""Plausible dirt: what a few per cent of real rows look like, cell by cell.

Keys and codes stay clean. Three kinds of dirt belong to files and not to rows of JSON, so they are not made here: a
table in GB18030, a CSV with a byte order mark, a spreadsheet that begins with a merged title.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dice import Dice
from .items import Item

#: Share of rows with one dirty spot.
SHARE = 0.04

_FULL_WIDTH = str.maketrans("0123456789()", "０１２３４５６７８９（）")
_SPELLINGS = {"杉": "衫", "莲": "连", "蓝": "兰", "晨": "辰", "嘉": "佳", "庭": "亭", "泾": "径", "浦": "铺"}
_OLD_DISTRICTS = {"静安区": "闸北区", "黄浦区": "卢湾区", "浦东新区": "南汇区", "崇明区": "崇明县"}

Stain = Callable[[list[Any], Dice], None]


def stains(items: tuple[Item, ...]) -> tuple[Stain, ...]:
    """Every kind of dirt that fits these columns; each changes one row in place."""
    found: list[Stain] = []
    places = {item.code: place for place, item in enumerate(items)}
    for place, item in enumerate(items):
        if not item.key:
            found += [_at(place, stain) for stain in _kinds(item)]
    if "lon" in places and "lat" in places:
        found.append(_swap(places["lon"], places["lat"]))
    return tuple(found)


def _kinds(item: Item) -> list[Callable[[Any, Dice], Any]]:
    if item.type == "text":
        return _text_kinds(item.code)
    if item.type == "date":
        return [_loose_date, _empty]
    if item.type == "int" and item.code != "year":
        return [_negative]
    if item.type == "decimal" and item.code not in {"lon", "lat"}:
        return [_empty]
    return []


def _text_kinds(code: str) -> list[Callable[[Any, Dice], Any]]:
    if code == "district":
        return [_old_district, _district_or_county]
    if code == "phone":
        return [_extension, _empty]
    return [] if code.endswith(("code", "_no", "uscc")) else [_full_width, _trailing, _spelling, _empty]


def _at(place: int, change: Callable[[Any, Dice], Any]) -> Stain:
    def stain(row: list[Any], dice: Dice) -> None:
        if row[place] is not None:
            row[place] = change(row[place], dice)

    return stain


def _swap(lon: int, lat: int) -> Stain:
    def stain(row: list[Any], _dice: Dice) -> None:
        row[lon], row[lat] = row[lat], row[lon]

    return stain


def _old_district(value: str, _dice: Dice) -> str:
    return _OLD_DISTRICTS.get(value, value + " ")


def _district_or_county(value: str, _dice: Dice) -> str:
    return value.removesuffix("区") + "区县"


def _extension(value: str, dice: Dice) -> str:
    return f"{value}转{dice.between(801, 899)}"


def _loose_date(value: str, dice: Dice) -> str:
    year, month, day = value.split("-")
    return f"{year}{month}{day}" if dice.chance(0.5) else f"{year}.{int(month)}.{int(day)}"


def _empty(_value: Any, dice: Dice) -> str:
    return dice.pick(("-", "无"))


def _negative(value: Any, _dice: Dice) -> Any:
    return -value if isinstance(value, int) and value else -1


def _full_width(value: str, _dice: Dice) -> str:
    return value.translate(_FULL_WIDTH)


def _trailing(value: str, dice: Dice) -> str:
    return value + dice.pick((" ", "  ", "\t"))


def _spelling(value: str, _dice: Dice) -> str:
    for usual, other in _SPELLINGS.items():
        if usual in value:
            return value.replace(usual, other, 1)
    return value + " "
