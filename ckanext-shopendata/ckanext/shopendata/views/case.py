"""A case of an agency: its decision, the agreement, the access rights that came of it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.logic.command import Actor
from ckanext.shopendata.policy.application import FORM
from ckanext.shopendata.profile import profile
from ckanext.shopendata.views import labels_form
from ckanext.shopendata.views.common import Failed, answer, ask, back_to, confirmed, do, may, person, see, went_back
from ckanext.shopendata.views.desk import pages

__all__ = ["pages"]

_GRANT_VERBS = {"active": ("suspend", "revoke"), "suspended": ("resume", "revoke")}


@pages.get("/cases/<key>")
def case(key: str) -> Response:
    """One case with all that deciding needs."""
    return _case(key)


@pages.post("/cases/<key>/decide")
def decide(key: str) -> Response:
    """Grants, grants less, or refuses; after asking."""
    shown = see("case_show", id=key)
    chosen, verb = _chosen(shown), request.form.get("verb", "")
    if went_back():
        return _case(key)
    if problems := _problems(shown, chosen, verb):
        return _case(key, Failed(409, problems))
    reason = request.form.get("reason", "") if verb != "grant" else ""
    opinion = request.form.get("opinion", "").strip()
    if not confirmed():
        return ask(
            tk._("Decide like this?"), verbs()[verb], points=_told(shown, chosen, verb, reason, opinion),
            back=tk.h.url_for("shopendata_desk.case", key=key), grave=verb == "refuse",
            changeable=True,
        )  # fmt: skip
    data: dict[str, Any] = {"verb": verb, "opinion": opinion}
    if verb != "grant":
        data["reason"] = reason
    if verb == "grant_reduced":
        data["items"] = chosen
    return _act(key, tk._("The decision is recorded; the applicant can read it."), "case_decide", id=key, **data)


@pages.post("/cases/<key>/agreement")
def confirm_agreement(key: str) -> Response:
    """The agency's confirmation of the agreement, by its signer; after asking."""
    shown = see("case_show", id=key)
    if not confirmed():
        points = [
            tk._("You confirm the data use agreement with {applicant} for {agency}.").format(
                applicant=shown["application"]["form"].get("applicant_name", ""), agency=shown["agency_title"]
            ),
            tk._("This is an online confirmation, not an electronic signature."),
        ]
        back = tk.h.url_for("shopendata_desk.case", key=key)
        return ask(tk._("Confirm the agreement?"), tk._("Confirm online"), points=points, back=back)
    return _act(key, tk._("The agreement is confirmed for the agency."), "agreement_confirm", id=key)


@pages.post("/cases/<key>/extend")
def extend(key: str) -> Response:
    """延期: more working days to decide, by the agency's head; after asking."""
    shown = see("case_show", id=key)
    days, reason = request.form.get("days", "").strip(), request.form.get("extension_reason", "").strip()
    if went_back():
        return _case(key)
    problems = {}
    if not days.isdecimal():
        problems["days"] = [tk._("Please give a number.")]
    if not reason:
        problems["extension_reason"] = [tk._("Please say why: the applicant reads it.")]
    if problems:
        return _case(key, Failed(409, problems))
    if not confirmed():
        points = [
            tk._("Application {number}: {days} working days more to decide.").format(
                number=shown["application"]["number"], days=days
            ),
            tk._("Reason: {reason}").format(reason=reason),
            tk._("This is possible once. The applicant is told at once."),
        ]
        back = tk.h.url_for("shopendata_desk.case", key=key)
        return ask(tk._("Extend the time to decide?"), tk._("Extend"), points=points, back=back, changeable=True)
    return _act(key, tk._("The time to decide has been extended."), "case_extend", id=key, days=days, reason=reason)


@pages.post("/cases/<key>/grant")
def change_grant(key: str) -> Response:
    """Suspends, resumes or revokes an access right of the case, with a note; after asking."""
    shown = see("case_show", id=key)
    grant = next((one for one in shown["grants"] if one["id"] == request.form.get("grant")), None)
    verb, note = request.form.get("verb", ""), request.form.get("note", "").strip()
    if grant is None or verb not in grant_verbs():
        abort(404)
    if not note:
        return _case(key, Failed(409, {"note": [tk._("Please say why: the note is kept with the event.")]}))
    if not confirmed():
        told = {
            "suspend": tk._("All keys of this access right are refused from the next call on, until it is resumed."),
            "resume": tk._("The keys of this access right work again."),
            "revoke": tk._("The access right and all its keys end for good."),
        }
        points = [grant["dataset"]["title"], told[verb], note]
        back = tk.h.url_for("shopendata_desk.case", key=key)
        title = tk._("{verb} this access right?").format(verb=grant_verbs()[verb])
        return ask(title, grant_verbs()[verb], points=points, back=back, grave=verb != "resume")
    return _act(key, tk._("Done."), f"grant_{verb}", id=grant["id"], note=note)


