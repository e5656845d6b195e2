"""The platform's half of the signature in ``docs/sharing-platform.md``: who may ask.

Written from the document alone and sharing nothing with the client, so that each is a test of the other.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Mapping
from urllib.parse import quote_from_bytes, unquote_to_bytes

#: Seconds that a request's clock may differ from ours.
WINDOW = 300

_NONCE = re.compile(r"[0-9A-Za-z_-]{16,64}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


class RefusedError(Exception):
    """A request that is not answered; ``code`` is one of the protocol's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Nonces:
    """Remembers nonces until requests that carry them would be refused for their age."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def use(self, app_id: str, nonce: str, now: float, until: float) -> bool:
        """Takes note of a nonce; false if it is remembered already. Times are unix seconds."""
        with self._lock:
            if self._until.get((app_id, nonce), -1) >= now:
                return False
            if len(self._until) % 1000 == 999:
                self._until = {key: end for key, end in self._until.items() if end >= now}
            self._until[app_id, nonce] = until
            return True


class Verifier:
    """Checks signed requests.

    Args:
        secrets: secret of each application.
        clock: unix seconds.
        nonces: what was seen before.
    """

    def __init__(self, secrets: Mapping[str, str], clock: Callable[[], float], nonces: Nonces) -> None:
        self._secrets = secrets
        self._clock = clock
        self._nonces = nonces

    def check(self, method: str, target: str, header: Callable[[str, str], str], body: bytes) -> str:
        """The application that sent the request.

        Args:
            method: as sent.
            target: path and query as sent, before any decoding.
            header: value of a header, by its name and what to return without one.
            body: as sent.

        Raises:
            RefusedError: see the protocol's list of codes.
        """
        app_id, timestamp = header("X-App-Id", ""), header("X-Timestamp", "")
        nonce, given = header("X-Nonce", ""), header("X-Signature", "")
        if not (app_id and timestamp and nonce and given):
            raise RefusedError("signature_missing", "a signed request carries four headers")
        if not _TIMESTAMP.fullmatch(timestamp) or not _NONCE.fullmatch(nonce) or not _SIGNATURE.fullmatch(given):
            raise RefusedError("signature_malformed", "timestamp, nonce or signature are not in the protocol's form")
        now = self._clock()
        if abs(now - int(timestamp)) > WINDOW:
            raise RefusedError("clock_skew", f"the timestamp differs by more than {WINDOW} seconds")
        path, _, query = target.partition("?")
        if not path.startswith("/") or not is_canonical(query):
            raise RefusedError("query_not_canonical", "the query is not sorted and encoded as the protocol says")
        secret = self._secrets.get(app_id)
        expected = sign(secret or "", lines(app_id, timestamp, nonce, method, path, query, body=body))
        if not hmac.compare_digest(expected, given) or secret is None:
            code = "signature_wrong" if secret is not None else "unknown_app"
            raise RefusedError(code, "unknown application or wrong signature")
        if not self._nonces.use(app_id, nonce, now, int(timestamp) + WINDOW):
            raise RefusedError("nonce_replayed", "this nonce was used before")
        return app_id


def lines(*parts: str, body: bytes) -> bytes:
    """What the protocol says is signed; ``parts`` are application, timestamp, nonce, method, path and query."""
    return "\n".join(["SP1-HMAC-SHA256", *parts, hashlib.sha256(body).hexdigest()]).encode()


def sign(secret: str, text: bytes) -> str:
    """Lower-case hexadecimal HMAC-SHA256."""
    return hmac.digest(secret.encode(), text, "sha256").hex()


def is_canonical(query: str) -> bool:
    """Whether a raw query is encoded by RFC 3986, sorted by name, then by value."""
    if not query:
        return True
    pairs = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if not equals or _encoded(name) != name or _encoded(value) != value:
            return False
        pairs.append((name, value))
    return pairs == sorted(pairs)


def _encoded(raw: str) -> str:
    return quote_from_bytes(unquote_to_bytes(raw), safe="")
