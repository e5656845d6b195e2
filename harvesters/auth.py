"""Who may touch harvest sources and jobs: administrators only.

ckanext-harvest lets every organization editor name an address that the server then fetches, and shows jobs and
harvested records to anybody.
"""

from __future__ import annotations

from collections.abc import Callable

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context, DataDict

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
    "harvest_source_reindex",
    "harvest_source_show",
    "harvest_source_show_status",
    "harvest_source_update",
    "harvest_sources_clear",
    "harvest_sources_reindex",
    "harvesters_info_show",
)


def auth_functions() -> dict[str, Callable[..., AuthResult]]:
    """The guarded functions, each refusing everybody: CKAN lets only administrators past a refusal."""

    @tk.chained_auth_function
    @tk.auth_allow_anonymous_access
    def refuse(next_auth: object, context: Context, data_dict: DataDict | None = None) -> AuthResult:
        return {"success": False, "msg": tk._("Only administrators may manage harvest sources")}

    return dict.fromkeys(GUARDED, refuse)
