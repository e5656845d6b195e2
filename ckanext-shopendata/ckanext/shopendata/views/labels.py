"""Words on screen for the codes of the domain: functions, because the reader's language is known only when asked."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.shopendata.labels import choices
from ckanext.shopendata.policy.profile import Label
from ckanext.shopendata.profile import profile


def of_pack(label: Label) -> str:
    """A word of the jurisdiction pack."""
    return label.zh if str(tk.h.lang()).startswith("zh") else label.en


def tiers() -> dict[str, str]:
    """开放属性, in the pack's words."""
    return {tier.value: of_pack(label) for tier, label in profile().tiers.items()}


def reasons() -> dict[str, str]:
    """理由, of the pack."""
    return {code: of_pack(label) for code, label in profile().reason_labels.items()} | {"unstated": tk._("Not stated")}


def reasons_of(tier: str) -> dict[str, str]:
    """理由 for one tier."""
    known = profile()
    return {
        code: of_pack(known.reason_labels[code]) for code, reason in known.reasons.items() if reason.tier.value == tier
    }


def bases() -> list[str]:
    """依据 to choose from, in the pack's order."""
    return [of_pack(label) for _, label in profile().bases]


def application_states() -> dict[str, str]:
    """Where an application is."""
    return {
        "draft": tk._("Draft"),
        "submitted": tk._("Submitted, waiting for intake"),
        "correction_requested": tk._("To be corrected"),
        "accepted": tk._("Accepted"),
        "not_accepted": tk._("Not accepted"),
        "withdrawn": tk._("Withdrawn by the applicant"),
        "lapsed": tk._("Lapsed"),
    }


def case_states() -> dict[str, str]:
    """Where the part of one agency is."""
    return {
        "in_review": tk._("In review"),
        "special_review": tk._("In special review"),
        "agreement_pending": tk._("Agreement to be confirmed"),
        "active": tk._("Granted, access running"),
        "refused": tk._("Refused"),
        "re_examination": tk._("In re-examination"),
        "withdrawn": tk._("Withdrawn by the applicant"),
        "lapsed": tk._("Lapsed"),
    }


def grant_states() -> dict[str, str]:
    """State of an access right."""
    return {
        "pending_agreement": tk._("Agreement to be confirmed"),
        "active": tk._("In force"),
        "suspended": tk._("Suspended"),
        "expired": tk._("Expired"),
        "terminated": tk._("Terminated"),
        "revoked": tk._("Revoked"),
        "destruction_due": tk._("Destruction of data due"),
        "closed": tk._("Closed"),
    }


def entry_states() -> dict[str, str]:
    """State of a catalogue entry."""
    return {
        "harvested": tk._("To be confirmed"),
        "drafted": tk._("Drafted"),
        "confirmed": tk._("Confirmed"),
        "checked": tk._("Checked by the data centre"),
        "rejected": tk._("Taken out of the catalogue"),
    }


def dataset_states() -> dict[str, str]:
    """State of a dataset on its way to the public."""
    return {
        "undecided": tk._("Nothing proposed"),
        "proposed": tk._("Proposed, to be decided"),
        "unit_review": tk._("In review"),
        "special_review": tk._("In special review"),
        "decided": tk._("Decided, not yet listed"),
        "listed": tk._("Listed, being published"),
        "published": tk._("Published"),
        "suspended": tk._("Opening suspended"),
        "superseded": tk._("Superseded"),
        "withdrawn": tk._("Withdrawn from opening"),
    }


def list_states() -> dict[str, str]:
    """State of a version of an open list."""
    return {
        "drafting": tk._("Compiled, to be signed"),
        "unit_signing": tk._("With the signer"),
        "filed": tk._("Signed, to be published"),
        "consulting": tk._("In consultation"),
        "published": tk._("Published"),
        "superseded": tk._("Superseded"),
    }


def exclusions() -> dict[str, str]:
    """Why a dataset is not on an open list."""
    return {
        "suspended": tk._("Opening suspended"),
        "undecided": tk._("Tier not decided"),
        "closed": tk._("Not open"),
        "not_checked": tk._("Not checked by the data centre"),
        "acquisition_unknown": tk._("Way of acquisition not stated"),
        "obtained_negotiated": tk._("Obtained by negotiation"),
        "obtained_shared_in": tk._("Obtained by sharing"),
    }


