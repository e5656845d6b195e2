"""An open list in words: title, columns, foot; the same on the page and in the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.shopendata import clock
from ckanext.shopendata.labels import label, of_pack
from ckanext.shopendata.profile import profile
from ckanext.shopendata.views import table_file

__all__ = ["basis", "cells", "columns", "csv_text", "foot", "published_on", "title", "totals"]

_NONE = "—"


def title(shown: Mapping[str, Any]) -> str:
    """The list's full title, as on the cover of the document."""
    year, _, number = shown["version"].partition(".")
    agency = shown["agency"]["title"]
    if number == "1":
        return tk._("Open list of public data of {agency} (edition {year})").format(agency=agency, year=year)
    return tk._("Open list of public data of {agency} (edition {year}, revision {number})").format(
        agency=agency, year=year, number=int(number) - 1
    )


def published_on(shown: Mapping[str, Any]) -> str:
    """The day of publication in China."""
    return dt.datetime.fromisoformat(shown["published_at"]).astimezone(clock.ZONE).date().isoformat()


def basis() -> str:
    """The articles by which agencies publish such lists."""
    return of_pack(profile().open_list_basis)


def columns() -> dict[str, str]:
    """The columns of the official form: key -> head."""
    return {
        "position": tk._("No."),
        "code": tk._("Catalogue code"),
        "title": tk._("Name of dataset"),
        "abstract": tk._("Abstract"),
        "items": tk._("Data items"),
        "domain": tk._("Data domain"),
        "tier": tk._("Opening type"),
        "conditions": tk._("Conditions of opening"),
        "delivery": tk._("Way of opening"),
        "formats": tk._("Data format"),
        "update_frequency": tk._("Frequency of updates"),
        "high_value": tk._("High-value data (category)"),
        "opened": tk._("First opened / planned"),
        "division": tk._("Division in charge"),
        "contact": tk._("Contact telephone"),
        "remark": tk._("Remarks"),
    }


def cells(item: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, str]:
    """A dataset's row in words; what is empty says so. What was never open before opens with this list."""
    words = {
        "position": str(item["position"]),
        **{name: item[name] for name in ("code", "title", "abstract", "domain", "conditions", "division", "contact")},
        "items": tk._(", ").join(item["items"]),
        "formats": tk._(", ").join(item["formats"]),
        **{
            name: label(name, item[name]) if item[name] else ""
            for name in ("tier", "delivery", "update_frequency", "high_value")
        },
        "opened": item["first_opened"] or _planned(item["planned"]) or published_on(shown),
    }
    return {name: words.get(name) or _NONE for name in columns()}


def foot(shown: Mapping[str, Any]) -> str:
    """How many datasets the agency has catalogued, and where those are that the list does not name."""
    numbers = shown["foot"]
    excluded = dict(numbers["excluded"])
    undecided, suspended = excluded.pop("undecided", 0), excluded.pop("suspended", 0)
    obtained = sum(excluded.pop(code, 0) for code in ("obtained_negotiated", "obtained_shared_in"))
    unchecked = sum(excluded.values())
    parts = (
        (
            True,
            tk._("{number} datasets catalogued, of which {open}").format(number=numbers["total"], open=_open(numbers)),
        ),
        (numbers["closed"], _closed(numbers["closed"])),
        (undecided, _counted(_inline("tier", "undecided"), undecided)),
        (suspended, _counted(tk._("suspended"), suspended)),
        (obtained, _counted(tk._("obtained by sharing or negotiation and therefore not on this list"), obtained)),
        (unchecked, _counted(tk._("still being checked and therefore not on this list"), unchecked)),
    )
    return tk._("{sentence}.").format(sentence=tk._("; ").join(text for holds, text in parts if holds))


def totals(versions: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Over several lists: agencies, datasets, and how many of them in each open tier."""
    shown = list(versions)
    return {
        "agencies": len(shown),
        "datasets": sum(version["count"] for version in shown),
        **{tier: sum(version["foot"][tier] for version in shown) for tier in ("unconditional", "conditional")},
    }


def csv_text(shown: Mapping[str, Any]) -> str:
    """The table as a file."""
    rows = (cells(item, shown).values() for item in shown["body"]["items"])
    return table_file.csv_text(columns().values(), rows)


def _planned(date: str) -> str:
    return tk._("planned for {date}").format(date=date) if date else ""


def _open(numbers: Mapping[str, Any]) -> str:
    return tk._(", ").join(_counted(_inline("tier", tier), numbers[tier]) for tier in ("unconditional", "conditional"))


def _closed(reasons: Mapping[str, int]) -> str:
    each = tk._(", ").join(f"{_inline('reason', code)} {number}" for code, number in reasons.items())
    return tk._("{counted} ({reasons})").format(
        counted=_counted(_inline("tier", "closed"), sum(reasons.values())), reasons=each
    )


def _inline(kind: str, code: str) -> str:
    """A label within a sentence."""
    words = label(kind, code)
    return words[:1].lower() + words[1:]


def _counted(what: str, number: int) -> str:
    return tk._("{what}: {number}").format(what=what, number=number)
