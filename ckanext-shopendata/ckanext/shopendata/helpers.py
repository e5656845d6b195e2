"""What templates ask for: words for codes, facts of a dataset, the open list of an agency."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import g

from ckanext.shopendata import config, demonstration
from ckanext.shopendata.hardening import readonly
from ckanext.shopendata.labels import label

__all__ = ["helpers"]


def shopendata_extras(package: Mapping[str, Any]) -> dict[str, str]:
    """The extras of a package by their names."""
    return {extra["key"]: extra["value"] for extra in package.get("extras") or []}


def shopendata_facts(package: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the catalogue says of a dataset, in the order in which it is read; what is unknown is left out."""
    extras = shopendata_extras(package)
    facts = (
        (tk._("Catalogue code"), extras.get("catalogue_code")),
        (tk._("Data domain"), extras.get("data_domain")),
        (tk._("Frequency of updates"), _coded("update_frequency", extras)),
        (tk._("High-value data"), _coded("high_value", extras)),
        (tk._("Catalogue"), _coded("catalogue_level", extras)),
        (tk._("Division in charge"), extras.get("division")),
        (tk._("Contact telephone"), extras.get("contact")),
        (tk._("First issued"), extras.get("issued")),
        (tk._("Data updated"), extras.get("modified")),
    )
    return [(name, value) for name, value in facts if value]


def shopendata_conditions(text: str) -> list[str]:
    """Conditions of opening, one by one: agencies write them in a row."""
    return [one.strip(" 。") for one in re.split(r"[；;\n]", text) if one.strip(" 。")]


def shopendata_open_list(agency: str) -> dict[str, Any] | None:
    """The current open list of an agency, by its name and without its body; ``None``: it has published none."""
    if "shopendata_open_lists" not in g:
        current = tk.get_action("shopendata_openlist_list")({"user": ""}, {})
        g.shopendata_open_lists = {version["agency"]["name"]: version for version in current}
    return g.shopendata_open_lists.get(agency)


def shopendata_identity_provider() -> str:
    """What the provider is called whose accounts may sign in here, in the reader's language; empty: there is none."""
    return config.oidc_name(str(tk.h.lang())) if config.oidc_issuer() else ""


def _coded(kind: str, extras: Mapping[str, str]) -> str:
    return label(kind, extras[kind]) if extras.get(kind) else ""


def helpers() -> dict[str, Callable[..., Any]]:
    """All of them, by their names in templates."""
    return {
        "shopendata_identity_provider": shopendata_identity_provider,
        "shopendata_conditions": shopendata_conditions,
        "shopendata_demonstration": demonstration.marked,
        "shopendata_extras": shopendata_extras,
        "shopendata_facts": shopendata_facts,
        "shopendata_label": label,
        "shopendata_maintenance": readonly.standing,
        "shopendata_source_url": config.source_url,
        "shopendata_open_list": shopendata_open_list,
    }
