"""The client's half of the signature in ``docs/sharing-platform.md``. Pure: clock and nonce are arguments."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote


def canonical_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Names and values percent-encoded (RFC 3986), sorted by name, then by value."""
    encoded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in encoded)


@dataclass(frozen=True)
class Request:
    """What is signed of a request.

    ``timestamp`` in unix seconds; ``path`` and ``query`` as they go over the wire; a ``nonce`` belongs to one request.
    """

    app_id: str
    timestamp: int
    nonce: str
    method: str
    path: str
    query: str
    body: bytes = b""

    def text(self) -> str:
        """The eight lines."""
        digest = hashlib.sha256(self.body).hexdigest()
        who = (self.app_id, str(self.timestamp), self.nonce)
        return "\n".join(("SP1-HMAC-SHA256", *who, self.method.upper(), self.path, self.query, digest))

    def headers(self, secret: str) -> dict[str, str]:
        """The four headers of the signed request."""
        return {
            "X-App-Id": self.app_id,
            "X-Timestamp": str(self.timestamp),
            "X-Nonce": self.nonce,
            "X-Signature": hmac.new(secret.encode(), self.text().encode(), hashlib.sha256).hexdigest(),
        }
