"""Rows of air, surface water and the water utility (agencies 3 and 12)."""

from __future__ import annotations

from datetime import date, timedelta

from .dice import Dice
from .table import Maker, Row
from .words import DISTRICT_NAMES, grid, moment, month_before, word

_LEVELS = ((50, "优"), (100, "良"), (150, "轻度污染"), (200, "中度污染"), (300, "重度污染"))
_GRADES = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")


def _winter(day: date) -> float:
    """1 in the middle of January, 0 in the middle of July, straight lines between."""
    return abs((day.timetuple().tm_yday - 15) % 365 - 182) / 182


def _air(dice: Dice, day: date) -> list[int | float]:
    """PM2.5, PM10, SO2, NO2, O3 (µg/m³) and CO (mg/m³) of a day: dust in winter, ozone in summer."""
    winter = _winter(day)
    fine = int((18 + 40 * winter) * (0.4 + 1.2 * dice.roll()))
    return [
        fine,
        fine + dice.between(8, 45),
        dice.between(4, 12),
        int((14 + 30 * winter) * (0.5 + dice.roll())),
        int((60 + 80 * (1 - winter)) * (0.5 + dice.roll())),
        dice.number(0.3, 0.7 + winter * 0.6, 1),
    ]


def air_daily(number: int, dice: Dice, day: date) -> Row:
    """16 districts a day, the oldest day incomplete."""
    days, district = grid(number, 17_500, 16)
    then = day - timedelta(days=days)
    values = _air(dice, then)
    shares = {"PM2.5": values[0] / 75, "PM10": values[1] / 150, "NO2": values[3] / 80, "O3_8h": values[4] / 160}
    worst = max(shares, key=shares.__getitem__)
    aqi = max(12, int(shares[worst] * 100))
    level = next((name for limit, name in _LEVELS if aqi <= limit), "严重污染")
    return [then.isoformat(), DISTRICT_NAMES[district], aqi, level, worst if aqi > 50 else None, *values]


def air_hourly(number: int, dice: Dice, day: date) -> Row:
    """50 stations an hour; the last day is still being checked."""
    hours, station = grid(number, 52_000, 50)
    then = day - timedelta(days=hours // 24)
    status = "审核中" if hours < 24 else "有效"
    return [f"{station + 1:04d}", moment(day, hours, timedelta(hours=1)), *_air(dice, then), status]


def water_sections(number: int, dice: Dice, day: date) -> Row:
    """80 cross-sections a month; the class follows the worst of the values."""
    months, section = grid(number, 3_200, 80)
    grade = min(5, max(0, 2 + section % 3 - 1 + dice.between(-1, 1)))
    river = f"{word(section // 4)}河"
    return [
        f"{section + 1:05d}",
        f"{river}{('上游', '中游', '下游', '入江口')[section % 4]}断面",
        river,
        month_before(day, months + 1),
        _GRADES[grade],
        dice.number(max(1.5, 7.5 - grade * 1.2), 9.2 - grade, 1),
        dice.number(1 + grade, 3 + grade * 1.8, 1),
        dice.number(0.05 + grade * 0.2, 0.2 + grade * 0.35),
        dice.number(0.02 + grade * 0.03, 0.05 + grade * 0.06, 3),
    ]


def water_monthly(number: int, dice: Dice, day: date) -> Row:
    """15 plants a month."""
    months, plant = grid(number, 900, 15)
    volume = (300 + plant * 95) * (0.94 + 0.12 * dice.roll())
    return [month_before(day, months + 1), f"{word(plant * 3)}水厂", round(volume, 2)]


def water_hourly(number: int, dice: Dice, day: date) -> Row:
    """Five metering zones an hour; people sleep from eleven to five."""
    hours, zone = grid(number, 8_760, 5)
    asleep = (23 - hours) % 24 in {23, 0, 1, 2, 3, 4}
    volume = (420 if asleep else 1_150) * (1 + zone * 0.3) * (0.85 + 0.3 * dice.roll())
    return [f"{zone + 1:03d}", moment(day, hours, timedelta(hours=1)), round(volume, 1), dice.number(0.21, 0.34, 3)]


MAKERS: dict[str, tuple[int, Maker]] = {
    "air_daily": (17_500, air_daily),
    "air_hourly": (52_000, air_hourly),
    "water_sections": (3_200, water_sections),
    "water_monthly": (900, water_monthly),
    "water_hourly": (8_760, water_hourly),
}
