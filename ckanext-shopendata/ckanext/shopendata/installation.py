"""What an installation needs once, or after each change of its sources: bundles, translations, the first account."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import webassets_tools


def build_front_end() -> None:
    """Builds every registered bundle, so that the first visitor does not wait for it."""
    for bundle in webassets_tools.env:
        bundle.urls()


def ensure_admin(name: str, password: str) -> bool:
    """Makes the first administrator unless an account of that name exists; tells whether it did."""
    if model.User.get(name):
        return False
    user = tk.get_action("user_create")(
        {"ignore_auth": True, "user": ""},
        {"name": name, "fullname": "系统管理员", "email": f"{name}@localhost.localdomain", "password": password},
    )
    tk.get_action("user_patch")({"ignore_auth": True, "user": ""}, {"id": user["id"], "sysadmin": True})
    return True
