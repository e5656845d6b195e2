"""Sign-offs: confirmed online, or a signed document registered. SH 37: a click is no signature, so we call it none."""

from __future__ import annotations

import datetime as dt

from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.model import SignOff
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["register"]

_FIELDS = {"title", "number", "signer", "signed_on", "scan_digest"}


def register(actor: c.Actor, document: dict[str, str] | None) -> SignOff:
    """The sign-off that what follows rests on. Raises :class:`Refused` for an incomplete or impossible document."""
    now = clock.now()
    if document is None:
        signoff = SignOff(kind="online", signer=actor.name, signed_on=clock.today())
    else:
        if set(document) - _FIELDS or not all(document.get(name) for name in ("number", "signer", "signed_on")):
            raise Refused("document_missing", "document")
        try:
            day = dt.date.fromisoformat(document["signed_on"])
        except ValueError:
            raise Refused("document_missing", "document") from None
        if day > clock.today():
            raise Refused("document_missing", "document")
        signoff = SignOff(kind="offline", **(document | {"signed_on": day}))
    signoff.recorded_by, signoff.recorded_at = actor.id, now
    model.Session.add(signoff)
    model.Session.flush([signoff])
    return signoff
