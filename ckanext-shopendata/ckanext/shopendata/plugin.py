"""Wires ShopenData into CKAN; behaviour lives in the modules named here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig
from ckan.lib.plugins import DefaultTranslation
from ckan.types import Action, AuthFunction, ChainedAction, ChainedAuthFunction, CKANApp, Context, Schema
from flask import Blueprint

from ckanext.shopendata import cli, facets, hardening, helpers, views
from ckanext.shopendata.hardening import accounts, inventory, search, signin, status, tokens, visibility
from ckanext.shopendata.logic.action import actions
from ckanext.shopendata.logic.auth import auth_functions
from ckanext.shopendata.notices import mail
from ckanext.shopendata.publish import doors, gate
from ckanext.shopendata.views import metrics
from ckanext.shopendata.views.header import shopendata_staff_pages, shopendata_waiting


@tk.blanket.config_declarations
class ShopendataPlugin(p.SingletonPlugin, DefaultTranslation):
    """The portal's domain, data gateway settings, hardening and command line."""

    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IApiToken, inherit=True)
    p.implements(p.IBlueprint)
    p.implements(p.IClick)
    p.implements(p.IConfigurer)
    p.implements(p.IFacets)
    p.implements(p.IMiddleware, inherit=True)
    p.implements(p.INotifier, inherit=True)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.ITemplateHelpers)
    p.implements(p.ITranslation)
    p.implements(p.IValidators)

    # IActions

    def get_actions(self) -> dict[str, Action | ChainedAction]:
        own: dict[str, Action | ChainedAction] = {
            "help_show": inventory.help_show,
            "package_search": search.package_search,
            "status_show": status.status_show,
        }
        chained = visibility.chained_actions() | accounts.chained_actions() | doors.actions() | gate.chained_actions()
        return own | chained | actions()

    # IAuthFunctions

    def get_auth_functions(self) -> dict[str, AuthFunction | ChainedAuthFunction]:
        return {**doors.auth_functions(), **accounts.auth_functions(), **auth_functions(list(actions()))}

    # IApiToken

    def create_api_token_schema(self, schema: Schema) -> Schema:
        return tokens.default_term(schema)

    # IBlueprint

    def get_blueprint(self) -> list[Blueprint]:
        return views.blueprints()

    # IClick

    def get_commands(self) -> list[object]:
        cli.check_setpass()
        return [cli.shopendata]

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")

    # IFacets

    def dataset_facets(self, facets_dict: OrderedDict[str, str], package_type: str) -> OrderedDict[str, str]:
        return facets.of_datasets() if package_type == "dataset" else facets_dict

    def group_facets(
        self, facets_dict: OrderedDict[str, str], group_type: str, package_type: str | None
    ) -> OrderedDict[str, str]:
        return facets.of_datasets()

    def organization_facets(
        self, facets_dict: OrderedDict[str, str], organization_type: str, package_type: str | None
    ) -> OrderedDict[str, str]:
        return facets.of_datasets(without="organization")

    # IMiddleware

    def make_middleware(self, app: CKANApp, config: CKANConfig) -> CKANApp:
        app = hardening.install(app)
        app.before_request(doors.guard_request)
        metrics.install(app)
        return app

    # INotifier

    def notify_recipient(  # noqa: PLR0917 - as CKAN has it
        self,
        already_notified: bool,
        recipient_name: str,
        recipient_email: str,
        subject: str,
        body: str,
        body_html: str | None = None,
        headers: dict[str, Any] | None = None,
        attachments: Any = None,
    ) -> bool:
        letter = mail.Letter(recipient_email, subject, body, body_html, headers, attachments)
        return mail.notify(already_notified, letter)

    def notify_about_topic(self, already_notified: bool, topic: str, details: dict[str, Any] | None = None) -> bool:
        return signin.send_link(already_notified, topic, details or {})

    # IPackageController

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        return doors.hide_from_search(search.restrict(search_params))

    def after_dataset_search(self, search_results: dict[str, Any], search_params: dict[str, Any]) -> dict[str, Any]:
        return facets.name_values(search_results)

    def before_dataset_index(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        return doors.pinyin_title(pkg_dict)

    def after_dataset_show(self, context: Context, pkg_dict: dict[str, Any]) -> None:
        doors.refuse_shown(pkg_dict)

    # ITemplateHelpers

    def get_helpers(self) -> dict[str, Callable[..., Any]]:
        own = {"shopendata_staff_pages": shopendata_staff_pages, "shopendata_waiting": shopendata_waiting}
        return helpers.helpers() | own

    # ITranslation

    def i18n_domain(self) -> str:
        return "ckanext-shopendata"

    # IValidators

    def get_validators(self) -> dict[str, Any]:
        return accounts.validators()
