"""What the application's pages work out before they show it: what was typed, which datasets, what comes next."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchError, SolrConnectionError
from flask import request

from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.policy.application import FORM, deficiencies
from ckanext.shopendata.policy.refusal import Refused

__all__ = [
    "IN_PERSON",
    "MOST",
    "OF_PARTY",
    "chosen_party",
    "described",
    "ended",
    "lacking",
    "next_step",
    "others",
    "parties",
    "party",
    "timeline",
    "typed",
]

#: Datasets that one form may name.
MOST = 50
_OFFERED = 200
#: Who applies in their own name, where an organisation could be chosen.
IN_PERSON = "-"
#: What an organisation's proof says, and nobody types.
OF_PARTY = ("applicant_kind", "applicant_name", "credit_code")


def typed() -> dict[str, str]:
    """The form as it was typed. Browsers send line ends of their own kind, which must not count as two characters."""
    typed = {field.name: request.form.get(field.name, "").replace("\r\n", "\n") for field in FORM}
    if request.form.get("organisation") == IN_PERSON:
        typed |= {"applicant_kind": "natural_person", "credit_code": ""}
    return typed


def party() -> dict[str, str]:
    """For whom the form says that it applies, as ``application_save`` takes it; nothing where it was not asked."""
    chosen = request.form.get("organisation")
    return {} if chosen is None else {"organisation": "" if chosen == IN_PERSON else chosen}


def parties(application: dict[str, Any] | None) -> dict[str, dict[str, str]]:
    """Who can apply: the reader's organisations (as their agent), then the reader. Identifier -> name and state."""
    found = tk.get_action("shopendata_organisation_list")({"user": tk.current_user.name}, {"limit": 100})["results"]
    own = {one["id"]: {"name": one["name"], "state": one["state"]} for one in found if "agent" in one["functions"]}
    if application and application["submitted_at"] and (kept := application["organisation"]):
        return {kept["id"]: kept}
    return own | {IN_PERSON: {"name": "", "state": ""}}


def chosen_party(application: dict[str, Any] | None, values: dict[str, str], known: dict[str, Any]) -> str:
    """Which of them is chosen; a new form suggests the only organisation that there is."""
    typed = request.form.get("organisation")
    if typed in known:
        return str(typed)
    if application:
        own = application["organisation"]
        return own["id"] if own else IN_PERSON if values.get("applicant_kind") == "natural_person" else ""
    return next(iter(known)) if len(known) <= 2 else ""


def lacking(form: dict[str, str], datasets: list[str], organisation: str = "") -> dict[str, list[str]]:
    """What a submission would be refused for, beside what saving has already been refused for."""
    found = deficiencies({name: value.strip() for name, value in form.items()})
    if organisation:
        found = {name: code for name, code in found.items() if name not in OF_PARTY}
    if not datasets:
        found["datasets"] = "missing"
    return {name: [message(Refused(code))] for name, code in found.items()}


def described(name: str) -> dict[str, Any] | None:
    """A published dataset by its name; ``None`` for what is not public."""
    try:
        package = tk.get_action("package_show")({"user": tk.current_user.name}, {"id": name})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return None
    return _brief(package)


def others(chosen: set[str]) -> list[dict[str, Any]]:
    """Further datasets that can be applied for; none while search does not answer."""
    query = {"fq": 'tier:"conditional"', "rows": _OFFERED, "sort": "title_string asc"}
    try:
        found = tk.get_action("package_search")({"user": tk.current_user.name}, query)
    except (SearchError, SolrConnectionError):
        return []
    return [_brief(package) for package in found["results"] if package["name"] not in chosen]


def ended(application: dict[str, Any]) -> bool:
    """Whether every agency has had its last word."""
    cases = application["cases"]
    return bool(cases) and all(case["state"] in {"active", "refused", "withdrawn", "lapsed"} for case in cases)


def next_step(application: dict[str, Any], grants: list[dict[str, Any]]) -> str:
    """What the applicant should do now, or what they are waiting for. ``grants``: the applicant's access rights."""
    states = {case["state"] for case in application["cases"]}
    to_confirm = any(
        case["state"] == "agreement_pending" and not case["confirmed_by_applicant"] for case in application["cases"]
    )
    if application["state"] == "accepted":
        if to_confirm:
            return tk._("Please read and confirm the agreement")
        if states & {"in_review", "special_review", "re_examination"}:
            return tk._("Nothing to do: the agencies are reviewing")
        if "agreement_pending" in states:
            return tk._("Nothing to do: the agency has yet to confirm the agreement")
        active = {case["id"] for case in application["cases"] if case["state"] == "active"}
        if any(grant["case"] in active and grant["state"] == "active" for grant in grants):
            return tk._("Make a key and call the interface")
        return ""
    return {
        "draft": tk._("Please complete and submit it"),
        "submitted": tk._("Nothing to do: the data centre checks whether it is complete"),
        "correction_requested": tk._("Please mend the points named and submit again"),
        "not_accepted": tk._("Please read the answer"),
    }.get(application["state"], "")


def timeline(application: dict[str, Any]) -> list[dict[str, Any]]:
    """The application's way so far and the step ahead: ``label``, ``at`` (none: not yet), ``now``."""
    state, cases = application["state"], application["cases"]
    decided = [case["decided_at"] for case in cases if case["decided_at"]]
    steps: list[dict[str, Any]] = [
        {"label": tk._("Begun"), "at": application["created_at"]},
        {"label": tk._("Submitted"), "at": application["submitted_at"]},
    ]
    stops = {
        "correction_requested": tk._("To be corrected"),
        "not_accepted": tk._("Not accepted"),
        "withdrawn": tk._("Withdrawn by the applicant"),
        "lapsed": tk._("Lapsed"),
    }
    if state in stops:
        return [*(step for step in steps if step["at"]), {"label": stops[state], "at": None, "now": True}]
    steps += [
        {"label": tk._("Intake"), "at": application["accepted_at"]},
        {"label": tk._("Reviewed"), "at": max(decided) if cases and len(decided) == len(cases) else None},
        {"label": tk._("Agreement and access"), "at": None, "done": ended(application)},
    ]
    for step in steps:
        if not step["at"] and not step.get("done"):
            step["now"] = True
            break
    return steps


def _brief(package: dict[str, Any]) -> dict[str, Any]:
    organization = package.get("organization") or {}
    tiers = [extra["value"] for extra in package.get("extras", []) if extra["key"] == "tier"]
    return {
        "name": package["name"],
        "title": package["title"],
        "agency_title": organization.get("title", ""),
        "open": tiers == ["unconditional"],
    }
