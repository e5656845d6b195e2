"""What an installation needs once, or after each change of its sources: bundles, translations, the first account."""

from __future__ import annotations

import ckan.lib.webassets_tools as webassets_tools
import ckan.plugins.toolkit as tk
from ckan import model


def build_front_end() -> None:
    """Builds every registered bundle, so that the first visitor does not wait for it."""
    for bundle in webassets_tools.env:  # type: ignore[union-attr]
        bundle.urls()


def ensure_admin(name: str, password: str) -> bool:
    """Makes the first administrator unless an account of that name exists; tells whether it did."""
    if model.User.get(name):
        return False
    user = tk.get_action("user_create")(
        {"ignore_auth": True, "user": ""},
        {"name": name, "fullname": "系统管理员", "email": f"{name}@localhost.localdomain", "password": password},
    )
    account = model.User.get(user["id"])
    assert account is not None
    account.sysadmin = True
    model.Session.commit()
    return True
