"""What ckanext-harvest does on a GET, by POST: a link on any page could make an administrator do it.

And what it stumbles over.

Its own addresses for these are off; CKAN checks the token of the forms that lead here.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Response
from ckanext.harvest import utils
from flask import Blueprint

__all__ = ["shopendata_harvest"]

shopendata_harvest = Blueprint("shopendata_harvest", __name__)


@shopendata_harvest.post("/harvest/refresh/<id>")
def refresh(id: str) -> Response | str:
    """Starts a job."""
    return utils.refresh_view(id)


@shopendata_harvest.get("/harvest/<source>/job/last")
def job_last(source: str) -> Response | str:
    """The last job of a source. ckanext-harvest's own page fails for a source that does not exist."""
    try:
        found = tk.get_action("harvest_source_show")({"user": tk.current_user.name}, {"id": source})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return tk.abort(404)
    last = (found.get("status") or {}).get("last_job")
    return utils.job_show_view(last["id"], source_dict=found, is_last=True) if last else tk.abort(404)


@shopendata_harvest.post("/harvest/<source>/job/<id>/abort")
def job_abort(source: str, id: str) -> Response | str:
    """Stops a job."""
    return utils.job_abort_view(source, id)


@shopendata_harvest.post("/harvest/deactivate/<id>")
def deactivate(id: str) -> Response | str:
    """Makes a source inactive; what came from it stays."""
    return utils.delete_view(id)
