"""Applicant organisations: who they are, how the data centre verifies them, what their members may, who takes over.

An organisation that is not verified may prepare applications, not submit them. What its proof shows (:data:`PROVED`)
cannot change without being verified anew. Nothing that somebody had in hand is ever without a member.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy import credit_code
from ckanext.shopendata.policy.refusal import Refused, next_state

__all__ = [
    "FIELDS",
    "INVITABLE",
    "MAY",
    "PROOFS",
    "PROVED",
    "Function",
    "Hands",
    "Kind",
    "State",
    "check_functions",
    "check_party",
    "check_proof",
    "check_release",
    "check_take_over",
    "clean",
    "deficiencies",
    "file_name",
    "functions_for",
    "may",
    "step",
]


class Kind(Enum):
    """What an organisation is. A natural person needs none: they apply in their own name."""

    ENTERPRISE = "enterprise"  # 企业
    RESEARCH = "research"  # 高等院校, 科研机构
    SOCIAL = "social"  # 社会组织: 社会团体, 基金会, 社会服务机构
    PUBLIC_BODY = "public_body"  # 机关, 事业单位
    SOLE_TRADER = "sole_trader"  # 个体工商户
    OTHER = "other"

    @property
    def applicant_kind(self) -> str:
        """The word of the application's form (SH 29)."""
        return "unincorporated" if self in {Kind.SOLE_TRADER, Kind.OTHER} else "legal_person"


class State(Enum):
    """Where the verification of an organisation is."""

    UNVERIFIED = "unverified"
    SUBMITTED = "submitted"  # lies with the data centre's intake
    RETURNED = "returned"  # with reasons
    VERIFIED = "verified"
    CLOSED = "closed"  # by its members; acts no more


TRANSITIONS: dict[State, dict[str, State]] = {
    State.UNVERIFIED: {
        "save": State.UNVERIFIED,
        "change": State.UNVERIFIED,
        "submit": State.SUBMITTED,
        "close": State.CLOSED,
    },
    # What the intake reads stands still: to change it, it is taken back first.
    State.SUBMITTED: {
        "verify": State.VERIFIED,
        "return": State.RETURNED,
        "take_back": State.UNVERIFIED,
        "take_over": State.CLOSED,  # its members act for the one that was verified before
    },
    State.RETURNED: {
        "save": State.RETURNED,
        "change": State.RETURNED,
        "submit": State.SUBMITTED,
        "close": State.CLOSED,
    },
    # "save" leaves alone what was proved, "change" does not.
    State.VERIFIED: {"save": State.VERIFIED, "change": State.UNVERIFIED, "close": State.CLOSED},
    State.CLOSED: {},
}


class Function(Enum):
    """What a member does for the organisation."""

    AGENT = "agent"  # 经办人: applies, agrees, looks after the organisation and its members
    TECHNICAL = "technical"  # 技术联系人: makes and revokes keys
    SECURITY = "security"  # 安全联系人: sees what runs, can revoke keys


_ALL = frozenset(Function)

#: What members may, by function.
MAY: dict[str, frozenset[Function]] = {
    "organisation.read": _ALL,
    "organisation.change": frozenset({Function.AGENT}),
    "member.change": frozenset({Function.AGENT}),
    "application.read": _ALL,
    "application.write": frozenset({Function.AGENT}),
    "agreement.confirm": frozenset({Function.AGENT}),
    "grant.read": _ALL,
    "key.create": frozenset({Function.AGENT, Function.TECHNICAL}),
    "key.revoke": _ALL,
}

#: Field -> how long it may be.
FIELDS: dict[str, int] = {
    "kind": 40,
    "name": 200,
    "code": 40,
    "legal_representative": 100,
    "address": 300,
    "phone": 40,
}
#: What the proof shows.
PROVED = frozenset({"kind", "name", "code", "legal_representative"})

#: Type of a proof, as its content shows, -> ending of its name.
PROOFS: dict[str, str] = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
#: Bytes of one file, files of one organisation, uploads of one organisation a day.
PROOF_SIZE, PROOF_COUNT, PROOFS_A_DAY = 5 * 1024 * 1024, 5, 20
#: Organisations that one account may have in preparation; invitations of one account a day.
UNVERIFIED_LIMIT, INVITATIONS_A_DAY = 5, 20
#: States in which an organisation may ask people in.
INVITABLE = frozenset({State.UNVERIFIED, State.SUBMITTED, State.RETURNED, State.VERIFIED})


