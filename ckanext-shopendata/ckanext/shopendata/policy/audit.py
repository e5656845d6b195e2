"""Events: what happened, to what, by whom. One for each state change, in its transaction (DESIGN invariant 5).

An event commits to a salted hash of its payload, not to the payload: that one can be erased later, by a recorded
redaction, and the event remains true.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Event", "payload_digest"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """``verb`` names the command (``dataset.decide``); ``body`` what changed, before and after, with the reason."""

    verb: str
    object_type: str
    object_id: str
    actor: str
    role: str = ""
    agency: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


def payload_digest(salt: str, body: Mapping[str, Any]) -> str:
    """SHA-256 over salt and canonical JSON, hexadecimal."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()
