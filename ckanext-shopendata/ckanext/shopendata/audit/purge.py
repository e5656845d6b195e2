"""Deletes what the law no longer wants kept: days of the front door's access log."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ckanext.shopendata.policy.retention import RecordKind, expired, kept_days

__all__ = ["access_logs"]


def access_logs(folder: Path, today: dt.date, days: int) -> list[str]:
    """Deletes files named after days (``2026-11-22.log``) that have been kept long enough; returns their names.

    Whatever else lies there stays. Raises ``ValueError`` for a period shorter than the law's.
    """
    kept, deleted = kept_days(RecordKind.ACCESS_LOG, days), []
    for path in sorted(folder.glob("????-??-??.log")):
        try:
            day = dt.date.fromisoformat(path.stem)
        except ValueError:
            continue
        if expired(day, today, kept):
            path.unlink()
            deleted.append(path.name)
    return deleted
