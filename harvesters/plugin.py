"""Wires the harvesters into CKAN and ckanext-harvest."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.types import ChainedAction, ChainedAuthFunction
from ckanext.shopendata.cli import shopendata as commands

from . import sources
from .auth import auth_functions
from .cli import harvest


@tk.blanket.blueprints
class ShopendataHarvestPlugin(sources.SourceLabels, p.SingletonPlugin):
    """Harvest sources belong to administrators; their jobs are run by supervised processes."""

    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IConfigurable)
    p.implements(p.IConfigurer)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IPermissionLabels)

    # IActions

    def get_actions(self) -> dict[str, ChainedAction]:
        return sources.chained_actions()

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, ChainedAuthFunction]:
        return auth_functions()

    # IConfigurable

    def configure(self, config: object) -> None:
        commands.add_command(harvest)

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")

    # IPackageController

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        return sources.show_to_administrators(search_params)
