"""What the header of every page asks for."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import g

from ckanext.shopendata.logic import work
from ckanext.shopendata.views.common import may_somewhere, person

__all__ = ["shopendata_staff_pages", "shopendata_waiting"]


def shopendata_staff_pages() -> dict[str, bool]:
    """Which pages for staff the reader's roles open; ``roles`` are one's own."""
    if not tk.current_user.is_authenticated:
        return dict.fromkeys(("desk", "catalogue", "audit", "redactions", "people", "roles"), False)
    actor = person()
    catalogue = may_somewhere(actor, "entry.read")
    return {
        "desk": catalogue or may_somewhere(actor, "case.read"),
        "catalogue": catalogue,
        "audit": may_somewhere(actor, "event.read"),
        "redactions": may_somewhere(actor, "redaction.confirm"),
        "people": may_somewhere(actor, "role.list"),
        "roles": bool(actor.holdings),
    }


def shopendata_waiting() -> int:
    """How many things wait for the reader (待办)."""
    if not tk.current_user.is_authenticated:
        return 0
    if "shopendata_waiting" not in g:
        g.shopendata_waiting = work.count(person())
    return g.shopendata_waiting
