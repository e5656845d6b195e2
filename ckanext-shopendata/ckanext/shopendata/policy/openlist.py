"""The open list of an agency: what stands on it, in which form, and why something does not.

SH 31: each unit publishes its list and keeps it current; what it obtained by sharing or negotiation is not on it. The
list names what is open; of the rest its foot gives numbers only.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from ckanext.shopendata.policy.catalogue import Acquisition, EntryState
from ckanext.shopendata.policy.classification import DatasetState, Tier
from ckanext.shopendata.policy.people import Eyes
from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = [
    "Candidate",
    "ListState",
    "canonical",
    "check_publisher",
    "check_signer",
    "compile_list",
    "digest",
    "exclusion",
    "step",
]


class ListState(Enum):
    """Where a version of a list is."""

    DRAFTING = "drafting"
    UNIT_SIGNING = "unit_signing"
    FILED = "filed"
    CONSULTING = "consulting"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


#: ZJ 24 asks for consultation between filing and publication; on the Shanghai pack it is left out.
TRANSITIONS: dict[ListState, dict[str, ListState]] = {
    ListState.DRAFTING: {"submit": ListState.UNIT_SIGNING},
    ListState.UNIT_SIGNING: {"sign": ListState.FILED, "return": ListState.DRAFTING},
    ListState.FILED: {
        "consult": ListState.CONSULTING,
        "publish": ListState.PUBLISHED,
        "return": ListState.DRAFTING,
    },
    ListState.CONSULTING: {"publish": ListState.PUBLISHED, "return": ListState.DRAFTING},
    ListState.PUBLISHED: {"supersede": ListState.SUPERSEDED},
    ListState.SUPERSEDED: {},
}

#: Ready to be listed.
_DECIDED = {DatasetState.DECIDED, DatasetState.LISTED, DatasetState.PUBLISHED}
#: High value first (SH 31), in the order in which the measure names the criteria.
_VALUE = {"livelihood": 0, "urgent": 1, "commercial": 2}


@dataclass(frozen=True)
class Candidate:
    """A dataset as the list sees it. ``items`` are the opened ones' names; masked ones say so."""

    dataset: str
    decision: str
    name: str
    code: str
    title: str
    abstract: str
    items: tuple[str, ...]
    domain: str
    tier: Tier
    reasons: tuple[str, ...]
    conditions: str
    formats: tuple[str, ...]
    frequency: str
    high_value: str
    first_opened: str
    planned: str
    division: str
    contact: str
    state: DatasetState
    entry_state: EntryState
    acquisition: Acquisition | None
    suspended: bool = False


@dataclass(frozen=True)
class Foot:
    """How many datasets the agency has, and where those are that the list does not name."""

    total: int
    unconditional: int
    conditional: int
    closed: dict[str, int] = field(default_factory=dict)  #: by reason
    excluded: dict[str, int] = field(default_factory=dict)  #: by the code of :func:`exclusion`


def exclusion(candidate: Candidate) -> str | None:
    """Why a dataset is not on the list; ``None`` when it is. Unknown means not (DESIGN invariant 6)."""
    method = candidate.acquisition
    rules = (
        ("suspended", candidate.suspended or candidate.state is DatasetState.SUSPENDED),
        (f"obtained_{method.value if method else ''}", method is not None and not method.may_stand_on_own_list),
        ("undecided", candidate.state not in _DECIDED or candidate.tier is Tier.UNDECIDED),
        ("closed", candidate.tier is Tier.CLOSED),
        ("not_checked", candidate.entry_state is not EntryState.CHECKED),
        ("acquisition_unknown", method is None),
    )
    return next((code for code, holds in rules if holds), None)


def compile_list(
    agency: dict[str, str], year: int, number: int, compiled_on: str, candidates: Iterable[Candidate]
) -> tuple[dict[str, Any], list[Candidate]]:
    """The body of a version and the datasets on it, in its order: high value, domain, code, title.

    ``agency`` holds ``id``, ``name``, ``title``, ``contact``; dates are ISO. The body is plain JSON data.
    """
    everything = list(candidates)
    why = {candidate.dataset: exclusion(candidate) for candidate in everything}
    listed = sorted(
        (candidate for candidate in everything if why[candidate.dataset] is None),
        key=lambda c: (_VALUE.get(c.high_value, 3), c.domain, c.code, c.title, c.dataset),
    )
    tiers = Counter(candidate.tier for candidate in listed)
    closed = [c for c in everything if why[c.dataset] == "closed"]
    foot = Foot(
        total=len(everything),
        unconditional=tiers[Tier.UNCONDITIONAL],
        conditional=tiers[Tier.CONDITIONAL],
        closed=dict(sorted(Counter((c.reasons or ("unstated",))[0] for c in closed).items())),
        excluded=dict(sorted(Counter(code for code in why.values() if code and code != "closed").items())),
    )
    body = {
        "agency": agency,
        "version": f"{year}.{number}",
        "compiled_on": compiled_on,
        "items": [_row(position, candidate) for position, candidate in enumerate(listed, start=1)],
        "foot": asdict(foot),
    }
    return body, listed


def _row(position: int, candidate: Candidate) -> dict[str, Any]:
    conditional = candidate.tier is Tier.CONDITIONAL
    return {
        "position": position,
        "dataset": candidate.dataset,
        "name": candidate.name,
        "code": candidate.code,
        "title": candidate.title,
        "abstract": candidate.abstract,
        "items": list(candidate.items),
        "domain": candidate.domain,
        "tier": candidate.tier.value,
        "conditions": candidate.conditions if conditional else "",
        "delivery": "interface" if conditional else "download",
        "formats": list(candidate.formats),
        "update_frequency": candidate.frequency,
        "high_value": candidate.high_value,
        "first_opened": candidate.first_opened,
        "planned": candidate.planned,
        "division": candidate.division,
        "contact": candidate.contact,
    }


def canonical(body: dict[str, Any]) -> str:
    """One text for one body: keys sorted, no spaces, Chinese as it is."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of a body's text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_signer(signer: Eyes, compiler: Eyes) -> None:
    """Four eyes: no person signs online what they compiled. A document carries another's signature."""
    if signer & compiler:
        raise Refused("own_list")


def check_publisher(publisher: Eyes, recorder: Eyes) -> None:
    """Four eyes: who publishes has neither signed nor registered the signature."""
    if publisher & recorder:
        raise Refused("acted_before")


def step(state: ListState, verb: str) -> ListState:
    """The state after ``verb``; raises ``Refused`` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)
