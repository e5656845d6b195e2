"""Counts what the web processes answer."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import CKANApp
from flask import Response, request

from ckanext.shopendata.telemetry import metrics

__all__ = ["install"]


def install(app: CKANApp) -> None:
    """Puts the measurement around all other hooks of the application."""
    metrics.measure(app, metrics.WEB_SECONDS, count)


def count(response: Response) -> None:
    """One request, by its route and the class of its answer."""
    metrics.WEB_REQUESTS.labels(metrics.route(), f"{response.status_code // 100}xx").inc()
    if request.endpoint == "user.login" and request.method == "POST" and not tk.current_user.is_authenticated:
        metrics.LOGINS_REFUSED.inc()
