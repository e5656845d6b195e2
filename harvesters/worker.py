"""Does the planned runs, one after the other, and tells ckanext-harvest's jobs how they ended."""

from __future__ import annotations

import datetime as dt
import logging
import time

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestGatherError, HarvestObject
from ckanext.shopendata import maintenance
from ckanext.shopendata.model import HarvestRecord, HarvestRun

from . import runs, synchronise
from .connectors import TYPES
from .harvester import adopt_jobs

__all__ = ["one_round", "work"]

log = logging.getLogger(__name__)

_POLL = 2.0
#: How many faulty records a job's page lists; a run's report has them all.
_SHOWN = 200


def work() -> None:
    """Without end. An error of the database ends the process; its supervisor starts it anew."""
    while True:
        if not one_round():
            time.sleep(_POLL)


def one_round() -> bool:
    """Takes one run and does it; whether there was one."""
    try:
        if maintenance.pauses():
            return False
        adopt_jobs(set(TYPES))
        held = runs.lease()
        if held is not None:
            _do(held)
        close_jobs()
        return held is not None
    finally:
        model.Session.remove()


def _do(held: runs.Lease) -> None:
    try:
        wanted = _still_wanted(held)
        summary = synchronise.run(held) if wanted else synchronise.finish_failed(held, "aborted")
    except runs.LeaseLost:
        log.warning("Run %s was taken over by another worker", held.run_id)
    else:
        log.info("Run %s of source %s: %s", held.run_id, held.source_id, summary.state)


def _still_wanted(held: runs.Lease) -> bool:
    """Whether the job's object still waits: an administrator may have aborted the job."""
    if held.guard_id is None:
        return True
    guard = model.Session.get(HarvestObject, held.guard_id)
    return guard is not None and str(guard.state) == "IMPORT"


def close_jobs() -> None:
    """Ends the guard object of every finished run, and with it the job, at ckanext-harvest's next look.

    Apart from the run's own end, so that whoever was killed between the two leaves nothing open.
    """
    run, guard = HarvestRun.__table__, HarvestObject.__table__
    rows = model.Session.execute(
        sa.select(run)
        .join(guard, guard.c.id == run.c.guard_id)
        .where(run.c.finished_at.is_not(None), guard.c.state == "IMPORT")
        .with_for_update(of=guard, skip_locked=True)
    ).mappings()
    # ckanext-harvest keeps naive times in UTC.
    now = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)
    for row in rows.all():
        for message in _messages(row["source_id"], row["error"]):
            model.Session.add(HarvestGatherError(message=message, harvest_job_id=row["job_id"], created=now))
        failed = row["state"] == "failed"
        model.Session.execute(
            sa.update(guard)
            .where(guard.c.id == row["guard_id"])
            .values(
                state="ERROR" if failed else "COMPLETE",
                report_status="errored" if failed else "not modified",
                import_started=now,
                import_finished=now,
            )
        )
    model.Session.commit()


def _messages(source_id: str, error: str) -> list[str]:
    """Reasons and identities of faulty records, and nothing that they say."""
    record = HarvestRecord.__table__
    faulty = model.Session.execute(
        sa.select(record.c.reason, record.c.guid)
        .where(record.c.source_id == source_id, record.c.outcome.in_(["quarantined", "refused"]))
        .order_by(record.c.reason, record.c.guid)
    ).all()
    messages = [error] if error else []
    messages += [f"{reason}: {guid}" for reason, guid in faulty[:_SHOWN]]
    if len(faulty) > _SHOWN:
        messages.append(f"and {len(faulty) - _SHOWN} more")
    return messages
