"""What notices say, in the recipient's language. They name numbers and days; everything else stands in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

__all__ = ["link", "sentence"]


def sentence(moment: str, data: Mapping[str, Any]) -> str:
    """One sentence that says what happened."""
    known = {"number": "", "agency": "", "due": "", "since": "", "hint": "", "expires": "", **data}
    return " ".join(part.format_map(known) for part in (_sentences()[moment], _until(moment, data)) if part)


def link(moment: str, object_id: str, data: Mapping[str, Any]) -> str:
    """The page where the matter stands, for whom the notice is."""
    endpoint, key = _pages().get(moment, ("shopendata_application.index", ""))
    return tk.h.url_for(endpoint, qualified=True, **({"key": data.get(key) or object_id} if key else {}))


def _until(moment: str, data: Mapping[str, Any]) -> str:
    asks = moment.endswith((".to_take_in", ".to_decide", ".to_confirm", ".waits", ".correction"))
    if not asks:
        return ""
    return tk._("Last day: {due}.") if data.get("due") else ""


def _sentences() -> dict[str, str]:
    return {
        "application.submitted": tk._("Your application {number} has been submitted."),
        "application.to_take_in": tk._("Application {number} waits to be taken in."),
        "application.correction": tk._("Your application {number} needs correction: please read the notice."),
        "application.accepted": tk._("Your application {number} has been accepted and is with the agencies."),
        "application.not_accepted": tk._("Your application {number} has not been accepted: please read the answer."),
        "application.lapsed": tk._("Your application {number} has lapsed, because it was not corrected in time."),
        "intake.near": tk._("Application {number} is to be taken in by {due}."),
        "intake.over": tk._("Application {number} was to be taken in by {due}: the time limit is over."),
        "intake.overseen": tk._("Application {number} was to be taken in by {due} and has not been."),
        "correction.near": tk._("Your application {number} is to be corrected by {due}."),
        "correction.over": tk._("Your application {number} was to be corrected by {due} and may now lapse."),
        "case.to_decide": tk._("Application {number} waits for the decision of: {agency}."),
        "case.extended": tk._("{agency} has extended its time to decide on your application {number}, to {due}."),
        "case.decided": tk._("{agency} has decided on your application {number}: please read the decision."),
        "case.near": tk._("Application {number} is to be decided by {due} ({agency})."),
        "case.over": tk._("Application {number} was to be decided by {due} ({agency}): the time limit is over."),
        "case.overseen": tk._("Application {number} was to be decided by {due} ({agency}) and has not been."),
        "agreement.waits": tk._(
            "{agency} has decided on your application {number}. The agreement waits for your confirmation."
        ),
        "agreement.to_confirm": tk._("The agreement on application {number} waits for the confirmation of: {agency}."),
        "agreement.near": tk._("The agreement with {agency} on your application {number} is to be confirmed by {due}."),
        "agreement.over": tk._(
            "The agreement with {agency} on your application {number} was to be confirmed by {due}: the time is over."
        ),
        "grant.active": tk._("Your access to the data of {agency} (application {number}) is active: make a key."),
        "grant.suspended": tk._(
            "{agency} has suspended your access to its data (application {number}): keys are refused."
        ),
        "grant.held": tk._(
            "Your access to the data of {agency} (application {number}) is suspended until the agency has seen who acts"
            " for your organisation now."
        ),
        "grant.to_resume": tk._(
            "Other people act for the organisation of application {number} now. Its access to data of {agency} is"
            " suspended: please let it run again, or revoke it."
        ),
        "grant.resumed": tk._("Your access to the data of {agency} (application {number}) runs again."),
        "grant.revoked": tk._(
            "{agency} has revoked your access to its data (application {number}); its keys have ended."
        ),
        "organisation.to_verify": tk._("An applicant organisation waits to be verified."),
        "organisation.verified": tk._("Your organisation has been verified: it can submit applications now."),
        "organisation.returned": tk._("Your organisation could not be verified yet: please read the reasons."),
        "organisation.joined": tk._("Somebody has accepted your invitation to your organisation."),
        "organisation.taken_over": tk._("You have taken over work for your organisation from another member."),
        "key.expiring": tk._("Your key ending in {hint} expires on {expires}."),
        "account.locked": tk._(
            "Somebody has tried too often to sign in to your account or to guess your code: it is closed for 15"
            " minutes. If this was not you, change your password afterwards."
        ),
        "account.device": tk._(
            "A device for codes has been set up for your account. If this was not you, tell a security administrator"
            " at once."
        ),
        "account.password": tk._(
            "The password or the mail address of your account has been changed. If this was not you, tell a security"
            " administrator at once."
        ),
        "account.reset_asked": tk._(
            "A security administrator has asked for the credentials of your account to be replaced. If you have not"
            " asked for that, tell another security administrator at once."
        ),
        "role.given": tk._("You have been given a role. If you do not know why, tell a security administrator."),
        "role.ending": tk._("A role of yours ends on {due}. Ask the security administrators if you need it longer."),
        "role.ended": tk._("A role of yours has ended."),
        "role.stands_in": tk._("You act in somebody's stead from {since} to {due}. You count as one person meanwhile."),
    }


def _pages() -> dict[str, tuple[str, str]]:
    """Moment -> (endpoint, name of the value in the notice's data that the address needs)."""
    mine = dict.fromkeys(
        (
            "application.submitted", "application.correction", "application.accepted", "application.not_accepted",
            "application.lapsed", "correction.near", "correction.over", "case.extended", "case.decided",
            "agreement.waits", "agreement.near", "agreement.over",
        ),
        ("shopendata_application.read", "application"),
    )  # fmt: skip
    intake = dict.fromkeys(
        ("application.to_take_in", "intake.near", "intake.over"), ("shopendata_desk.application", "application")
    )
    cases = dict.fromkeys(
        ("case.to_decide", "case.near", "case.over", "case.overseen", "agreement.to_confirm", "grant.to_resume"),
        ("shopendata_desk.case", "case"),
    )
    ours = dict.fromkeys(
        ("organisation.verified", "organisation.returned", "organisation.joined", "organisation.taken_over"),
        ("shopendata_organisation.read", "organisation"),
    )
    verify = {"organisation.to_verify": ("shopendata_verification.read", "organisation")}
    account = dict.fromkeys(
        ("account.locked", "account.device", "account.password", "account.reset_asked"),
        ("shopendata_security.index", ""),
    )
    roles = dict.fromkeys(("role.given", "role.ending", "role.ended", "role.stands_in"), ("shopendata_people.mine", ""))
    overseen = {"intake.overseen": ("shopendata_work.index", "")}
    return mine | roles | intake | cases | ours | verify | account | overseen
