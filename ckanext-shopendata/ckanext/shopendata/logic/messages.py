"""The policy's refusals in words, each with what to do about it."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.shopendata.policy.refusal import Refused

__all__ = ["message"]


def message(refused: Refused) -> str:
    """The sentence for a refusal, in the reader's language."""
    details = {name: _text(value) for name, value in refused.details.items()}
    return _messages().get(refused.code, refused.code).format_map(_Gaps(details))


def _messages() -> dict[str, str]:
    return {
        "not_permitted": tk._("You do not have the role that this needs in this agency"),
        "own_proposal": tk._("Nobody decides on their own proposal: another reviewer has to"),
        "own_application": tk._("Nobody decides on their own application"),
        "code_needed": tk._(
            "This decision needs you in person: sign in to the portal in a browser and type the code of your device."
            " A token for the API cannot decide"
        ),
        "code_wrong": tk._("This code is wrong or was used already: please type the one that your device shows now"),
        "too_many_codes": tk._("Too many wrong codes: please wait {minutes} minutes"),
        "no_device": tk._("You have not set up a device for codes yet"),
        "codes_not_configured": tk._("The portal has no secret to keep devices with; please tell its operator"),
        "draft_over": tk._("Setting up this device took too long: please begin again"),
        "password_wrong": tk._("This is not your current password, or it was mistyped too often: then wait a while"),
        "password_short": tk._("A password has at least {length} characters"),
        "password_long": tk._("A password has at most {length} characters"),
        "password_common": tk._("This password is too easy to guess: please choose a longer or less usual one"),
        "passwords_differ": tk._("The two passwords are not the same"),
        "link_dead": tk._("This link has been used, has expired, or was replaced by a newer one"),
        "reset_waits": tk._("Somebody has asked for this already; it waits for confirmation"),
        "own_account": tk._("Nobody has a part in replacing the credentials of their own account"),
        "own_role": tk._("Nobody has a part in giving a role to themselves"),
        "own_request": tk._("Nobody confirms what they asked for: another security administrator has to"),
        "own_substitute": tk._("Nobody is their own substitute"),
        "own_list": tk._("Nobody signs a list that they have compiled"),
        "own_organisation": tk._("Nobody decides on an application of an organisation to which they belong"),
        "person_differs": tk._("This is not the number with which the account is, or was asked to be, verified"),
        "person_has_account": tk._("The person holds roles with another account"),
        "number_malformed": tk._("Please enter the number as on the document: 6 to 32 letters and digits"),
        "persons_not_configured": tk._("The portal has no secret to know persons with; please tell its operator"),
        "requested_already": tk._("This role has been asked for already and waits to be confirmed"),
        "request_lapsed": tk._("This request is too old: please ask for the role again"),
        "requester_left": tk._("Whoever asked for this role may no longer do so: please ask for it again"),
        "console_gives_first_role": tk._("The console makes security administrators only; they give all other roles"),
        "console_has_given": tk._("There are {limit} security administrators: they give all other roles"),
        "term_over": tk._("The last day has to lie in the future"),
        "term_too_long": tk._("At most {days} days are possible"),
        "delegation_of_delegation": tk._("What is done in somebody's stead cannot be handed on"),
        "role_not_delegable": tk._("A deputy for this role is appointed by two security administrators"),
        "substitute_unknown": tk._("A substitute has to hold a role in the same place already"),
        "substitute_holds_it": tk._("The person holds this role already and needs no delegation"),
        "substitute_away": tk._("The person is away in that time and has named a substitute"),
        "delegated_already": tk._("There is a substitute for this role in that time already"),
        "same_agency": tk._("Please choose another agency"),
        "agency_above": tk._("An agency cannot be merged into one below it"),
        "agency_circle": tk._("An agency cannot stand below itself"),
        "agency_dissolved": tk._("This agency does not exist any more"),
        "agency_not_empty": tk._(
            "Entries ({entries}), open cases ({cases}), access rights ({grants}), public datasets ({published}) or"
            " agencies below ({bodies}) still belong to it: please merge it into the agency that takes over"
        ),
        "cases_of_one_application": tk._("Both agencies work on one application: please finish these cases first"),
        "division_exists": tk._("The agency has a division of this name"),
        "acted_before": tk._("You have already acted in this case: another person has to decide"),
        "not_in_this_state": tk._("This is not possible in the state “{state}”"),
        "reason_unknown": tk._("Please choose one of the reasons offered"),
        "reason_missing": tk._("Please give a reason"),
        "basis_missing": tk._("Please give the legal basis"),
        "law_missing": tk._("What is forbidden by law needs that law or regulation as its basis"),
        "conditions_missing": tk._("Please state the conditions of opening: they are published"),
        "tier_missing": tk._("Please choose a tier"),
        "not_proposed": tk._("Another person has to propose to open as much as this; you can decide on less"),
        "nothing_proposed": tk._("There is no proposal to decide on; please choose a tier"),
        "entry_not_confirmed": tk._("The agency has to confirm the catalogue entry first"),
        "column_unknown": tk._("There is no item named {columns}"),
        "agency_missing": tk._("Please choose the agency in which the role is held"),
        "role_of_portal": tk._("This role is held in the whole portal, not in an agency"),
        "roles_exclude_each_other": tk._("This role excludes another one that the person holds: {held}"),
        "already_holds": tk._("The person holds this role already; it can be renewed in its last {days} days"),
        "name_taken": tk._("Another agency has this name, title or code"),
        "nothing_to_list": tk._("No dataset of this agency can stand on its list yet"),
        "list_in_work": tk._("Another version of this list is being prepared"),
        "list_changed": tk._("Datasets on this list have changed since it was compiled: please compile it again"),
        "document_missing": tk._("Please give number, signer and date of the signed document"),
        "already_suspended": tk._("This dataset is suspended already"),
        "not_suspended": tk._("This dataset is not suspended"),
        "not_conditional": tk._("Only conditionally open datasets can be applied for: {title}"),
        "field_unknown": tk._("The form has no such field"),
        "field_not_text": tk._("Please enter text"),
        "field_too_long": tk._("Please enter at most {length} characters"),
        "missing": tk._("Missing value"),
        "unknown": tk._("Please choose one of the values offered"),
        "out_of_range": tk._("Please give a number within the limits"),
        "deficiencies_missing": tk._(
            "Please name every point that is missing or wrong: the applicant is told all at once"
        ),
        "correction_period_runs": tk._("The applicant has until {due} to answer: this day is not over yet"),
        "calendar_missing": tk._("The calendar of working days of {year} is not known yet"),
        "already_extended": tk._("The time limit has been extended already: this is possible once"),
        "extension_too_long": tk._("The time limit can be extended by at most {most} working days"),
        "deadline_passed": tk._("The time limit is over: it can no longer be extended"),
        "mode_not_allowed": tk._("These notices cannot be switched off: time limits depend on them"),
        "already_confirmed": tk._("This party has confirmed already"),
        "grant_not_active": tk._("Keys can be made for active access rights only"),
        "too_many_keys": tk._("There are already {limit} live keys: please revoke one first"),
        "keys_changed": tk._(
            "A key has just been made for this access right. If you did not see it, revoke it and make another"
        ),
        "keys_not_configured": tk._("The portal has no secret to make keys with; please tell its operator"),
        "not_erasable": tk._("What says who had which role, or what was erased, is never erased"),
        "own_event": tk._("Nobody has a part in erasing what they did themselves"),
        "already_erased": tk._("The content of this event has been erased already"),
        "already_asked": tk._("Somebody has asked for this already; it waits for confirmation"),
        "already_answered": tk._("This has been answered already"),
        "not_sealed": tk._("This event is not sealed yet; please try again in a minute"),
        "roles_held": tk._("The account holds a role: its roles have to end first"),
        "identity_malformed": tk._("The other portal did not say who you are"),
        "identity_unknown": tk._("No account here is linked to this one. Sign in with your password and link it"),
        "identity_without_mail": tk._("The other portal knows no verified mail address of yours: please register here"),
        "identity_mail_known": tk._(
            "There is an account with your mail address. Sign in with its password and link it in your profile"
        ),
        "identity_taken": tk._("This account of the other portal is linked to another account here"),
        "identity_other": tk._("Your account is linked to another account of the other portal: please end that first"),
        "member_still": tk._("The account acts for {count} organisations: please leave them first, and hand over"),
        "matters_open": tk._(
            "{count} matters are not finished: please withdraw the applications, or wait for the answer"
        ),
        "already_revoked": tk._("This key is revoked already"),
        "mail_malformed": tk._("Please give a mail address such as name@example.org"),
        "mail_known": tk._("There is an account with this address already: please sign in"),
        "too_many": tk._("Too many requests from here. Please try again later"),
        "code_malformed": tk._("This is no unified social credit code: please compare all 18 characters"),
        "agents_act": tk._("Agents act for the verified organisation: they can ask these members in"),
        "nobody_acts": tk._("Nobody with an account acts for this organisation"),
        "code_taken": tk._("Another verified organisation has this unified social credit code"),
        "proof_kind": tk._("Only PDF, JPEG and PNG files can be handed in, and this is none, whatever its name says"),
        "proof_too_large": tk._("The file is larger than {megabytes} MB"),
        "proof_too_many": tk._("There are {limit} files already: please remove one first"),
        "proofs_a_day": tk._("{limit} files have been uploaded today: please go on tomorrow"),
        "functions_missing": tk._("Please choose at least one function"),
        "function_unknown": tk._("There is no function named {function}"),
        "too_many_organisations": tk._("You have {limit} organisations in preparation: please close one first"),
        "not_an_agent": tk._("Only agents of the organisation may do this"),
        "organisation_missing": tk._(
            "Only natural persons apply in their own name: please choose the organisation for which you apply"
        ),
        "organisation_unverified": tk._(
            "The organisation is not verified yet: the application is kept as a draft until the data centre has done so"
        ),
        "organisation_changed": tk._(
            "The organisation has another unified social credit code than when this application was submitted"
        ),
        "organisation_fixed": tk._("A submitted application stays with the organisation that submitted it"),
        "organisation_busy": tk._(
            "The organisation has open applications ({applications}) or access rights ({grants}), which end first"
        ),
        "read_again": tk._("The organisation has been handed in anew since: please read it again"),
        "successor_missing": tk._(
            "Applications and access rights ({applications}) or keys ({keys}) are in these hands:"
            " please name who takes them over"
        ),
        "last_agent": tk._("This is the last agent: please name the member who takes over, or close the organisation"),
        "successor_unknown": tk._("Please choose another member of the organisation"),
        "invitation_for_other": tk._("This invitation was sent to another mail address than that of your account"),
        "decided_here": tk._(
            "You have decided on an application of this organisation; you can join once its case has ended"
        ),
    }


class _Gaps(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def _text(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
