"""Members of applicant organisations: invited by mail, given functions, followed by somebody when they go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes, side
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action.notice import language
from ckanext.shopendata.logic.action.organisation import (
    as_dict,
    event,
    live_grants,
    open_applications,
    own,
    tell,
    withdraw_invitations,
)
from ckanext.shopendata.model import AccessKey, Application, Case, Grant, Link, Member, Organisation
from ckanext.shopendata.policy import link as link_policy
from ckanext.shopendata.policy import organisation as policy
from ckanext.shopendata.policy.application import CaseState
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.organisation import Function, Hands, State
from ckanext.shopendata.policy.people import Eyes
from ckanext.shopendata.policy.refusal import Refused

__all__ = [
    "invitation_accept",
    "invitation_show",
    "invitation_withdraw",
    "member_change",
    "member_end",
    "member_invite",
]


@c.command(s.fields(organisation=s.filled, mail=s.filled, functions=s.some, language=s.maybe(language)))
def member_invite(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Asks somebody in: who opens the link in the letter, with an account of that address, becomes a member.

    :param functions: words of policy.organisation.Function
    :param language: of the letter
    """
    organisation = own(actor, data["organisation"], "member.change")
    address, functions = link_policy.address(data["mail"]), policy.check_functions(data["functions"])
    if State(organisation.state) not in policy.INVITABLE:
        raise Refused("not_in_this_state", state=organisation.state)
    today = links.asked(Link.asked_by == actor.id, window=dt.timedelta(days=1))
    link_policy.check_room(today, policy.INVITATIONS_A_DAY)
    said = data.get("language") or tk.config["ckan.locale_default"]
    about = {"organisation_id": organisation.id, "functions": _words(functions), "asked_by": actor.id}
    link = links.send(Purpose.INVITE, address, said, **about)
    event("member.invite", actor, "", organisation, {"invitation": link.id, "functions": link.functions})
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled))
def invitation_withdraw(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Makes an invitation worthless."""
    found = c.found(model.Session.get(Link, data["id"]))
    organisation = own(actor, found.organisation_id or "", "member.change")
    link = c.found(model.Session.get(Link, found.id, with_for_update=True, populate_existing=True))
    link_policy.check_live(link.ended_at, link.expires_at, clock.now())
    links.end(link, "withdrawn")
    event("member.withdraw_invitation", actor, "", organisation, {"invitation": link.id})
    return as_dict(organisation, actor)


@c.query(s.fields(token=s.filled))
def invitation_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """What an invitation is to: ``organisation`` (name), ``state``, ``functions``, ``until``."""
    link = links.opened(data["token"], Purpose.INVITE, lock=False)
    organisation = model.Session.get_one(Organisation, link.organisation_id)
    _check_address(actor, link)
    return {
        "organisation": organisation.name,
        "state": organisation.state,
        "functions": link.functions,
        "until": link.expires_at.isoformat(),
    }


@c.command(s.fields(token=s.filled))
def invitation_accept(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Becomes a member, or gets the functions of the invitation beside one's own. The link is used up."""
    # The organisation first: the order of locks is organisation, then link.
    key = links.opened(data["token"], Purpose.INVITE, lock=False).organisation_id
    organisation = c.found(model.Session.get(Organisation, key, with_for_update=True))
    link = links.opened(data["token"], Purpose.INVITE)
    _check_address(actor, link)
    check_stranger(actor.eyes, organisation)
    member = seat(organisation, actor.id, link.functions, invited_by=link.asked_by)
    links.end(link, "used")
    tell("organisation.joined", organisation, link.asked_by or "")
    event("member.join", actor, "", organisation, {"member": member.id, "functions": member.functions})
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled, functions=s.some, successor=s.maybe(s.text)))
def member_change(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Gives a member other functions; what they can then no longer look after goes to ``successor`` (a member's id)."""
    member, organisation = _locked(actor, data["id"], by_oneself=False)
    functions = policy.check_functions(data["functions"])
    before = list(member.functions)
    handed = _release(actor, organisation, member, functions, data.get("successor", ""))
    member.functions = _words(functions)
    if Function.AGENT not in functions:
        withdraw_invitations(organisation.id, member.user_id)
    body = {"member": member.id, "before": before, "functions": member.functions, **handed}
    event("member.change", actor, "", organisation, body)
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled, successor=s.maybe(s.text)))
def member_end(actor: c.Actor, data: DataDict) -> None:
    """Ends a membership: one's own, or, as an agent, another's. Nothing stays without somebody to look after it.

    :param successor: a member's id: takes over applications, access rights and keys, and becomes an agent where that
        needs one
    """
    member, organisation = _locked(actor, data["id"], by_oneself=True)
    handed = _release(actor, organisation, member, [], data.get("successor", ""))
    member.ended_at, member.ended_by = clock.now(), actor.id
    withdraw_invitations(organisation.id, member.user_id)
    event("member.end", actor, "", organisation, {"member": member.id, "user": member.user_id, **handed})


def _locked(actor: c.Actor, key: str, *, by_oneself: bool) -> tuple[Member, Organisation]:
    """A live member and their organisation, locked, for its agents or (``by_oneself``) for the member."""
    found = c.found(model.Session.get(Member, key))
    mine = by_oneself and found.user_id == actor.id
    organisation = own(actor, found.organisation_id, "organisation.read" if mine else "member.change")
    member = c.found(model.Session.get(Member, key, with_for_update=True, populate_existing=True))
    if member.ended_at is not None:
        c.found(None)
    return member, organisation


