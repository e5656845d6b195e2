"""What ckanext-harvest does on a GET, so that a link on any page could make an administrator do it, by POST.

Its own addresses for these are off; CKAN checks the token of the forms that lead here.
"""

from __future__ import annotations

from ckan.types import Response
from ckanext.harvest import utils
from flask import Blueprint

__all__ = ["shopendata_harvest"]

shopendata_harvest = Blueprint("shopendata_harvest", __name__)


@shopendata_harvest.post("/harvest/refresh/<id>")
def refresh(id: str) -> Response | str:
    """Starts a job."""
    return utils.refresh_view(id)


@shopendata_harvest.post("/harvest/<source>/job/<id>/abort")
def job_abort(source: str, id: str) -> Response | str:
    """Stops a job."""
    return utils.job_abort_view(source, id)


@shopendata_harvest.post("/harvest/deactivate/<id>")
def deactivate(id: str) -> Response | str:
    """Makes a source inactive; what came from it stays."""
    return utils.delete_view(id)
