"""A run: reads a source whole, compares, and writes what changed in batches.

Reading comes first and counts for nothing until it is complete. What is written afterwards follows from what was read
and what stands, so a run that was killed between two batches is simply run again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ckan import model
from ckanext.harvest.model import HarvestSource
from ckanext.shopendata import audit, clock
from ckanext.shopendata.policy.audit import Event
from sqlalchemy.exc import InterfaceError, OperationalError

from . import configuration, planning, reading, runs, standing, writing
from .connectors import Unreadable, connect
from .planning import Step
from .rules import rules

__all__ = ["Comparison", "DatabaseGone", "compare", "finish_failed", "run"]

log = logging.getLogger(__name__)

_BATCH = 500
#: Seconds of reading after which the lease is renewed.
_RENEWAL = 10.0


class DatabaseGone(Exception):  # noqa: N818 - passes
    """Ends this process's work. Without the statement that failed: it may hold what a record said."""


@dataclass
class Comparison:
    """What a run would do."""

    steps: list[Step]
    counters: dict[str, Any]
    refusal: str = ""  #: why the source is not believed
    titles: dict[str, str] = field(default_factory=dict)


def compare(source_id: str, run_id: str = "", alive: Callable[[], None] | None = None) -> Comparison:
    """Reads the source and compares; writes nothing. Raises :class:`Unreadable`.

    Args:
        source_id: ckanext-harvest's source.
        run_id: for the provenance.
        alive: called now and then while the source is read.
    """
    source: Any = model.Session.get(HarvestSource, source_id)
    if source is None:
        raise Unreadable("there is no such source")
    try:
        settings = configuration.read(source.config)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    opened = connect(source.type, source.url, settings)
    raws = list(_watched(opened.records(), alive))
    there = standing.load(source_id)
    found = reading.read(
        rules(settings.mapping), raws, standing.providers(), clock.today(), standing=there.codes(), taken=there.taken
    )
    steps = planning.plan(found, there, run_id, clock.now())
    counters = found.counters()
    counters["not_published"] = sum(record.state != "published" for record in found.records.values())
    counters["published"] = len(found.records) - counters["not_published"]
    refusal = planning.too_many_missing(found, there)
    return Comparison(planning.blocks_only(steps) if refusal else steps, counters, refusal)


def _watched(records: Iterable[Any], alive: Callable[[], None] | None) -> Iterator[Any]:
    last = time.monotonic()
    for record in records:
        if alive is not None and time.monotonic() - last > _RENEWAL:
            alive()
            last = time.monotonic()
        yield record


def run(held: runs.Lease, after_batch: Callable[[int], None] | None = None) -> runs.Summary:
    """Does a leased run to its end and closes it. Raises :class:`runs.LeaseLost`, :class:`DatabaseGone`.

    Args:
        held: the run.
        after_batch: called with the number of batches committed so far.
    """
    try:
        summary = _run(held, after_batch)
    except runs.LeaseLost:
        model.Session.rollback()
        raise
    except Unreadable as error:
        summary = finish_failed(held, str(error))
    except (OperationalError, InterfaceError) as error:
        # The database is gone for now. Whoever finds the lease expired does the run again.
        raise DatabaseGone(type(error).__name__) from None
    except Exception as error:  # a fault of ours or the database's: its text may hold what a record said
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else ""
        log.error("Run %s failed: %s in %s", held.run_id, type(error).__name__, where)  # noqa: TRY400
        summary = finish_failed(held, f"internal_error: {type(error).__name__}")
    return summary


def _run(held: runs.Lease, after_batch: Callable[[int], None] | None) -> runs.Summary:
    found = compare(held.source_id, held.run_id, lambda: _renew(held))
    counters = found.counters
    # What earlier attempts of this run have written counts too.
    written = {
        key: held.counters.get(key, 0) for key in ("new", "changed", "missing", "proposals", "blocks", "fetches")
    }
    if held.dry:
        _add(written, planning.tally(found.steps))
    else:
        _write(held, found, written, after_batch)
    counters |= written | {"attempts": held.counters["attempts"]}
    counters["unchanged"] = counters["published"] - counters["new"] - counters["changed"]
    del counters["published"]
    faults = counters["quarantined"] or counters["refused"] or counters["held"]
    state = "failed" if found.refusal else "done_with_errors" if faults else "done"
    summary = runs.Summary(state, counters, found.refusal)
    _close(held, summary)
    return summary


def _write(
    held: runs.Lease, found: Comparison, written: dict[str, int], after_batch: Callable[[int], None] | None
) -> None:
    for number, start in enumerate(range(0, len(found.steps), _BATCH), 1):
        batch = found.steps[start : start + _BATCH]
        _add(written, planning.tally(batch))
        before, held.counters = held.counters, held.counters | written
        try:
            # First of all: a row lock that keeps whoever thinks us dead out until this batch is in.
            runs.renew(held)
            writing.write(batch, held.source_id, clock.now())
            model.Session.commit()
        except BaseException:
            held.counters = before
            raise
        if after_batch is not None:
            after_batch(number)


def finish_failed(held: runs.Lease, reason: str) -> runs.Summary:
    """Ends a run that cannot go on."""
    model.Session.rollback()
    summary = runs.Summary("failed", held.counters, reason)
    _close(held, summary)
    return summary


def _close(held: runs.Lease, summary: runs.Summary) -> None:
    """The run's end and its one event."""
    runs.finish(held, summary)
    body = {"source": held.source_id, "state": summary.state, "error": summary.error}
    body |= {key: value for key, value in summary.counters.items() if isinstance(value, (int, Mapping))}
    audit.record(
        Event(
            verb="harvest.run", object_type="harvest_run", object_id=held.run_id, actor="harvest",
            body=body | {"dry": held.dry},
        )
    )  # fmt: skip
    model.Session.commit()


def _renew(held: runs.Lease) -> None:
    runs.renew(held)
    model.Session.commit()


def _add(written: dict[str, int], more: Mapping[str, int]) -> None:
    for key, value in more.items():
        written[key] = written.get(key, 0) + value


def find(name_or_id: str) -> HarvestSource:
    """A source by the name that its page has, or by its identifier. Raises ``KeyError``."""
    package = model.Package.get(name_or_id)
    key = package.id if package is not None else name_or_id
    source = model.Session.get(HarvestSource, key)
    if source is None:
        raise KeyError(name_or_id)
    return source
