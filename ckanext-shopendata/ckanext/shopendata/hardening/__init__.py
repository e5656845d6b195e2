"""What the portal adds to CKAN so that it can stand in the open; each module closes one door.

None of it depends on a feature of the portal: with these modules alone, stock CKAN is safer.
"""

from __future__ import annotations

from ckan.types import CKANApp

from ckanext.shopendata.hardening import (
    accounts,
    action_guard,
    csrf,
    errors,
    inventory,
    readonly,
    responses,
    search,
    sessions,
    signin,
    visibility,
)

__all__ = ["install"]


def install(app: CKANApp) -> CKANApp:
    """Installs every part into CKAN's Flask application and returns it."""
    csrf.exempt_per_request()
    sessions.install(app)
    accounts.install()
    signin.install(app)
    responses.install(app)
    errors.install(app)
    inventory.install(app)
    readonly.install(app)
    visibility.install(app)
    search.install(app)
    action_guard.install(app)
    return app
