"""Words for applicant organisations: kinds, states, functions, fields with their help."""

from __future__ import annotations

import ckan.plugins.toolkit as tk


def kinds() -> dict[str, str]:
    """What an organisation is."""
    return {
        "enterprise": tk._("Enterprise"),
        "research": tk._("University or research institute"),
        "social": tk._("Social organisation"),
        "public_body": tk._("Public body or institution"),
        "sole_trader": tk._("Individual business (sole trader)"),
        "other": tk._("Other organisation"),
    }


def states() -> dict[str, str]:
    """Where its verification is."""
    return {
        "unverified": tk._("Not verified"),
        "submitted": tk._("Waits to be verified"),
        "returned": tk._("Returned to be mended"),
        "verified": tk._("Verified"),
        "closed": tk._("Closed"),
    }


#: State -> how its box looks (work/macros.html).
LOOKS = {"unverified": "", "submitted": "waiting", "returned": "bad", "verified": "good", "closed": ""}


def functions() -> dict[str, str]:
    """What members do."""
    return {
        "agent": tk._("Agent"),
        "technical": tk._("Technical contact"),
        "security": tk._("Security contact"),
    }


def function_help() -> dict[str, str]:
    """What each function may."""
    return {
        "agent": tk._("Agent: applies, confirms agreements, looks after the organisation and its members"),
        "technical": tk._("Technical contact: makes and revokes access keys"),
        "security": tk._("Security contact: sees access and keys, can revoke keys"),
    }


def fields() -> dict[str, tuple[str, str]]:
    """Field -> label and help."""
    return {
        "kind": (tk._("Kind of organisation"), ""),
        "name": (tk._("Full name of the organisation"), tk._("As on the licence or certificate.")),
        "code": (tk._("Unified social credit code"), tk._("18 characters, as on the licence or certificate.")),
        "legal_representative": (tk._("Legal representative or head"), tk._("As on the licence or certificate.")),
        "address": (tk._("Address"), tk._("Where letters reach the organisation.")),
        "phone": (tk._("Telephone"), tk._("A number that is answered in office hours.")),
        "proof": (tk._("Proof"), ""),
    }
