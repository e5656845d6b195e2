"""机构改革: agencies that are merged into others or dissolved, with everything that was theirs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import agency as agencies
from ckanext.shopendata.logic.action.people import close_request, end
from ckanext.shopendata.model import Agency, Case, Division, Entry, Grant, OpenList, RoleHolding, RoleRequest
from ckanext.shopendata.policy.application import CaseState, case_step
from ckanext.shopendata.policy.catalogue import EntryState
from ckanext.shopendata.policy.grant import GrantState
from ckanext.shopendata.policy.openlist import ListState, step
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.role import Ending, RequestState
from ckanext.shopendata.publish import outbox

__all__ = ["agency_dissolve", "agency_merge"]

_IN_WORK = [ListState.DRAFTING.value, ListState.UNIT_SIGNING.value, ListState.FILED.value, ListState.CONSULTING.value]
CASE_OPEN = [
    CaseState.IN_REVIEW.value,
    CaseState.SPECIAL_REVIEW.value,
    CaseState.AGREEMENT_PENDING.value,
    CaseState.RE_EXAMINATION.value,
]
_GRANT_RUNS = [GrantState.PENDING_AGREEMENT.value, GrantState.ACTIVE.value, GrantState.SUSPENDED.value]


@c.command(s.fields(id=s.filled, into=s.filled, reason=s.filled))
def agency_merge(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Merges a public body into another, which takes over its entries, datasets, cases, access rights and divisions.

    Titles, aliases and codes of the former body find the other one from now on. Its current list stands until the other
    one publishes its next; versions in preparation are thrown away on both sides. Roles in it end: who is to work for
    the other body is given a role there by two people.

    :param id: the body that ends; ``into``: the one that goes on
    :param reason: the document that merges them
    """
    role = actor.require("agency.merge")
    one, other = agencies.find(data["id"]), agencies.find(data["into"])
    if one.id == other.id:
        raise Refused("same_agency", "into")
    agencies.lock_tree()
    for key in sorted((one.id, other.id)):  # always in this order, so that two mergers do not wait for each other
        agencies.locked(key)
    if agencies.is_above(one, other):
        raise Refused("agency_above", "into")
    moved = {
        "entries": _move(Entry, one, other),
        "divisions": _move_divisions(one, other),
        "cases": _move_cases(one, other),
    }
    for below in model.Session.scalars(sa.select(Agency).where(Agency.parent_id == one.id)):
        below.parent_id = other.id
    names, codes = [one.title, *one.aliases], [one.code or "", *one.former_codes]
    other.aliases = list(dict.fromkeys([*other.aliases, *(name for name in names if name != other.title)]))
    other.former_codes = [code for code in dict.fromkeys([*other.former_codes, *codes]) if code and code != other.code]
    moved["drafts"] = _discard_drafts(actor, role, one, other)
    moved["roles"] = _end_roles(actor, role, one)
    one.successor_id, one.dissolved_at = other.id, clock.now()
    body = {"into": other.id, "reason": data["reason"], **moved}
    c.events("agency.merge", "agency", actor, role, [(one.id, one.id, body), (other.id, other.id, body)])
    outbox.put("retire", one.id)
    return agencies.as_dict(other)


