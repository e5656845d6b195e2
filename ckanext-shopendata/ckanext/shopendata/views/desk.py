"""The reviewers' pages: what waits for them, intake of applications, decisions on cases, access rights given."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import abort, request

from ckanext.shopendata.policy.application import FORM, CaseState, State
from ckanext.shopendata.views import application_form as forms
from ckanext.shopendata.views import labels_form
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    forbidden,
    may,
    may_somewhere,
    person,
    section,
    see,
    went_back,
)

pages = section("desk", "/desk")

#: Rows of a deficiency notice: what was typed, and some empty ones.
BLANK_POINTS, MOST_POINTS = 5, 40
_PER_PAGE = 50


@pages.get("")
def index() -> Response:
    """What waits for me."""
    actor = person()
    if not any(may_somewhere(actor, verb) for verb in ("application.read", "case.read", "entry.read")):
        forbidden()
    waiting = do("desk_show")
    number = min(max(request.args.get("page", 1, type=int), 1), 1000)
    data: dict[str, Any] = {"waiting": waiting, "number": number}
    if may_somewhere(actor, "application.read"):
        state = _one_of(State, request.args.get("applications"), State.SUBMITTED.value)
        found = do("application_list", mine="false", state=state, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
        data |= {"applications": found, "application_state": state}
    if may_somewhere(actor, "case.read"):
        busy = [one.value for one in CaseState if waiting["cases"].get(one.value)]
        state = _one_of(CaseState, request.args.get("cases"), busy[0] if busy else CaseState.IN_REVIEW.value)
        found = do("case_list", state=state, limit=_PER_PAGE, offset=(number - 1) * _PER_PAGE)
        data |= {"cases": found, "case_state": state}
    return answer("desk/index.html", last=_last(data), **data)


@pages.get("/applications/<key>")
def application(key: str) -> Response:
    """One application, for those who take it in and those who supervise."""
    return _application(key)


@pages.post("/applications/<key>/accept")
def accept(key: str) -> Response:
    """受理, after asking."""
    shown = _seen(key)
    agencies = sorted({dataset["agency_title"] for dataset in shown["datasets"]})
    if not confirmed():
        points = [
            tk._("Application {number} is complete and is taken in.").format(number=shown["number"]),
            tk._("These agencies get it for review: {agencies}").format(agencies="、".join(agencies)),
        ]
        return ask(tk._("Accept this application?"), tk._("Accept"), points=points, back=_address(key))
    return _intake(key, tk._("The application has been accepted and is with the agencies."), "application_accept", {})


@pages.post("/applications/<key>/correct")
def correct(key: str) -> Response:
    """补正: all points in one notice, after asking."""
    _seen(key)
    points = _points()
    if went_back():
        return _application(key)
    if not any(point["text"] for point in points) or any(point["field"] and not point["text"] for point in points):
        missing = tk._("Please write for each point what to hand in; leave rows that are not needed empty.")
        return _application(key, Failed(409, {"points": [missing]}))
    if not confirmed():
        known = labels_form.fields()
        lines = [f"{known.get(one['field'], ('',))[0] or tk._('General')}：{one['text']}" for one in points]
        lines.append(tk._("The applicant is told these points at once; the time limit stands still until the answer."))
        return ask(
            tk._("Send this notice?"), tk._("Send the notice"), points=lines, back=_address(key), changeable=True
        )
    said = tk._("The notice has been sent to the applicant.")
    return _intake(key, said, "application_correct", {"points": points})


@pages.post("/applications/<key>/refuse")
def refuse(key: str) -> Response:
    """不予受理, with an answer, after asking."""
    _seen(key)
    if went_back():
        return _application(key)
    text = request.form.get("answer", "").strip()
    if not text:
        said = tk._("Please say why, and where the applicant can turn to instead.")
        return _application(key, Failed(409, {"answer": [said]}))
    if not confirmed():
        points = [text, tk._("The application ends here. The applicant reads this answer.")]
        title, button = tk._("Do not accept this application?"), tk._("Do not accept")
        return ask(title, button, points=points, back=_address(key), grave=True, changeable=True)
    said = tk._("The application has been answered as not accepted.")
    return _intake(key, said, "application_refuse", {"answer": text})


def _intake(key: str, said: str, action: str, data: dict[str, Any]) -> Response:
    try:
        do(action, id=key, **data)
    except Failed as failed:
        return _application(key, failed)
    return back_to("shopendata_desk.index", said)


def _seen(key: str) -> dict[str, Any]:
    """An application by right of a role: that it is one's own opens the applicant's page, not this one."""
    shown, actor = see("application_show", id=key), person()
    centre = may(actor, "application.read")
    mine = actor.agencies("case.read")
    if not centre and (not mine or not any(_in(case, mine) for case in shown["cases"])):
        abort(404)
    return shown


def _in(case: dict[str, Any], agencies: set[str]) -> bool:
    return see("agency_show", id=case["agency"])["id"] in agencies


def _application(key: str, failed: Failed | None = None) -> Response:
    shown, actor = _seen(key), person()
    typed = _points()
    return answer(
        "desk/application.html",
        failed=failed,
        application=shown,
        fields=FORM,
        words=labels_form,
        timeline=forms.timeline(shown),
        intake=shown["state"] == "submitted" and may(actor, "application.intake"),
        points=[*typed, *({"field": "", "text": ""} for _ in range(BLANK_POINTS))],
        point_fields=_point_fields(),
        reply=request.form.get("answer", ""),
    )


def _points() -> list[dict[str, str]]:
    rows = zip(request.form.getlist("point_field"), request.form.getlist("point_text"), strict=False)
    given = [{"field": field, "text": text.strip()} for field, text in rows][:MOST_POINTS]
    return [point for point in given if point["field"] or point["text"]]


def _point_fields() -> dict[str, str]:
    return {"datasets": tk._("Datasets")} | {name: text[0] for name, text in labels_form.fields().items()}


def _one_of(states: Any, given: str | None, default: str) -> str:
    return given if given and given in {one.value for one in states} else default


def _last(data: dict[str, Any]) -> int:
    counts = [data[name]["count"] for name in ("applications", "cases") if name in data]
    return max([1, *(-(-count // _PER_PAGE) for count in counts)])


def _address(key: str) -> Any:
    return tk.h.url_for("shopendata_desk.application", key=key)
