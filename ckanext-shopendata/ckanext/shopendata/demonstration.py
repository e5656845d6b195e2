"""Whether this portal shows invented data: then every page says so."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckan.model.system_info import SystemInfo

__all__ = ["mark", "marked"]

_KEY = "ckanext.shopendata.demonstration"


def mark() -> None:
    """Marks the portal, for good; commits."""
    model.set_system_info(_KEY, "true")


def marked() -> bool:
    """Whether it is marked."""
    return bool(model.Session.scalar(sa.select(SystemInfo.value).where(SystemInfo.key == _KEY)))
