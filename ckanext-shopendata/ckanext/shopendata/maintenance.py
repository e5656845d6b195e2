"""Read-only for a while: everybody may read, nobody may change anything.

Whether it is so is one row of PostgreSQL, CKAN's table of settings that hold for all processes. A file would have to
reach every container and every node, and could not be written in one transaction with its event; Redis may be down.
Without PostgreSQL there is nothing to write to anyhow.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.system_info import SystemInfo
from sqlalchemy import exc

from ckanext.shopendata import audit, clock
from ckanext.shopendata.policy.audit import Event

__all__ = ["LOCK", "Maintenance", "UnderMaintenance", "begin", "end", "pauses", "refuse_write", "standing"]

_KEY = "ckanext.shopendata.maintenance"
#: The advisory lock that writers share and whoever switches holds alone: "shopendm" in ASCII.
LOCK = 0x73686F70656E646D
#: How long the switch waits for writers to end.
PATIENCE = "15s"
#: Told to clients where nobody said until when, in seconds.
RETRY = 600


@dataclass(frozen=True)
class Maintenance:
    """Why and until when (ISO 8601 with offset; empty: not known) the portal is read-only."""

    since: str
    reason_zh: str = ""
    reason_en: str = ""
    until: str = ""

    @property
    def seconds_left(self) -> int:
        """When to come back, in seconds, at least a minute."""
        if not self.until:
            return RETRY
        return max(60, int((dt.datetime.fromisoformat(self.until) - clock.now()).total_seconds()))

    def reason(self, language: str) -> str:
        """The operator's own words in a language, or in the other one."""
        given = (self.reason_zh, self.reason_en) if language.startswith("zh") else (self.reason_en, self.reason_zh)
        return next(filter(None, given), "")


class UnderMaintenance(Exception):  # noqa: N818 - an answer, not a defect
    """Something was to be changed while the portal is read-only. Nothing has changed."""

    def __init__(self, standing: Maintenance) -> None:
        super().__init__(tk._("The portal is under maintenance and cannot be changed at the moment"))
        self.maintenance = standing


def standing() -> Maintenance | None:
    """The maintenance that is on, or ``None``. What is stored and cannot be read counts as on: unknown means closed."""
    value = model.Session.scalar(sa.select(SystemInfo.value).where(SystemInfo.key == _KEY))
    if not value:
        return None
    try:
        return Maintenance(**json.loads(value))
    except (ValueError, TypeError):
        return Maintenance(since="")


def refuse_write() -> None:
    """Raises :class:`UnderMaintenance` while it is on; otherwise it cannot begin before this transaction has ended."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(LOCK)))
    if (on := standing()) is not None:
        raise UnderMaintenance(on)


def pauses() -> bool:
    """Whether workers take up nothing new; if not, it cannot begin before this transaction has ended."""
    try:
        refuse_write()
    except UnderMaintenance:
        return True
    return False


def begin(by: str, reason_zh: str = "", reason_en: str = "", until: dt.datetime | None = None) -> Maintenance:
    """Switches it on, or changes its words; commits, with the event. Waits for commands that are under way.

    Raises :class:`TimeoutError` when one of them does not end; then nothing has changed.
    """
    with _alone():
        before = standing()
        since = before.since if before and before.since else clock.now().isoformat(timespec="seconds")
        term = until.astimezone(clock.ZONE).isoformat(timespec="minutes") if until else ""
        on = Maintenance(since, reason_zh, reason_en, term)
        _store("maintenance.change" if before else "maintenance.begin", by, on)
    return on


def end(by: str) -> bool:
    """Switches it off; tells whether it was on. Commits, with the event."""
    with _alone():
        before = standing()
        if before is not None:
            _store("maintenance.end", by, None)
    return before is not None


@contextmanager
def _alone() -> Iterator[None]:
    session = model.Session
    try:
        session.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield
        session.commit()
    except exc.OperationalError as error:
        session.rollback()
        if "lock timeout" in str(error.orig):
            raise TimeoutError("somebody's change does not end") from error
        raise
    except BaseException:
        session.rollback()
        raise


def _store(verb: str, by: str, value: Maintenance | None) -> None:
    session = model.Session
    row = session.scalar(sa.select(SystemInfo).where(SystemInfo.key == _KEY).with_for_update())
    if row is None:
        row = SystemInfo(_KEY, "")
        session.add(row)
    row.value = json.dumps(asdict(value), ensure_ascii=False) if value else ""
    body = asdict(value) if value else {}
    audit.record(Event(verb=verb, object_type="portal", object_id="-", actor=by, role=by, body=body))
