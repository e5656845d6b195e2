"""How long whoever has to act on an application or a case may still take.

At intake the centre's clock runs; while the applicant mends what a deficiency notice names it stands still, and the
applicant's runs. A case has the clock of its decision, then that of its agreement.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ckanext.shopendata.policy.application import CaseState, State
from ckanext.shopendata.policy.workdays import Clock, Mark, Period, Standing

__all__ = ["NEAR", "is_near", "of_application", "of_case"]

#: Days left at which people are reminded: of what the staff does (working days), of what an applicant does.
NEAR = {"staff": 1, "applicant": 3}


def of_application(state: State, clock: Clock, periods: Mapping[str, Period], today: date) -> Standing | None:
    """How the time limit stands that now runs for an application, whoever it binds; ``None``: none runs."""
    if state is State.SUBMITTED:
        return clock.standing(today)
    if state is State.CORRECTION_REQUESTED and clock.stopped is not None:
        return Clock.start(clock.stopped, periods["correction"]).standing(today)
    return None


def of_case(state: CaseState, clock: Clock, today: date) -> Standing | None:
    """How the time limit of a case stands; ``None``: none runs."""
    return clock.standing(today) if state in {CaseState.IN_REVIEW, CaseState.AGREEMENT_PENDING} else None


def is_near(standing: Standing, whose: str) -> bool:
    """Whether somebody (a key of :data:`NEAR`) is to be reminded."""
    return standing.mark is Mark.RUNNING and standing.days is not None and standing.days <= NEAR[whose]
