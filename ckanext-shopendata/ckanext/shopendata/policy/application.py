"""Applications for conditional datasets (SH 30: the provider reviews, then opens by interface).

Two rules: the state of an application or case changes by the tables below and by nothing else; whoever decides a case
is neither its applicant nor decides in it twice (DESIGN invariant 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy.people import Eyes, eyes
from ckanext.shopendata.policy.refusal import Refused, next_state
from ckanext.shopendata.policy.workdays import Mark, Standing

__all__ = [
    "FORM",
    "CaseState",
    "Field",
    "State",
    "case_step",
    "check_case_decider",
    "deficiencies",
    "step",
]


class State(Enum):
    """Where an application is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"  # 已提交
    CORRECTION_REQUESTED = "correction_requested"  # 待补正: the clock stands still
    ACCEPTED = "accepted"  # 已受理
    NOT_ACCEPTED = "not_accepted"  # 不予受理
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


TRANSITIONS: dict[State, dict[str, State]] = {
    State.DRAFT: {"save": State.DRAFT, "submit": State.SUBMITTED, "withdraw": State.WITHDRAWN},
    State.SUBMITTED: {
        "accept": State.ACCEPTED,
        "request_correction": State.CORRECTION_REQUESTED,
        "not_accept": State.NOT_ACCEPTED,
        "withdraw": State.WITHDRAWN,
    },
    State.CORRECTION_REQUESTED: {
        "save": State.CORRECTION_REQUESTED,
        "submit": State.SUBMITTED,
        "withdraw": State.WITHDRAWN,
        "lapse": State.LAPSED,
    },
    State.ACCEPTED: {"withdraw": State.WITHDRAWN},
    State.NOT_ACCEPTED: {},
    State.WITHDRAWN: {},
    State.LAPSED: {},
}


class CaseState(Enum):
    """Where the part of one agency is."""

    IN_REVIEW = "in_review"  # 审核中
    SPECIAL_REVIEW = "special_review"  # 专家 | 保密 | 合法性 | 同意
    AGREEMENT_PENDING = "agreement_pending"  # 待签协议, granted
    ACTIVE = "active"  # both confirmed, the grant runs
    REFUSED = "refused"
    RE_EXAMINATION = "re_examination"  # 复核, once
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


CASE_TRANSITIONS: dict[CaseState, dict[str, CaseState]] = {
    CaseState.IN_REVIEW: {
        "grant": CaseState.AGREEMENT_PENDING,
        "grant_reduced": CaseState.AGREEMENT_PENDING,
        "refuse": CaseState.REFUSED,
        "refer": CaseState.SPECIAL_REVIEW,
        "withdraw": CaseState.WITHDRAWN,
    },
    CaseState.SPECIAL_REVIEW: {"conclude": CaseState.IN_REVIEW, "withdraw": CaseState.WITHDRAWN},
    CaseState.AGREEMENT_PENDING: {
        "confirm": CaseState.AGREEMENT_PENDING,
        "activate": CaseState.ACTIVE,
        "withdraw": CaseState.WITHDRAWN,
        "lapse": CaseState.LAPSED,
    },
    CaseState.ACTIVE: {},
    CaseState.REFUSED: {"re_examine": CaseState.RE_EXAMINATION},
    CaseState.RE_EXAMINATION: {"grant": CaseState.AGREEMENT_PENDING, "uphold": CaseState.REFUSED},
    CaseState.WITHDRAWN: {},
    CaseState.LAPSED: {},
}

#: Why a case may be refused or reduced; counted and published by code.
REFUSALS = (
    "applicant_not_qualified",
    "safeguard_insufficient",
    "purpose_unclear",
    "exceeds_minimum",
    "harms_third_party",
    "law_forbids",
    "sanctioned",
    "not_held",
    "already_open",
)

