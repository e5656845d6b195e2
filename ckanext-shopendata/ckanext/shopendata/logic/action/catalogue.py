"""Entries of the catalogue: read, confirm, complete, check, return, reject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import agency as agencies
from ckanext.shopendata.model import Agency, Dataset, Decision, Entry, Item, Proposal, Resource
from ckanext.shopendata.policy.catalogue import REJECTIONS, Acquisition, EntryState, step
from ckanext.shopendata.policy.classification import DatasetState
from ckanext.shopendata.policy.classification import step as dataset_step
from ckanext.shopendata.publish import block, outbox

__all__ = [
    "entry_check",
    "entry_complete",
    "entry_confirm",
    "entry_list",
    "entry_reject",
    "entry_return",
    "entry_show",
]

_READ = "entry.read"


@c.query(
    s.listing(
        ids=s.maybe(s.some),
        agency=s.maybe(s.filled),
        state=s.maybe(s.one_of(*(state.value for state in EntryState))),
        dataset_state=s.maybe(s.filled),
        proposed=s.maybe(s.tier),
        tier=s.maybe(s.filled),
        acquisition=s.maybe(s.one_of("unknown", *(method.value for method in Acquisition))),
        q=s.maybe(s.text),
    )
)
def entry_list(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Entries that the caller may see, with their default dataset, by title.

    :param ids: entries by their identifiers
    :param agency, state, dataset_state, proposed, tier, acquisition, q: narrow it down; ``q`` is part of the title
    :returns: ``count`` and ``results``
    """
    actor_agencies = _visible(actor)
    rows = (
        sa.select(Entry, Dataset, Agency, Proposal)
        .join(Agency, Agency.id == Entry.agency_id)
        .join(Dataset, Dataset.entry_id == Entry.id)
        .join(Proposal, sa.and_(Proposal.dataset_id == Dataset.id, Proposal.closed_at.is_(None)), isouter=True)
    )
    if actor_agencies is not None:
        rows = rows.where(Entry.agency_id.in_(actor_agencies))
    if data.get("ids"):
        rows = rows.where(Entry.id.in_(data["ids"]))
    if data.get("agency"):
        rows = rows.where(Entry.agency_id == agencies.find(data["agency"]).id)
    for column, given in (
        (Entry.state, data.get("state")),
        (Dataset.state, data.get("dataset_state")),
        (Dataset.tier, data.get("tier")),
        (Proposal.tier, data.get("proposed")),
    ):
        if given:
            rows = rows.where(column == given)
    if method := data.get("acquisition"):
        known = Entry.acquisition_method
        rows = rows.where(known.is_(None) if method == "unknown" else known == method)
    if data.get("q"):
        rows = rows.where(Entry.title.icontains(data["q"], autoescape=True))
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(rows.subquery()))
    page = rows.order_by(Entry.title, Entry.id).limit(data["limit"]).offset(data["offset"])
    return {
        "count": count,
        "results": [
            _summary(entry, agency) | {"dataset": _dataset(dataset, proposal)}
            for entry, dataset, agency, proposal in model.Session.execute(page)
        ],
    }


