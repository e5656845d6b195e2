"""What the header of every page asks for."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.shopendata.views.common import may_somewhere, person

__all__ = ["shopendata_staff_pages"]


def shopendata_staff_pages() -> dict[str, bool]:
    """Which pages for staff the reader's roles open: ``desk``, ``catalogue``, ``people``, ``roles`` (one's own)."""
    if not tk.current_user.is_authenticated:
        return dict.fromkeys(("desk", "catalogue", "people", "roles"), False)
    actor = person()
    catalogue = may_somewhere(actor, "entry.read")
    return {"desk": catalogue or may_somewhere(actor, "case.read"), "catalogue": catalogue} | {
        "people": may_somewhere(actor, "role.list"),
        "roles": bool(actor.holdings),
    }
