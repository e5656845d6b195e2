"""Who holds which role: for those who give and audit roles, and for everybody their own, with their substitutes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import request

from ckanext.shopendata import clock
from ckanext.shopendata.policy.people import Role
from ckanext.shopendata.policy.role import NOT_DELEGABLE
from ckanext.shopendata.views import labels
from ckanext.shopendata.views.common import (
    Failed,
    answer,
    ask,
    back_to,
    confirmed,
    do,
    download,
    left_empty,
    local_time,
    may,
    needs,
    person,
    section,
    sent,
    went_back,
)
from ckanext.shopendata.views.table_file import csv_text

pages = section("people", "/people")

_OF_AGENCY = [role.value for role in Role if role.of_agency]


@pages.get("")
def index() -> Response:
    """Who holds what, and what waits to be confirmed."""
    return _index()


@pages.get("/export.csv")
def export() -> Response:
    """The same as a table: who holds or held what, since when, by whom, until."""
    needs("role.list")
    held = do("role_list", state="all")
    names, states = labels.roles(), labels.holding_states()
    rows = [
        [
            one["user"],
            one["name"],
            names.get(one["role"], one["role"]),
            one["agency_title"] or tk._("Whole portal"),
            local_time(one["since"]),
            one["requested_by"],
            one["confirmed_by"],
            local_time(one["until"]),
            states.get(one["state"], one["state"]),
            local_time(one["ended_at"]),
            one["ended_by"],
            one["note"],
        ]
        for one in held
    ]
    return download(csv_text(_heads(), rows), "text/csv", f"roles-{clock.today().isoformat()}.csv")


@pages.get("/new")
def new() -> Response:
    """The form by which a role is asked for."""
    return _new()


@pages.post("/new")
def create() -> Response:
    """Asks for a role; another security administrator has to confirm it."""
    needs("role.request")
    typed = sent("user", "role", "agency", "number", "until", "reason")
    try:
        do("role_request", **{name: value for name, value in typed.items() if value})
    except Failed as failed:
        return _new(failed)
    return back_to(
        "shopendata_people.index", tk._("The request is recorded. Another security administrator confirms it.")
    )


@pages.get("/verify")
def verify() -> Response:
    """The form by which an account is tied to a person."""
    return _verify()


@pages.post("/verify")
def save_person() -> Response:
    """Ties an account without roles to a person."""
    needs("account.verify")
    try:
        do("account_verify", **sent("user", "number"))
    except Failed as failed:
        return _verify(failed)
    return back_to("shopendata_people.index", tk._("The account is tied to the person."))


@pages.post("/requests/<key>/confirm")
def confirm(key: str) -> Response:
    """Gives the role; the number typed has to be the one that the other person has read."""
    needs("role.request")
    number = request.form.get("number", "").strip()
    if not number:
        missing = tk._("Please type the number on the person's identity document, as you have read it yourself")
        return _index(Failed(409, {"number": [missing]}))
    return _act(tk._("The role is given."), "role_confirm", id=key, number=number)


@pages.post("/requests/<key>/decline")
def decline(key: str) -> Response:
    """Turns a request down."""
    needs("role.request")
    return _act(tk._("The request is declined."), "role_decline", id=key)


@pages.post("/holdings/<key>/revoke")
def revoke(key: str) -> Response:
    """Takes a role back, after asking."""
    needs("role.request")
    held = next((one for one in do("role_list") if one["id"] == key), None)
    if held is None:
        return _index(Failed(404, {"message": [tk._("This role has ended already")]}))
    if not confirmed():
        points = [
            f"{held['name']}（{held['user']}）",
            f"{labels.roles().get(held['role'], held['role'])} · {held['agency_title'] or tk._('Whole portal')}",
            tk._("The role ends at once, and with it the substitutes for it. Giving it again takes two people."),
        ]
        back = tk.h.url_for("shopendata_people.index")
        return ask(tk._("Take this role back?"), tk._("Take back"), points=points, back=back, grave=True)
    reason = request.form.get("reason", "").strip()
    return _act(tk._("The role has ended."), "role_revoke", id=key, **({"reason": reason} if reason else {}))


@pages.get("/mine")
def mine() -> Response:
    """One's own roles, and who stands in for whom."""
    return _mine()


