"""Working days in China, and time limits counted in them.

The holidays and make-up days are those that the State Council announces each autumn for the next year, as the library
``chinesecalendar`` holds them. A day of which nobody can know yet is an error and never a guess.

How a limit is counted (民法典 201: the first day is not counted; 行政许可法 82: working days without holidays): a day
counts when the clock ran at its beginning. So the day on which a clock starts or goes on does not count, the day
on which it stops does, and stopping it for an hour neither gives nor takes a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from typing import Any

import chinese_calendar
from chinese_calendar.constants import holidays

from ckanext.shopendata.policy.refusal import Refused

__all__ = ["Clock", "Mark", "Period", "Standing", "Stop", "Unit", "Unknown", "add", "between", "covered", "is_working"]

_DAY = timedelta(days=1)
#: The announcement for a year has more than once moved the last days of the year before (29 December 2007, 2018). So
#: those of the last announced year are not settled.
_SETTLED = (12, 24)


class Unknown(Exception):  # noqa: N818 - an answer, not a defect
    """The calendar of a year is missing; ``year`` is the one that has to be announced."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the working days of {year} are not known")
        self.year = year


def covered() -> tuple[date, date]:
    """The first and the last day of which is known whether it is a working day."""
    return date(min(holidays).year, 1, 1), date(max(holidays).year, *_SETTLED)


def is_working(day: date) -> bool:
    """Whether people work on a day; raises :class:`Unknown`."""
    first, last = covered()
    if day < first:
        raise Unknown(day.year)
    if day > last:
        raise Unknown(last.year + 1)
    return bool(chinese_calendar.is_workday(day))


def add(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``; for 0 the day itself. Raises :class:`Unknown`."""
    if count < 0:
        raise ValueError("working days are counted forwards")
    while count:
        day += _DAY
        count -= is_working(day)
    return day


def between(day: date, until: date) -> int:
    """How many working days lie after ``day`` up to and with ``until``; 0 when it is not later. Raises ``Unknown``."""
    return sum(is_working(day + _DAY * number) for number in range(1, (until - day).days + 1))


class Unit(Enum):
    """What a limit is counted in."""

    WORKING = "working"  # 工作日
    CALENDAR = "calendar"  # 自然日


@dataclass(frozen=True)
class Period:
    """A time limit of a jurisdiction pack: how long, and by how much it can be extended, once."""

    days: int
    unit: Unit = Unit.WORKING
    extension: int = 0
    source: str = ""
    verified: bool = False


@dataclass(frozen=True)
class Stop:
    """Days on which a clock stood still: since ``since``, until ``until`` (``None``: still)."""

    since: date
    until: date | None = None


class Mark(Enum):
    """How a clock stands on a day."""

    RUNNING = "running"
    STOPPED = "stopped"  # somebody else has to act
    OVERDUE = "overdue"
    UNKNOWN = "unknown"  # the calendar is missing: nobody may be told that there is time left, or none


@dataclass(frozen=True)
class Standing:
    """A clock on a day. ``days``: left (0: today is the last), or over. What is not known is ``None``.

    ``missing`` is the year whose calendar is missing, where that keeps something from being known.
    """

    mark: Mark
    due: date | None = None
    days: int | None = None
    missing: int | None = None
    unit: Unit = Unit.WORKING


@dataclass(frozen=True)
class Clock:
    """A time limit that runs: when it started, how long it is, when it stood still, and by how much it was extended."""

    started: date
    days: int
    unit: Unit = Unit.WORKING
    stops: tuple[Stop, ...] = ()
    extension: int = 0

    @classmethod
    def start(cls, day: date, period: Period) -> Clock:
        """The clock of a period, started on a day. A period that changes later does not change it."""
        return cls(day, period.days, period.unit)

    @property
    def stopped(self) -> date | None:
        """Since when it stands still; ``None``: it runs."""
        return self.stops[-1].since if self.stops and self.stops[-1].until is None else None

    def stop(self, day: date) -> Clock:
        """Stands still from ``day`` on: somebody else has to act. A clock that stands still stays as it is."""
        self._check(day)
        return self if self.stopped else replace(self, stops=(*self.stops, Stop(day)))

    def go_on(self, day: date) -> Clock:
        """Runs again from ``day`` on. A running clock stays as it is."""
        if self.stopped is None:
            return self
        self._check(day)
        return replace(self, stops=(*self.stops[:-1], Stop(self.stopped, day)))

    def extend(self, days: int, period: Period, today: date) -> Clock:
        """Extended by ``days``: once, by at most what the period allows, and before it is over; else ``Refused``."""
        if self.extension:
            raise Refused("already_extended")
        if not 0 < days <= period.extension:
            raise Refused("extension_too_long", "days", most=period.extension)
        if self.standing(today).mark is Mark.OVERDUE:
            raise Refused("deadline_passed")
        return replace(self, extension=days)

    def due(self) -> date | None:
        """The last day; ``None`` while the clock stands still with days left. Raises :class:`Unknown`."""
        day, left = self.started, self.days + self.extension
        while left:
            day += _DAY
            if self.stopped is not None and day > self.stopped:
                return None
            left -= self._counts(day)
        return day

    def standing(self, today: date) -> Standing:
        """How it stands on a day, which it does not end with."""
        try:
            due = self.due()
        except Unknown as unknown:
            return Standing(Mark.UNKNOWN, missing=unknown.year, unit=self.unit)
        if due is None:
            return Standing(Mark.STOPPED, days=self._left(today), unit=self.unit)
        try:
            days = self._distance(due, today) if today > due else self._distance(today, due)
            missing = None
        except Unknown as unknown:
            days, missing = None, unknown.year
        return Standing(Mark.OVERDUE if today > due else Mark.RUNNING, due, days, missing, self.unit)

    def as_json(self) -> dict[str, Any]:
        """Plain data, for the table."""
        return {
            "started": self.started.isoformat(),
            "days": self.days,
            "unit": self.unit.value,
            "stops": [[one.since.isoformat(), one.until.isoformat() if one.until else None] for one in self.stops],
            "extension": self.extension,
        }

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Clock:
        """From plain data. Raises ``KeyError`` or ``ValueError`` for what is none."""
        stops = (
            Stop(date.fromisoformat(since), date.fromisoformat(until) if until else None)
            for since, until in data["stops"]
        )
        return cls(
            date.fromisoformat(data["started"]), data["days"], Unit(data["unit"]), tuple(stops), data["extension"]
        )

    def _check(self, day: date) -> None:
        last = max([self.started, *(one.until or one.since for one in self.stops)])
        if day < last:
            raise ValueError(f"{day} lies before {last}")

    def _counts(self, day: date) -> bool:
        """Whether a day counts: a day of its unit, at whose beginning it ran."""
        still = any(one.since < day and (one.until is None or day <= one.until) for one in self.stops)
        return not still and (self.unit is Unit.CALENDAR or is_working(day))

    def _left(self, today: date) -> int:
        """Days left of a clock that stands still; what lies after its last stop has not been used."""
        until = min(today, self.stopped or today)
        used = sum(self._counts(self.started + _DAY * number) for number in range(1, (until - self.started).days + 1))
        return self.days + self.extension - used

    def _distance(self, day: date, until: date) -> int:
        return (until - day).days if self.unit is Unit.CALENDAR else between(day, until)
