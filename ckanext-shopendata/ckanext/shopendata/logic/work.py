"""待办: collects what waits for one person, from every aggregate, by the roles held now.

What somebody may not do because they acted before (propose, decide, sign) does not wait for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import deadline, side
from ckanext.shopendata.model import (
    Agency,
    Application,
    Case,
    Dataset,
    Entry,
    OpenList,
    Organisation,
    Proposal,
    SignOff,
)
from ckanext.shopendata.policy import organisation
from ckanext.shopendata.policy.application import CaseState, State
from ckanext.shopendata.policy.catalogue import EntryState
from ckanext.shopendata.policy.classification import DatasetState
from ckanext.shopendata.policy.openlist import ListState
from ckanext.shopendata.policy.work import KINDS, order

__all__ = ["count", "items"]

#: Matters of one kind that are listed one by one; the count has all.
MOST = 200


@dataclass(frozen=True)
class _Source:
    """Rows of one kind: (object id, agency id, since, number of things), with the row itself for single matters."""

    kind: str
    rows: Any
    overseen: bool = False


def items(actor: c.Actor) -> list[dict[str, Any]]:
    """What waits for somebody, the most urgent first.

    :returns: ``kind`` (policy.work.KINDS), ``id``, ``number`` of an application, version of a list or name of an
        organisation, ``application``
        (its identifier), ``agency`` (name) and ``agency_title``, ``count``, ``since``, ``deadline``
        (logic.deadline.told), ``overseen``: it waits for others, whose time is over
    """
    found = [item for source in _sources(actor) for item in _read(source)]
    agencies = {one.id: one for one in model.Session.scalars(sa.select(Agency))} if found else {}
    for item in found:
        agency = agencies.get(item.pop("agency_id") or "")
        item["agency"], item["agency_title"] = (agency.name, agency.title) if agency else (None, None)
    return sorted(found, key=_order)


def count(actor: c.Actor) -> int:
    """How many lines the list has."""
    numbers = [sa.select(sa.func.count()).select_from(one.rows.subquery()).scalar_subquery() for one in _sources(actor)]
    return model.Session.scalar(sa.select(sum(numbers[1:], numbers[0]))) or 0 if numbers else 0


def _order(item: dict[str, Any]) -> tuple[int, str]:
    told = item["deadline"] or {}
    due = dt.date.fromisoformat(told["due"]) if told.get("due") else None
    return order(due, item["since"], limited=bool(told))


def _sources(actor: c.Actor) -> Iterator[_Source]:
    yield from _own(actor)
    yield from _applications(actor)
    yield from _organisations(actor)
    yield from _cases(actor)
    yield from _catalogue(actor)
    yield from _lists(actor)


def _own(actor: c.Actor) -> Iterator[_Source]:
    mine = side.mine(actor.id, "application.write")
    yield _Source("correct", sa.select(Application).where(mine, Application.state == State.CORRECTION_REQUESTED.value))
    yield _Source("agree", _of_cases(CaseState.AGREEMENT_PENDING).where(mine, Case.confirmed_by_applicant.is_(None)))
    ours = Organisation.id.in_(side.organisations_of(actor.id, "organisation.change"))
    returned = sa.select(Organisation).where(ours, Organisation.state == organisation.State.RETURNED.value)
    yield _Source("mend_organisation", returned)


def _applications(actor: c.Actor) -> Iterator[_Source]:
    rows = sa.select(Application).where(Application.state == State.SUBMITTED.value, _others(actor))
    if _able(actor, "take_in") is None:
        yield _Source("take_in", rows)
    elif _overseeing(actor, "take_in") is None:
        yield _Source("take_in", rows.where(Application.due_on < clock.today()), overseen=True)


def _others(actor: c.Actor) -> Any:
    """Applications that are not the actor's own matter."""
    return sa.and_(Application.applicant_id != actor.id, sa.not_(side.mine(actor.id, "application.read")))


def _organisations(actor: c.Actor) -> Iterator[_Source]:
    if _able(actor, "verify_organisation") is None:
        own = side.organisations_of(actor.id, "organisation.read")
        waiting = Organisation.state == organisation.State.SUBMITTED.value
        yield _Source("verify_organisation", sa.select(Organisation).where(waiting, Organisation.id.not_in(own)))


