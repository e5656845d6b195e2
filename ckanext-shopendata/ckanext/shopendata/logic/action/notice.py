"""How somebody wants to be told."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.notice import preference
from ckanext.shopendata.policy import notice as policy
from ckanext.shopendata.policy.notice import ALLOWED

__all__ = ["preference_save", "preference_show"]


@c.query(s.fields())
def preference_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """How the caller is told.

    :returns: ``modes`` (group -> now, digest or off), ``allowed`` (group -> modes to choose from), ``language`` (empty:
        the portal's), ``address``: of the account, to which mail goes
    """
    row = preference(actor.id)
    user = model.Session.get_one(model.User, actor.id)
    return {
        "modes": {group.value: policy.mode_of(group, row.modes).value for group, modes in ALLOWED.items() if modes[1:]},
        "allowed": {group.value: [mode.value for mode in modes] for group, modes in ALLOWED.items() if modes[1:]},
        "language": row.language,
        "address": user.email or "",
    }


def language(value: Any) -> str:
    """A language that the portal offers, or nothing for the portal's own."""
    return s.one_of("", *tk.config["ckan.locales_offered"])(value)


@c.command(s.fields(modes=s.maybe(s.mapping), language=s.maybe(language)))
def preference_save(actor: c.Actor, data: DataDict) -> None:
    """Changes how the caller is told; what is left out stays. Notices that wait already are not changed.

    :param modes: group -> now, digest or off
    :param language: of mails; empty: the portal's
    """
    row = preference(actor.id)
    before = {"modes": dict(row.modes), "language": row.language}
    row.modes = {**row.modes, **policy.check_modes(data.get("modes", {}))}
    row.language, row.updated_at = data.get("language", row.language), clock.now()
    model.Session.add(row)
    after = {"modes": row.modes, "language": row.language}
    c.events("preference.save", "preference", actor, "", [(actor.id, None, {"before": before, "after": after})])
