"""Pages: they show what actions answer and hand on what people typed. No rule lives here."""

from __future__ import annotations

from flask import Blueprint

from ckanext.shopendata.views import application, bulk, case, catalogue, openlist_work

__all__ = ["blueprints"]


def blueprints() -> list[Blueprint]:
    """All pages that people sign in for."""
    return [application.pages, case.pages, catalogue.pages, bulk.pages, openlist_work.pages]
