"""Open lists: compile, sign, publish, read."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import agency as agencies
from ckanext.shopendata.logic.deadline import day
from ckanext.shopendata.logic.signoff import register
from ckanext.shopendata.model import Agency, Block, Dataset, Decision, Entry, Item, OpenList, OpenListItem, SignOff
from ckanext.shopendata.policy import openlist as policy
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.catalogue import Acquisition, EntryState
from ckanext.shopendata.policy.classification import DatasetState, Tier
from ckanext.shopendata.policy.classification import step as dataset_step
from ckanext.shopendata.policy.openlist import ListState
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.scope import Mask
from ckanext.shopendata.publish import outbox

__all__ = [
    "openlist_compile",
    "openlist_discard",
    "openlist_list",
    "openlist_publish",
    "openlist_show",
    "openlist_sign",
    "openlist_work",
]

_PUBLIC = (ListState.PUBLISHED.value, ListState.SUPERSEDED.value)


@c.command(s.fields(agency=s.filled))
def openlist_compile(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Compiles the next version of an agency's list from its decided datasets; a draft of it is made anew.

    :returns: the version with its ``body``; ``body["foot"]["excluded"]`` says what is missing and why
    """
    agency = agencies.find(data["agency"])
    role = actor.require("openlist.compile", agency.id)
    _lock_agency(agency.id)
    version = _in_work(agency.id)
    if version is not None and version.state != ListState.DRAFTING.value:
        raise Refused("list_in_work", version=version.version)
    year = clock.today().year
    if version is None:
        last = sa.select(sa.func.max(OpenList.number)).where(OpenList.agency_id == agency.id, OpenList.year == year)
        number = (model.Session.scalar(last) or 0) + 1
        version = OpenList(agency_id=agency.id, year=year, number=number, state=ListState.DRAFTING.value)
    body, listed = _compile(agency, version.year, version.number)
    if not listed and not _published(agency.id):
        raise Refused("nothing_to_list", "agency")
    version.body = policy.canonical(body)
    version.digest = policy.digest(version.body)
    version.compiled_by, version.compiled_at = actor.id, clock.now()
    model.Session.add(version)
    model.Session.flush()
    model.Session.execute(sa.delete(OpenListItem).where(OpenListItem.list_id == version.id))
    if listed:
        rows = [{"list_id": version.id, "dataset_id": one.dataset, "decision_id": one.decision} for one in listed]
        model.Session.execute(sa.insert(OpenListItem), rows)
    happened = {"version": version.version, "digest": version.digest, "items": len(listed)}
    c.events("openlist.compile", "openlist", actor, role, [(version.id, agency.id, happened)])
    return _full(version, agency)


