"""Erasing what an event is about, where a law wants it erased (personal data): one asks, another confirms.

The event stays, and so does the chain, which commits to a digest of the payload. Asking and confirming are events
themselves; their columns alone say what was erased at whose word, so that anybody can check it offline.
"""

from __future__ import annotations

from ckanext.shopendata.policy.refusal import Refused

__all__ = ["ASK", "CONFIRM", "REFUSE", "check_ask", "check_confirm", "check_refuse", "erasable", "names_two"]

#: Verbs. Asking is about the event; the others are about the asking, whose event they name.
ASK, CONFIRM, REFUSE = "redaction.ask", "redaction.confirm", "redaction.refuse"

#: What says who could do what, and what was erased, is never erased. ``seal.erase`` in the database knows the same.
_LASTING = ("redaction.", "role.")


def erasable(verb: str) -> bool:
    """Whether the payload of such an event may be erased at all."""
    return not verb.startswith(_LASTING)


def names_two(wanted: str, asked: str, confirmed: str) -> bool:
    """Whether two people erased what a third one did; all three are identifiers of accounts."""
    return confirmed not in (asked, wanted) and asked != wanted


def check_ask(actor: str, *, verb: str, by: str, sealed: bool, erased: bool, pending: bool) -> None:
    """Whether ``actor`` may ask to erase the payload of an event that ``by`` caused; raises :class:`Refused`."""
    if not erasable(verb):
        raise Refused("not_erasable", "event")
    if actor == by:
        raise Refused("own_event", "event")
    if erased:
        raise Refused("already_erased", "event")
    if pending:
        raise Refused("already_asked", "event")
    if not sealed:
        raise Refused("not_sealed", "event")


def check_confirm(actor: str, *, asked_by: str, by: str, sealed: bool, answered: bool) -> None:
    """Whether ``actor`` may confirm what ``asked_by`` asked about an event of ``by``; raises :class:`Refused`."""
    if answered:
        raise Refused("already_answered")
    if actor == asked_by:
        raise Refused("own_proposal")
    if actor == by:
        raise Refused("own_event")
    if not sealed:
        raise Refused("not_sealed")


def check_refuse(*, answered: bool) -> None:
    """Whether an asking can still be declined, or taken back; raises :class:`Refused`."""
    if answered:
        raise Refused("already_answered")
