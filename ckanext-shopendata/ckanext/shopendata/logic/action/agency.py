"""Agencies: CKAN organizations with what the measures ask of them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.model import Agency, Dataset, Entry
from ckanext.shopendata.policy import credit_code
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.publish import outbox
from ckanext.shopendata.slugs import slug

__all__ = ["agency_change", "agency_create", "agency_list", "agency_rename", "agency_show"]

KINDS = ("administrative", "institution", "utility", "central", "district")
LEVELS = ("city", "district")


@c.command(
    s.fields(
        title=s.filled,
        name=s.maybe(s.filled),
        code=s.maybe(s.filled),
        aliases=s.maybe(s.texts),
        kind=s.one_of(*KINDS),
        level=s.one_of(*LEVELS),
        parent=s.maybe(s.filled),
        contact=s.maybe(s.text),
        description=s.maybe(s.text),
    )
)
def agency_create(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Registers a public body, and its organization in CKAN.

    :param title: full title, unique; ``aliases`` are other titles under which sources know it
    :param name: in addresses; default: the title in pinyin
    :param code: unified social credit code
    :param kind: administrative, institution, utility, central, district
    :param level: city, district
    :param parent: name of the body above
    """
    role = actor.require("agency.create")
    name = data.get("name") or slug(data["title"])
    parent = find(data["parent"]) if data.get("parent") else None
    code = credit_code.check(data["code"]) if data.get("code") else None
    check_free("", name=name, title=data["title"], code=code or "")
    organization = tk.get_action("organization_create")(
        {"ignore_auth": True, "user": _site_user(), "defer_commit": True},
        {"name": name, "title": data["title"], "description": data.get("description", "")},
    )
    agency = Agency(
        id=organization["id"],
        name=name,
        title=data["title"],
        code=code,
        aliases=data.get("aliases", []),
        kind=data["kind"],
        level=data["level"],
        parent_id=parent.id if parent else None,
        contact=data.get("contact", ""),
        created_at=clock.now(),
    )
    model.Session.add(agency)
    model.Session.flush()
    c.events("agency.create", "agency", actor, role, [(agency.id, agency.id, {"title": agency.title})])
    return as_dict(agency)


