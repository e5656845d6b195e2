"""Appends events to the record, in the transaction of the change that they tell of.

What happens to them then lies beside: :mod:`sealer` links them into the chain, :mod:`stored` reads it, :mod:`files`
writes it down and reads it again. The rules are in ``policy/chain.py``.
"""

from __future__ import annotations

import secrets
import uuid

from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.model.audit import events, payloads
from ckanext.shopendata.policy.audit import Event, payload_digest
from ckanext.shopendata.telemetry.request import request_id

__all__ = ["record"]


def record(*happened: Event) -> list[str]:
    """Appends; the caller commits. Bodies must be plain JSON data. Returns the events' identifiers."""
    if not happened:
        return []
    rows, bodies = [], []
    for event in happened:
        key, salt = str(uuid.uuid4()), secrets.token_hex(16)
        rows.append(
            {
                "id": key,
                "at": clock.now(),
                "actor": event.actor,
                "role": event.role,
                "agency_id": event.agency,
                "verb": event.verb,
                "object_type": event.object_type,
                "object_id": event.object_id,
                "request_id": request_id(),
                "digest": payload_digest(salt, event.body),
            }
        )
        bodies.append({"event_id": key, "salt": salt, "body": dict(event.body)})
    model.Session.execute(events.insert(), rows)
    model.Session.execute(payloads.insert(), bodies)
    return [row["id"] for row in rows]
