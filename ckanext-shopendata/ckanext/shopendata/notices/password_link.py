"""Mails the links by which people set a password. A link is drawn for each try: one that was sent twice works once."""

from __future__ import annotations

from collections.abc import Sequence

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import mailer
from flask_babel import force_locale

from ckanext.shopendata.logic import password_link
from ckanext.shopendata.logic.notice import preference
from ckanext.shopendata.model import CredentialReset, Task
from ckanext.shopendata.notices import mail
from ckanext.shopendata.publish import outbox

__all__ = ["HANDLERS"]


def forgotten(tasks: Sequence[Task]) -> None:
    """To people who said that they forgot their password."""
    for task in tasks:
        _send(task.id, task.object_id, None)


def replaced(tasks: Sequence[Task]) -> None:
    """To people whose credentials two others have replaced."""
    for task in tasks:
        _send(task.id, model.Session.get_one(CredentialReset, task.object_id).user_id, task.object_id)


#: One at a time: a slow server must not use up the lease of those behind.
HANDLERS: dict[str, tuple[outbox.Handler, int]] = {
    password_link.FORGOTTEN: (forgotten, 1),
    password_link.REPLACED: (replaced, 1),
}


def _send(task: int, user_id: str, reset: str | None) -> None:
    """Draws and mails; the database knows the link before anybody else does."""
    user = model.Session.get(model.User, user_id)
    if user is not None and user.state == "active" and user.email:
        if not mail.configured():
            raise mail.NotTaken("no mail server is configured")
        address, (subject, body) = user.email, _letter(user, password_link.draw(user.id, reset), bool(reset))
        model.Session.commit()
        mailer.mail_recipient("", address, subject, body, headers={"Auto-Submitted": "auto-generated"})
    outbox.done(task)
    model.Session.commit()


def _letter(user: model.User, token: str, reset: bool) -> tuple[str, str]:
    with force_locale(preference(user.id).language or tk.config["ckan.locale_default"]):
        told = {
            "link": tk.h.url_for("shopendata_link.read", token=token, qualified=True),
            "site_title": tk.config["ckan.site_title"],
            "name": user.name,
            "reset": reset,
        }
        subject = tk._("{site}: set a new password").format(site=told["site_title"])
        return subject, tk.render("emails/shopendata_password_link.txt", told)
