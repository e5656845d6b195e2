"""Pages: they show what actions answer and hand on what people typed. No rule lives here."""

from __future__ import annotations

from flask import Blueprint

from ckanext.shopendata.views import (
    account,
    agency,
    application,
    audit,
    bulk,
    case,
    catalogue,
    developers,
    invitation,
    oidc,
    openlist,
    openlist_work,
    organisation,
    password,
    people,
    personal,
    registration,
    security,
    verification,
    work,
)

__all__ = ["blueprints"]


def blueprints() -> list[Blueprint]:
    """All of them: the public's, then those that people sign in for."""
    public = [openlist.openlist, developers.developers]
    public += [registration.pages, invitation.pages, password.pages, oidc.pages]
    inside = [application, case, catalogue, bulk, openlist_work, work, people, agency, audit]
    inside += [account, organisation, verification, personal, security]
    return [*public, *(module.pages for module in inside)]
