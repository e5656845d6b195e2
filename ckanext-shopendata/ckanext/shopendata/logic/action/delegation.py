"""Substitutes of people who are away."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock, config
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import deadline, eyes, notice
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action.people import names_of
from ckanext.shopendata.model import Agency, Delegation, RoleHolding
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy import role as policy
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["delegation_create", "delegation_end", "delegation_list"]


@c.command(s.fields(holding=s.filled, substitute=s.filled, until=s.date, reason=s.filled, since=s.maybe(s.date)))
def delegation_create(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Names a substitute for one of one's own roles, for a time; while it runs the two count as one person.

    :param holding: identifier of the role held (role_list)
    :param substitute: name of an account that holds a role in the same agency, or in the portal
    :param since, until: first (default: today) and last day
    """
    substitute = c.found(model.User.get(data["substitute"]))
    if substitute.state != "active":
        c.found(None)
    c.lock(f"role:{actor.id}", f"role:{substitute.id}")
    own = sa.select(RoleHolding).where(RoleHolding.id == data["holding"], RoleHolding.user_id == actor.id)
    holding = c.found(model.Session.scalar(own.where(*eyes.held_now()).with_for_update()))
    now = clock.now()
    begins = max(_start(data.get("since") or clock.today()), now)
    ends = dt.datetime.combine(data["until"], dt.time.max, tzinfo=clock.ZONE)
    policy.check_delegation(
        people.Holding(people.Role(holding.role), holding.agency_id),
        eyes.of(actor.id),
        eyes.of(substitute.id),
        c.holdings_of(substitute.id),
        away=_away(substitute.id, begins, ends),
    )
    policy.check_absence(begins, ends, now, config.delegation_days_limit())
    if model.Session.scalar(_overlapping(begins, ends).where(Delegation.holding_id == holding.id)):
        raise Refused("delegated_already", "holding")
    delegation = Delegation(
        holding_id=holding.id,
        substitute_id=substitute.id,
        begins_at=begins,
        ends_at=ends,
        reason=data["reason"],
        created_at=now,
    )
    model.Session.add(delegation)
    model.Session.flush()
    notice.tell(
        "role.stands_in", substitute.id, substitute.id, occurrence=delegation.id,
        since=deadline.day(begins).isoformat(), due=deadline.day(ends).isoformat(),
    )  # fmt: skip
    body = {
        "holding": holding.id, "role": holding.role, "holder": actor.id, "substitute": substitute.id,
        "since": begins.isoformat(), "until": ends.isoformat(), "reason": data["reason"],
    }  # fmt: skip
    c.events("delegation.create", "delegation", actor, holding.role, [(delegation.id, holding.agency_id, body)])
    return _shown([(delegation, holding)])[0]


@c.command(s.fields(id=s.filled))
def delegation_end(actor: c.Actor, data: DataDict) -> None:
    """Ends a delegation at once: by its holder, by the substitute, or by whoever may revoke roles."""
    delegation = model.Session.get(Delegation, data["id"], with_for_update=True)
    holding = model.Session.get(RoleHolding, delegation.holding_id) if delegation else None
    concerned = delegation and holding and actor.id in {holding.user_id, delegation.substitute_id}
    by = "" if concerned else actor.require("role.revoke")
    delegation, holding = c.found(delegation), c.found(holding)
    if delegation.ended_at is None:
        delegation.ended_at, delegation.ended_by = clock.now(), actor.id
        body = {"holder": holding.user_id, "substitute": delegation.substitute_id}
        c.events("delegation.end", "delegation", actor, by, [(delegation.id, holding.agency_id, body)])


@c.query(s.fields(mine=s.maybe(s.one_of("true", "false"))))
def delegation_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """Delegations that run or will run: one's own and those to oneself, or all for those who may see roles."""
    rows = (
        sa.select(Delegation, RoleHolding)
        .join(RoleHolding, RoleHolding.id == Delegation.holding_id)
        .where(Delegation.ended_at.is_(None), Delegation.ends_at > clock.now(), *eyes.held_now())
    )
    if data.get("mine") == "false":
        actor.require("role.list")
    else:
        rows = rows.where(sa.or_(Delegation.substitute_id == actor.id, RoleHolding.user_id == actor.id))
    return _shown(model.Session.execute(rows.order_by(Delegation.begins_at, Delegation.id)).all())


def _overlapping(begins: dt.datetime, ends: dt.datetime) -> sa.Select:
    return (
        sa.select(Delegation.id)
        .join(RoleHolding, RoleHolding.id == Delegation.holding_id)
        .where(
            Delegation.ended_at.is_(None), Delegation.begins_at < ends, Delegation.ends_at > begins, *eyes.held_now()
        )
        .limit(1)
    )


def _away(user_id: str, begins: dt.datetime, ends: dt.datetime) -> bool:
    return model.Session.scalar(_overlapping(begins, ends).where(RoleHolding.user_id == user_id)) is not None


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=clock.ZONE)


def _shown(rows: Any) -> list[dict[str, Any]]:
    pairs = [(delegation, holding) for delegation, holding in rows]
    names = names_of(one for delegation, holding in pairs for one in (delegation.substitute_id, holding.user_id))
    wanted = {holding.agency_id for _, holding in pairs if holding.agency_id}
    titles = {
        key: title
        for key, title in model.Session.execute(sa.select(Agency.id, Agency.title).where(Agency.id.in_(wanted)))
    }
    return [
        {
            "id": delegation.id,
            "holding": holding.id,
            "role": holding.role,
            "agency_title": titles.get(holding.agency_id or "", ""),
            "holder": names.get(holding.user_id, ""),
            "substitute": names.get(delegation.substitute_id, ""),
            "since": delegation.begins_at.isoformat(),
            "until": delegation.ends_at.isoformat(),
            "reason": delegation.reason,
        }
        for delegation, holding in pairs
    ]
