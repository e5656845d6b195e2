"""Who belongs to an organization is told to its own people: strangers have no use for names of accounts.

CKAN hides them by default, and shows them to whoever asks with ``include_users``.

Administrators of the portal do not get at the credentials of those who decide (DESIGN invariant 4): CKAN lets them make
tokens for anybody, and set anybody's password and address.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import Action, AuthFunction, AuthResult, ChainedAction, ChainedAuthFunction, Context, DataDict

from ckanext.shopendata.logic.command import holdings_of

__all__ = ["auth_functions", "chained_actions", "without_users"]


def chained_actions() -> dict[str, ChainedAction]:
    """What ``IActions`` asks for; lists of organizations show each by these."""
    return {"group_show": without_users, "organization_show": without_users}


@tk.chained_action
@tk.side_effect_free
def without_users(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """The group or organization, with its people for those who belong to it and for administrators."""
    user = context.get("user")
    inside = context.get("ignore_auth") or authz.has_user_permission_for_group_or_org(data_dict.get("id"), user, "read")
    return next_action(context, data_dict if inside else {**data_dict, "include_users": False})


def auth_functions() -> dict[str, ChainedAuthFunction]:
    """What ``IAuthFunctions`` asks for; ``user_patch`` goes through ``user_update``."""
    return {"api_token_create": own_token, "user_update": own_account}


@tk.chained_auth_function
@tk.auth_sysadmins_check
def own_token(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Makes tokens for oneself only: with another's one would be that person."""
    owner = model.User.get((data_dict or {}).get("user"))
    if owner is None or owner.name != context.get("user"):
        return {"success": False, "msg": tk._("Access denied")}
    return next_auth(context, data_dict or {})


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
@tk.auth_sysadmins_check
def own_account(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Changes one's own account, but for its address; administrators also those of people who hold no role."""
    actor, owner = model.User.get(context.get("user")), model.User.get((data_dict or {}).get("id"))
    if actor is not None and actor.sysadmin and owner is not None:
        return {"success": actor.id == owner.id or not holdings_of(owner.id), "msg": tk._("Access denied")}
    if owner is not None and (data_dict or {}).get("email", owner.email) != owner.email:
        return {"success": False, "msg": tk._("Please change the mail address in your profile: it is verified there")}
    return next_auth(context, data_dict or {})
