"""What the staff's pages ask for beyond one aggregate: what waits for whom, a case with all that it is about."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic import work
from ckanext.shopendata.logic.action import application as applications
from ckanext.shopendata.logic.action import grant as grants
from ckanext.shopendata.logic.action.agency import find
from ckanext.shopendata.logic.action.openlist import candidates
from ckanext.shopendata.logic.action.people import names_of
from ckanext.shopendata.model import Agency, Application, Case, Dataset, Entry, Grant, OpenList, Organisation
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.application import State
from ckanext.shopendata.policy.openlist import ListState, exclusion
from ckanext.shopendata.policy.organisation import State as OrganisationState
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.work import KINDS

__all__ = ["case_show", "desk_show", "openlist_excluded"]

_IN_WORK = (ListState.DRAFTING, ListState.UNIT_SIGNING, ListState.FILED, ListState.CONSULTING)


@c.query(s.fields(id=s.filled))
def case_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One case with its application, its agency's datasets and their items, and its grants.

    Whoever may not read it is told what anybody is told about a case that does not exist.
    """
    case = c.found(model.Session.get(Case, data["id"]))
    if not _may(actor, "case.read", case.agency_id):
        c.found(None)
    application = applications.as_dict(c.found(model.Session.get(Application, case.application_id)))
    brief = next(one for one in application["cases"] if one["id"] == case.id)
    datasets = [one for one in application["datasets"] if one["agency"] == brief["agency"]]
    items = applications.items_of([one["id"] for one in datasets])
    given: list[dict[str, Any]] = []
    if _may(actor, "grant.read", case.agency_id):
        rows = sa.select(Grant).where(Grant.case_id == case.id).order_by(Grant.created_at, Grant.id)
        given = [grants.as_dict(grant) for grant in model.Session.scalars(rows)]
    return brief | {
        "agency_id": case.agency_id,
        "application": application,
        "datasets": [one | {"items": items[one["id"]]} for one in datasets],
        "grants": given,
    }


@c.query(s.fields())
def desk_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """What waits for the caller, by the roles held; empty lists for somebody without any.

    :returns: ``work`` (logic.work.items: what waits, the most urgent first), ``roles`` (role, agency, in whose stead),
        ``intake`` (applications to take in; none for those who may not), ``organisations`` (to verify; likewise),
        ``cases`` (state -> number), ``agreements`` (cases to confirm), ``lists`` (versions in preparation),
        ``catalogue`` (entries to confirm, entries to check, datasets to decide)
    """
    session = model.Session
    agencies = list(session.scalars(sa.select(Agency)))
    titles, names = {one.id: one.title for one in agencies}, {one.id: one.name for one in agencies}
    holders = names_of(held.stead for held in actor.holdings)
    intake = None
    if _may(actor, "application.intake"):
        submitted = sa.select(sa.func.count()).select_from(Application)
        intake = session.scalar(submitted.where(Application.state == State.SUBMITTED.value))
    organisations = None
    if _may(actor, "organisation.read"):
        handed_in = sa.select(sa.func.count()).select_from(Organisation)
        organisations = session.scalar(handed_in.where(Organisation.state == OrganisationState.SUBMITTED.value))
    waiting = work.items(actor)
    cases = sa.select(Case.state, sa.func.count()).group_by(Case.state)
    return {
        "work": waiting,
        "roles": [
            {
                "role": held.role.value,
                "agency": names.get(held.agency or ""),
                "title": titles.get(held.agency or ""),
                "in_stead_of": holders.get(held.stead or ""),
            }
            for held in actor.holdings
        ],
        "intake": intake,
        "organisations": organisations,
        "cases": {
            state: number for state, number in session.execute(_within(actor, "case.read", cases, Case.agency_id))
        },
        "agreements": [one["id"] for one in waiting if one["kind"] == "confirm_agreement"],
        "lists": _lists(actor, names, titles),
        "catalogue": _catalogue(actor, waiting),
    }


@c.query(s.fields(agency=s.filled))
def openlist_excluded(actor: c.Actor, data: DataDict) -> list[dict[str, str]]:
    """The datasets of an agency that would not stand on its list now, each with the reason; for its staff.

    :returns: ``entry``, ``title``, ``why`` (codes of policy.openlist.exclusion)
    """
    agency = find(data["agency"])
    actor.require("entry.read", agency.id)
    rows = sa.select(Dataset.id, Dataset.entry_id).join(Entry, Entry.id == Dataset.entry_id)
    entries = {key: entry for key, entry in model.Session.execute(rows.where(Entry.agency_id == agency.id))}
    why = [(one, exclusion(one)) for one in candidates(agency.id)]
    return [
        {"entry": entries[one.dataset], "title": one.title, "why": code}
        for one, code in sorted(why, key=lambda pair: (pair[1] or "", pair[0].title))
        if code
    ]


def _lists(actor: c.Actor, names: dict[str, str], titles: dict[str, str]) -> list[dict[str, str]]:
    """Versions in preparation, of the agencies in which the caller signs or publishes."""
    mine = (actor.agencies("openlist.sign") or set()) | (actor.agencies("openlist.publish") or set())
    rows = sa.select(OpenList).where(
        OpenList.state.in_([state.value for state in _IN_WORK]), OpenList.agency_id.in_(mine)
    )
    return [
        {
            "id": version.id, "version": version.version, "state": version.state,
            "agency": names[version.agency_id], "agency_title": titles[version.agency_id],
        }
        for version in model.Session.scalars(rows)
    ]  # fmt: skip


def _catalogue(actor: c.Actor, waiting: list[dict[str, Any]]) -> dict[str, int]:
    """Numbers of entries and datasets that wait for somebody of the caller's roles."""
    kinds = {"confirm": "confirm_entries", "check": "check_entries", "decide": "decide_datasets"}
    return {
        name: sum(one["count"] for one in waiting if one["kind"] == kind)
        for name, kind in kinds.items()
        if any(held.role in people.roles_for(KINDS[kind].verb or "") for held in actor.holdings)
    }


def _within(actor: c.Actor, verb: str, rows: Any, agency: Any) -> Any:
    """The rows of those agencies in which the caller may do ``verb``."""
    able = actor.agencies(verb)
    return rows if able is None else rows.where(agency.in_(able))


def _may(actor: c.Actor, verb: str, agency: str | None = None) -> bool:
    try:
        people.require(actor.holdings, verb, agency)
    except Refused:
        return False
    return True
