"""Wires the harvesters into CKAN and ckanext-harvest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.types import ChainedAction, ChainedAuthFunction
from ckanext.shopendata.cli import shopendata as commands
from ckanext.shopendata.publish import publisher

from . import pages, sources
from .auth import auth_functions
from .cli import harvest
from .demo.cli import demo
from .fetch import fetch


@tk.blanket.blueprints
class ShopendataHarvestPlugin(sources.SourceLabels, p.SingletonPlugin):
    """Harvest sources belong to administrators; their jobs are run by supervised processes."""

    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IConfigurable)
    p.implements(p.IConfigurer)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.IPermissionLabels)
    p.implements(p.ITemplateHelpers)

    # IActions

    def get_actions(self) -> dict[str, ChainedAction]:
        return sources.chained_actions()

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, ChainedAuthFunction]:
        return auth_functions()

    # IConfigurable

    def configure(self, config: object) -> None:
        commands.add_command(harvest)
        commands.add_command(demo)
        publisher.HANDLERS["fetch"] = (fetch, 4)

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")

    # IPackageController

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        return sources.show_to_administrators(search_params)

    # ITemplateHelpers

    def get_helpers(self) -> dict[str, Callable[..., Any]]:
        return {"shopendata_harvest_run": pages.shopendata_harvest_run}
