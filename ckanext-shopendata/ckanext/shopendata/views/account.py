"""My profile: what I am called, how I am reached, in which language, for whom I act."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Response
from flask import request

from ckanext.shopendata.views import labels_organisation
from ckanext.shopendata.views.common import Failed, answer, back_to, do, languages, section

__all__ = ["pages"]

pages = section("account", "/profile")


@pages.get("")
def index() -> Response:
    """My profile."""
    return _index()


@pages.post("")
def save() -> Response:
    """Changes it."""
    language = request.form.get("language", "")
    typed = {name: request.form.get(name, "").strip() for name in ("name", "phone")}
    try:
        do("account_save", **typed, language=language)
    except Failed as failed:
        return _index(failed)
    tk.h.flash_success(tk._("Saved."))
    return tk.redirect_to("shopendata_account.index", **({"locale": language} if language in languages() else {}))


@pages.post("/mail")
def change_mail() -> Response:
    """Asks for another mail address: the letter goes there."""
    typed = {name: request.form.get(name, "") for name in ("mail", "password")}
    try:
        do("account_mail", **typed, language=tk.h.lang())
    except Failed as failed:
        return _index(failed)
    said = tk._("A letter with a link is on its way to the new address. Until it is opened, nothing changes.")
    return back_to("shopendata_account.index", said)


@pages.route("/mail", methods=["GET"], endpoint="mail")
def look_at_mail() -> Response:
    """Asks before the address changes: mail servers open links, too."""
    points = [tk._("Your account gets the mail address to which this link was sent; notices then go there.")]
    if not request.args.get("token"):
        return back_to("shopendata_account.index")
    return answer(
        "work/confirm.html", title=tk._("Use this mail address?"), button=tk._("Use this address"), points=points,
        back=tk.h.url_for("shopendata_account.index"), grave=False, kept=[("token", request.args["token"])],
        changeable=False, action=tk.h.url_for("shopendata_account.confirm_mail"),
    )  # fmt: skip


@pages.post("/mail/confirm")
def confirm_mail() -> Response:
    """Changes the address."""
    try:
        do("account_mail_confirm", token=request.form.get("token", ""))
    except Failed as failed:
        return _index(failed)
    return back_to("shopendata_account.index", tk._("Your account has the new mail address."))


def _index(failed: Failed | None = None) -> Response:
    account = do("account_show")
    typed = {name: request.form.get(name, account[name]) for name in ("name", "phone", "language")}
    return answer(
        "account/index.html",
        failed=failed,
        account=account,
        values=typed,
        new_mail=request.form.get("mail", ""),
        languages=languages(),
        words=labels_organisation,
    )