@c.query(s.fields(id=s.filled))
def entry_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One entry with its items, datasets, proposals, decisions and tables."""
    entry = c.found(model.Session.get(Entry, data["id"]))
    actor.require_inside(_READ, entry.agency_id)
    session = model.Session
    datasets = session.scalars(sa.select(Dataset).where(Dataset.entry_id == entry.id).order_by(Dataset.created_at))
    shown = []
    for dataset in datasets:
        of_dataset = {
            kind.__tablename__: list(session.scalars(sa.select(kind).where(kind.dataset_id == dataset.id)))
            for kind in (Proposal, Decision, Resource)
        }
        proposals, decisions, resources = of_dataset.values()
        current = next((one for one in proposals if one.closed_at is None), None)
        shown.append(
            _dataset(dataset, current)
            | {
                "suspended": block.reason_of(dataset.id) not in {None, *block.LASTING},
                "decisions": [
                    _row(
                        one,
                        "id",
                        "tier",
                        "reasons",
                        "bases",
                        "conditions",
                        "note",
                        "review_by",
                        "decided_by",
                        "decided_at",
                    )
                    | {"decided_by_name": _name(one.decided_by)}
                    for one in sorted(decisions, key=lambda one: one.decided_at, reverse=True)
                ],
                "resources": [
                    _row(one, "id", "name", "row_count", "scan", "findings", "location") for one in resources
                ],
            }
        )
    items = session.scalars(sa.select(Item).where(Item.entry_id == entry.id).order_by(Item.position))
    return _summary(entry, c.found(session.get(Agency, entry.agency_id))) | {
        "items": [_row(item, "code", "name", "type", "unit", "sensitivity", "mask", "description") for item in items],
        "datasets": shown,
    }


@c.command(s.fields(ids=s.some))
def entry_confirm(actor: c.Actor, data: DataDict) -> dict[str, int]:
    """认领: the agency says that these entries are its own and described correctly. All or none."""
    _, entries = _move(actor, "confirm", data["ids"])
    return {"changed": len(entries)}


@c.command(s.fields(ids=s.some))
def entry_check(actor: c.Actor, data: DataDict) -> dict[str, int]:
    """The data centre finds these entries conforming (SH 17). All or none."""
    _, entries = _move(actor, "check", data["ids"])
    return {"changed": len(entries)}


@c.command(s.fields(ids=s.some, note=s.filled))
def entry_return(actor: c.Actor, data: DataDict) -> dict[str, int]:
    """The data centre gives entries back to their agency; the note says what to mend."""
    _, entries = _move(actor, "return", data["ids"], note=data["note"])
    return {"changed": len(entries)}


@c.command(s.fields(ids=s.some, reason=s.one_of(*REJECTIONS), note=s.maybe(s.text)))
def entry_reject(actor: c.Actor, data: DataDict) -> dict[str, int]:
    """Takes entries out of the catalogue: a duplicate, not the agency's own, or a state secret (SH 2).

    What of them stands in public is refused at every door from this moment, for good.
    """
    role, entries = _move(actor, "reject", data["ids"], reason=data["reason"], note=data.get("note", ""))
    _withdraw(actor, role, entries, data["reason"])
    return {"changed": len(entries)}


@c.command(
    s.fields(ids=s.some, acquisition_method=s.one_of(*(method.value for method in Acquisition)), reason=s.filled)
)
def entry_complete(actor: c.Actor, data: DataDict) -> dict[str, int]:
    """Says how the data was obtained, where the source does not (SH 19); ``reason``: how the person knows.

    Without it a dataset cannot stand on a list: what was shared or negotiated is not the agency's to open (SH 31).
    """
    entries = _lock(data["ids"])
    role = _require(actor, "entry.complete", entries)
    method, happened = data["acquisition_method"], []
    for entry in entries:
        if entry.acquisition_method != method:
            body = {"before": entry.acquisition_method, "after": method, "reason": data["reason"]}
            happened.append((entry.id, entry.agency_id, body))
            entry.acquisition_method, entry.updated_at = method, clock.now()
    c.events("entry.complete", "entry", actor, role, happened)
    return {"changed": len(happened)}


def _move(actor: c.Actor, verb: str, ids: Sequence[str], **grounds: str) -> tuple[str, list[Entry]]:
    """Takes entries a step further, all or none; the role by which the actor may, and the entries, locked."""
    entries = _lock(ids)
    role = _require(actor, f"entry.{verb}", entries)
    happened = []
    for entry in entries:
        after = step(EntryState(entry.state), verb, grounds.get("reason", ""))
        happened.append((entry.id, entry.agency_id, {"before": entry.state, "after": after.value, **grounds}))
        entry.state, entry.updated_at = after.value, clock.now()
    c.events(f"entry.{verb}", "entry", actor, role, happened)
    return role, entries


def _withdraw(actor: c.Actor, role: str, entries: Sequence[Entry], reason: str) -> None:
    """Ends the way of their decided datasets; those that stand in public are blocked, and cleaned up after."""
    agency_of, happened = {entry.id: entry.agency_id for entry in entries}, []
    decided = sa.select(Dataset).where(Dataset.entry_id.in_(agency_of), Dataset.decision_id.is_not(None))
    for dataset in model.Session.scalars(decided.order_by(Dataset.id).with_for_update()):
        before, dataset.state = dataset.state, dataset_step(DatasetState(dataset.state), "withdraw").value
        dataset.updated_at = clock.now()
        if dataset.published_tier is not None:
            block.lift(dataset.id, actor.id)
            block.put(dataset.id, "rejected", actor.id)
            outbox.put("conceal", dataset.id)
        happened.append((dataset.id, agency_of[dataset.entry_id], {"before": before, "reason": reason}))
    c.events("dataset.withdraw", "dataset", actor, role, happened)


def _lock(ids: Sequence[str]) -> list[Entry]:
    wanted = sa.select(Entry).where(Entry.id.in_(set(ids))).order_by(Entry.id).with_for_update()
    entries = list(model.Session.scalars(wanted))
    if len(entries) != len(set(ids)):
        c.found(None)
    return entries


def _require(actor: c.Actor, verb: str, entries: Sequence[Entry]) -> str:
    roles = {actor.require_inside(verb, agency) for agency in {entry.agency_id for entry in entries}}
    return min(roles)


def _visible(actor: c.Actor) -> set[str] | None:
    agencies_of_actor = actor.agencies(_READ)
    if agencies_of_actor is not None and not agencies_of_actor:
        actor.require(_READ)
    return agencies_of_actor


def _summary(entry: Entry, agency: Agency) -> dict[str, Any]:
    columns = (
        "id", "code", "title", "abstract", "division", "acquisition_method", "update_frequency", "domain", "level",
        "labels", "issued", "modified", "has_data", "row_count_declared", "high_value", "state", "source_state",
        "share_class", "updated_at",
    )  # fmt: skip
    return _row(entry, *columns) | {"agency": {"id": agency.id, "name": agency.name, "title": agency.title}}


def _dataset(dataset: Dataset, proposal: Proposal | None) -> dict[str, Any]:
    proposed = (
        _row(proposal, "id", "tier", "reasons", "bases", "conditions", "note", "proposed_by") if proposal else None
    )
    return _row(
        dataset, "id", "name", "title", "state", "tier", "conditions", "review_by", "published_tier", "item_codes"
    ) | {"proposal": proposed}


def _name(user_id: str) -> str:
    user = model.User.get(user_id)
    return user.display_name if user else ""


def _row(row: Any, *columns: str) -> dict[str, Any]:
    """Plain data; dates as ISO texts."""
    values = {column: getattr(row, column) for column in columns}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
