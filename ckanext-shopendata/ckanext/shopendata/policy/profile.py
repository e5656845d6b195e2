"""Jurisdiction packs: what one measure or city has of its own, as data with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.shopendata.policy.classification import Basis, Reason, Tier
from ckanext.shopendata.policy.workdays import Period, Unit

__all__ = ["PERIODS", "Profile", "read_profile"]


@dataclass(frozen=True)
class Label:
    """A word on screen."""

    zh: str
    en: str


@dataclass(frozen=True)
class Profile:
    """A pack: labels of the tiers, reasons and bases to choose from, time limits."""

    code: str
    label: Label
    tiers: Mapping[Tier, Label]
    reasons: Mapping[str, Reason]
    reason_labels: Mapping[str, Label]
    bases: tuple[tuple[Basis, Label], ...]
    default_conditions: Label
    open_list_basis: Label
    periods: Mapping[str, Period]  #: one for each of PERIODS


#: What is limited in time: intake of an application, its applicant's answer to a deficiency notice, the decision of a
#: case, the confirmation of its agreement.
PERIODS = ("intake", "correction", "decision", "agreement")


def read_profile(data: Mapping[str, Any]) -> Profile:
    """A pack from its parsed file. Raises ``KeyError`` or ``ValueError`` for an incomplete one."""
    reasons = {
        row["code"]: Reason(row["code"], Tier(row["tier"]), bool(row.get("needs_law"))) for row in data["reasons"]
    }
    return Profile(
        code=data["code"],
        label=_label(data["label"]),
        tiers={Tier(code): _label(label) for code, label in data["tiers"].items()},
        reasons=reasons,
        reason_labels={row["code"]: _label(row["label"]) for row in data["reasons"]},
        bases=tuple(
            (Basis(row["rule"], str(row["article"]), row["kind"]), _label(row["label"])) for row in data["bases"]
        ),
        default_conditions=_label(data["default_conditions"]),
        open_list_basis=_label(data["open_list_basis"]),
        periods={name: _period(data["periods"][name]) for name in PERIODS},
    )


def _label(data: Mapping[str, str]) -> Label:
    return Label(data["zh"], data["en"])


def _period(data: Mapping[str, Any]) -> Period:
    return Period(
        days=int(data["days"]),
        unit=Unit(data.get("unit", Unit.WORKING.value)),
        extension=int(data.get("extension", 0)),
        source=data["source"],
        verified=bool(data.get("verified", False)),
    )
