"""Applications: the applicant's side, the centre's intake, the provider's decision, the agreement."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import deadline, eyes, identity, notice, side
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.items import items_of
from ckanext.shopendata.model import (
    Agency,
    Application,
    Block,
    Case,
    Dataset,
    Entry,
    Grant,
    Item,
    Organisation,
    RequestedDataset,
)
from ckanext.shopendata.policy import application as policy
from ckanext.shopendata.policy import organisation as organisation_policy
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.application import CaseState, State
from ckanext.shopendata.policy.classification import Tier
from ckanext.shopendata.policy.grant import GrantState
from ckanext.shopendata.policy.organisation import MAY, Kind
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.scope import Column, columns_of, opened
from ckanext.shopendata.policy.workdays import Clock
from ckanext.shopendata.profile import profile

__all__ = [
    "agreement_confirm",
    "application_accept",
    "application_correct",
    "application_lapse",
    "application_list",
    "application_refuse",
    "application_save",
    "application_show",
    "application_submit",
    "application_withdraw",
    "case_decide",
    "case_extend",
    "case_list",
]

_OPEN_CASES = (CaseState.IN_REVIEW, CaseState.SPECIAL_REVIEW, CaseState.AGREEMENT_PENDING)


@c.command(
    s.fields(
        id=s.maybe(s.filled),
        token=s.maybe(s.uuid),
        organisation=s.maybe(s.text),
        datasets=s.maybe(s.texts),
        form=s.maybe(s.mapping),
    )
)
def application_save(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Starts an application, or changes one that is not yet submitted or has come back. Nothing needs to be complete.

    :param token: a random UUID, of a new one: a call repeated with it makes no second application
    :param organisation: identifier of the organisation that applies, of which the caller is an agent; empty: the caller
        applies in their own name. Kind, name and credit code of the form are then the organisation's
    :param datasets: names or identifiers of conditionally open datasets
    :param form: answers by field (policy.application.FORM); those left out stay as they are
    """
    if data.get("id"):
        application = _own(actor, data["id"])
        application.state = policy.step(State(application.state), "save").value
    else:
        application = _new(actor, data.get("token"))
    if "datasets" in data:
        _request(application, data["datasets"])
    if "organisation" in data:
        _apply_for(actor, application, data["organisation"])
    application.form = {**application.form, **policy.clean(data.get("form", {})), **_facts(application)}
    application.updated_at = clock.now()
    _event("application.save", actor, "", application, {"fields": sorted(data.get("form", {}))})
    return as_dict(application)


