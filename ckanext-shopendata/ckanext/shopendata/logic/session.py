"""Somebody's log-ins: seeing and ending them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.logic import presence
from ckanext.shopendata.model import sessions

__all__ = ["end", "end_all", "list_of"]


def list_of(user_id: str) -> list[dict[str, Any]]:
    """Somebody's sessions that may still be used, the last seen first.

    :returns: ``key``, ``since``, ``seen``, ``until`` (instants, ISO), ``address``, ``browser``, ``own`` (this one)
    """
    own = presence.own_session()
    rows = sa.select(sessions).where(sessions.c.user_id == user_id, sessions.c.expires_at > clock.now())
    return [
        {
            "key": row.token_hash,
            "since": row.created_at.isoformat(),
            "seen": row.seen_at.isoformat(),
            "until": row.expires_at.isoformat(),
            "address": row.address,
            "browser": row.browser,
            "own": row.token_hash == own,
        }
        for row in model.Session.execute(rows.order_by(sessions.c.seen_at.desc()))
    ]


def end(user_id: str, key: str) -> int:
    """Ends one session of somebody's; the caller commits. Returns how many there were."""
    return _delete(sessions.c.user_id == user_id, sessions.c.token_hash == key)


def end_all(user_id: str, *, but: str = "") -> int:
    """Ends all of somebody's sessions (``but`` one); the caller commits. Returns how many there were."""
    return _delete(sessions.c.user_id == user_id, sessions.c.token_hash != but)


def _delete(*which: Any) -> int:
    return model.Session.execute(sa.delete(sessions).where(*which)).rowcount  # type: ignore[attr-defined]
