"""Reminds of time limits near or over, of keys and roles about to end: whoever has to act, then who oversees."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.logic import deadline, eyes, notice
from ckanext.shopendata.model import AccessKey, Agency, Application, Case, Grant, RoleHolding
from ckanext.shopendata.policy.application import CaseState, State
from ckanext.shopendata.policy.deadline import is_near
from ckanext.shopendata.policy.grant import GrantState
from ckanext.shopendata.policy.notice import KEY_WARNING, ROLE_WARNING
from ckanext.shopendata.policy.workdays import Mark, Standing

__all__ = ["remind"]


def remind() -> None:
    """Looks at everything that is open; can be repeated at any time, each reminder is written once. Commits."""
    deadline.refresh()
    # It holds locks on everything that is open.
    model.Session.commit()
    for application in model.Session.scalars(sa.select(Application).where(Application.due_on.is_not(None))):
        _application(application)
    rows = sa.select(Case, Application).join(Application, Application.id == Case.application_id)
    for case, application in model.Session.execute(rows.where(Case.due_on.is_not(None))):
        _case(case, application)
    _keys()
    _roles()
    model.Session.commit()


def _application(application: Application) -> None:
    standing, owner = deadline.of_application(application), application.applicant_id
    if standing is None:
        return
    about = {
        "number": application.number,
        "occurrence": _day(standing),
        "due": _day(standing),
    }
    if application.state == State.CORRECTION_REQUESTED.value:
        if word := _word(standing, "applicant"):
            notice.tell(f"correction.{word}", application.id, owner, **about)
    elif word := _word(standing, "staff"):
        notice.tell_staff(f"intake.{word}", application.id, None, owner, **about)
        if word == "over":
            told = notice.holders("application.intake", None)
            notice.tell_staff("intake.overseen", application.id, None, owner, without=told, **about)


def _case(case: Case, application: Application) -> None:
    standing, owner = deadline.of_case(case), application.applicant_id
    if standing is None:
        return
    about = {
        "number": application.number,
        "agency": model.Session.get_one(Agency, case.agency_id).title,
        "application": application.id,
        "occurrence": _day(standing),
        "due": _day(standing),
    }
    if case.state == CaseState.AGREEMENT_PENDING.value:
        if not case.confirmed_by_applicant and (word := _word(standing, "applicant")):
            notice.tell(f"agreement.{word}", case.id, owner, **about)
    elif word := _word(standing, "staff"):
        notice.tell_staff(f"case.{word}", case.id, case.agency_id, owner, **about)
        if word == "over":
            told = notice.holders("case.decide", case.agency_id)
            notice.tell_staff("case.overseen", case.id, case.agency_id, owner, without=told, **about)


def _keys() -> None:
    now = clock.now()
    rows = (
        sa.select(AccessKey, Grant)
        .join(Grant, Grant.id == AccessKey.grant_id)
        .where(
            AccessKey.revoked_at.is_(None),
            AccessKey.expires_at > now,
            AccessKey.expires_at <= now + KEY_WARNING,
            Grant.state == GrantState.ACTIVE.value,
        )
    )
    for key, grant in model.Session.execute(rows):
        day = deadline.day(key.expires_at).isoformat()
        notice.tell("key.expiring", key.kid, grant.holder_id, occurrence=day, hint=key.hint, expires=day)


def _roles() -> None:
    now = clock.now()
    ending = sa.select(RoleHolding).where(
        *eyes.held_now(), RoleHolding.until.is_not(None), RoleHolding.until <= now + ROLE_WARNING
    )
    for holding in model.Session.scalars(ending):
        due = deadline.day(holding.until).isoformat() if holding.until else ""
        notice.tell("role.ending", holding.user_id, holding.user_id, occurrence=holding.id, due=due)


def _word(standing: Standing, whose: str) -> str:
    if standing.mark is Mark.OVERDUE:
        return "over"
    return "near" if is_near(standing, whose) else ""


def _day(standing: Standing) -> str:
    return standing.due.isoformat() if standing.due else ""
