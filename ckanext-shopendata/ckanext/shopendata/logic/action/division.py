"""Divisions of agencies, and how to reach them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.action import agency as agencies
from ckanext.shopendata.model import Division
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["division_list", "division_remove", "division_save"]


@c.command(
    s.fields(
        agency=s.filled,
        title=s.filled,
        id=s.maybe(s.filled),
        contact_name=s.maybe(s.text),
        contact_phone=s.maybe(s.text),
    )
)
def division_save(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Enters a division (内设机构) of an agency, or changes one (``id``).

    :param agency: name of the agency
    """
    agency = agencies.find(data["agency"])
    role = actor.require_inside("division.change", agency.id)
    agency = agencies.locked(agency.id)
    division = _of(agency.id, data["id"]) if data.get("id") else Division(agency_id=agency.id, title="")
    same = sa.select(Division.id).where(Division.agency_id == agency.id, Division.title == data["title"])
    if model.Session.scalar(same) not in {None, division.id}:
        raise Refused("division_exists", "title")
    before = as_dict(division) if division.id else None
    for name in ("title", "contact_name", "contact_phone"):
        setattr(division, name, data.get(name, getattr(division, name) or ""))
    division.changed_by, division.changed_at = actor.id, clock.now()
    model.Session.add(division)
    model.Session.flush()
    body = {"before": before, "after": as_dict(division)}
    c.events("division.save", "division", actor, role, [(division.id, agency.id, body)])
    return as_dict(division)


@c.command(s.fields(agency=s.filled, id=s.filled))
def division_remove(actor: c.Actor, data: DataDict) -> None:
    """Takes a division out; entries that name it keep its name."""
    agency = agencies.find(data["agency"])
    role = actor.require_inside("division.change", agency.id)
    division = _of(agency.id, data["id"])
    model.Session.delete(division)
    c.events("division.remove", "division", actor, role, [(division.id, agency.id, as_dict(division))])


@c.query(s.fields(agency=s.filled))
def division_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """The divisions of an agency by title, for those who work with it."""
    agency = agencies.find(data["agency"])
    actor.require_inside("division.read", agency.id)
    rows = sa.select(Division).where(Division.agency_id == agency.id).order_by(Division.title)
    return [as_dict(division) for division in model.Session.scalars(rows)]


def as_dict(division: Division) -> dict[str, Any]:
    """A division with its contact."""
    return {name: getattr(division, name) for name in ("id", "title", "contact_name", "contact_phone")}


def _of(agency_id: str, key: str) -> Division:
    rows = sa.select(Division).where(Division.id == key, Division.agency_id == agency_id)
    return c.found(model.Session.scalar(rows.with_for_update()))
