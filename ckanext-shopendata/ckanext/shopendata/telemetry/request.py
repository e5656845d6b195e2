"""The number of a request: the same in nginx's log, in ours, in events of the record and in the answer's header."""

from __future__ import annotations

import re

from flask import g, has_request_context, request

__all__ = ["NONE", "request_id", "sound"]

#: Outside of a request, and where the front door was passed by.
NONE = "-"
_SOUND = re.compile(r"[0-9A-Za-z-]{8,64}")


def sound(given: str) -> bool:
    """Whether a header's value can be a number of a request."""
    return bool(_SOUND.fullmatch(given))


def request_id() -> str:
    """That of the request that is being answered; :data:`NONE` outside of one."""
    if not has_request_context():
        return NONE
    given = g.get("request_id") or request.headers.get("X-Request-Id", "")
    return given if sound(given) else NONE
