"""Events: what happened, to what, by whom. One for each state change, in its transaction (DESIGN invariant 5).

An event commits to a salted hash of its payload, not to the payload: that one can be erased later, by a recorded
redaction, and the event remains true. Events are linked into a chain afterwards: :mod:`chain`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

__all__ = ["Event", "canonical", "payload_digest"]


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


def canonical(value: Any) -> str:
    """JSON of which equal values have one text, whether they come from a program, from PostgreSQL or from a file.

    Keys are sorted, nothing is escaped that need not be, and numbers are written by their value: PostgreSQL's ``jsonb``
    gives ``1e3`` back as ``1000``. Raises ``ValueError`` for what is not JSON (NaN), ``TypeError`` for other types.
    """
    plain = json.loads(json.dumps(value, allow_nan=False), parse_float=_number)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def payload_digest(salt: str, body: Mapping[str, Any]) -> str:
    """SHA-256 over salt and canonical JSON, hexadecimal."""
    return hashlib.sha256(f"{salt}\n{canonical(body)}".encode()).hexdigest()


def _number(text: str) -> int | float:
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else float(text)