@c.command(s.fields(id=s.filled, title=s.filled, reason=s.filled, code=s.maybe(s.filled)))
def agency_rename(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Gives a public body another title; the old one becomes an alias, so that sources still find it.

    Its name in addresses stays. Published lists say what they said; what is public of its datasets follows.

    :param reason: the document that renames it
    :param code: its new unified social credit code; the old one still finds it
    """
    role = actor.require("agency.rename")
    agency = locked(data["id"])
    before = {"title": agency.title, "code": agency.code}
    code = credit_code.check(data["code"]) if data.get("code") else agency.code
    check_free(agency.id, name="", title=data["title"], code=code or "")
    if data["title"] != agency.title:
        agency.aliases = _joined(agency.aliases, [agency.title], without=data["title"])
        agency.title = data["title"]
    if code and code != agency.code:
        agency.former_codes = _joined(agency.former_codes, [agency.code or ""], without=code)
        agency.code = code
    tk.get_action("organization_patch")(
        {"ignore_auth": True, "user": _site_user(), "defer_commit": True}, {"id": agency.id, "title": agency.title}
    )
    after = {"title": agency.title, "code": agency.code}
    body = {"before": before, "after": after, "reason": data["reason"]}
    c.events("agency.rename", "agency", actor, role, [(agency.id, agency.id, body)])
    outbox.put("index", *published_of(agency.id))
    return as_dict(agency)


@c.command(
    s.fields(
        id=s.filled,
        kind=s.maybe(s.one_of(*KINDS)),
        level=s.maybe(s.one_of(*LEVELS)),
        parent=s.maybe(s.text),
        aliases=s.maybe(s.texts),
        contact=s.maybe(s.text),
    )
)
def agency_change(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Changes what a public body is: kind, level, the body above, aliases, contact. What is not given stays.

    :param parent: name of the body above; empty: none
    :param aliases: all other titles under which sources know it
    """
    role = actor.require("agency.change")
    lock_tree()
    agency = locked(data["id"])
    before = as_dict(agency)
    if "parent" in data:
        parent = locked(data["parent"]) if data["parent"] else None
        if parent and is_above(agency, parent):
            raise Refused("agency_circle", "parent")
        agency.parent_id = parent.id if parent else None
    if "aliases" in data:
        agency.aliases = _joined([], data["aliases"], without=agency.title)
        for alias in set(agency.aliases) - set(before["aliases"]):
            check_free(agency.id, name="", title=alias, code="", field="aliases")
    for name in ("kind", "level", "contact"):
        setattr(agency, name, data.get(name, getattr(agency, name)))
    after = as_dict(agency)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        body = {"before": {name: before[name] for name in changed}, "after": {name: after[name] for name in changed}}
        c.events("agency.change", "agency", actor, role, [(agency.id, agency.id, body)])
    return after


@tk.side_effect_free
@tk.validate_action_data(s.fields())
def agency_list(context: Context, data_dict: DataDict) -> list[dict[str, Any]]:
    """All agencies that exist now, by title."""
    tk.check_access("shopendata_agency_list", context, data_dict)
    rows = sa.select(Agency).where(Agency.dissolved_at.is_(None)).order_by(Agency.title)
    return [as_dict(agency) for agency in model.Session.scalars(rows)]


@tk.side_effect_free
@tk.validate_action_data(s.fields(id=s.filled))
def agency_show(context: Context, data_dict: DataDict) -> dict[str, Any]:
    """One agency, by name or identifier."""
    tk.check_access("shopendata_agency_show", context, data_dict)
    return as_dict(find(data_dict["id"]))


def find(reference: str) -> Agency:
    """An agency by identifier, name or full title. Raises ``ObjectNotFound``."""
    match = sa.or_(Agency.id == reference, Agency.name == reference, Agency.title == reference)
    return c.found(model.Session.scalar(sa.select(Agency).where(match)))


def locked(reference: str) -> Agency:
    """An agency that exists now, for a command that changes it. Raises ``ObjectNotFound`` or :class:`Refused`."""
    agency = find(reference)
    model.Session.refresh(agency, with_for_update=True)
    if agency.dissolved_at is not None:
        raise Refused("agency_dissolved", "id")
    return agency


def lock_tree() -> None:
    """Until the transaction ends nobody else changes which body stands above which: two halves would make a circle."""
    c.lock("agencies")


def is_above(one: Agency, other: Agency) -> bool:
    """Whether ``one`` is ``other`` or stands above it."""
    seen, key = set(), other.id
    while key and key not in seen:
        if key == one.id:
            return True
        seen.add(key)
        key = model.Session.scalar(sa.select(Agency.parent_id).where(Agency.id == key))
    return False


def check_free(agency_id: str, *, name: str, title: str, code: str, field: str = "title") -> None:
    """Whether no other agency, of today or of former days, is known by these. Raises :class:`Refused`."""
    clash = sa.or_(
        Agency.name == name,
        Agency.title == title,
        Agency.aliases.contains([title]),
        Agency.code == code,
        Agency.former_codes.contains([code]),
    )
    if model.Session.scalar(sa.select(Agency.id).where(clash, Agency.id != agency_id)):
        raise Refused("name_taken", field)


def published_of(agency_id: str) -> list[str]:
    """The datasets of an agency that stand in public."""
    rows = sa.select(Dataset.id).join(Entry, Entry.id == Dataset.entry_id)
    return list(model.Session.scalars(rows.where(Entry.agency_id == agency_id, Dataset.published_tier.is_not(None))))


def _joined(names: list[str], more: list[str], without: str = "") -> list[str]:
    """Names, each once, in their order."""
    return [name for name in dict.fromkeys([*names, *more]) if name and name != without]


def as_dict(agency: Agency) -> dict[str, Any]:
    """What everybody may know of an agency."""
    columns = ("id", "name", "title", "code", "aliases", "kind", "level", "parent_id", "contact", "successor_id")
    gone = agency.dissolved_at.isoformat() if agency.dissolved_at else None
    return {column: getattr(agency, column) for column in columns} | {"dissolved_at": gone}


def _site_user() -> str:
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
