"""Who may touch harvest sources and jobs: administrators only.

ckanext-harvest lets every organization editor name an address that the server then fetches, and shows jobs and
harvested records to anybody.
"""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthFunction, AuthResult, ChainedAuthFunction, Context, DataDict
from ckanext.shopendata.publish.gate import SOURCE_TYPE

#: Everything ckanext-harvest asks permission for.
GUARDED = (
    "harvest_get_notifications_recipients",
    "harvest_job_abort",
    "harvest_job_create",
    "harvest_job_create_all",
    "harvest_job_list",
    "harvest_job_show",
    "harvest_jobs_run",
    "harvest_object_create",
    "harvest_object_list",
    "harvest_object_show",
    "harvest_objects_import",
    "harvest_send_job_to_gather_queue",
    "harvest_source_clear",
    "harvest_source_create",
    "harvest_source_delete",
    "harvest_source_list",
    "harvest_source_patch",
    "harvest_source_reindex",
    "harvest_source_show",
    "harvest_source_show_status",
    "harvest_source_update",
    "harvest_sources_clear",
    "harvest_sources_reindex",
    "harvesters_info_show",
)


def auth_functions() -> dict[str, ChainedAuthFunction]:
    """Chained functions that refuse; CKAN lets only administrators past a refusal."""
    guarded: dict[str, ChainedAuthFunction] = dict.fromkeys(GUARDED, refuse)
    return guarded | {"package_create": refuse_sources, "package_update": refuse_sources}


def _refusal() -> AuthResult:
    return {"success": False, "msg": tk._("Only administrators may manage harvest sources")}


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def refuse(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Nobody."""
    return _refusal()


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def refuse_sources(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Nobody, if the dataset is a harvest source or is to become one; else what CKAN says."""
    data_dict = data_dict or {}
    package = context.get("package")
    if package is None and data_dict.get("id"):
        package = model.Package.get(str(data_dict["id"]))
    types = {data_dict.get("type"), package.type if package else None}
    return _refusal() if SOURCE_TYPE in types else next_auth(context, data_dict)
