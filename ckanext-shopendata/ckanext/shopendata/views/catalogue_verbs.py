"""What can be done to entries and datasets in bulk: in which state, by whom, with which fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request

from ckanext.shopendata.logic.command import Actor
from ckanext.shopendata.policy import catalogue, classification
from ckanext.shopendata.profile import profile
from ckanext.shopendata.views import labels
from ckanext.shopendata.views.common import may

__all__ = ["MOST", "VERBS", "Verb", "applicable", "basis_text", "words"]

#: How many entries one bulk change may reach.
MOST = 5000
_DOCUMENT = ("title", "number", "signer", "signed_on")


@dataclass(frozen=True)
class Verb:
    """A bulk change: its permission and action, whether it is about entries or their datasets, its form's data."""

    name: str
    kind: str
    data: Callable[[], dict[str, Any]]

    @property
    def permission(self) -> str:
        """The policy's word."""
        return f"{self.kind}.{self.name}"

    @property
    def action(self) -> str:
        """The action's name."""
        return f"{self.kind}_{self.name}"

    def target(self, row: dict[str, Any]) -> str:
        """What of a row of the table the action is about."""
        return row["id"] if self.kind == "entry" else row["dataset"]["id"]

    def fits(self, row: dict[str, Any]) -> bool:
        """Whether the row's state allows it."""
        state = catalogue.EntryState(row["state"])
        if self.name == "complete":
            return state is not catalogue.EntryState.REJECTED
        if self.kind == "entry":
            return self.name in catalogue.TRANSITIONS[state]
        if self.name == "decide" and row["state"] not in {"confirmed", "checked"}:
            return False
        return self.name in classification.TRANSITIONS[classification.DatasetState(row["dataset"]["state"])]


def applicable(actor: Actor, row: dict[str, Any]) -> set[str]:
    """The verbs that somebody may do to a row now. Nobody is offered to decide what they proposed."""
    proposal = row["dataset"]["proposal"]
    own = proposal is not None and proposal["proposed_by"] == actor.id
    return {
        verb.name
        for verb in VERBS.values()
        if verb.fits(row) and may(actor, verb.permission, row["agency"]["id"]) and not (own and verb.name == "decide")
    }


def words() -> dict[str, str]:
    """What the verbs are called."""
    return {
        "confirm": tk._("Confirm as ours"),
        "complete": tk._("State acquisition"),
        "propose": tk._("Propose a tier"),
        "decide": tk._("Decide the tier"),
        "check": tk._("Pass the check"),
        "return": tk._("Return to the agency"),
        "reject": tk._("Take out of the catalogue"),
    }


def basis_text(basis: dict[str, str]) -> str:
    """A legal basis in the pack's words, or in its own."""
    for known, label in profile().bases:
        if (known.rule, known.article) == (basis.get("rule"), basis.get("article", "")):
            return labels.of_pack(label)
    return " ".join(part for part in (basis.get("rule", ""), basis.get("article", "")) if part)


def _given(*names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := request.form.get(name, "").strip())}


def _grounds() -> dict[str, Any]:
    """Tier, reasons, bases (positions in the pack), conditions and note, as far as given."""
    data = _given("tier", "conditions", "note")
    if reasons := request.form.getlist("reasons"):
        data["reasons"] = reasons
    known = [basis for basis, _ in profile().bases]
    chosen = [int(one) for one in request.form.getlist("bases") if one.isascii() and one.isdigit()]
    if bases := [known[one] for one in chosen if one < len(known)]:
        data["bases"] = [{"rule": one.rule, "article": one.article, "kind": one.kind} for one in bases]
    return data


def _decision() -> dict[str, Any]:
    data = _grounds()
    if days := [day for day in re.split(r"[\s,，、;；]+", request.form.get("review_by", "").strip()) if day]:
        data["review_by"] = days
    document = {name: request.form.get(f"document_{name}", "").strip() for name in _DOCUMENT}
    if any(document.values()):
        data["document"] = {name: value for name, value in document.items() if value}
    return data


VERBS = {
    verb.name: verb
    for verb in (
        Verb("confirm", "entry", dict),
        Verb("complete", "entry", lambda: _given("acquisition_method", "reason")),
        Verb("propose", "dataset", _grounds),
        Verb("decide", "dataset", _decision),
        Verb("check", "entry", dict),
        Verb("return", "entry", lambda: _given("note")),
        Verb("reject", "entry", lambda: _given("reason", "note")),
    )
}