def acquisitions() -> dict[str, str]:
    """获取方式."""
    return {
        "direct": tk._("Collected by the agency itself"),
        "delegated": tk._("Collected on its behalf"),
        "produced": tk._("Produced by the agency"),
        "negotiated": tk._("Obtained by negotiation"),
        "shared_in": tk._("Obtained by sharing"),
    }


def frequencies() -> dict[str, str]:
    """更新频率, in Shanghai's words."""
    return {
        "realtime": tk._("In real time"),
        "daily": tk._("Daily"),
        "weekly": tk._("Weekly"),
        "monthly": tk._("Monthly"),
        "quarterly": tk._("Quarterly"),
        "semiannual": tk._("Half-yearly"),
        "annual": tk._("Yearly"),
        "irregular": tk._("Irregularly"),
        "static": tk._("Static data"),
        "other": tk._("Other"),
    }


def rejections() -> dict[str, str]:
    """Why an entry is taken out of the catalogue."""
    return {
        "state_secret": tk._("State secret"),
        "duplicate": tk._("Duplicate"),
        "not_ours": tk._("Not this agency's data"),
    }


def suspensions() -> dict[str, str]:
    """Why opening is suspended."""
    return {
        "wrong_data": tk._("The data is wrong"),
        "infringement": tk._("Infringes rights of others"),
        "security": tk._("Security risk"),
        "other": tk._("Other"),
        "tightened": tk._("A stricter tier was decided"),
    }


def scans() -> dict[str, str]:
    """Result of the sensitive-column scan."""
    return {"pending": tk._("Not yet scanned"), "passed": tk._("Passed"), "failed": tk._("Sensitive content found")}


def findings() -> dict[str, str]:
    """What the scan looks for."""
    return {"resident_id": tk._("Resident identity number"), "mobile": tk._("Mobile phone number")}


def masks() -> dict[str, str]:
    """How values of an item are veiled."""
    return {
        "none": "",
        "first_char": tk._("First character only"),
        "phone": tk._("Middle of the phone number hidden"),
        "identity": tk._("Middle of the number hidden"),
        "band": tk._("Order of magnitude only"),
        "drop": tk._("Left out"),
    }


def item_types() -> dict[str, str]:
    """Type of an item's values."""
    return {
        "text": tk._("Text"),
        "int": tk._("Whole number"),
        "decimal": tk._("Decimal number"),
        "date": tk._("Date"),
        "datetime": tk._("Date and time"),
        "time": tk._("Time of day"),
        "bool": tk._("Yes or no"),
    }


def roles() -> dict[str, str]:
    """角色, those of agencies first."""
    return {
        "data_administrator": tk._("Data administrator of the agency"),
        "division_contact": tk._("Contact of a division"),
        "reviewer": tk._("Reviewer of the agency"),
        "secrecy_reviewer": tk._("Secrecy reviewer of the agency"),
        "signer": tk._("Signer of the agency"),
        "district_authority": tk._("District authority"),
        "intake_officer": tk._("Intake officer"),
        "catalogue_checker": tk._("Catalogue checker"),
        "provisioner": tk._("Provisioner of access"),
        "supervising_authority": tk._("Supervising authority"),
        "promoting_authority": tk._("Promoting authority"),
        "expert": tk._("Expert"),
        "operator": tk._("Operator of the portal"),
        "vendor_operator": tk._("Operator of the vendor"),
        "security_administrator": tk._("Security administrator"),
        "auditor": tk._("Auditor"),
    }


def holding_states() -> dict[str, str]:
    """Where the holding of a role is."""
    return {
        "live": tk._("Held"),
        "revoked": tk._("Taken back"),
        "expired": tk._("Term over"),
        "renewed": tk._("Renewed"),
        "agency_gone": tk._("Agency merged or dissolved"),
    }


def agency_kinds() -> dict[str, str]:
    """What kind of public body an agency is."""
    return choices("agency_kind")


def agency_levels() -> dict[str, str]:
    """Whose catalogue an agency's entries stand in."""
    return choices("agency_level")
