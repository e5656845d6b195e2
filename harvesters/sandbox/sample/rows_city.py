"""Rows of place names, land and visitors (agencies 7 and 8)."""

from __future__ import annotations

from datetime import date, timedelta

from .dice import Dice
from .table import Maker, Row
from .words import DISTRICT_NAMES, ROADS, company_name, grid, reading, word

_KINDS = (
    ("路", "Lu", "道路"),
    ("东路", "Donglu", "道路"),
    ("西路", "Xilu", "道路"),
    ("支路", "Zhilu", "道路"),
    ("街", "Jie", "道路"),
    ("新村", "Xincun", "居住区"),
    ("苑", "Yuan", "居住区"),
    ("公寓", "Gongyu", "居住区"),
)
_USES = (
    ("住宅用地", 42_000, 1.8),
    ("商业办公用地", 30_000, 2.5),
    ("工业用地", 2_600, 2.0),
    ("公共设施用地", 4_800, 1.2),
)
_SLOTS = ("09:00", "10:30", "12:00", "13:30", "15:00", "16:30", "18:00", "19:30")


def place_names(number: int, dice: Dice, day: date) -> Row:
    """Roads and estates, every name once."""
    kind, which = divmod(number, 1_600)
    suffix, pinyin, category = _KINDS[kind]
    extent = f"{dice.pick(ROADS)}—{dice.pick(ROADS)}" if category == "道路" else None
    return [
        f"{number + 1:010d}",
        f"{word(which)}{suffix}",
        f"{reading(which)} {pinyin}",
        category,
        DISTRICT_NAMES[number % 16],
        extent,
        (day - timedelta(days=200 + dice.below(18_000))).isoformat(),
        dice.pick(ROADS) if dice.chance(0.1) else None,
    ]


def land_deals(number: int, dice: Dice, day: date) -> Row:
    """Land sold in the last ten years, the latest first."""
    dealt = day - timedelta(days=number * 3_650 // 2_500)
    use, price, ratio = dice.pick(_USES)
    area = dice.number(3_000, 90_000, 1)
    start = round(area * ratio * price / 10_000 * (0.7 + 0.4 * dice.roll()), 0)
    district = DISTRICT_NAMES[dice.below(16)]
    return [
        f"示地告字〔{dealt.year}〕{2_500 - number:04d}号",
        f"{district}{word(dice.below(1_600))}单元{dice.between(1, 60):02d}-{dice.between(1, 12):02d}地块",
        district,
        use,
        area,
        round(ratio + dice.roll(), 2),
        start,
        round(start * (1 + 0.35 * dice.roll() * dice.below(2)), 0),
        company_name(dice.below(25_000)),
        dealt.isoformat(),
    ]


def spot_crowds(number: int, dice: Dice, day: date) -> Row:
    """50 sights, eight times a day; weekends are full."""
    days, spot, slot = grid(number, 40_000, 50, 8)
    then = day - timedelta(days=days)
    share = dice.roll() * (1.0 if then.weekday() > 4 else 0.6) * (1 - abs(slot - 3) / 6)
    comfort = "舒适" if share < 0.3 else "较舒适" if share < 0.5 else "一般" if share < 0.8 else "拥挤"
    return [f"{spot + 1:05d}", then.isoformat(), _SLOTS[slot], int((400 + spot * 190) * share), comfort]


MAKERS: dict[str, tuple[int, Maker]] = {
    "place_names": (12_000, place_names),
    "land_deals": (2_500, land_deals),
    "spot_crowds": (40_000, spot_crowds),
}