@c.command(s.fields(id=s.filled, reason=s.filled))
def agency_dissolve(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Ends a public body that nothing belongs to any more; refused while it has entries, cases or access rights.

    Where another body takes its tasks over, it is merged into that one instead.
    """
    role = actor.require("agency.dissolve")
    agency = agencies.locked(data["id"])
    _check_empty(agency)
    ended = _end_roles(actor, role, agency)
    _discard_drafts(actor, role, agency)
    for version in _lists(agency, [ListState.PUBLISHED.value]):
        version.state = step(ListState(version.state), "supersede").value
    agency.dissolved_at = clock.now()
    body = {"reason": data["reason"], "roles": ended}
    c.events("agency.dissolve", "agency", actor, role, [(agency.id, agency.id, body)])
    outbox.put("retire", agency.id)
    return agencies.as_dict(agency)


def _move(kind: type[Entry], one: Agency, other: Agency) -> int:
    done = model.Session.execute(
        sa.update(kind).where(kind.agency_id == one.id).values(agency_id=other.id),
        execution_options={"synchronize_session": "fetch"},
    )
    return done.rowcount  # type: ignore[attr-defined]


def _move_divisions(one: Agency, other: Agency) -> int:
    """Where both have a division of a name, the former body's is told by its title."""
    theirs = set(model.Session.scalars(sa.select(Division.title).where(Division.agency_id == other.id)))
    mine = list(model.Session.scalars(sa.select(Division).where(Division.agency_id == one.id)))
    for division in mine:
        if division.title in theirs:
            division.title = f"{division.title}（{one.title}）"
        division.agency_id = other.id
    return len(mine)


def _move_cases(one: Agency, other: Agency) -> int:
    """Cases go on in the other body. Where both review one application, its case there is about all that was theirs."""
    rows = sa.select(Case).where(Case.agency_id.in_([one.id, other.id])).order_by(Case.id).with_for_update()
    cases = list(model.Session.scalars(rows))
    theirs: dict[str, list[Case]] = {}
    for case in cases:
        if case.agency_id == other.id:
            theirs.setdefault(case.application_id, []).append(case)
    mine = [case for case in cases if case.agency_id == one.id]
    for case in mine:
        pair = [case, *theirs.get(case.application_id, [])]
        if len(pair) > 1 and any(one.state in CASE_OPEN for one in pair):
            if {one.state for one in pair} != {CaseState.IN_REVIEW.value}:
                raise Refused("cases_of_one_application", "into")
            case.state = case_step(CaseState.IN_REVIEW, "withdraw").value
        case.agency_id = other.id
    model.Session.flush()
    return len(mine)


def _discard_drafts(actor: c.Actor, role: str, *bodies: Agency) -> int:
    """What is being prepared was compiled of other datasets than there are now."""
    drafts = [version for body in bodies for version in _lists(body, _IN_WORK)]
    gone = [(one.id, one.agency_id, {"version": one.version, "state": one.state}) for one in drafts]
    for version in drafts:
        model.Session.delete(version)
    c.events("openlist.discard", "openlist", actor, role, gone)
    return len(gone)


def _end_roles(actor: c.Actor, role: str, agency: Agency) -> int:
    """Ends the roles held in an agency and what is asked for there. Their holders read it on their page."""
    held = model.Session.scalars(sa.select(RoleHolding).where(RoleHolding.agency_id == agency.id, *eyes.held_now()))
    happened = []
    for holding in held:
        end(holding, Ending.AGENCY_GONE, actor.id)
        happened.append((holding.id, agency.id, {"user": holding.user_id, "role": holding.role, "why": holding.ending}))
    c.events("role.revoke", "role", actor, role, happened)
    waiting = sa.select(RoleRequest).where(
        RoleRequest.agency_id == agency.id, RoleRequest.state == RequestState.REQUESTED.value
    )
    declined = []
    for request in model.Session.scalars(waiting):
        close_request(request, "decline", actor.id)
        declined.append((request.id, agency.id, {"user": request.user_id, "role": request.role}))
    c.events("role.decline", "role", actor, role, declined)
    return len(happened)


def _lists(agency: Agency, states: list[str]) -> list[OpenList]:
    rows = sa.select(OpenList).where(OpenList.agency_id == agency.id, OpenList.state.in_(states))
    return list(model.Session.scalars(rows.with_for_update()))


def _check_empty(agency: Agency) -> None:
    counts = {
        "entries": sa.select(sa.func.count())
        .select_from(Entry)
        .where(Entry.agency_id == agency.id, Entry.state != EntryState.REJECTED.value),
        "cases": sa.select(sa.func.count())
        .select_from(Case)
        .where(Case.agency_id == agency.id, Case.state.in_(CASE_OPEN)),
        "grants": sa.select(sa.func.count())
        .select_from(Grant)
        .join(Case, Case.id == Grant.case_id)
        .where(Case.agency_id == agency.id, Grant.state.in_(_GRANT_RUNS), Grant.valid_until > clock.now()),
        "bodies": sa.select(sa.func.count()).select_from(Agency).where(Agency.parent_id == agency.id),
    }
    left = {name: model.Session.scalar(rows) or 0 for name, rows in counts.items()}
    left["published"] = len(agencies.published_of(agency.id))
    if any(left.values()):
        raise Refused("agency_not_empty", "id", **left)