APPLICANT_KINDS = ("natural_person", "legal_person", "unincorporated")  # SH 29
PURPOSES = (
    "research",
    "product",
    "public_service",
    "commercial_service",
    "media",
    "education",
    "competition",
    "other",
)


@dataclass(frozen=True)
class Field:
    """A field of the form: whether it must be filled, how long it may be, and its choices where it has some."""

    name: str
    required: bool = True
    length: int = 2000
    choices: tuple[str, ...] = ()
    number: tuple[int, int] | None = None  #: smallest and largest, of a number


#: The form. It asks for what the decision needs, and the deficiency notice names these fields (SH 36).
FORM = (
    Field("applicant_kind", choices=APPLICANT_KINDS),
    Field("applicant_name", length=200),
    Field("credit_code", required=False, length=18),
    Field("contact_name", length=100),
    Field("contact_phone", length=40),
    Field("purpose", choices=PURPOSES),
    Field("scenario"),
    Field("product", required=False, length=200),
    Field("necessity"),
    Field("safeguards"),
    Field("months", number=(1, 36)),
    Field("calls_per_day", number=(1, 100_000)),
)

_FIELDS = {field.name: field for field in FORM}


def clean(form: Mapping[str, object]) -> dict[str, str]:
    """The form's known fields as trimmed text. Raises :class:`Refused` for unknown fields and other types."""
    if unknown := sorted(set(form) - set(_FIELDS)):
        raise Refused("field_unknown", unknown[0])
    cleaned = {}
    for name, value in form.items():
        if not isinstance(value, str | int) or isinstance(value, bool) or "\0" in str(value):
            raise Refused("field_not_text", name)
        text = str(value).strip()
        if len(text) > _FIELDS[name].length:
            raise Refused("field_too_long", name, length=_FIELDS[name].length)
        cleaned[name] = text
    return cleaned


def deficiencies(form: Mapping[str, str]) -> dict[str, str]:
    """Everything that is missing or wrong, field -> code: all at once, never one after the other (SH 36)."""
    found = {field.name: problem for field in FORM if (problem := _problem(field, form.get(field.name, "")))}
    if form.get("applicant_kind") in APPLICANT_KINDS[1:] and not form.get("credit_code"):
        found["credit_code"] = "missing"
    return found


def _problem(field: Field, value: str) -> str:
    if not value:
        return "missing" if field.required else ""
    if field.choices and value not in field.choices:
        return "unknown"
    if field.number:
        low, high = field.number
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            return "out_of_range"
    return ""


def step(state: State, verb: str) -> State:
    """An application's state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)


def check_lapse(standing: Standing) -> None:
    """Whether the time in which an applicant had to answer is over; raises :class:`Refused`.

    What is not known is not over: it would be at the applicant's cost.
    """
    if standing.mark is Mark.UNKNOWN:
        raise Refused("calendar_missing", year=standing.missing)
    if standing.mark is not Mark.OVERDUE:
        raise Refused("correction_period_runs", due=standing.due)


def case_step(state: CaseState, verb: str, reason: str = "") -> CaseState:
    """A case's state after ``verb``; refusing and reducing need one of :data:`REFUSALS`."""
    if verb in {"refuse", "grant_reduced"} and reason not in REFUSALS:
        raise Refused("reason_unknown", "reason", allowed=list(REFUSALS))
    return next_state(CASE_TRANSITIONS, state, verb)


def check_case_decider(
    decider: Eyes | str, applicant: Eyes | str, acted: Iterable[str] = (), organisation: Iterable[str] = ()
) -> None:
    """Nobody decides on their own application, on one of an organisation of theirs, or twice in one case.

    ``acted``: who has acted in the case; ``organisation``: who belongs to the applicant's (accounts and persons).
    """
    who = eyes(decider)
    if who & eyes(applicant):
        raise Refused("own_application")
    if who & eyes(organisation):
        raise Refused("own_organisation")
    if who & eyes(acted):
        raise Refused("acted_before")
