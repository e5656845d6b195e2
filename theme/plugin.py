"""Wires the theme into CKAN."""

from __future__ import annotations

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.common import CKANConfig


@tk.blanket.blueprints
@tk.blanket.helpers
class ShopendataThemePlugin(p.SingletonPlugin):
    """Templates, styles and images of the portal."""

    p.implements(p.IConfigurer)

    # IConfigurer

    def update_config(self, config: CKANConfig) -> None:
        tk.add_template_directory(config, "templates")
        tk.add_public_directory(config, "public")
        tk.add_resource("assets", "shopendata_theme")
