"""Open lists as pages and files. Everything here comes from the two public actions."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request

from ckanext.shopendata.policy.openlist import canonical
from ckanext.shopendata.views import openlist_table as table

__all__ = ["openlist"]

openlist = Blueprint("shopendata_openlist", __name__, url_prefix="/open-list")


@openlist.get("")
def index() -> str:
    """All agencies with their current version."""
    versions = tk.get_action("shopendata_openlist_list")({}, {})
    return tk.render(
        "shopendata/openlist/index.html", {"versions": versions, "totals": table.totals(versions), "table": table}
    )


@openlist.get("/<agency>", defaults={"version": None})
@openlist.get("/<agency>/<version>")
def read(agency: str, version: str | None) -> str:
    """One version of an agency's list, the current one by default; ``tier`` and ``domain`` narrow the table."""
    shown = _version(agency, version)
    items = shown["body"]["items"]
    chosen = {name: request.args.get(name, "") for name in ("tier", "domain")}
    variables = {
        "shown": shown,
        "items": [item for item in items if all(value in {"", item[name]} for name, value in chosen.items())],
        "chosen": chosen,
        "choices": {name: list(dict.fromkeys(item[name] for item in items if item[name])) for name in chosen},
        "versions": tk.get_action("shopendata_openlist_list")({}, {"agency": shown["agency"]["name"]}),
        "table": table,
    }
    return tk.render("shopendata/openlist/read.html", variables)


@openlist.get("/<agency>.csv", defaults={"version": None})
@openlist.get("/<agency>/<version>.csv")
def as_csv(agency: str, version: str | None) -> Response:
    """The table of a version, for spreadsheets."""
    shown = _version(agency, version)
    return _file(table.csv_text(shown), shown, "csv", "text/csv")


@openlist.get("/<agency>.json", defaults={"version": None})
@openlist.get("/<agency>/<version>.json")
def as_json(agency: str, version: str | None) -> Response:
    """The body of a version as it was published, with the digest that proves it."""
    shown = _version(agency, version)
    published = {name: shown[name] for name in ("body", "digest", "published_at", "version")}
    return _file(canonical(published), shown, "json", "application/json")


def _version(agency: str, version: str | None) -> dict[str, Any]:
    """What is asked for; a wrong agency, a wrong version and an agency without a list are all the same 404."""
    wanted = {"agency": agency} | ({"version": version} if version is not None else {})
    try:
        return tk.get_action("shopendata_openlist_show")({}, wanted)
    except (tk.ObjectNotFound, tk.ValidationError):
        return tk.abort(404)


def _file(text: str, shown: dict[str, Any], ending: str, mimetype: str) -> Response:
    """A download; whoever holds a copy asks each time whether it is still the current one."""
    answer = Response(text, mimetype=mimetype)
    name = f"open-list-{shown['agency']['name']}-{shown['version']}.{ending}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.set_etag(shown["digest"])
    answer.cache_control.no_cache = True
    answer.make_conditional(request)
    return answer
