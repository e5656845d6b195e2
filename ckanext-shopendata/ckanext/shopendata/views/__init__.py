"""Pages: they show what actions answer and hand on what people typed. No rule lives here."""

from __future__ import annotations

from flask import Blueprint

from ckanext.shopendata.views import (
    application,
    audit,
    bulk,
    case,
    catalogue,
    developers,
    link,
    openlist,
    openlist_work,
    people,
    security,
    work,
)

__all__ = ["blueprints"]


def blueprints() -> list[Blueprint]:
    """All of them: the public's, then those that people sign in for."""
    public = [openlist.openlist, developers.developers, link.pages]
    inside = [application, case, catalogue, bulk, openlist_work, work, people, audit, security]
    return [*public, *(module.pages for module in inside)]
