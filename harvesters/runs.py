"""Runs and who holds them.

A worker holds a run by a lease that it renews with every batch, in the batch's transaction: whoever has lost the lease
cannot commit, and whoever finds an expired one takes the run over.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from ckanext.shopendata import clock, maintenance
from ckanext.shopendata.model import HarvestRun
from sqlalchemy.dialects.postgresql import insert

__all__ = ["Lease", "LeaseLost", "Summary", "begin", "finish", "lease", "plan", "renew"]

#: A batch takes well under a second and a page of a slow source some seconds; a killed worker's run waits this long.
_TERM = "60 seconds"
#: A run that ended its worker so often does so again.
_ATTEMPTS = 5

_RUN = HarvestRun.__table__


class LeaseLost(Exception):  # noqa: N818 - an answer, not a defect
    """Another worker has the run."""


@dataclass
class Lease:
    """A run that this process holds."""

    run_id: str
    source_id: str
    until: dt.datetime
    counters: dict[str, Any]
    dry: bool = False
    guard_id: str | None = None
    job_id: str | None = None
    before: dt.datetime | None = None  #: the term before the last renewal, which may have been rolled back


@dataclass(frozen=True)
class Summary:
    """How a run ended."""

    state: str  #: done | done_with_errors | failed
    counters: dict[str, Any]
    error: str = ""


def plan(source_id: str, job_id: str | None = None, guard_id: str | None = None, dry: bool = False) -> str | None:
    """Notes a run to be done; the caller commits. ``None`` if the job has one already."""
    row = {
        "id": make_uuid(), "source_id": source_id, "job_id": job_id, "guard_id": guard_id, "dry": dry,
        "state": "planned", "counters": {}, "error": "", "created_at": clock.now(),
    }  # fmt: skip
    statement = insert(_RUN).values(row).on_conflict_do_nothing(index_elements=["job_id"]).returning(_RUN.c.id)
    return model.Session.execute(statement).scalar()


def lease(run_id: str | None = None) -> Lease | None:
    """Takes a planned run or one whose holder is gone, and commits. One run of a source at a time, none in maintenance.

    Args:
        run_id: this run and no other.
    """
    session = model.Session
    if maintenance.pauses():
        session.rollback()
        return None
    # Two workers must not take two runs of one source.
    session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('shopendata_harvest_run'))"))
    other = _RUN.alias()
    busy = sa.exists().where(other.c.source_id == _RUN.c.source_id, other.c.id != _RUN.c.id, _held(other))
    free = sa.or_(_RUN.c.state == "planned", sa.and_(_RUN.c.state == "running", sa.not_(_held(_RUN))))
    wanted = sa.select(_RUN.c.id).where(free, ~busy).order_by(_RUN.c.created_at).limit(1)
    if run_id is not None:
        wanted = wanted.where(_RUN.c.id == run_id)
    row = (
        session.execute(
            _RUN.update()
            .where(_RUN.c.id == wanted.with_for_update(skip_locked=True).scalar_subquery())
            .values(
                state="running",
                leased_until=_term(),
                started_at=sa.func.coalesce(_RUN.c.started_at, sa.func.clock_timestamp()),
            )
            .returning(_RUN)
        )
        .mappings()
        .first()
    )
    if row is None:
        session.commit()
        return None
    held = Lease(
        row["id"], row["source_id"], row["leased_until"], dict(row["counters"]), row["dry"], row["guard_id"],
        row["job_id"],
    )  # fmt: skip
    held.counters["attempts"] = held.counters.get("attempts", 0) + 1
    renew(held)
    session.commit()
    if held.counters["attempts"] > _ATTEMPTS:
        finish(held, Summary("failed", held.counters, "too_many_attempts"))
        session.commit()
        return None
    return held


def begin(source_id: str) -> Lease | None:
    """A run that starts here and now; ``None`` while another of the source is running."""
    run_id = plan(source_id)
    held = lease(run_id)
    if held is None:
        model.Session.execute(_RUN.delete().where(_RUN.c.id == run_id, _RUN.c.state == "planned"))
        model.Session.commit()
    return held


def renew(held: Lease) -> None:
    """Prolongs the lease and saves the counters; the caller commits. Raises :class:`LeaseLost`."""
    # Both are ours alone: whoever takes a run over sets a term of its own.
    terms = [term for term in (held.until, held.before) if term is not None]
    until = model.Session.execute(
        _RUN.update()
        .where(_RUN.c.id == held.run_id, _RUN.c.state == "running", _RUN.c.leased_until.in_(terms))
        .values(leased_until=_term(), counters=held.counters)
        .returning(_RUN.c.leased_until)
    ).scalar()
    if until is None:
        raise LeaseLost
    held.before, held.until = held.until, until


def finish(held: Lease, summary: Summary) -> None:
    """Closes the run; the caller commits. Raises :class:`LeaseLost`."""
    renew(held)
    model.Session.execute(
        _RUN.update()
        .where(_RUN.c.id == held.run_id)
        .values(
            state=summary.state,
            counters=summary.counters,
            error=summary.error,
            leased_until=None,
            finished_at=sa.func.clock_timestamp(),
        )
    )


def _held(table: Any) -> Any:
    return sa.and_(table.c.state == "running", table.c.leased_until > sa.func.clock_timestamp())


def _term() -> Any:
    return sa.func.clock_timestamp() + sa.text(f"interval '{_TERM}'")