@c.command(s.fields(id=s.filled))
def application_submit(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Submits: refused with everything that is missing at once (SH 36), else it lies with the data centre."""
    application = _own(actor, data["id"])
    state = policy.step(State(application.state), "submit")
    application.form = {**application.form, **_facts(application)}
    side.check_party(application)
    found = policy.deficiencies(application.form)
    if not _requested(application.id):
        found["datasets"] = "missing"
    if found:
        raise Refused("incomplete", fields=found)
    _conditional([row.dataset_id for row in _requested(application.id)])
    again = application.submitted_at is not None
    running = deadline.clock_of(application).go_on(clock.today()) if again else _clock("intake")
    application.state, application.deficiencies = state.value, []
    application.submitted_at = application.updated_at = clock.now()
    deadline.set_due(application, running)
    at = application.updated_at.isoformat()
    _tell("application.submitted", application, occurrence=at)
    about = {"number": application.number, "due": _iso(application.due_on)}
    notice.tell_staff("application.to_take_in", application.id, None, application.applicant_id, occurrence=at, **about)
    _event("application.submit", actor, "", application, {})
    return as_dict(application)


@c.command(s.fields(id=s.filled, note=s.maybe(s.text)))
def application_withdraw(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Takes an application back; cases that are not decided end with it."""
    application = _own(actor, data["id"])
    application.state = policy.step(State(application.state), "withdraw").value
    happened = []
    for case in _cases(application.id):
        if CaseState(case.state) in _OPEN_CASES:
            body = {"before": case.state, "application": application.id, "note": data.get("note", "")}
            happened.append((case.id, case.agency_id, body))
            case.state, case.due_on = policy.case_step(CaseState(case.state), "withdraw").value, None
    application.updated_at, application.due_on = clock.now(), None
    c.events("case.withdraw", "case", actor, "", happened)
    _event("application.withdraw", actor, "", application, {"note": data.get("note", "")})
    return as_dict(application)


@c.command(s.fields(id=s.filled))
def application_accept(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """受理: the data centre finds the application complete; each providing agency gets its case."""
    application = _locked(data["id"])
    role = _intake(actor, application)
    application.state = policy.step(State(application.state), "accept").value
    side.check_party(application)
    application.accepted_at = application.updated_at = clock.now()
    application.due_on = None
    for agency_id in sorted({agency for _, agency in _providers(application.id)}):
        case = Case(
            application_id=application.id,
            agency_id=agency_id,
            state=CaseState.IN_REVIEW.value,
            created_at=clock.now(),
        )
        deadline.set_due(case, _clock("decision"))
        model.Session.add(case)
    model.Session.flush()
    begun = [(case.id, case.agency_id, {"application": application.id}) for case in _cases(application.id)]
    c.events("case.open", "case", actor, role, begun)
    _tell("application.accepted", application)
    for case in _cases(application.id):
        about = _about_case(case, application)
        notice.tell_staff("case.to_decide", case.id, case.agency_id, application.applicant_id, **about)
    _event("application.accept", actor, role, application, {})
    return as_dict(application)


@c.command(s.fields(id=s.filled, points=s.objects))
def application_correct(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """一次性补正告知: everything that is missing or wrong, in one notice; the applicant can change and submit again.

    :param points: ``{"field", "text"}``: a field of the form, and what to hand in
    """
    application = _locked(data["id"])
    role = _intake(actor, application)
    application.state = policy.step(State(application.state), "request_correction").value
    points = [{"field": one.get("field", ""), "text": one.get("text", "")} for one in data["points"]]
    if not points or not all(one["text"] for one in points):
        raise Refused("deficiencies_missing", "points")
    application.deficiencies, application.updated_at = points, clock.now()
    deadline.set_due(application, deadline.clock_of(application).stop(clock.today()))
    _tell("application.correction", application, occurrence=application.updated_at.isoformat())
    _event("application.correct", actor, role, application, {"points": points})
    return as_dict(application)


@c.command(s.fields(id=s.filled, answer=s.filled))
def application_refuse(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """不予受理: not conditional data, not this portal's, a duplicate; the answer says where to go instead."""
    application = _locked(data["id"])
    role = _intake(actor, application)
    application.state = policy.step(State(application.state), "not_accept").value
    application.answer, application.updated_at, application.due_on = data["answer"], clock.now(), None
    _tell("application.not_accepted", application)
    _event("application.refuse", actor, role, application, {"answer": data["answer"]})
    return as_dict(application)


@c.command(s.fields(id=s.filled))
def application_lapse(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Closes an application whose applicant did not answer a deficiency notice in time; a new one can be made."""
    application = _locked(data["id"])
    role = _intake(actor, application)
    state = policy.step(State(application.state), "lapse")
    policy.check_lapse(c.found(deadline.of_application(application)))
    application.state, application.updated_at, application.due_on = state.value, clock.now(), None
    _tell("application.lapsed", application)
    _event("application.lapse", actor, role, application, {})
    return as_dict(application)


@c.command(
    s.fields(
        id=s.filled,
        verb=s.one_of("grant", "grant_reduced", "refuse"),
        reason=s.maybe(s.filled),
        opinion=s.filled,
        items=s.maybe(s.each(s.some)),
    )
)
def case_decide(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """The provider decides its part: grants it, grants less, or refuses.

    :param items: when less is granted: dataset -> codes of the items granted; every dataset of the case is named
    :param reason: code of policy.application.REFUSALS, when less than asked for is granted
    :param opinion: the sentence that the applicant reads
    """
    case, application = _locked_case(data["id"])
    role = actor.require_inside("case.decide", case.agency_id)
    _check_eyes(actor, application, eyes.acted(case.decided_by, case.id))
    case.state = policy.case_step(CaseState(case.state), data["verb"], data.get("reason", "")).value
    case.reason, case.opinion = data.get("reason", ""), data["opinion"]
    case.decided_by, case.decided_at = actor.id, clock.now()
    deadline.set_due(case, _clock("agreement") if case.state == CaseState.AGREEMENT_PENDING.value else None)
    body: dict[str, Any] = {"verb": data["verb"], "reason": case.reason, "opinion": case.opinion}
    if data["verb"] == "grant_reduced":
        body["items"] = _reduce(case, data.get("items") or {})
    about, owner = _about_case(case, application), application.applicant_id
    if case.state == CaseState.AGREEMENT_PENDING.value:
        notice.tell("agreement.waits", case.id, owner, **about)
        notice.tell_staff("agreement.to_confirm", case.id, case.agency_id, owner, **about)
    else:
        notice.tell("case.decided", case.id, owner, **about)
    c.events("case.decide", "case", actor, role, [(case.id, case.agency_id, body)])
    return as_dict(application)


@c.command(s.fields(id=s.filled, days=s.number(1, 1000), reason=s.filled))
def case_extend(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """延期: the agency's head gives its reviewers more working days, once, in time, and with a reason.

    :param days: how many more; the pack limits them
    :param reason: the sentence that the applicant reads
    """
    case = c.found(model.Session.get(Case, data["id"], with_for_update=True))
    application = _locked(case.application_id)
    role = actor.require_inside("case.extend", case.agency_id)
    _check_eyes(actor, application)
    if CaseState(case.state) is not CaseState.IN_REVIEW:
        raise Refused("not_in_this_state", state=case.state)
    extended = deadline.clock_of(case).extend(data["days"], profile().periods["decision"], clock.today())
    deadline.set_due(case, extended)
    case.extension_reason = data["reason"]
    notice.tell("case.extended", case.id, application.applicant_id, **_about_case(case, application))
    body = {"days": data["days"], "reason": data["reason"], "due": _iso(case.due_on)}
    c.events("case.extend", "case", actor, role, [(case.id, case.agency_id, body)])
    return as_dict(application)


@c.command(s.fields(id=s.filled))
def agreement_confirm(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """线上确认 of the agreement of a case, by the applicant or the agency's signer; when both did, the grants run."""
    case, application = _locked_case(data["id"])
    if side.may(actor.id, application, "agreement.confirm"):
        role, party = "", "confirmed_by_applicant"
        if application.organisation_id:
            side.check_party(application)
    else:
        role, party = actor.require_inside("agreement.confirm", case.agency_id), "confirmed_by_provider"
        _check_eyes(actor, application, eyes.acted(case.decided_by, case.id))
    policy.case_step(CaseState(case.state), "confirm")
    if getattr(case, party) is not None:
        raise Refused("already_confirmed")
    setattr(case, party, actor.id)
    c.events("agreement.confirm", "case", actor, role, [(case.id, case.agency_id, {"party": party})])
    if case.confirmed_by_applicant and case.confirmed_by_provider:
        case.state, case.due_on = policy.case_step(CaseState(case.state), "activate").value, None
        _grant(actor, role, case, application)
    return as_dict(application)


@c.query(s.listing(state=s.maybe(s.one_of(*(state.value for state in State))), mine=s.maybe(s.one_of("true", "false"))))
def application_list(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Applications, newest first: one's own; the data centre and the auditor may see all that were submitted."""
    rows = sa.select(Application)
    if data.get("mine") == "false":
        actor.require("application.read")
        rows = rows.where(Application.submitted_at.is_not(None))
    else:
        rows = rows.where(side.mine(actor.id, "application.read"))
    if data.get("state"):
        rows = rows.where(Application.state == data["state"])
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(rows.subquery()))
    page = rows.order_by(Application.created_at.desc(), Application.id).limit(data["limit"]).offset(data["offset"])
    return {"count": count, "results": [as_dict(one) for one in model.Session.scalars(page)]}


@c.query(s.fields(id=s.filled))
def application_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One application: for its applicant, the data centre, and the agencies that have a case in it.

    :returns: the application; its datasets have ``items``, those that are opened; ``may``: what the caller may do on
        the applicant's side (verbs of policy.organisation.MAY; none for others)
    """
    application = c.found(model.Session.get(Application, data["id"]))
    able = [verb for verb in MAY if side.may(actor.id, application, verb)]
    if "application.read" not in able:
        _require_reader(actor, application)
    shown: dict[str, Any] = as_dict(application) | {"may": able}
    items = items_of([dataset["id"] for dataset in shown["datasets"]])
    return shown | {"datasets": [dataset | {"items": items[dataset["id"]]} for dataset in shown["datasets"]]}


@c.query(s.listing(state=s.maybe(s.one_of(*(state.value for state in CaseState)))))
def case_list(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Cases of the caller's agencies, oldest first."""
    visible = actor.agencies("case.read")
    if visible is not None and not visible:
        actor.require("case.read")
    rows = sa.select(Case, Application).join(Application, Application.id == Case.application_id)
    if visible is not None:
        rows = rows.where(Case.agency_id.in_(visible))
    if data.get("state"):
        rows = rows.where(Case.state == data["state"])
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(rows.subquery()))
    page = rows.order_by(Case.created_at, Case.id).limit(data["limit"]).offset(data["offset"])
    return {
        "count": count,
        "results": [
            _case(case) | {"application": as_dict(application)} for case, application in model.Session.execute(page)
        ],
    }


def as_dict(application: Application) -> dict[str, Any]:
    """An application with its datasets and cases. ``level``: real-name level of who applies, empty if unknown."""
    applicant, organisation = model.User.get(application.applicant_id), side.party(application)
    linked = identity.of(application.applicant_id)
    return {
        "id": application.id,
        "number": application.number,
        "applicant": applicant.name if applicant else "",
        "level": linked.level if linked else "",
        "organisation": {"id": organisation.id, "name": organisation.name, "state": organisation.state}
        if organisation
        else None,
        "state": application.state,
        "form": application.form,
        "deficiencies": application.deficiencies,
        "answer": application.answer,
        "created_at": application.created_at.isoformat(),
        "submitted_at": application.submitted_at.isoformat() if application.submitted_at else None,
        "accepted_at": application.accepted_at.isoformat() if application.accepted_at else None,
        "deadline": deadline.told(deadline.of_application(application)),
        "datasets": _datasets(application.id),
        "cases": [_case(case) for case in _cases(application.id)],
    }


def _new(actor: c.Actor, token: str | None) -> Application:
    year = clock.today().year
    c.lock(f"application:{year}")
    if token and model.Session.get(Application, token):
        application = _own(actor, token)
        application.state = policy.step(State(application.state), "save").value
        return application
    last = model.Session.scalar(sa.select(sa.func.max(Application.sequence)).where(Application.year == year))
    application = Application(
        id=token or make_uuid(),
        year=year,
        sequence=(last or 0) + 1,
        applicant_id=actor.id,
        state=State.DRAFT.value,
        form={},
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    model.Session.add(application)
    model.Session.flush()
    return application


def _apply_for(actor: c.Actor, application: Application, key: str) -> None:
    """Whose the application is to be: an organisation's, or the caller's own. One that submitted it keeps it."""
    wanted = key or None
    if wanted == application.organisation_id:
        return
    if application.submitted_at is not None and application.organisation_id is not None:
        raise Refused("organisation_fixed", "organisation")
    if wanted:
        # Against whoever ends the caller's membership now: the application would be nobody's.
        c.found(model.Session.get(Organisation, wanted, with_for_update={"read": True}))
    if wanted and not organisation_policy.may(side.functions_of(actor.id, wanted), "application.write"):
        c.found(None)
    application.organisation_id, application.applicant_id = wanted, actor.id


def _facts(application: Application) -> dict[str, str]:
    """What the portal knows of the applicant and does not ask again (SH 34): what the organisation's proof shows."""
    organisation = side.party(application)
    if organisation is None:
        return {}
    return {
        "applicant_kind": Kind(organisation.kind).applicant_kind,
        "applicant_name": organisation.name,
        "credit_code": organisation.code,
    }


def _request(application: Application, references: list[str]) -> None:
    model.Session.execute(sa.delete(RequestedDataset).where(RequestedDataset.application_id == application.id))
    rows = [{"application_id": application.id, "dataset_id": key} for key in _conditional(references)]
    if rows:
        model.Session.execute(sa.insert(RequestedDataset), rows)


def _conditional(references: list[str]) -> list[str]:
    """Identifiers of published conditional datasets; what is not public does not exist for an applicant."""
    match = sa.or_(Dataset.id.in_(references), Dataset.name.in_(references))
    datasets = list(model.Session.scalars(sa.select(Dataset).where(match, Dataset.published_tier.is_not(None))))
    if len(datasets) != len(set(references)):
        c.found(None)
    for dataset in datasets:
        if dataset.published_tier != Tier.CONDITIONAL.value or dataset.tier != Tier.CONDITIONAL.value:
            raise Refused("not_conditional", "datasets", title=dataset.title)
    blocked = sa.select(Block.id).where(Block.dataset_id.in_([d.id for d in datasets]), Block.lifted_at.is_(None))
    if model.Session.scalar(blocked):
        raise Refused("already_suspended", "datasets")
    return [dataset.id for dataset in datasets]


def _reduce(case: Case, items: dict[str, list[str]]) -> dict[str, list[str]]:
    """Writes down which items are granted, dataset -> codes; each dataset of the case has to be named.

    Raises :class:`Refused` for datasets or items that were not asked for.
    """
    of_case = {key for key, agency in _providers(case.application_id) if agency == case.agency_id}
    if set(items) != of_case:
        raise Refused("column_unknown", "items", columns=sorted(set(items) ^ of_case))
    granted = {}
    for dataset_id, codes in items.items():
        dataset = model.Session.get_one(Dataset, dataset_id)
        known = model.Session.scalars(sa.select(Item).where(Item.entry_id == dataset.entry_id).order_by(Item.position))
        there = [Column(item.code, item.name) for item in known]
        columns = opened(there, dataset.item_codes, {}, dataset.decided_items)
        row = model.Session.get_one(RequestedDataset, (case.application_id, dataset_id))
        row.granted_codes = granted[dataset_id] = [column.code for column in columns_of(columns, codes)]
    return granted


def _grant(actor: c.Actor, role: str, case: Case, application: Application) -> None:
    form, now, happened = application.form, clock.now(), []
    for row in _requested(application.id):
        if (row.dataset_id, case.agency_id) not in _providers(application.id):
            continue
        grant = Grant(
            case_id=case.id,
            dataset_id=row.dataset_id,
            holder_id=application.applicant_id,
            state=GrantState.ACTIVE.value,
            item_codes=row.granted_codes if row.granted_codes is not None else row.item_codes,
            purpose=form.get("scenario", ""),
            daily_quota=int(form["calls_per_day"]),
            valid_from=now,
            valid_until=now + dt.timedelta(days=30 * int(form["months"])),
            created_at=now,
        )
        model.Session.add(grant)
        model.Session.flush()
        notice.tell("grant.active", grant.id, application.applicant_id, **_about_case(case, application))
        happened.append((grant.id, case.agency_id, {"dataset": row.dataset_id, "case": case.id}))
    c.events("grant.activate", "grant", actor, role, happened)


def _intake(actor: c.Actor, application: Application) -> str:
    role = actor.require("application.intake")
    _check_eyes(actor, application)
    return role


def _check_eyes(actor: c.Actor, application: Application, acted: people.Eyes = frozenset()) -> None:
    """Refuses the applicant, the applicant's organisation and who has acted before: persons, not accounts."""
    policy.check_case_decider(actor.eyes, eyes.of(application.applicant_id), acted, eyes.side_of(application))


def _require_reader(actor: c.Actor, application: Application) -> None:
    """Whoever may not read it is told what anybody is told about an application that does not exist."""
    try:
        if application.submitted_at is not None:
            actor.require("application.read")
            return
    except Refused:
        pass
    agencies = actor.agencies("case.read")
    of_application = {case.agency_id for case in _cases(application.id)}
    if not of_application or (agencies is not None and not agencies & of_application):
        c.found(None)


def _own(actor: c.Actor, key: str) -> Application:
    application = _locked(key)
    if not side.may(actor.id, application, "application.write"):
        c.found(None)
    return application


def _locked(key: str) -> Application:
    return c.found(model.Session.get(Application, key, with_for_update=True))


def _locked_case(key: str) -> tuple[Case, Application]:
    """A case and its application, the application first: commands that meet wait for each other, never in a ring."""
    application = _locked(c.found(model.Session.scalar(sa.select(Case.application_id).where(Case.id == key))))
    return c.found(model.Session.get(Case, key, with_for_update=True)), application


def _requested(application_id: str) -> list[RequestedDataset]:
    rows = sa.select(RequestedDataset).where(RequestedDataset.application_id == application_id)
    return list(model.Session.scalars(rows.order_by(RequestedDataset.dataset_id)))


def _providers(application_id: str) -> list[tuple[str, str]]:
    rows = (
        sa.select(RequestedDataset.dataset_id, Entry.agency_id)
        .join(Dataset, Dataset.id == RequestedDataset.dataset_id)
        .join(Entry, Entry.id == Dataset.entry_id)
        .where(RequestedDataset.application_id == application_id)
    )
    return [(dataset, agency) for dataset, agency in model.Session.execute(rows)]


def _datasets(application_id: str) -> list[dict[str, Any]]:
    rows = (
        sa.select(Dataset, Agency, RequestedDataset.granted_codes)
        .join(RequestedDataset, RequestedDataset.dataset_id == Dataset.id)
        .join(Entry, Entry.id == Dataset.entry_id)
        .join(Agency, Agency.id == Entry.agency_id)
        .where(RequestedDataset.application_id == application_id)
        .order_by(Agency.title, Dataset.title)
    )
    return [
        {
            "id": dataset.id, "name": dataset.name, "title": dataset.title, "conditions": dataset.conditions,
            "agency": agency.name, "agency_title": agency.title, "granted_items": codes,
        }
        for dataset, agency, codes in model.Session.execute(rows)
    ]  # fmt: skip


def _cases(application_id: str) -> list[Case]:
    return list(
        model.Session.scalars(sa.select(Case).where(Case.application_id == application_id).order_by(Case.agency_id))
    )


def _case(case: Case) -> dict[str, Any]:
    agency = model.Session.get_one(Agency, case.agency_id)
    return {
        "id": case.id,
        "agency": agency.name,
        "agency_title": agency.title,
        "state": case.state,
        "reason": case.reason,
        "opinion": case.opinion,
        "decided_at": case.decided_at.isoformat() if case.decided_at else None,
        "deadline": deadline.told(deadline.of_case(case)),
        "extended_by": deadline.clock_of(case).extension if case.state == CaseState.IN_REVIEW.value else 0,
        "extension_reason": case.extension_reason,
        "confirmed_by_applicant": case.confirmed_by_applicant is not None,
        "confirmed_by_provider": case.confirmed_by_provider is not None,
    }


def _clock(period: str) -> Clock:
    return Clock.start(clock.today(), profile().periods[period])


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _tell(moment: str, application: Application, occurrence: str = "") -> None:
    about = {"number": application.number, "due": _iso(application.due_on)}
    notice.tell(moment, application.id, application.applicant_id, occurrence=occurrence, **about)


def _about_case(case: Case, application: Application) -> dict[str, Any]:
    """What a notice of a case says."""
    agency = model.Session.get_one(Agency, case.agency_id).title
    return {
        "number": application.number, "application": application.id, "agency": agency, "due": _iso(case.due_on),
    }  # fmt: skip


def _event(verb: str, actor: c.Actor, role: str, application: Application, body: dict[str, Any]) -> None:
    body = {"state": application.state, **body}
    c.events(verb, "application", actor, role, [(application.id, None, body)])
