"""What the templates ask for."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchError, SolrConnectionError

__all__ = ["shopendata_languages", "shopendata_overview", "unix_locale_to_bcp47"]

NEWEST, AGENCIES, TOPICS = 6, 8, 6
#: Where the name that CKAN knows is longer than a link should be.
NAMES = {"zh_Hans_CN": "简体中文"}


def shopendata_overview() -> dict[str, Any] | None:
    """Numbers, newest datasets, busiest agencies and domains, from one search; ``None`` while search does not answer.

    Not cached: what is suspended must be gone from the next page.
    """
    facets = ["organization", "data_domain", "tier"]
    query = {"rows": NEWEST, "sort": "metadata_created desc", "facet.field": facets, "facet.limit": -1}
    try:
        found = tk.get_action("package_search")({}, query)
    except (SearchError, SolrConnectionError):
        return None
    items = {name: found["search_facets"].get(name, {}).get("items", []) for name in facets}
    return {
        "datasets": found["count"],
        "organizations": len(tk.get_action("organization_list")({}, {})),
        "tiers": {item["name"]: item["count"] for item in items["tier"]},
        "newest": found["results"],
        "agencies": _largest(items["organization"], AGENCIES),
        "topics": _largest(items["data_domain"], TOPICS),
    }


def shopendata_languages() -> list[dict[str, Any]]:
    """The portal's languages, each with its own name and this page's address in it (empty for the current one)."""
    default, current, here = tk.config["ckan.locale_default"], tk.h.lang(), tk.h.current_url()
    return [
        {
            "tag": unix_locale_to_bcp47(locale.short_name),
            "name": NAMES.get(locale.short_name) or locale.display_name or locale.english_name,
            "url": tk.h.url_for(here, locale="default" if locale.short_name == default else locale.short_name)
            if locale.short_name != current
            else "",
        }
        for locale in tk.h.get_available_locales()
    ]


def unix_locale_to_bcp47(locale: str) -> str:
    """The page's language tag. With CKAN's ``zh-Hans-CN`` its scripts ask for a locale of that name and stop."""
    return "zh-CN" if locale == "zh_Hans_CN" else locale.replace("_", "-")


def _largest(items: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: (-item["count"], item["display_name"]))[:limit]
