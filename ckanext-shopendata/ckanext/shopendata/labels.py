"""The code words of the domain as people read them, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

import ckan.plugins.toolkit as tk

from ckanext.shopendata.policy.classification import Tier
from ckanext.shopendata.policy.profile import Label
from ckanext.shopendata.profile import profile

__all__ = ["choices", "label", "of_pack"]


def label(kind: str, code: str) -> str:
    """The words for a code of a kind (see :data:`_KINDS`); an unknown code stands for itself.

    ``tier`` and ``reason`` are the jurisdiction pack's words; an unknown tier reads as undecided.
    """
    if kind == "tier":
        return of_pack(profile().tiers[Tier.read(code)])
    if kind == "reason" and code in profile().reason_labels:
        return of_pack(profile().reason_labels[code])
    return _KINDS[kind]().get(code, code)


def choices(kind: str) -> dict[str, str]:
    """All codes of a kind with their words, in the order in which they are offered."""
    return _KINDS[kind]()


def of_pack(words: Label) -> str:
    """A pack's words in the reader's language, else in the portal's."""
    language = tk.h.lang() or tk.config["ckan.locale_default"]
    return words.zh if language.startswith("zh") else words.en


def _reason() -> dict[str, str]:
    return {"unstated": tk._("reason not stated")}


def _update_frequency() -> dict[str, str]:
    return {
        "realtime": tk._("Real time"),
        "daily": tk._("Daily"),
        "weekly": tk._("Weekly"),
        "monthly": tk._("Monthly"),
        "quarterly": tk._("Quarterly"),
        "semiannual": tk._("Every six months"),
        "annual": tk._("Yearly"),
        "irregular": tk._("Irregular"),
        "static": tk._("Static data"),
        "other": tk._("Other"),
    }


def _acquisition() -> dict[str, str]:
    return {
        "direct": tk._("Collected directly"),
        "delegated": tk._("Collected on its behalf"),
        "produced": tk._("Produced in its work"),
        "negotiated": tk._("Obtained by negotiation"),
        "shared_in": tk._("Obtained by sharing"),
    }


def _high_value() -> dict[str, str]:
    return {
        "livelihood": tk._("Closely tied to people's livelihood"),
        "urgent": tk._("Urgently needed by society"),
        "commercial": tk._("High commercial potential"),
    }


def _delivery() -> dict[str, str]:
    return {"download": tk._("Download"), "interface": tk._("Data interface")}


def _catalogue_level() -> dict[str, str]:
    return {"city": tk._("City catalogue"), "district": tk._("District supplementary catalogue")}


def _agency_kind() -> dict[str, str]:
    return {
        "administrative": tk._("Administrative organ"),
        "institution": tk._("Public institution"),
        "utility": tk._("Public utility"),
        "central": tk._("Local office of a central body"),
        "district": tk._("District government"),
    }


def _agency_level() -> dict[str, str]:
    return {"city": tk._("City"), "district": tk._("District")}


def _dataset_state() -> dict[str, str]:
    return {
        "undecided": tk._("To be decided"),
        "proposed": tk._("Proposed"),
        "unit_review": tk._("Under review by the agency"),
        "special_review": tk._("Under special review"),
        "decided": tk._("Decided"),
        "listed": tk._("On the open list"),
        "published": tk._("Open to the public"),
        "suspended": tk._("Suspended"),
        "superseded": tk._("Superseded"),
        "withdrawn": tk._("Withdrawn"),
    }


def _list_state() -> dict[str, str]:
    return {
        "drafting": tk._("Being drafted"),
        "unit_signing": tk._("Waiting for signature"),
        "filed": tk._("Signed and filed"),
        "consulting": tk._("In consultation"),
        "published": tk._("Current version"),
        "superseded": tk._("Earlier version"),
    }


def _column_type() -> dict[str, str]:
    """PostgreSQL's names of the types that tables of open datasets have."""
    number, moment = tk._("Number"), tk._("Date and time")
    return {
        "text": tk._("Text"),
        "int": tk._("Whole number"),
        "int4": tk._("Whole number"),
        "int8": tk._("Whole number"),
        "bigint": tk._("Whole number"),
        "numeric": number,
        "float8": number,
        "date": tk._("Date"),
        "time": tk._("Time"),
        "timestamp": moment,
        "timestamptz": moment,
        "bool": tk._("Yes or no"),
        "boolean": tk._("Yes or no"),
    }


_KINDS: dict[str, Callable[[], dict[str, str]]] = {
    "reason": _reason,
    "update_frequency": _update_frequency,
    "acquisition": _acquisition,
    "high_value": _high_value,
    "delivery": _delivery,
    "catalogue_level": _catalogue_level,
    "agency_kind": _agency_kind,
    "agency_level": _agency_level,
    "dataset_state": _dataset_state,
    "list_state": _list_state,
    "column_type": _column_type,
}