def _cases(actor: c.Actor) -> Iterator[_Source]:
    others = _others(actor)
    for kind, rows in (
        ("decide_case", _of_cases(CaseState.IN_REVIEW).where(others)),
        (
            "confirm_agreement",
            _of_cases(CaseState.AGREEMENT_PENDING).where(
                others, Case.confirmed_by_provider.is_(None), Case.decided_by != actor.id
            ),
        ),
    ):
        able = _able(actor, kind)
        if able is None or able:
            yield _Source(kind, rows if able is None else rows.where(Case.agency_id.in_(able)))
        more = (_overseeing(actor, kind) or set()) - (able or set())
        if more and able is not None:
            over = rows.where(Case.agency_id.in_(more), Case.due_on < clock.today())
            yield _Source(kind, over, overseen=True)


def _catalogue(actor: c.Actor) -> Iterator[_Source]:
    def grouped(kind: str, rows: Any, since: Any) -> Iterator[_Source]:
        able = _able(actor, kind)
        if able is None or able:
            rows = rows.add_columns(Entry.agency_id, sa.func.count(), sa.func.min(since)).group_by(Entry.agency_id)
            yield _Source(kind, rows if able is None else rows.where(Entry.agency_id.in_(able)))

    entries = sa.select().select_from(Entry)
    yield from grouped("confirm_entries", entries.where(Entry.state == EntryState.HARVESTED.value), Entry.updated_at)
    yield from grouped("check_entries", entries.where(Entry.state == EntryState.CONFIRMED.value), Entry.updated_at)
    mine = sa.select(Proposal.dataset_id).where(Proposal.closed_at.is_(None), Proposal.proposed_by == actor.id)
    datasets = entries.join(Dataset, Dataset.entry_id == Entry.id).where(
        Dataset.state == DatasetState.PROPOSED.value, Dataset.id.not_in(mine)
    )
    yield from grouped("decide_datasets", datasets, Dataset.updated_at)


def _lists(actor: c.Actor) -> Iterator[_Source]:
    signed = sa.select(SignOff.id).where(SignOff.recorded_by == actor.id)
    for kind, states, more in (
        ("sign_list", (ListState.DRAFTING, ListState.UNIT_SIGNING), sa.true()),
        (
            "publish_list",
            (ListState.FILED, ListState.CONSULTING),
            sa.or_(OpenList.signoff_id.is_(None), OpenList.signoff_id.not_in(signed)),
        ),
    ):
        if able := _able(actor, kind):
            rows = sa.select(OpenList).where(OpenList.state.in_([state.value for state in states]), more)
            yield _Source(kind, rows.where(OpenList.agency_id.in_(able)))


def _of_cases(state: CaseState) -> Any:
    return (
        sa.select(Case, Application)
        .join(Application, Application.id == Case.application_id)
        .where(Case.state == state.value)
    )


def _able(actor: c.Actor, kind: str) -> set[str] | None:
    """The agencies in which this is somebody's work; ``None``: everywhere."""
    return actor.agencies(KINDS[kind].verb or "")


def _overseeing(actor: c.Actor, kind: str) -> set[str] | None:
    verb = KINDS[kind].overseen_by
    return actor.agencies(verb) if verb else set()


def _read(source: _Source) -> Iterator[dict[str, Any]]:
    """The lines of a source: single matters with their time limit, or one line an agency."""
    for row in model.Session.execute(source.rows.order_by(*_sorting(source.kind)).limit(MOST)):
        line = {"kind": source.kind, "overseen": source.overseen, "application": None, "number": "", "count": 1}
        first = row[0]
        if isinstance(first, Application):
            since, told = first.submitted_at or first.created_at, deadline.told(deadline.of_application(first))
            line |= {"id": first.id, "agency_id": None, "application": first.id, "number": first.number}
        elif isinstance(first, Case):
            since, told = first.decided_at or first.created_at, deadline.told(deadline.of_case(first))
            line |= {"id": first.id, "agency_id": first.agency_id, "application": row[1].id, "number": row[1].number}
        elif isinstance(first, Organisation):
            since, told = first.submitted_at or first.created_at, None
            line |= {"id": first.id, "agency_id": None, "number": first.name}
        elif isinstance(first, OpenList):
            since, told = first.compiled_at, None
            line |= {"id": first.id, "agency_id": first.agency_id, "number": first.version}
        else:
            since, told = row[2], None
            line |= {"id": first, "agency_id": first, "count": row[1]}
        yield line | {"since": since.isoformat(), "deadline": told}


def _sorting(kind: str) -> tuple[Any, ...]:
    if kind in {"correct", "take_in"}:
        return Application.due_on.asc().nulls_last(), Application.submitted_at, Application.id
    if kind.endswith("_organisation"):
        return Organisation.submitted_at, Organisation.id
    if kind in {"agree", "decide_case", "confirm_agreement"}:
        return Case.due_on.asc().nulls_last(), Case.created_at, Case.id
    return (OpenList.compiled_at,) if kind.endswith("_list") else (Entry.agency_id,)