@pages.post("/mine/delegate")
def delegate() -> Response:
    """Names a substitute, after asking."""
    typed = sent("holding", "substitute", "since", "until", "reason")
    empty = left_empty(typed, "holding", "substitute", "until", "reason")
    if empty or went_back():
        return _mine(empty)
    if not confirmed():
        points = [
            tk._("{name} acts in your stead from {since} to {until}.").format(
                name=typed["substitute"], since=typed["since"] or clock.today().isoformat(), until=typed["until"]
            ),
            tk._("While this runs you count as one person: neither decides what the other has proposed."),
            tk._("What is done in your stead is recorded with both names."),
        ]
        back = tk.h.url_for("shopendata_people.mine")
        return ask(
            tk._("Name this substitute?"), tk._("Name the substitute"), points=points, back=back, changeable=True
        )
    try:
        do("delegation_create", **{name: value for name, value in typed.items() if value})
    except Failed as failed:
        return _mine(failed)
    return back_to("shopendata_people.mine", tk._("The substitute is named."))


@pages.post("/mine/delegations/<key>/end")
def end_delegation(key: str) -> Response:
    """Ends a delegation, at once."""
    try:
        do("delegation_end", id=key)
    except Failed as failed:
        return _mine(failed)
    return back_to("shopendata_people.mine", tk._("The delegation has ended."))


def _act(said: str, action: str, **data: Any) -> Response:
    try:
        do(action, **data)
    except Failed as failed:
        return _index(failed)
    return back_to("shopendata_people.index", said)


def _index(failed: Failed | None = None) -> Response:
    needs("role.list")
    given = {name: request.args.get(name, "").strip() for name in ("user", "agency", "state")}
    wanted = {name: value for name, value in given.items() if value}
    try:
        held = do("role_list", **wanted)
    except Failed:
        held = []
    role = request.args.get("role", "")
    return answer(
        "people/index.html",
        failed=failed,
        held=[one for one in held if not role or one["role"] == role],
        waiting=do("role_request_list"),
        delegations=do("delegation_list", mine="false"),
        agencies=_agencies(),
        chosen=given | {"role": role},
        gives=may(person(), "role.request"),
        me=tk.current_user.name,
    )


def _new(failed: Failed | None = None) -> Response:
    needs("role.request")
    return answer(
        "people/new.html",
        failed=failed,
        agencies=_agencies(),
        of_agency=_OF_AGENCY,
        values=request.form,
    )


def _verify(failed: Failed | None = None) -> Response:
    needs("account.verify")
    return answer(
        "people/verify.html",
        failed=failed,
        values=request.form,
    )


def _mine(failed: Failed | None = None) -> Response:
    actor = person()
    held = do("role_list", user=actor.name, state="all")
    kept = {role.value for role in NOT_DELEGABLE}
    return answer(
        "people/mine.html",
        failed=failed,
        held=held,
        delegable={
            one["id"]: f"{labels.roles().get(one['role'], one['role'])} · {one['agency_title'] or tk._('Whole portal')}"
            for one in held
            if one["state"] == "live" and one["role"] not in kept
        },
        delegations=do("delegation_list"),
        values=request.form,
    )


def _agencies() -> dict[str, str]:
    return {one["name"]: one["title"] for one in do("agency_list")}


def _heads() -> list[str]:
    return [
        tk._("Account"),
        tk._("Name"),
        tk._("Role"),
        tk._("Agency"),
        tk._("Held since"),
        tk._("Asked for by"),
        tk._("Confirmed by"),
        tk._("Held until"),
        tk._("State"),
        tk._("Ended on"),
        tk._("Ended by"),
        tk._("Note"),
    ]
