"""What strangers may learn about the installation: that it runs, its name and language; not what it is made of."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import authz
from ckan.types import Action, ActionResult, Context, DataDict

_PUBLIC = {"site_title", "site_description", "site_url", "locale_default"}


@tk.chained_action
@tk.side_effect_free
def status_show(next_action: Action, context: Context, data_dict: DataDict) -> ActionResult.AnyDict:
    """CKAN's status; everybody but administrators gets the public part."""
    status = next_action(context, data_dict)
    if authz.is_sysadmin(context.get("user")):
        return status
    return {key: value for key, value in status.items() if key in _PUBLIC}