def verbs() -> dict[str, str]:
    """Decisions on a case."""
    return {
        "grant": tk._("Grant as asked for"),
        "grant_reduced": tk._("Grant in part"),
        "refuse": tk._("Do not grant"),
    }


def grant_verbs() -> dict[str, str]:
    """What can be done to an access right."""
    return {"suspend": tk._("Suspend"), "resume": tk._("Resume"), "revoke": tk._("Revoke")}


def _act(key: str, said: str, action: str, **data: Any) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _case(key, failed)
    return back_to("shopendata_desk.case", said, key=key)


def _case(key: str, failed: Failed | None = None) -> Response:
    shown, actor = see("case_show", id=key), person()
    agency, typed = shown["agency_id"], request.form
    asked = {f"{one['id']}:{item['code']}" for one in shown["datasets"] for item in one["items"]}
    return answer(
        "desk/case.html",
        failed=failed,
        case=shown,
        application=shown["application"],
        fields=FORM,
        words=labels_form,
        verbs=verbs(),
        grant_verbs=grant_verbs(),
        grant_steps=_GRANT_VERBS,
        decides=shown["state"] == "in_review" and may(actor, "case.decide", agency),
        confirms=shown["state"] == "agreement_pending"
        and not shown["confirmed_by_provider"]
        and may(actor, "agreement.confirm", agency),
        extends=_extension(shown, actor),
        moves={verb for verb in grant_verbs() if may(actor, f"grant.{verb}", agency)},
        values=typed,
        ticked=set(typed.getlist("item")) if "opinion" in typed else asked,
    )


def _extension(shown: dict[str, Any], actor: Actor) -> int:
    """By how many working days the reader may extend the time to decide; 0: not at all."""
    open_ = shown["state"] == "in_review" and not shown["extended_by"] and shown["deadline"]["mark"] != "overdue"
    return profile().periods["decision"].extension if open_ and may(actor, "case.extend", shown["agency_id"]) else 0


def _chosen(shown: dict[str, Any]) -> dict[str, list[str]]:
    """Dataset -> codes of the ticked items."""
    ticked = set(request.form.getlist("item"))
    return {
        one["id"]: [item["code"] for item in one["items"] if f"{one['id']}:{item['code']}" in ticked]
        for one in shown["datasets"]
    }


def _problems(shown: dict[str, Any], chosen: dict[str, list[str]], verb: str) -> dict[str, list[str]]:
    """What an official would want to be asked about first: ticks and verb that contradict each other."""
    problems = {}
    asked = sum(len(one["items"]) for one in shown["datasets"])
    ticked = sum(len(codes) for codes in chosen.values())
    if verb not in verbs():
        problems["verb"] = [tk._("Please choose a decision.")]
    if verb == "grant" and ticked != asked:
        problems["items"] = [tk._("Some items are not ticked: choose “Grant in part”, or tick all.")]
    if verb == "grant_reduced" and ticked == asked:
        problems["items"] = [tk._("All items are ticked: untick what is not granted, or choose “Grant as asked for”.")]
    if verb == "grant_reduced" and not all(chosen.values()):
        problems["items"] = [tk._("Please tick at least one item of each dataset.")]
    if verb in {"grant_reduced", "refuse"} and request.form.get("reason") not in labels_form.refusals():
        problems["reason"] = [tk._("Please choose a reason.")]
    if not request.form.get("opinion", "").strip():
        problems["opinion"] = [tk._("Please write the opinion that the applicant reads.")]
    return problems


def _told(shown: dict[str, Any], chosen: dict[str, list[str]], verb: str, reason: str, opinion: str) -> list[str]:
    points = [tk._("Decision: {verb}").format(verb=verbs()[verb])]
    if verb == "grant_reduced":
        left = [i["name"] for one in shown["datasets"] for i in one["items"] if i["code"] not in chosen[one["id"]]]
        points.append(tk._("Not granted: {items}").format(items="、".join(left)))
    if reason:
        points.append(tk._("Reason: {reason}").format(reason=labels_form.refusals()[reason]))
    points.append(tk._("Opinion: {opinion}").format(opinion=opinion))
    points.append(tk._("A decision cannot be taken back here; the applicant reads it at once."))
    return points
