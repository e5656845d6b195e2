"""The portal's own pages, one module a domain word."""

from __future__ import annotations

from flask import Blueprint

from ckanext.shopendata.views import developers, openlist

__all__ = ["blueprints"]


def blueprints() -> list[Blueprint]:
    """All of them."""
    return [openlist.openlist, developers.developers]
