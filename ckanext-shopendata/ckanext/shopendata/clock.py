"""What time it is: the one place that knows. Only the demonstration sets it, to live through past months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

__all__ = ["at", "now", "today"]

#: What a Chinese agency means by a day.
ZONE = ZoneInfo("Asia/Shanghai")

_set: ContextVar[dt.datetime | None] = ContextVar("shopendata_clock", default=None)


def now() -> dt.datetime:
    """The present instant, in UTC."""
    return _set.get() or dt.datetime.now(dt.timezone.utc)


def today() -> dt.date:
    """The present day in China."""
    return now().astimezone(ZONE).date()


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Lets the block happen at another time (an aware one)."""
    token = _set.set(moment.astimezone(dt.timezone.utc))
    try:
        yield
    finally:
        _set.reset(token)
