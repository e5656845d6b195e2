"""Sign-offs: confirmed online, or a signed document registered. SH 37: a click is no signature, so we call it none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.model import SignOff
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["register"]

_FIELDS = {"title", "number", "signer", "signed_on", "scan_digest"}


def register(actor: c.Actor, document: dict[str, Any] | None) -> SignOff:
    """The sign-off that what follows rests on. Raises :class:`Refused` for an incomplete or impossible document."""
    now = clock.now()
    if document is None:
        signoff = SignOff(kind="online", signer=actor.name, signed_on=clock.today())
    else:
        given = {name: s.text(value) for name, value in document.items()}
        if set(given) - _FIELDS or not all(given.get(name) for name in ("number", "signer", "signed_on")):
            raise Refused("document_missing", "document")
        try:
            day = dt.date.fromisoformat(given["signed_on"])
        except ValueError:
            raise Refused("document_missing", "document") from None
        if day > clock.today():
            raise Refused("document_missing", "document")
        signoff = SignOff(kind="offline", **(given | {"signed_on": day}))
    signoff.recorded_by, signoff.recorded_at = actor.id, now
    model.Session.add(signoff)
    model.Session.flush([signoff])
    return signoff
