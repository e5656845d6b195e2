"""The client's half of the signature in ``docs/sharing-platform.md``. Pure: clock and nonce are arguments."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote


def canonical_query(parameters: Iterable[tuple[str, str]]) -> str:
    """Names and values percent-encoded (RFC 3986), sorted by name, then by value."""
    encoded = sorted((quote(name, safe=""), quote(value, safe="")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in encoded)


def string_to_sign(
    app_id: str, timestamp: int, nonce: str, method: str, path: str, query: str, body: bytes = b""
) -> str:
    """The eight lines that are signed; ``path`` and ``query`` as they go over the wire."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join(("SP1-HMAC-SHA256", app_id, str(timestamp), nonce, method.upper(), path, query, digest))


def signature(secret: str, text: str) -> str:
    """HMAC-SHA256 of the lines, in lower-case hexadecimal."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def headers(
    app_id: str, secret: str, timestamp: int, nonce: str, method: str, path: str, query: str, body: bytes = b""
) -> dict[str, str]:
    """The four headers of a signed request."""
    return {
        "X-App-Id": app_id,
        "X-Timestamp": str(timestamp),
        "X-Nonce": nonce,
        "X-Signature": signature(secret, string_to_sign(app_id, timestamp, nonce, method, path, query, body)),
    }