def step(state: State, verb: str) -> State:
    """An organisation's state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)


def clean(fields: Mapping[str, str]) -> dict[str, str]:
    """Known fields in their one form; empty ones may stay empty. Raises :class:`Refused`."""
    cleaned = {}
    for name, value in fields.items():
        text = " ".join(value.split())
        if len(text) > FIELDS[name]:
            raise Refused("field_too_long", name, length=FIELDS[name])
        if name == "kind" and text not in {kind.value for kind in Kind}:
            raise Refused("unknown", name)
        cleaned[name] = credit_code.check(text) if name == "code" and text else text
    return cleaned


def deficiencies(fields: Mapping[str, str], proofs: int) -> dict[str, str]:
    """Everything that is missing before it can be handed in, field -> code: all at once (SH 36)."""
    found = {name: "missing" for name in FIELDS if not fields[name]}
    return found if proofs else found | {"proof": "missing"}


def check_proof(size: int, kind: str, there: int) -> None:
    """Whether a file may be a proof: its type as its content shows, its bytes, and how many there are already."""
    if kind not in PROOFS:
        raise Refused("proof_kind", "proof")
    if size > PROOF_SIZE:
        raise Refused("proof_too_large", "proof", megabytes=PROOF_SIZE // 1024**2)
    if there >= PROOF_COUNT:
        raise Refused("proof_too_many", "proof", limit=PROOF_COUNT)


def file_name(given: str, kind: str) -> str:
    """A file's name without folders and signs that mean something to a machine, with the ending that its type has."""
    last = re.split(r"[/\\]", given)[-1]
    stem = re.sub(r"\.[^.]*$", "", last)
    plain = "".join(sign if sign.isalnum() or sign in "-_（）()" else "_" for sign in stem if sign.isprintable())
    return (plain.strip("_")[:80] or "proof") + PROOFS[kind]


def functions_for(verb: str) -> frozenset[Function]:
    """The functions by which a member may do ``verb``."""
    return MAY[verb]


def may(functions: Iterable[Function], verb: str) -> bool:
    """Whether a member with these functions may."""
    return bool(MAY[verb] & set(functions))


def check_functions(words: Iterable[str]) -> list[Function]:
    """Functions by their words, each once, in their order; raises :class:`Refused`."""
    known = {one.value: one for one in Function}
    given = set(words)
    if not given:
        raise Refused("functions_missing", "functions")
    if unknown := sorted(given - set(known)):
        raise Refused("function_unknown", "functions", function=unknown[0])
    return [one for word, one in known.items() if word in given]


def check_party(state: State | None, code: str, form: Mapping[str, str]) -> None:
    """Whether an application may go on in the name of its organisation; raises :class:`Refused`.

    ``state``: of the organisation, ``code``: its credit code; ``None``: the application belongs to a person.
    """
    if state is None:
        if form.get("applicant_kind") not in {"natural_person", "", None}:
            raise Refused("organisation_missing", "organisation")
    elif state is not State.VERIFIED:
        raise Refused("organisation_unverified", "organisation")
    elif credit_code.plain(form.get("credit_code", "")) != code:
        raise Refused("organisation_changed", "organisation")


@dataclass(frozen=True)
class Hands:
    """What somebody has in hand for an organisation."""

    applications: int = 0  #: open ones of which they are the agent
    grants: int = 0  #: that have not ended
    keys: int = 0  #: live ones in their custody

    @property
    def empty(self) -> bool:
        """Whether it is nothing."""
        return not (self.applications or self.grants or self.keys)


def check_release(
    has: Iterable[Function],
    kept: Iterable[Function],
    hands: Hands,
    agents: int,
    successor: Iterable[Function] | None,
) -> list[Function]:
    """Whether a member may go, or give functions up; returns the functions that the successor has afterwards.

    ``kept``: the functions that remain; ``agents``: how many other members are agents; ``successor``: functions of the
    member who takes over, ``None`` where nobody is named. Raises :class:`Refused`.
    """
    before, after = set(has), set(kept)
    papers = hands.applications + hands.grants
    loses_agency = Function.AGENT in before - after
    needs = set()
    if loses_agency and (papers or not agents):
        needs.add(Function.AGENT)
    if hands.keys and not may(after, "key.create"):
        needs.add(Function.TECHNICAL)
    if not needs:
        return sorted(set(successor or ()), key=_order)
    if successor is None:
        if not agents and loses_agency:
            raise Refused("last_agent", "successor")
        raise Refused("successor_missing", "successor", applications=papers, keys=hands.keys)
    gains = set(successor) | (needs & {Function.AGENT})
    if Function.TECHNICAL in needs and not may(gains, "key.create"):
        gains.add(Function.TECHNICAL)
    return sorted(gains, key=_order)


def check_take_over(agents: Sized, joining: Sized) -> None:
    """Whether others may act for a verified organisation from now on; raises :class:`Refused`.

    ``agents``: who acts for it now, and could ask them in; ``joining``: the agents among those who would join.
    """
    if agents:
        raise Refused("agents_act")
    if not joining:
        raise Refused("nobody_acts")


def _order(function: Function) -> int:
    return list(Function).index(function)
