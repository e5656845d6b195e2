"""Where an invitation to an organisation leads: to sign in, to register, or to accept."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import Blueprint, request

from ckanext.shopendata.views import labels_organisation
from ckanext.shopendata.views.common import Failed, answer, back_to, do

__all__ = ["pages"]

pages = Blueprint("shopendata_invitation", __name__, url_prefix="/invitation")


@pages.get("")
def read() -> Response:
    """What one is asked to do. Strangers sign in or register first: the page says nothing to them."""
    token = request.args.get("token", "")
    if tk.current_user.is_anonymous:
        here = tk.h.url_for("shopendata_invitation.read", token=token)
        return answer("organisation/invited.html", token=token, here=here, invitation=None)
    return _read(token)


@pages.post("")
def accept() -> Response:
    """Accepts it."""
    token = request.form.get("token", "")
    if tk.current_user.is_anonymous:
        return tk.redirect_to("user.login", came_from=tk.h.url_for("shopendata_invitation.read", token=token))
    try:
        organisation = do("invitation_accept", token=token)
    except Failed as failed:
        return _read(token, failed)
    said = tk._("You are a member of the organisation now.")
    return back_to("shopendata_organisation.read", said, key=organisation["id"])


def _read(token: str, failed: Failed | None = None) -> Response:
    try:
        invitation = do("invitation_show", token=token)
    except Failed as dead:
        return answer("registration/dead.html", failed=failed or dead)
    return answer(
        "organisation/invited.html",
        failed=failed,
        token=token,
        here="",
        invitation=invitation,
        words=labels_organisation,
    )