@c.command(s.fields(id=s.filled, document=s.maybe(s.each(s.text))))
def openlist_sign(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """The agency signs its compiled list: online by its signer, or with the signed document registered by its staff."""
    version, agency = _locked(data["id"])
    role = actor.require("openlist.sign", agency.id)
    if data.get("document") is None:
        role = _as_signer(actor, agency)
        policy.check_signer(actor.eyes, eyes.acted(version.compiled_by, version.id))
    state = ListState(version.state)
    if state is ListState.DRAFTING:
        state = policy.step(state, "submit")
    version.state = policy.step(state, "sign").value
    version.signoff_id = register(actor, data.get("document")).id
    body = {"version": version.version, "digest": version.digest, "signoff": version.signoff_id}
    c.events("openlist.sign", "openlist", actor, role, [(version.id, agency.id, body)])
    return _full(version, agency)


@c.command(s.fields(id=s.filled))
def openlist_publish(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Publishes a signed list: from now on its body is fixed, and its datasets go to the public.

    Refused when a dataset on it has changed since it was compiled: what was signed is what is published.
    """
    version, agency = _locked(data["id"])
    role = actor.require("openlist.publish", agency.id)
    version.state = policy.step(ListState(version.state), "publish").value
    signoff = c.found(model.Session.get(SignOff, version.signoff_id))
    policy.check_publisher(actor.eyes, eyes.acted(signoff.recorded_by, version.id))
    # Locked before they are compared: nobody decides on them, or suspends them, in between.
    listed = _datasets_of(version.id)
    _check_unchanged(version, agency)
    before = _published(agency.id)
    for old in before:
        old.state = policy.step(ListState(old.state), "supersede").value
    version.published_by, version.published_at = actor.id, clock.now()
    for dataset in listed:
        dataset.state = dataset_step(DatasetState(dataset.state), "list").value
    gone = _gone(agency.id, {dataset.id for dataset in listed})
    outbox.put("publish", *(dataset.id for dataset in listed))
    outbox.put("withdraw", *gone)
    body = {"version": version.version, "digest": version.digest, "items": len(listed), "withdrawn": len(gone)}
    c.events("openlist.publish", "openlist", actor, role, [(version.id, agency.id, body)])
    return _full(version, agency)


@c.command(s.fields(id=s.filled))
def openlist_discard(actor: c.Actor, data: DataDict) -> None:
    """Throws a version away that is not published."""
    version, agency = _locked(data["id"])
    role = actor.require("openlist.discard", agency.id)
    if version.state in _PUBLIC:
        raise Refused("not_in_this_state", state=version.state)
    model.Session.delete(version)
    c.events("openlist.discard", "openlist", actor, role, [(version.id, agency.id, {"version": version.version})])


@c.query(s.fields(agency=s.filled))
def openlist_work(actor: c.Actor, data: DataDict) -> dict[str, Any] | None:
    """The version of an agency that is being prepared, for its staff; ``None`` when there is none."""
    agency = agencies.find(data["agency"])
    actor.require("entry.read", agency.id)
    version = _in_work(agency.id)
    return _full(version, agency) if version else None


@tk.side_effect_free
@tk.validate_action_data(s.fields(agency=s.maybe(s.filled)))
def openlist_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """Published versions, newest first: of one agency, or the current one of each."""
    tk.check_access("shopendata_openlist_list", context, data_dict)
    rows = sa.select(OpenList, Agency).join(Agency, Agency.id == OpenList.agency_id)
    if data_dict.get("agency"):
        agency = agencies.find(data_dict["agency"])
        rows = rows.where(OpenList.agency_id == agency.id, OpenList.state.in_(_PUBLIC))
    else:
        rows = rows.where(OpenList.state == ListState.PUBLISHED.value)
    rows = rows.order_by(Agency.title, OpenList.year.desc(), OpenList.number.desc())
    return [_brief(version, agency) for version, agency in model.Session.execute(rows)]


@tk.side_effect_free
@tk.validate_action_data(s.fields(agency=s.filled, version=s.maybe(s.filled)))
def openlist_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One published version (default: the current one) with its body, as it was when it was published."""
    tk.check_access("shopendata_openlist_show", context, data_dict)
    agency = agencies.find(data_dict["agency"])
    rows = sa.select(OpenList).where(OpenList.agency_id == agency.id, OpenList.state.in_(_PUBLIC))
    versions = {version.version: version for version in model.Session.scalars(rows)}
    wanted = data_dict.get("version")
    if wanted is None:
        current = [v for v in versions.values() if v.state == ListState.PUBLISHED.value]
        return _full(c.found(current[0] if current else None), agency)
    return _full(c.found(versions.get(wanted)), agency)


def _as_signer(actor: c.Actor, agency: Agency) -> str:
    """The role of who signs online; without it there has to be a document, whatever other roles there are."""
    signers = [held for held in actor.holdings if held.role is people.Role.SIGNER]
    try:
        return people.require(signers, "openlist.sign", agency.id).value
    except Refused:
        raise Refused("document_missing", "document") from None


def candidates(agency_id: str) -> list[policy.Candidate]:
    """All datasets of an agency as its list sees them; those of rejected entries are not in the catalogue."""
    items: dict[str, list[Item]] = {}
    of_agency = sa.select(Entry.id).where(Entry.agency_id == agency_id)
    for item in model.Session.scalars(sa.select(Item).where(Item.entry_id.in_(of_agency)).order_by(Item.position)):
        items.setdefault(item.entry_id, []).append(item)
    suspended = set(model.Session.scalars(_suspended()))
    rows = (
        sa.select(Dataset, Entry, Decision)
        .join(Entry, Entry.id == Dataset.entry_id)
        .join(Decision, Decision.id == Dataset.decision_id, isouter=True)
        .where(Entry.agency_id == agency_id, Entry.state != EntryState.REJECTED.value)
    )
    return [
        _candidate(dataset, entry, decision, items.get(entry.id, []), dataset.id in suspended)
        for dataset, entry, decision in model.Session.execute(rows)
    ]


def _candidate(
    dataset: Dataset, entry: Entry, decision: Decision | None, items: list[Item], suspended: bool
) -> policy.Candidate:
    tier = Tier.read(dataset.tier)
    method = entry.acquisition_method
    return policy.Candidate(
        dataset=dataset.id,
        decision=decision.id if decision else "",
        name=dataset.name,
        code=entry.code or "",
        title=dataset.title,
        abstract=dataset.notes,
        items=tuple(one.name if one.mask is Mask.NONE else f"{one.name}（脱敏）" for one in dataset.opened(items)),
        domain=entry.domain,
        tier=tier,
        reasons=tuple(decision.reasons) if decision else (),
        conditions=dataset.conditions,
        formats=("JSON",) if tier is Tier.CONDITIONAL else tuple(entry.formats or (["CSV"] if entry.has_data else [])),
        frequency=entry.update_frequency,
        high_value=entry.high_value,
        first_opened=day(dataset.first_published_at).isoformat() if dataset.first_published_at else "",
        planned=entry.planned_open.isoformat() if entry.planned_open else "",
        division=entry.division,
        contact=entry.contact,
        state=DatasetState(dataset.state),
        entry_state=EntryState(entry.state),
        acquisition=Acquisition(method) if method else None,
        suspended=suspended,
    )


def _suspended() -> sa.Select[tuple[str]]:
    """Datasets suspended by a person or a source.

    The block for a tightening ends with the publication of the stricter tier: it must not keep that from the list.
    """
    return sa.select(Block.dataset_id).where(Block.lifted_at.is_(None), Block.reason != "tightened")


def _compile(agency: Agency, year: int, number: int) -> tuple[dict[str, Any], list[policy.Candidate]]:
    about = {"id": agency.id, "name": agency.name, "title": agency.title, "contact": agency.contact}
    return policy.compile_list(about, year, number, clock.today().isoformat(), candidates(agency.id))


def _check_unchanged(version: OpenList, agency: Agency) -> None:
    """The datasets signed, their decisions and their rows must be those that a compilation now would list."""
    signed = dict(
        model.Session.execute(
            sa.select(OpenListItem.dataset_id, OpenListItem.decision_id).where(OpenListItem.list_id == version.id)
        ).all()  # type: ignore[arg-type]
    )
    body, listed = _compile(agency, version.year, version.number)
    if signed != {one.dataset: one.decision for one in listed} or _rows(json.loads(version.body)) != _rows(body):
        raise Refused("list_changed")


def _rows(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What a body says of its datasets, but for the day on which the publisher first opened them."""
    return [{name: value for name, value in row.items() if name != "first_opened"} for row in body["items"]]


def _gone(agency_id: str, listed: set[str]) -> list[str]:
    """Datasets of the agency that stand in public but no longer on its list; suspended ones wait for their end."""
    rows = (
        sa.select(Dataset.id)
        .join(Entry, Entry.id == Dataset.entry_id)
        .where(
            Entry.agency_id == agency_id,
            Dataset.published_tier.is_not(None),
            Dataset.id.not_in(_suspended()),
        )
    )
    return [key for key in model.Session.scalars(rows) if key not in listed]


def _datasets_of(list_id: str) -> list[Dataset]:
    on_list = sa.select(OpenListItem.dataset_id).where(OpenListItem.list_id == list_id)
    rows = sa.select(Dataset).where(Dataset.id.in_(on_list)).order_by(Dataset.id).with_for_update()
    return list(model.Session.scalars(rows))


def _published(agency_id: str) -> list[OpenList]:
    """What stands: the agency's list, and those of bodies merged into it until its next one takes their place."""
    bodies, found = [agency_id], [agency_id]
    while found:
        found = list(model.Session.scalars(sa.select(Agency.id).where(Agency.successor_id.in_(found))))
        bodies += found
    rows = sa.select(OpenList).where(OpenList.agency_id.in_(bodies), OpenList.state == ListState.PUBLISHED.value)
    return list(model.Session.scalars(rows))


def _in_work(agency_id: str) -> OpenList | None:
    return model.Session.scalar(
        sa.select(OpenList).where(OpenList.agency_id == agency_id, OpenList.state.not_in(_PUBLIC))
    )


def _locked(list_id: str) -> tuple[OpenList, Agency]:
    version = c.found(model.Session.get(OpenList, list_id))
    _lock_agency(version.agency_id)
    model.Session.refresh(version, with_for_update=True)
    return version, c.found(model.Session.get(Agency, version.agency_id))


def _lock_agency(agency_id: str) -> None:
    """One command on an agency's list at a time."""
    model.Session.execute(sa.select(Agency.id).where(Agency.id == agency_id).with_for_update())


def _brief(version: OpenList, agency: Agency) -> dict[str, Any]:
    body = json.loads(version.body)
    return {
        "id": version.id,
        "agency": {"id": agency.id, "name": agency.name, "title": agency.title},
        "version": version.version,
        "state": version.state,
        "digest": version.digest,
        "published_at": version.published_at.isoformat() if version.published_at else None,
        "foot": body["foot"],
        "count": len(body["items"]),
    }


def _full(version: OpenList, agency: Agency) -> dict[str, Any]:
    return _brief(version, agency) | {"body": json.loads(version.body)}
