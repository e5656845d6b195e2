"""The WSGI application that gunicorn serves: CKAN with the configuration named by ``CKAN_INI``.

Health and numbers are answered before CKAN, whose hooks ask PostgreSQL before any view. What is for operators only
goes on to CKAN when a stranger asks, and so is answered like any address that does not exist.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from werkzeug.wrappers import Response

from ckanext.shopendata.health import PANEL, Numbers
from ckanext.shopendata.telemetry import pages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["application", "operation"]

_portal = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())


def operation(environ: WSGIEnvironment) -> Response | None:
    """The answer of an operator's page; ``None``: the request is for the portal."""
    path, inside = environ.get("PATH_INFO"), pages.is_inside(environ)
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return None
    if path == pages.HEALTH:
        return pages.health()
    if path == pages.READY:
        return pages.ready(PANEL, inside=inside)
    if path == pages.METRICS and inside:
        return pages.metrics([Numbers()])
    return None


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[Any]:
    """The entry point."""
    return (operation(environ) or _portal)(environ, start_response)
