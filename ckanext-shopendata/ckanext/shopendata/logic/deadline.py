"""Time limits of applications and cases: kept with their rows, told to everybody who may read these.

``due_on`` repeats the last day, so that lists can be sorted by it and what is over be found. It is set with every
change and once a day for all that is open (a new year's calendar changes it without anybody doing anything).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.model import Application, Case
from ckanext.shopendata.policy import deadline as policy
from ckanext.shopendata.policy.application import CaseState, State
from ckanext.shopendata.policy.workdays import Clock, Standing
from ckanext.shopendata.profile import profile

__all__ = ["clock_of", "of_application", "of_case", "refresh", "set_due", "told"]


def day(moment: dt.datetime) -> dt.date:
    """The day of an instant, in China."""
    return moment.astimezone(clock.ZONE).date()


def clock_of(row: Application | Case) -> Clock:
    """Its clock; of a row older than clocks the one that it would have."""
    if row.clock:
        return Clock.read(row.clock)
    periods = profile().periods
    if isinstance(row, Application):
        running = Clock.start(day(row.submitted_at or row.created_at), periods["intake"])
        return running.stop(day(row.updated_at)) if row.state == State.CORRECTION_REQUESTED.value else running
    if row.state == CaseState.AGREEMENT_PENDING.value:
        return Clock.start(day(row.decided_at or row.created_at), periods["agreement"])
    return Clock.start(day(row.created_at), periods["decision"])


def of_application(application: Application) -> Standing | None:
    """How its time limit stands today."""
    return policy.of_application(State(application.state), clock_of(application), profile().periods, clock.today())


def of_case(case: Case) -> Standing | None:
    """How its time limit stands today."""
    return policy.of_case(CaseState(case.state), clock_of(case), clock.today())


def set_due(row: Application | Case, running: Clock | None = None) -> None:
    """Writes down the clock, where it changed, and the last day. To be called after the state has changed."""
    if running is not None:
        row.clock = running.as_json()
    standing = of_application(row) if isinstance(row, Application) else of_case(row)
    row.due_on = standing.due if standing else None


def refresh() -> None:
    """Sets the last days of all that is open anew; the caller commits."""
    for kind, states in (
        (Application, (State.SUBMITTED, State.CORRECTION_REQUESTED)),
        (Case, (CaseState.IN_REVIEW, CaseState.AGREEMENT_PENDING)),
    ):
        rows = sa.select(kind).where(kind.state.in_([state.value for state in states])).order_by(kind.id)
        for row in model.Session.scalars(rows.with_for_update(skip_locked=True)):
            set_due(row)


def told(standing: Standing | None) -> dict[str, Any] | None:
    """A standing in an action's answer: ``mark``, ``due`` (a day), ``days`` left or over, ``missing`` (a year).

    ``unit``: working or calendar, what the days are counted in.
    """
    if standing is None:
        return None
    due = standing.due.isoformat() if standing.due else None
    return {
        "mark": standing.mark.value, "due": due, "days": standing.days, "missing": standing.missing,
        "unit": standing.unit.value,
    }  # fmt: skip
