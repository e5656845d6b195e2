"""Letters that carry a one-time link: to people who may have no account. They say nothing that strangers typed."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from flask_babel import force_locale

from ckanext.shopendata import clock
from ckanext.shopendata.logic import link as links
from ckanext.shopendata.model import Link, Organisation
from ckanext.shopendata.notices import mail
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.organisation import State

__all__ = ["headers", "letter"]


def letter(batch: list[Link], mail_id: str) -> dict[str, Any]:
    """The mail for one link."""
    (link,) = batch
    purpose = Purpose(link.purpose)
    with force_locale(link.language or tk.config["ckan.locale_default"]):
        told = {
            "purpose": purpose.value,
            "organisation": _name(link),
            "account": _account(purpose, link),
            "address": _address(purpose, link),
            "until": link.expires_at.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M"),
            "site_title": tk.config["ckan.site_title"],
            "login": tk.h.url_for("user.login", qualified=True, locale=link.language),
            "reset": tk.h.url_for("user.request_reset", qualified=True, locale=link.language),
        }
        subject, body = _subjects()[purpose], tk.render("emails/shopendata_link.txt", told)
    site = tk.config["ckan.site_title"]
    return {"id": mail_id, "recipient_email": link.mail, "subject": f"{site}: {subject}", "body": body}


def headers(mail_id: str) -> dict[str, str]:
    """What makes a repeated mail the same mail, and keeps machines from answering it."""
    host = mail.sender().rpartition("@")[2]
    return {"Message-ID": f"<{mail_id}@{host}>", "Auto-Submitted": "auto-generated"}


def _subjects() -> dict[Purpose, str]:
    return {
        Purpose.REGISTER: tk._("Your registration"),
        Purpose.KNOWN: tk._("You have an account already"),
        Purpose.MAIL: tk._("Your new mail address"),
        Purpose.LEFT: tk._("Your account has another mail address"),
        Purpose.INVITE: tk._("You are asked to act for an organisation"),
        Purpose.FORGOTTEN: tk._("Set a new password"),
        Purpose.RESET: tk._("Set a new password"),
    }


def _address(purpose: Purpose, link: Link) -> str:
    endpoint = {
        Purpose.REGISTER: "shopendata_registration.begin",
        Purpose.MAIL: "shopendata_account.mail",
        Purpose.INVITE: "shopendata_invitation.read",
        Purpose.FORGOTTEN: "shopendata_password.read",
        Purpose.RESET: "shopendata_password.read",
    }.get(purpose)
    secret = links.secret(link.id)
    return tk.h.url_for(endpoint, token=secret, qualified=True, locale=link.language) if endpoint else ""


def _account(purpose: Purpose, link: Link) -> str:
    """By what somebody signs in whose password is to be set."""
    user = model.User.get(link.user_id) if purpose in {Purpose.FORGOTTEN, Purpose.RESET, Purpose.LEFT} else None
    return user.name if user else ""


def _name(link: Link) -> str:
    """The organisation's name where the data centre has verified it: any other could be an advertisement."""
    found = model.Session.get(Organisation, link.organisation_id) if link.organisation_id else None
    return found.name if found and found.state == State.VERIFIED.value else ""
