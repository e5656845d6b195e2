"""Whose papers an application and its grants are: a person's, or an organisation's, for which its members act."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata.model import Application, Case, Grant, Member, Organisation
from ckanext.shopendata.policy import organisation as policy
from ckanext.shopendata.policy.organisation import Function

__all__ = [
    "agents",
    "application_of",
    "check_party",
    "functions_of",
    "may",
    "may_grant",
    "members",
    "mine",
    "organisations_of",
    "party",
]


def functions_of(account: str, organisation_id: str) -> frozenset[Function]:
    """What somebody does for an organisation now; nothing for strangers and for who has left."""
    words = model.Session.scalar(
        sa.select(Member.functions).where(
            Member.organisation_id == organisation_id, Member.user_id == account, Member.ended_at.is_(None)
        )
    )
    return frozenset(one for one in Function if one.value in (words or ()))


def members(organisation_id: str) -> list[Member]:
    """Its members now, the first one first; an account that has been deleted acts for nobody."""
    rows = sa.select(Member).join(model.User, model.User.id == Member.user_id)
    rows = rows.where(Member.organisation_id == organisation_id, Member.ended_at.is_(None))
    rows = rows.where(model.User.state == model.State.ACTIVE)
    return list(model.Session.scalars(rows.order_by(Member.begun_at, Member.id)))


def agents(organisation_id: str) -> list[str]:
    """The accounts of its agents."""
    return [one.user_id for one in members(organisation_id) if Function.AGENT.value in one.functions]


def organisations_of(account: str, verb: str) -> sa.Select[Any]:
    """Identifiers of the organisations for which somebody may do ``verb`` now."""
    words = [one.value for one in policy.functions_for(verb)]
    return sa.select(Member.organisation_id).where(
        Member.user_id == account, Member.ended_at.is_(None), Member.functions.overlap(words)
    )


def mine(account: str, verb: str) -> sa.ColumnElement[bool]:
    """Which applications are somebody's: what they may do ``verb`` with, by themselves or as a member."""
    personal = sa.and_(Application.organisation_id.is_(None), Application.applicant_id == account)
    # Never NULL: the condition is also asked the other way round.
    of_organisation = Application.organisation_id.is_not(None)
    return sa.or_(personal, sa.and_(of_organisation, Application.organisation_id.in_(organisations_of(account, verb))))


def may(account: str, application: Application, verb: str) -> bool:
    """Whether an application is somebody's to do ``verb`` with."""
    if application.organisation_id is None:
        return application.applicant_id == account
    return policy.may(functions_of(account, application.organisation_id), verb)


def may_grant(account: str, grant: Grant, verb: str) -> bool:
    """The same for what was granted."""
    return may(account, application_of(grant), verb)


def application_of(grant: Grant) -> Application:
    """The application that a grant goes back to."""
    case = model.Session.get_one(Case, grant.case_id)
    return model.Session.get_one(Application, case.application_id)


def party(application: Application) -> Organisation | None:
    """The organisation that applies; ``None``: a person."""
    key = application.organisation_id
    return model.Session.get_one(Organisation, key) if key else None


def check_party(application: Application) -> None:
    """Whether the application may go on in the name of its organisation as that is now; raises ``Refused``."""
    organisation = party(application)
    state = policy.State(organisation.state) if organisation else None
    policy.check_party(state, organisation.code if organisation else "", application.form)
