"""Applicant organisations: made and looked after by their members, verified or returned by the data centre's intake."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes, notice, side
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action.people import names_of
from ckanext.shopendata.model import Application, Case, Grant, Link, Member, Organisation, Proof
from ckanext.shopendata.policy import organisation as policy
from ckanext.shopendata.policy.application import CaseState, check_case_decider
from ckanext.shopendata.policy.application import State as ApplicationState
from ckanext.shopendata.policy.grant import GrantState
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.organisation import MAY, PROVED, Kind, State
from ckanext.shopendata.policy.refusal import Refused

__all__ = [
    "organisation_close",
    "organisation_create",
    "organisation_list",
    "organisation_return",
    "organisation_save",
    "organisation_show",
    "organisation_submit",
    "organisation_take_back",
    "organisation_verify",
]

_KIND = s.one_of(*(kind.value for kind in Kind))
_TEXTS = {name: s.maybe(s.text) for name in policy.FIELDS if name not in {"kind", "name"}}


@c.command(s.fields(kind=_KIND, name=s.filled, **_TEXTS))
def organisation_create(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Begins an organisation; the caller is its first agent. It may prepare applications until it is verified.

    :param kind: a word of policy.organisation.Kind
    :param code: unified social credit code
    """
    c.lock(f"organisations:{actor.id}")
    own = Organisation.id.in_(side.organisations_of(actor.id, "organisation.change"))
    begun = sa.select(sa.func.count()).select_from(Organisation).where(own, Organisation.state != State.VERIFIED.value)
    if (model.Session.scalar(begun) or 0) >= policy.UNVERIFIED_LIMIT:
        raise Refused("too_many_organisations", limit=policy.UNVERIFIED_LIMIT)
    now, fields = clock.now(), dict.fromkeys(policy.FIELDS, "") | policy.clean(data)
    organisation = Organisation(
        **fields, state=State.UNVERIFIED.value, version=0, reasons="", created_by=actor.id, created_at=now,
        updated_at=now,
    )  # fmt: skip
    model.Session.add(organisation)
    model.Session.flush()
    member = Member(organisation_id=organisation.id, user_id=actor.id, functions=["agent"], begun_at=now)
    model.Session.add(member)
    model.Session.flush()
    event("organisation.create", actor, "", organisation, {"member": member.id})
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled, kind=s.maybe(_KIND), name=s.maybe(s.filled), **_TEXTS))
def organisation_save(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Changes an organisation. What its proof shows is verified anew once it has changed."""
    organisation = own(actor, data.pop("id"), "organisation.change")
    fields = policy.clean(data)
    changed = {name for name, value in fields.items() if getattr(organisation, name) != value}
    before = organisation.state
    for name in changed:
        setattr(organisation, name, fields[name])
    move(organisation, "change" if changed & PROVED else "save")
    event("organisation.save", actor, "", organisation, {"before": before, "fields": sorted(changed)})
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled))
def organisation_submit(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Hands it in to be verified: refused with everything that is missing at once."""
    organisation = own(actor, data["id"], "organisation.change")
    state = policy.step(State(organisation.state), "submit")
    shown = proofs(organisation.id)
    if found := policy.deficiencies({name: getattr(organisation, name) for name in policy.FIELDS}, len(shown)):
        raise Refused("incomplete", fields=found)
    now = clock.now()
    for proof in shown:
        proof.submitted_at = proof.submitted_at or now
    organisation.state, organisation.submitted_at, organisation.updated_at = state.value, now, now
    organisation.version, organisation.reasons = organisation.version + 1, ""
    members = [one.user_id for one in side.members(organisation.id)]
    notice.tell_staff(
        "organisation.to_verify", organisation.id, None, actor.id, occurrence=str(organisation.version), without=members
    )
    event("organisation.submit", actor, "", organisation, {"proofs": [one.digest for one in shown]})
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled))
def organisation_take_back(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Takes it back before it is verified, to change it."""
    organisation = own(actor, data["id"], "organisation.change")
    move(organisation, "take_back")
    event("organisation.take_back", actor, "", organisation, {})
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled))
def organisation_close(actor: c.Actor, data: DataDict) -> None:
    """Ends an organisation with all its memberships, once nothing of it is open."""
    organisation = own(actor, data["id"], "organisation.change")
    state = policy.step(State(organisation.state), "close")
    applications = [one.id for one in model.Session.scalars(open_applications(organisation.id))]
    grants = list(model.Session.scalars(live_grants(organisation.id)))
    if applications or grants:
        raise Refused("organisation_busy", applications=len(applications), grants=len(grants))
    organisation.state, organisation.updated_at = state.value, clock.now()
    for member in side.members(organisation.id):
        member.ended_at, member.ended_by = clock.now(), actor.id
    withdraw_invitations(organisation.id)
    event("organisation.close", actor, "", organisation, {})


@c.command(s.fields(id=s.filled, version=s.number(1, 1_000_000)))
def organisation_verify(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """The data centre has compared what is said with the proof: from now on the organisation may submit applications.

    :param version: of what the caller has read
    """
    organisation, role = read(actor, data)
    c.lock(f"code:{organisation.code}")
    if same_code(organisation):
        raise Refused("code_taken", "code")
    move(organisation, "verify")
    organisation.verified_by, organisation.verified_at = actor.id, clock.now()
    tell("organisation.verified", organisation)
    body = {"code": organisation.code, "name": organisation.name, "version": organisation.version}
    event("organisation.verify", actor, role, organisation, body)
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled, version=s.number(1, 1_000_000), reasons=s.filled))
def organisation_return(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """The data centre cannot verify it, and says all that is wrong."""
    organisation, role = read(actor, data)
    move(organisation, "return")
    if len(data["reasons"]) > 2000:
        raise Refused("field_too_long", "reasons", length=2000)
    organisation.reasons = data["reasons"]
    tell("organisation.returned", organisation)
    event("organisation.return", actor, role, organisation, {"reasons": data["reasons"]})
    return as_dict(organisation, actor)


@c.query(s.fields(id=s.filled))
def organisation_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One organisation, for its members, the data centre's intake and the auditor; for others there is none.

    :returns: its fields; ``proofs``, ``members``, ``invitations`` (for who invites), ``may`` (what the caller may as a
        member), ``same_code`` and ``forsaken`` (for the intake: another verified organisation has the code; nobody acts
        for that one)
    """
    organisation = c.found(model.Session.get(Organisation, data["id"]))
    staff = _may(actor, "organisation.read")
    if not staff and not side.functions_of(actor.id, organisation.id):
        c.found(None)
    shown = as_dict(organisation, actor)
    if not staff:
        return shown
    other = same_code(organisation)
    return shown | {"same_code": bool(other), "forsaken": other is not None and not side.agents(other)}


@c.query(s.listing(state=s.maybe(s.one_of(*(state.value for state in State))), mine=s.maybe(s.one_of("true", "false"))))
def organisation_list(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One's own organisations; the intake and the auditor may see all (``mine=false``). The longest waiting first."""
    rows = sa.select(Organisation)
    if data.get("mine") == "false":
        actor.require("organisation.read")
    else:
        rows = rows.where(Organisation.id.in_(side.organisations_of(actor.id, "organisation.read")))
    if data.get("state"):
        rows = rows.where(Organisation.state == data["state"])
    count = model.Session.scalar(sa.select(sa.func.count()).select_from(rows.subquery()))
    page = rows.order_by(Organisation.submitted_at.asc().nulls_last(), Organisation.created_at, Organisation.id)
    page = page.limit(data["limit"]).offset(data["offset"])
    names = ("id", "kind", "name", "code", "state")
    return {
        "count": count,
        "results": [
            {name: getattr(one, name) for name in names}
            | {"submitted_at": one.submitted_at.isoformat() if one.submitted_at else None}
            | {"functions": sorted(function.value for function in side.functions_of(actor.id, one.id))}
            for one in model.Session.scalars(page)
        ],
    }


def own(actor: c.Actor, key: str, verb: str) -> Organisation:
    """An organisation, locked, for which the caller may do ``verb``; for strangers there is none."""
    organisation = c.found(model.Session.get(Organisation, key, with_for_update=True))
    functions = side.functions_of(actor.id, key)
    if not functions:
        c.found(None)
    if not policy.may(functions, verb):
        raise Refused("not_an_agent")
    return organisation


def move(organisation: Organisation, verb: str) -> None:
    """Its state after ``verb``; raises ``Refused``."""
    organisation.state = policy.step(State(organisation.state), verb).value
    organisation.updated_at = clock.now()


def proofs(organisation_id: str) -> list[Proof]:
    """Those that it shows now."""
    rows = sa.select(Proof).where(Proof.organisation_id == organisation_id, Proof.removed_at.is_(None))
    return list(model.Session.scalars(rows.order_by(Proof.uploaded_at, Proof.id)))


def open_applications(organisation_id: str) -> sa.Select[Any]:
    """Applications of it that have not ended, and those by which it has access."""
    before = [
        state.value
        for state in (ApplicationState.DRAFT, ApplicationState.SUBMITTED, ApplicationState.CORRECTION_REQUESTED)
    ]
    ended = [state.value for state in (CaseState.REFUSED, CaseState.WITHDRAWN, CaseState.LAPSED, CaseState.ACTIVE)]
    running = sa.select(Case.application_id).where(Case.state.not_in(ended))
    granted = sa.select(Case.application_id).where(Case.id.in_(sa.select(Grant.case_id).where(_live())))
    return sa.select(Application).where(
        Application.organisation_id == organisation_id,
        sa.or_(Application.state.in_(before), Application.id.in_(running), Application.id.in_(granted)),
    )


def live_grants(organisation_id: str) -> sa.Select[Any]:
    """Its grants that have not ended."""
    rows = (
        sa.select(Grant).join(Case, Case.id == Grant.case_id).join(Application, Application.id == Case.application_id)
    )
    return rows.where(Application.organisation_id == organisation_id, _live())


def withdraw_invitations(organisation_id: str, asked_by: str | None = None) -> None:
    """Ends the open ones, of one member or all; the caller commits."""
    rows = invitations(organisation_id)
    for link in model.Session.scalars(rows.where(Link.asked_by == asked_by) if asked_by else rows):
        links.end(link, "withdrawn")


def invitations(organisation_id: str) -> sa.Select[Any]:
    """The open ones."""
    return sa.select(Link).where(
        Link.organisation_id == organisation_id,
        Link.purpose == Purpose.INVITE.value,
        Link.ended_at.is_(None),
        Link.expires_at > clock.now(),
    )


def same_code(organisation: Organisation) -> str | None:
    """Another verified organisation with the same credit code."""
    others = sa.select(Organisation.id).where(
        Organisation.code == organisation.code,
        Organisation.state == State.VERIFIED.value,
        Organisation.id != organisation.id,
    )
    return model.Session.scalar(others)


def tell(moment: str, organisation: Organisation, *accounts: str) -> None:
    """Tells these accounts, or its agents."""
    for account in accounts or side.agents(organisation.id):
        notice.tell(moment, organisation.id, account, occurrence=clock.now().isoformat())


def event(verb: str, actor: c.Actor, role: str, organisation: Organisation, body: dict[str, Any]) -> None:
    """One event of an organisation."""
    c.events(verb, "organisation", actor, role, [(organisation.id, None, {"state": organisation.state, **body})])


def as_dict(organisation: Organisation, actor: c.Actor) -> dict[str, Any]:
    """An organisation as somebody sees it who may."""
    functions, present = side.functions_of(actor.id, organisation.id), side.members(organisation.id)
    names = names_of(one.user_id for one in present)
    able = [verb for verb in MAY if policy.may(functions, verb)]
    invited = model.Session.scalars(invitations(organisation.id)) if "member.change" in able else ()
    fields = ("id", *policy.FIELDS, "state", "version", "reasons")
    return {name: getattr(organisation, name) for name in fields} | {
        **{name: _iso(getattr(organisation, name)) for name in ("created_at", "submitted_at", "verified_at")},
        "proofs": [
            {"id": one.id, "name": one.name, "kind": one.kind, "size": one.size, "at": one.uploaded_at.isoformat()}
            for one in proofs(organisation.id)
        ],
        "members": [
            {
                "id": one.id, "name": names.get(one.user_id, ""), "functions": one.functions,
                "since": one.begun_at.isoformat(), "me": one.user_id == actor.id,
            }
            for one in present
        ],
        "invitations": [
            {"id": one.id, "mail": one.mail, "functions": one.functions, "until": one.expires_at.isoformat()}
            for one in invited
        ],
        "may": able,
    }  # fmt: skip


def read(actor: c.Actor, data: DataDict) -> tuple[Organisation, str]:
    """An organisation that the intake has read, locked, with the role by which they act."""
    role = actor.require("organisation.verify")
    organisation = c.found(model.Session.get(Organisation, data["id"], with_for_update=True))
    if organisation.state == State.SUBMITTED.value and organisation.version != data["version"]:
        raise Refused("read_again")
    members = eyes.members_of({organisation.code}, organisation.created_at, organisation.id)
    check_case_decider(actor.eyes, frozenset(), (), members)
    return organisation, role


def _live() -> sa.ColumnElement[bool]:
    states = [state.value for state in (GrantState.PENDING_AGREEMENT, GrantState.ACTIVE, GrantState.SUSPENDED)]
    running = sa.and_(Grant.state.in_(states), Grant.valid_until > clock.now())
    return sa.or_(running, Grant.state == GrantState.DESTRUCTION_DUE.value)


def _may(actor: c.Actor, verb: str) -> bool:
    try:
        actor.require(verb)
    except Refused:
        return False
    return True


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
