"""Who holds which role."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import audit, clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import agency as agencies
from ckanext.shopendata.model import Agency, RoleHolding
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["role_grant", "role_list", "role_revoke"]

_ROLE = s.one_of(*(role.value for role in people.Role))

#: Whoever sits at the machine: grants the first roles, from which all others follow.
CONSOLE = "console"


@c.command(s.fields(user=s.filled, role=_ROLE, agency=s.maybe(s.filled)))
def role_grant(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Gives somebody a role, in an agency or in the whole portal.

    :param user: name of the account
    :param role: a word of policy.people.Role
    :param agency: name of the agency, for the roles of agencies
    """
    role = actor.require("role.grant")
    return grant(actor.id, role, data["user"], data["role"], data.get("agency"))


@c.command(s.fields(id=s.filled))
def role_revoke(actor: c.Actor, data: DataDict) -> None:
    """Takes a role back, at once."""
    role = actor.require("role.revoke")
    holding = c.found(model.Session.get(RoleHolding, data["id"], with_for_update=True))
    if holding.revoked_at is None:
        holding.revoked_at, holding.revoked_by = clock.now(), actor.id
        body = {"user": holding.user_id, "role": holding.role}
        c.events("role.revoke", "role", actor, role, [(holding.id, holding.agency_id, body)])


@c.query(s.fields(user=s.maybe(s.filled)))
def role_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """The roles held now: one's own, or everybody's for those who may see them."""
    user = model.User.get(data["user"]) if data.get("user") else None
    if user is None or user.id != actor.id:
        actor.require("role.list")
    rows = sa.select(RoleHolding, Agency.name, model.User.name).join(
        Agency, Agency.id == RoleHolding.agency_id, isouter=True
    )
    rows = rows.join(model.User, model.User.id == RoleHolding.user_id).where(RoleHolding.revoked_at.is_(None))
    if data.get("user"):
        rows = rows.where(RoleHolding.user_id == (user.id if user else None))
    return [
        {
            "id": holding.id,
            "user": name,
            "role": holding.role,
            "agency": agency,
            "since": holding.granted_at.isoformat(),
        }
        for holding, agency, name in model.Session.execute(rows.order_by(model.User.name, RoleHolding.role))
    ]


def grant(grantor: str, by_role: str, user_name: str, role_name: str, agency_name: str | None) -> dict[str, Any]:
    """Records a role; the caller has established that ``grantor`` may, and commits."""
    user = c.found(model.User.get(user_name))
    # Two grants at once must not pass the exclusions side by side.
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"role:{user.id}"))))
    agency = agencies.find(agency_name) if agency_name else None
    role, held = people.Role(role_name), c.holdings_of(user.id)
    people.check_grant(role, agency.id if agency else None, held, grantor, user.id)
    if people.Holding(role, agency.id if agency else None) in held:
        raise Refused("already_holds", "role")
    holding = RoleHolding(
        user_id=user.id,
        role=role.value,
        agency_id=agency.id if agency else None,
        granted_by=grantor,
        granted_at=clock.now(),
    )
    model.Session.add(holding)
    model.Session.flush()
    body = {"user": user.id, "role": role.value}
    audit.record(
        Event(
            verb="role.grant",
            object_type="role",
            object_id=holding.id,
            actor=grantor,
            role=by_role,
            agency=holding.agency_id,
            body=body,
        )
    )
    return {"id": holding.id, "user": user.name, "role": role.value, "agency": agency.name if agency else None}
