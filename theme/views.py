"""The home page, and the address at which CKAN's scripts look for the messages of ``<html lang="zh-CN">``."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Response
from ckan.views.api import i18n_js_translations
from flask import Blueprint

__all__ = ["theme"]

theme = Blueprint("shopendata_theme", __name__)


@theme.route("/")
def home() -> str:
    """CKAN's own view asks the index before its template does, and fails when the index does not answer."""
    return tk.render("home/index.html")


@theme.route("/api/i18n/zh_CN")
def messages() -> str | Response:
    """The browser's messages: scripts make the locale from the language tag, and none of CKAN's tags fits."""
    return i18n_js_translations("zh_Hans_CN")
