"""Rows of buses, car parks and the metro (agency 1)."""

from __future__ import annotations

from datetime import date, timedelta

from .dice import Dice
from .table import Maker, Row
from .words import DISTRICTS, ROADS, address, company_name, grid, moment, place

_STOPS = 18


def _line(number: int) -> tuple[str, str]:
    """Code (text with leading zeros) and name of bus line ``number``."""
    return f"{number + 1:04d}", f"示例{number + 1}路"


def park_code(number: int) -> str:
    """Code of car park ``number``."""
    return f"{10_001 + number:08d}"


def bus_stops(number: int, dice: Dice, _day: date) -> Row:
    """500 lines, two directions, 18 stops each; the way back passes the same stops the other way round."""
    line, rest = divmod(number, 2 * _STOPS)
    back, seq = divmod(rest, _STOPS)
    stop = _STOPS - 1 - seq if back else seq
    code, name = _line(line)
    district = DISTRICTS[(line + stop // 6) % 16]
    return [
        code,
        name,
        "下行" if back else "上行",
        seq + 1,
        f"{ROADS[(line * 11 + stop * 3) % 160]}{ROADS[(line * 5 + stop * 7 + 1) % 160]}",
        district[0],
        round(district[2] + dice.roll() * 0.1 - 0.05, 6),
        round(district[3] + dice.roll() * 0.08 - 0.04, 6),
        f"{5 + line % 2:02d}:{line % 4 * 15:02d}",
        f"{21 + line % 3:02d}:{line % 2 * 30:02d}",
    ]


def parks(number: int, dice: Dice, _day: date) -> Row:
    """Car parks on record."""
    district, lon, lat = place(dice, number)
    return [
        park_code(number),
        f"{dice.pick(ROADS)}{dice.pick(('公共停车场', '停车库', '商务楼地下停车库', '医院停车场'))}",
        address(dice, district),
        district,
        dice.pick(("地面", "地下", "立体")),
        dice.between(18, 1200),
        f"首小时{dice.between(4, 12)}元,后续每半小时{dice.between(2, 6)}元(夜间封顶{dice.between(8, 20)}元)",
        company_name(number * 7 % 32_000),
        f"{number + 1:06d}",
        lon,
        lat,
    ]


def metro_exits(number: int, dice: Dice, _day: date) -> Row:
    """14 lines, 30 stations, five exits each."""
    line, rest = divmod(number, 150)
    station, exit_no = divmod(rest, 5)
    return [
        f"示例{line + 1}号线",
        ROADS[(line * 30 + station) * 7 % 160] + ("" if line < 5 else str(line + 1)),
        f"{exit_no + 1}号口",
        f"{dice.pick(ROADS)}{dice.pick('东南西北')}侧(近{dice.pick(ROADS)})",
        dice.chance(0.3),
        f"05:{station % 30 + 15:02d}",
        f"22:{station % 30 + 15:02d}",
    ]


def bus_arrivals(number: int, dice: Dice, day: date) -> Row:
    """100 lines, two directions, three stops each, every 15 seconds."""
    steps, line, back, place_ = grid(number, 60_000, 100, 2, 3)
    away = dice.between(0, 12)
    return [
        _line(line)[0],
        "下行" if back else "上行",
        4 + place_ * 5,
        dice.between(1, 9),
        away,
        away * dice.between(70, 150) + dice.below(60),
        moment(day, steps, timedelta(seconds=15)),
    ]


def park_spaces(number: int, dice: Dice, day: date) -> Row:
    """500 car parks every ten minutes; those off line tell nothing."""
    steps, park = grid(number, 30_000, 500)
    online = not dice.chance(0.02)
    free = max(0, 20 + park % 90 + dice.between(-20, 40))
    return [
        park_code(park),
        moment(day, steps, timedelta(minutes=10)),
        free if online else None,
        "正常" if online else "离线",
    ]


MAKERS: dict[str, tuple[int, Maker]] = {
    "bus_stops": (18_000, bus_stops),
    "parks": (4_500, parks),
    "metro_exits": (2_100, metro_exits),
    "bus_arrivals": (60_000, bus_arrivals),
    "park_spaces": (30_000, park_spaces),
}
