"""Words of the application form: its fields with their help, its choices, the reasons for granting less."""

from __future__ import annotations

import ckan.plugins.toolkit as tk


def fields() -> dict[str, tuple[str, str]]:
    """Field of the form -> label and help."""
    return {
        "applicant_kind": (
            tk._("Kind of applicant"),
            tk._("Who will use the data: the organisation you act for, or you."),
        ),
        "applicant_name": (tk._("Name of the applicant"), tk._("The full name, as on the licence or identity card.")),
        "credit_code": (
            tk._("Unified social credit code"),
            tk._("18 characters; organisations must give it, natural persons leave it empty."),
        ),
        "contact_name": (tk._("Contact person"), tk._("Who answers questions about this application.")),
        "contact_phone": (tk._("Contact phone"), tk._("A number that is answered in office hours.")),
        "purpose": (tk._("Kind of use"), tk._("The closest one; details follow below.")),
        "scenario": (
            tk._("Scenario of use"),
            tk._("What you will do with the data, for whom, since when. Access is bound to this scenario."),
        ),
        "product": (tk._("Name of the product or project"), tk._("If there is one.")),
        "necessity": (
            tk._("Why these items are needed"),
            tk._("Item by item: what it is needed for. Items without a reason will be struck out."),
        ),
        "safeguards": (
            tk._("Data security"),
            tk._("Where data is stored, who can reach it, which certificates you hold, how incidents are reported."),
        ),
        "months": (tk._("Term in months"), tk._("From 1 to 36.")),
        "calls_per_day": (tk._("Calls a day"), tk._("How often you will call the interface a day, from 1 to 100,000.")),
    }


def applicant_kinds() -> dict[str, str]:
    """Who may apply (SH 29)."""
    return {
        "natural_person": tk._("Natural person"),
        "legal_person": tk._("Legal person"),
        "unincorporated": tk._("Unincorporated organisation"),
    }


def purposes() -> dict[str, str]:
    """What the data is for."""
    return {
        "research": tk._("Research"),
        "product": tk._("Product development"),
        "public_service": tk._("Public service"),
        "commercial_service": tk._("Commercial service"),
        "media": tk._("Media"),
        "education": tk._("Education"),
        "competition": tk._("Competition"),
        "other": tk._("Other"),
    }


def choices(field: str) -> dict[str, str]:
    """The choices of a field that has some."""
    return {"applicant_kind": applicant_kinds, "purpose": purposes}.get(field, dict)()


def refusals() -> dict[str, str]:
    """Why less than asked for is granted."""
    return {
        "applicant_not_qualified": tk._("The applicant does not meet the conditions"),
        "safeguard_insufficient": tk._("Data security is not sufficient"),
        "purpose_unclear": tk._("The use is not clear"),
        "exceeds_minimum": tk._("More than the use needs"),
        "harms_third_party": tk._("May harm the rights of third parties"),
        "law_forbids": tk._("Forbidden by law or regulation"),
        "sanctioned": tk._("The applicant broke rules of data use"),
        "not_held": tk._("This agency does not hold the data"),
        "already_open": tk._("The data is open already"),
    }
