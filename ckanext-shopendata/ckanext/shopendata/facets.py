"""By what a search can be narrowed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import ckan.plugins.toolkit as tk
from flask import has_request_context

from ckanext.shopendata.labels import label

__all__ = ["name_values", "of_datasets"]

#: Facets whose values are codes.
_CODED = ("tier", "update_frequency")


def of_datasets(without: str = "") -> OrderedDict[str, str]:
    """The facets of datasets in their order, with their titles."""
    titles = {
        "tier": tk._("Opening type"),
        "organization": tk._("Agencies"),
        "data_domain": tk._("Data domain"),
        "update_frequency": tk._("Frequency of updates"),
        "res_format": tk._("Formats"),
        "tags": tk._("Tags"),
    }
    return OrderedDict((name, title) for name, title in titles.items() if name != without)


def name_values(results: dict[str, Any]) -> dict[str, Any]:
    """Gives the values of coded facets names that people can read; who searches without a request is no reader."""
    for facet in _CODED if has_request_context() else ():
        for item in results.get("search_facets", {}).get(facet, {}).get("items", []):
            item["display_name"] = label(facet, item["name"])
    return results
