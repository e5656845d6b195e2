"""Who belongs to an organization is told to its own people: strangers have no use for names of accounts.

CKAN hides them by default, and shows them to whoever asks with ``include_users``.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz
from ckan.types import Action, ChainedAction, Context, DataDict

__all__ = ["chained_actions", "without_users"]


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