def _release(
    actor: c.Actor, organisation: Organisation, member: Member, kept: Iterable[Function], successor_id: str
) -> dict[str, Any]:
    """Hands on what a member gives up; returns what the event says of it."""
    others = [one for one in side.members(organisation.id) if one.id != member.id]
    successor = next((one for one in others if one.id == successor_id), None)
    if successor_id and successor is None:
        raise Refused("successor_unknown", "successor")
    papers, grants, keys = in_hand(organisation.id, member.user_id)
    agents = sum(Function.AGENT.value in one.functions for one in others)
    gains = policy.check_release(
        policy.check_functions(member.functions),
        kept,
        Hands(len(papers), len(grants), len(keys)),
        agents,
        policy.check_functions(successor.functions) if successor else None,
    )
    if successor is None:
        return {}
    heir, successor.functions, member.successor_id = successor.user_id, _words(gains), successor.user_id
    if not policy.may(kept, "application.write"):
        hand_on(actor, heir, papers, grants, [])
    if not policy.may(kept, "key.create"):
        hand_on(actor, heir, [], [], keys)
    tell("organisation.taken_over", organisation, heir)
    return {"successor": heir, "successor_functions": successor.functions}


def seat(organisation: Organisation, account: str, functions: Iterable[str], *, invited_by: str | None) -> Member:
    """Makes somebody a member, or gives a member these functions beside their own."""
    member = _of(organisation.id, account)
    if member is None:
        member = Member(
            organisation_id=organisation.id, user_id=account, functions=list(functions), begun_at=clock.now(),
            invited_by=invited_by,
        )  # fmt: skip
        model.Session.add(member)
        model.Session.flush()
    else:
        member.functions = _words(policy.check_functions({*member.functions, *functions}))
    return member


def hand_on(
    actor: c.Actor, heir: str, papers: Iterable[Application], grants: Iterable[Grant], keys: Iterable[AccessKey]
) -> None:
    """Makes another account the one that looks after these; the caller has them locked."""
    for paper in papers:
        paper.applicant_id, paper.updated_at = heir, clock.now()
    for grant in grants:
        grant.holder_id = heir
    for key in keys:
        key.custodian_id = heir
    _say(actor, "application", heir, [one.id for one in papers])
    _say(actor, "grant", heir, [one.id for one in grants])
    _say(actor, "key", heir, [one.kid for one in keys])


def in_hand(organisation_id: str, account: str) -> tuple[list[Application], list[Grant], list[AccessKey]]:
    """Open applications, grants and live keys that somebody looks after for an organisation, locked."""
    papers = open_applications(organisation_id).where(Application.applicant_id == account)
    grants = live_grants(organisation_id).where(Grant.holder_id == account)
    of_organisation = sa.select(Case.id).join(Application, Application.id == Case.application_id)
    of_organisation = of_organisation.where(Application.organisation_id == organisation_id)
    keys = (
        sa.select(AccessKey)
        .join(Grant, Grant.id == AccessKey.grant_id)
        .where(
            Grant.case_id.in_(of_organisation),
            AccessKey.custodian_id == account,
            AccessKey.revoked_at.is_(None),
            AccessKey.expires_at > clock.now(),
        )
    )
    return (
        list(model.Session.scalars(papers.order_by(Application.id).with_for_update())),
        list(model.Session.scalars(grants.order_by(Grant.id).with_for_update(of=Grant))),
        list(model.Session.scalars(keys.order_by(AccessKey.kid).with_for_update(of=AccessKey))),
    )


def _say(actor: c.Actor, kind: str, heir: str, ids: list[str]) -> None:
    c.events(f"{kind}.hand_over", kind, actor, "", [(key, None, {"to": heir}) for key in ids])


def _of(organisation_id: str, account: str) -> Member | None:
    rows = sa.select(Member).where(
        Member.organisation_id == organisation_id, Member.user_id == account, Member.ended_at.is_(None)
    )
    return model.Session.scalar(rows)


def _check_address(actor: c.Actor, link: Link) -> None:
    """The letter was for one mailbox; the account has to have that one."""
    mail = model.Session.get_one(model.User, actor.id).email or ""
    if mail.lower() != link.mail:
        raise Refused("invitation_for_other")


def check_stranger(who: Eyes, organisation: Organisation) -> None:
    """Nobody changes sides while a case runs: whoever decided it joins the applicant once it has ended."""
    rows = (
        sa.select(Case.id, Case.decided_by)
        .join(Application, Application.id == Case.application_id)
        .where(
            Application.organisation_id == organisation.id,
            Case.decided_by.is_not(None),
            Case.state.in_([CaseState.AGREEMENT_PENDING.value, CaseState.RE_EXAMINATION.value]),
        )
    )
    decided: dict[str, str | None] = {case: account for case, account in model.Session.execute(rows)}
    if decided and who & frozenset().union(*eyes.all_acted(decided).values()):
        raise Refused("decided_here")


def _words(functions: Iterable[Function]) -> list[str]:
    return [one.value for one in functions]
