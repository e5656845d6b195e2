"""Harvest sources: datasets of a type of their own to CKAN, kept away from everybody but administrators.

A source names an address that the server fetches. CKAN would list it beside the datasets; here it is private, and its
permission label is one that no account has, so that search and ``package_show`` know it for administrators alone,
whichever organization it belongs to.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.plugins import DefaultPermissionLabels
from ckan.types import Action, ChainedAction, Context, DataDict
from ckanext.shopendata.publish.gate import SOURCE_TYPE, NotPublishing

from .connectors import TYPES

#: The harvesters that a source may name: ours, which never publish. ckanext-harvest's own write datasets.
HARVESTERS = tuple(TYPES)

#: No account has this label; administrators need none.
LABEL = "harvest-source"


def chained_actions() -> dict[str, ChainedAction]:
    """What ``IActions`` asks for."""
    return {
        "package_create": create,
        "package_update": update,
        "harvest_source_delete": delete,
        "harvest_source_list": list_all,
    }


@tk.chained_action
def create(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """A new source is private and one of :data:`HARVESTERS`; datasets go on as they are."""
    if data_dict.get("type") == SOURCE_TYPE:
        tk.check_access("package_create", context, data_dict)
        _hold(data_dict)
    return next_action(context, data_dict)


@tk.chained_action
def update(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """The same for a source that exists."""
    name = data_dict.get("id") or data_dict.get("name")
    package = model.Package.get(name) if isinstance(name, str) else None
    if package and package.type == SOURCE_TYPE:
        tk.check_access("package_update", context, data_dict | {"id": package.id})
        _hold(data_dict)
    return next_action(context, data_dict)


@tk.chained_action
def delete(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Makes a source inactive. With ``clear_source`` in its context ckanext-harvest would delete datasets as well."""
    # CKAN declares the names that a context may have; this one is ckanext-harvest's.
    wants: dict[str, Any] = {**context}
    if wants.get("clear_source"):
        raise NotPublishing
    return next_action(context, data_dict)


@tk.chained_action
@tk.side_effect_free
def list_all(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """The list, which ckanext-harvest gives to anybody."""
    tk.check_access("harvest_source_list", context, data_dict)
    return next_action(context, data_dict)


def _hold(data_dict: DataDict) -> None:
    data_dict["private"] = True
    if data_dict.get("source_type") not in (None, "", *HARVESTERS):
        raise tk.ValidationError({"source_type": [tk._("This portal does not run harvesters of this type")]})


def show_to_administrators(search_params: dict[str, Any]) -> dict[str, Any]:
    """Lets a search for sources find private ones, as all are; labels still decide who sees them."""
    if f"dataset_type:{SOURCE_TYPE}" in str(search_params.get("fq") or ""):
        search_params["include_private"] = True
    return search_params


class SourceLabels(DefaultPermissionLabels):
    """CKAN's labels for datasets, :data:`LABEL` for sources."""

    def get_dataset_labels(self, dataset_obj: model.Package) -> list[str]:
        """The labels of which a person needs one to see the dataset."""
        return [LABEL] if dataset_obj.type == SOURCE_TYPE else super().get_dataset_labels(dataset_obj)
