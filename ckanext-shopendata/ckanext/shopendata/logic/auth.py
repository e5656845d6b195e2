"""Who may call the actions at all. What they may do there the policy says (policy.people), to everybody alike."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthFunction, AuthResult, Context, DataDict

__all__ = ["auth_functions"]


@tk.auth_allow_anonymous_access
def anyone(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Everybody: open lists, agencies."""
    return {"success": True}


@tk.auth_sysadmins_check
def signed_in(context: Context, data_dict: DataDict | None) -> AuthResult:
    """Whoever has an account. CKAN's anonymous user counts as a user in places, so it is looked up here."""
    user = model.User.get(context.get("user") or "")
    return {"success": bool(user and user.state == "active"), "msg": tk._("Please sign in first")}


#: Actions open to the public; every other one needs an account.
PUBLIC = frozenset(
    {"shopendata_agency_list", "shopendata_agency_show", "shopendata_openlist_list", "shopendata_openlist_show"}
)


def auth_functions(actions: list[str]) -> dict[str, AuthFunction]:
    """One for each action."""
    return {name: anyone if name in PUBLIC else signed_in for name in actions}
