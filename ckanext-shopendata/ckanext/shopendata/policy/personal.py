"""What the portal holds about a person with an account, and what becomes of it when they ask for it to be erased.

《中华人民共和国个人信息保护法》: everybody may see and take along what is held about them (第四十五条), and ask
for it to be erased (第四十七条); what a law wants kept longer is kept, and nothing is done with it but keeping it safe
(第四十七条第二款). What that law is, says :mod:`retention`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy.people import Eyes
from ckanext.shopendata.policy.refusal import Refused, next_state
from ckanext.shopendata.policy.retention import RecordKind

__all__ = [
    "ACTS",
    "HELD",
    "ErasureState",
    "Fate",
    "Held",
    "Standing",
    "check_ask",
    "check_decide",
    "forgettable",
    "step",
]


class Fate(Enum):
    """What an erasure does to rows about somebody."""

    ERASED = "erased"
    EMPTIED = "emptied"  # the row stays, and says of nobody any more whose it was
    KEPT = "kept"


@dataclass(frozen=True)
class Held:
    """Rows about a person: in which table, by which columns (any of them holds the account's identifier).

    ``kept_as``: why they stay. ``hidden``: columns that open something, which nobody gets to take along.
    """

    table: str
    columns: tuple[str, ...]
    fate: Fate
    kept_as: RecordKind | None = None
    hidden: tuple[str, ...] = ()


HELD: tuple[Held, ...] = (
    Held("user", ("id",), Fate.EMPTIED, hidden=("password", "apikey", "reset_key", "plugin_extras")),
    Held("api_token", ("user_id",), Fate.ERASED, hidden=("id", "plugin_extras")),
    Held("member", ("table_id",), Fate.ERASED),
    Held("dashboard", ("user_id",), Fate.ERASED),
    Held("user_following_dataset", ("follower_id",), Fate.ERASED),
    Held("user_following_group", ("follower_id",), Fate.ERASED),
    Held("user_following_user", ("follower_id", "object_id"), Fate.ERASED),
    Held("shopendata_session", ("user_id",), Fate.ERASED, hidden=("token_hash", "data")),
    Held("shopendata_account", ("user_id",), Fate.ERASED),
    Held("shopendata_identity", ("user_id",), Fate.ERASED),
    Held("shopendata_link", ("user_id",), Fate.ERASED, hidden=("digest",)),
    Held("shopendata_code_device", ("user_id",), Fate.ERASED, hidden=("secret",)),
    Held("shopendata_credential_reset", ("user_id",), Fate.ERASED),
    Held("shopendata_notice", ("recipient_id",), Fate.ERASED, hidden=("mail_id",)),
    Held("shopendata_notice_preference", ("user_id",), Fate.ERASED),
    # Drafts that were never submitted are erased with the rest: they never became anybody's file.
    Held("shopendata_member", ("user_id",), Fate.KEPT, RecordKind.DECISION),
    Held("shopendata_application", ("applicant_id",), Fate.KEPT, RecordKind.DECISION),
    Held("shopendata_grant", ("holder_id",), Fate.KEPT, RecordKind.DECISION),
    Held("shopendata_access_key", ("created_by",), Fate.KEPT, RecordKind.DECISION, hidden=("mac",)),
    # Whoever has held a role is still one pair of eyes with what they decided; of others nothing is kept.
    Held("shopendata_person", ("user_id",), Fate.KEPT, RecordKind.ACCOUNT, hidden=("digest",)),
    Held("shopendata_role_holding", ("user_id",), Fate.KEPT, RecordKind.ACCOUNT),
    Held("shopendata_role_request", ("user_id",), Fate.KEPT, RecordKind.ACCOUNT, hidden=("digest",)),
    Held("shopendata_delegation", ("substitute_id",), Fate.KEPT, RecordKind.ACCOUNT),
    Held("shopendata_stand_in", ("account_id", "stead_id"), Fate.KEPT, RecordKind.ACCOUNT),
    Held("shopendata_erasure", ("user_id",), Fate.KEPT, RecordKind.ACCOUNT),
)

#: Tables -> columns that say by an account's identifier who did something. They stay: the account behind it is empty.
ACTS: dict[str, tuple[str, ...]] = {
    "shopendata_access_key": ("revoked_by",),
    "shopendata_block": ("blocked_by", "lifted_by"),
    "shopendata_case": ("decided_by", "confirmed_by_applicant", "confirmed_by_provider"),
    "shopendata_credential_reset": ("asked_by", "closed_by"),
    "shopendata_decision": ("decided_by",),
    "shopendata_delegation": ("ended_by",),
    "shopendata_division": ("changed_by",),
    "shopendata_erasure": ("decided_by",),
    "shopendata_link": ("asked_by",),
    "shopendata_member": ("invited_by", "ended_by"),
    "shopendata_openlist": ("compiled_by", "published_by"),
    "shopendata_organisation": ("created_by", "verified_by"),
    "shopendata_person": ("verified_by",),
    "shopendata_proof": ("uploaded_by",),
    "shopendata_proposal": ("proposed_by",),
    "shopendata_role_holding": ("granted_by", "confirmed_by", "revoked_by"),
    "shopendata_role_request": ("requested_by", "closed_by"),
    "shopendata_signoff": ("recorded_by",),
}


class ErasureState(Enum):
    """Where the request of a person is."""

    ASKED = "asked"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    DONE = "done"


TRANSITIONS: dict[ErasureState, dict[str, ErasureState]] = {
    ErasureState.ASKED: {
        "withdraw": ErasureState.WITHDRAWN,
        "refuse": ErasureState.REFUSED,
        "approve": ErasureState.DONE,
    },
    ErasureState.WITHDRAWN: {},
    ErasureState.REFUSED: {},
    ErasureState.DONE: {},
}


def step(state: ErasureState, verb: str) -> ErasureState:
    """A request's state after ``verb``; raises :class:`Refused` ``not_in_this_state``."""
    return next_state(TRANSITIONS, state, verb)


@dataclass(frozen=True)
class Standing:
    """What still hangs on an account: roles held now, organisations it acts for, applications not answered, ..."""

    roles: int = 0
    organisations: int = 0
    matters: int = 0
    pending: bool = False
    administrator: bool = False


def check_ask(standing: Standing) -> None:
    """Whether somebody may ask for their data to be erased; raises :class:`Refused`."""
    if standing.pending:
        raise Refused("already_asked")
    _check_free(standing)


def check_decide(decider: Eyes, owner: Eyes, standing: Standing | None) -> None:
    """Whether this person may decide on it; ``standing``: of the account that would be closed, none when refusing."""
    if decider & owner:
        raise Refused("own_request")
    if standing is not None:
        _check_free(standing)


def _check_free(standing: Standing) -> None:
    if standing.roles or standing.administrator:
        raise Refused("roles_held")
    if standing.organisations:
        raise Refused("member_still", count=standing.organisations)
    if standing.matters:
        raise Refused("matters_open", count=standing.matters)


def forgettable(object_type: str) -> bool:
    """Whether the content of an event is asked to be erased for naming the person: decisions are kept whole."""
    return object_type not in _DECISIONS


_DECISIONS = frozenset({"application", "case", "dataset", "entry", "grant", "key", "openlist"})
