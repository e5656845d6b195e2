"""What waits for me, and how I am told: pages of everybody who is signed in."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import request

from ckanext.shopendata.views.common import Failed, answer, back_to, do, languages, section

__all__ = ["address", "pages"]

pages = section("work", "/work")


@pages.get("")
def index() -> Response:
    """待办: what waits for me, the most urgent first."""
    waiting = do("desk_show")["work"]
    return answer(
        "work/list.html",
        waiting=[one | {"address": address(one)} for one in waiting],
        over=sum(bool(one["deadline"] and one["deadline"]["mark"] == "overdue") for one in waiting),
        kinds=kinds(),
    )


@pages.get("/notices")
def preferences() -> Response:
    """How I am told."""
    return _preferences()


@pages.post("/notices")
def save_preferences() -> Response:
    """Changes it."""
    chosen = {name: value for name, value in request.form.items() if name in groups()}
    try:
        do("preference_save", modes=chosen, language=request.form.get("language", ""))
    except Failed as failed:
        return _preferences(failed)
    return back_to("shopendata_work.preferences", tk._("Saved. It counts from the next notice on."))


def kinds() -> dict[str, str]:
    """Kinds of work (policy.work.KINDS) in words."""
    return {
        "correct": tk._("Correct my application"),
        "agree": tk._("Confirm the agreement"),
        "mend_organisation": tk._("Mend what the data centre returned"),
        "verify_organisation": tk._("Verify an organisation"),
        "take_in": tk._("Take in an application"),
        "decide_case": tk._("Decide on an application"),
        "confirm_agreement": tk._("Confirm an agreement for the agency"),
        "confirm_entries": tk._("Confirm catalogue entries"),
        "check_entries": tk._("Check catalogue entries"),
        "decide_datasets": tk._("Decide on opening types"),
        "sign_list": tk._("Sign the open list"),
        "publish_list": tk._("Publish the open list"),
    }


def groups() -> dict[str, tuple[str, str]]:
    """Groups of notices (policy.notice.Group): name and what belongs to it."""
    return {
        "own": (tk._("My applications and access"), tk._("Answers, decisions, agreements, access rights")),
        "due": (tk._("Time limits"), tk._("Reminders before and after the last day, keys about to expire")),
        "work": (tk._("New work"), tk._("Something new waits for one of my roles")),
    }


def modes() -> dict[str, str]:
    """How one is told (policy.notice.Mode)."""
    return {"now": tk._("At once"), "digest": tk._("Once a day, at eight"), "off": tk._("Not by mail")}


def address(one: dict[str, Any]) -> str:
    """The page on which this work is done; empty for what waits for others and is not the reader's to open."""
    kind = one["kind"]
    if kind in {"correct", "agree"}:
        return tk.h.url_for("shopendata_application.read", key=one["application"])
    if kind.endswith("_organisation"):
        page = "verification" if kind == "verify_organisation" else "organisation"
        return tk.h.url_for(f"shopendata_{page}.read", key=one["id"])
    if kind == "take_in":
        return "" if one["overseen"] else tk.h.url_for("shopendata_desk.application", key=one["id"])
    if kind in {"decide_case", "confirm_agreement"}:
        return tk.h.url_for("shopendata_desk.case", key=one["id"])
    if kind in {"sign_list", "publish_list"}:
        return tk.h.url_for("shopendata_openlist_work.read", agency=one["agency"])
    query = {
        "confirm_entries": {"state": "harvested"},
        "check_entries": {"state": "confirmed"},
        "decide_datasets": {"dataset_state": "proposed"},
    }[kind]
    return tk.h.url_for("shopendata_catalogue.index", agency=one["agency"], **query)


def _preferences(failed: Failed | None = None) -> Response:
    shown = do("preference_show")
    return answer(
        "work/notices.html",
        failed=failed,
        chosen={name: request.form.get(name, mode) for name, mode in shown["modes"].items()},
        allowed={
            name: [(mode, text) for mode, text in modes().items() if mode in allowed]
            for name, allowed in shown["allowed"].items()
        },
        address=shown["address"],
        language=request.form.get("language", shown["language"]),
        languages=languages(),
        groups=groups(),
        modes=modes(),
    )
