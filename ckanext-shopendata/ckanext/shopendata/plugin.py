"""Wires ShopenData into CKAN; behaviour lives in the modules named here."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation
from ckan.types import Action, ChainedAction, CKANApp, Schema

from ckanext.shopendata import cli, hardening
from ckanext.shopendata.hardening import inventory, status, tokens, visibility
from ckanext.shopendata.publish import gate


@tk.blanket.config_declarations
class ShopendataPlugin(p.SingletonPlugin, DefaultTranslation):
    """The portal's domain, data gateway settings, hardening and command line."""

    p.implements(p.IActions)
    p.implements(p.IApiToken, inherit=True)
    p.implements(p.IClick)
    p.implements(p.IMiddleware, inherit=True)
    p.implements(p.ITranslation)

    # IActions

    def get_actions(self) -> dict[str, Action | ChainedAction]:
        own: dict[str, Action | ChainedAction] = {
            "help_show": inventory.help_show,
            "status_show": status.status_show,
        }
        return own | visibility.chained_actions() | gate.chained_actions()

    # IApiToken

    def create_api_token_schema(self, schema: Schema) -> Schema:
        return tokens.default_term(schema)

    # IClick

    def get_commands(self) -> list[object]:
        return [cli.shopendata]

    # IMiddleware

    def make_middleware(self, app: CKANApp, config: CKANConfig) -> CKANApp:
        return hardening.install(app)

    # ITranslation

    def i18n_domain(self) -> str:
        return "ckanext-shopendata"
