"""Organisations for which nobody acts any more: who proves to be the same one takes over."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes, side
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action.grant import hold
from ckanext.shopendata.logic.action.member import check_stranger, hand_on, in_hand, seat
from ckanext.shopendata.logic.action.organisation import (
    as_dict,
    event,
    live_grants,
    move,
    read,
    same_code,
    tell,
    withdraw_invitations,
)
from ckanext.shopendata.model import Application, Case, Grant, Member, Organisation, Proof
from ckanext.shopendata.policy import organisation as policy
from ckanext.shopendata.policy.application import CaseState
from ckanext.shopendata.policy.grant import GrantState

__all__ = ["organisation_take_over"]


@c.command(s.fields(id=s.filled, version=s.number(1, 1_000_000)))
def organisation_take_over(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """The data centre finds the proof right of an organisation whose code a verified one has that nobody acts for.

    Its members act for the verified one from now on, with its applications, access rights and keys; what was handed in
    says how that one is called now. The organisation that was handed in is closed. The data centre alone lets nobody at
    data: access is suspended until its agencies let it run again, and agreements that wait are confirmed anew.

    :param version: of what the caller has read
    :returns: the organisation that was taken over
    """
    newcomer, role = read(actor, data)
    c.lock(f"code:{newcomer.code}")
    standing = c.found(model.Session.get(Organisation, same_code(newcomer) or "", with_for_update=True))
    joining, agents = side.members(newcomer.id), side.agents(newcomer.id)
    policy.check_take_over(side.agents(standing.id), agents)
    for one in joining:
        check_stranger(eyes.now_of(one.user_id), standing)
    move(newcomer, "take_over")
    gone = _end_absent(actor, standing, agents[0])
    _hold(actor, role, standing)
    for one in joining:
        seat(standing, one.user_id, one.functions, invited_by=actor.id)
        one.ended_at, one.ended_by = clock.now(), actor.id
    for organisation in (standing, newcomer):
        withdraw_invitations(organisation.id)
    for belonging in (Application, Proof):
        of_newcomer = sa.update(belonging).where(belonging.organisation_id == newcomer.id)
        model.Session.execute(of_newcomer.values(organisation_id=standing.id))
    for name in policy.FIELDS:
        setattr(standing, name, getattr(newcomer, name))
    standing.verified_by, standing.verified_at, standing.updated_at = actor.id, clock.now(), clock.now()
    tell("organisation.verified", standing)
    body = {"from": newcomer.id, "version": newcomer.version, "members": [one.user_id for one in joining], "gone": gone}
    event("organisation.take_over", actor, role, standing, body)
    event("organisation.close", actor, role, newcomer, {"into": standing.id})
    return as_dict(standing, actor)


def _hold(actor: c.Actor, role: str, organisation: Organisation) -> None:
    running = live_grants(organisation.id).where(Grant.state == GrantState.ACTIVE.value)
    for grant in model.Session.scalars(running.order_by(Grant.id).with_for_update(of=Grant)):
        hold(actor, role, grant, "organisation.take_over")
    of_organisation = sa.select(Application.id).where(Application.organisation_id == organisation.id)
    waiting = sa.select(Case).where(
        Case.application_id.in_(of_organisation), Case.state == CaseState.AGREEMENT_PENDING.value
    )
    for case in model.Session.scalars(waiting.order_by(Case.id).with_for_update()):
        case.confirmed_by_applicant = case.confirmed_by_provider = None


def _end_absent(actor: c.Actor, organisation: Organisation, heir: str) -> list[str]:
    """Ends the memberships of accounts that are no more and hands on what they had; returns the accounts."""
    there = [one.id for one in side.members(organisation.id)]
    absent = sa.select(Member).where(
        Member.organisation_id == organisation.id, Member.ended_at.is_(None), Member.id.not_in(there)
    )
    gone = list(model.Session.scalars(absent.order_by(Member.begun_at, Member.id).with_for_update()))
    for one in gone:
        hand_on(actor, heir, *in_hand(organisation.id, one.user_id))
        one.ended_at, one.ended_by = clock.now(), actor.id
    return [one.user_id for one in gone]
