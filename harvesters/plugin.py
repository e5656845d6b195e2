"""Wires the harvesters into CKAN and ckanext-harvest."""

from __future__ import annotations

import ckan.plugins as p
from ckan.types import ChainedAuthFunction
from ckanext.shopendata.cli import shopendata as commands

from .auth import auth_functions
from .cli import harvest


class ShopendataHarvestPlugin(p.SingletonPlugin):
    """Harvest sources belong to administrators; their jobs are run by supervised processes."""

    p.implements(p.IAuthFunctions)
    p.implements(p.IConfigurable)

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, ChainedAuthFunction]:
        return auth_functions()

    # IConfigurable

    def configure(self, config: object) -> None:
        commands.add_command(harvest)
