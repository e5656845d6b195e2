"""Wires the harvesters into CKAN and ckanext-harvest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.types import ChainedAuthFunction
from ckanext.shopendata.cli import shopendata as commands

from . import pages
from .auth import auth_functions
from .cli import harvest


class ShopendataHarvestPlugin(p.SingletonPlugin):
    """Harvest sources belong to administrators; their jobs are run by supervised processes."""

    p.implements(p.IAuthFunctions)
    p.implements(p.IConfigurable)
    p.implements(p.IConfigurer)
    p.implements(p.ITemplateHelpers)

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, ChainedAuthFunction]:
        return auth_functions()

    # IConfigurable

    def configure(self, config: object) -> None:
        commands.add_command(harvest)

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")

    # ITemplateHelpers

    def get_helpers(self) -> dict[str, Callable[..., Any]]:
        return {"shopendata_harvest_run": pages.shopendata_harvest_run}
