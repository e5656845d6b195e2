"""Access keys: ``sod_<kid>_<secret><check>``.

``kid`` (12 characters) is public and finds the key; ``secret`` (43 characters of base62, more than 256 bits) proves it;
``check`` (6 characters) is a CRC32 over all before it, so that a typing error costs no look-up and scanners find leaked
keys. Stored is an HMAC of the secret with a pepper that no database holds. A slow hash would buy nothing: a random
secret of this length cannot be guessed at any speed, and slowness would be an attacker's lever.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["ALPHABET", "PATTERN", "Key", "mint", "read", "seal"]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PATTERN = re.compile(r"sod_(?P<kid>[0-9A-Za-z]{12})_(?P<secret>[0-9A-Za-z]{43})(?P<check>[0-9A-Za-z]{6})")


@dataclass(frozen=True)
class Key:
    """A key in two parts."""

    kid: str
    secret: str

    @property
    def text(self) -> str:
        """What its holder gets to see, once."""
        body = f"sod_{self.kid}_{self.secret}"
        return body + _check(body)

    @property
    def hint(self) -> str:
        """Its last four characters, by which a person knows it again."""
        return self.text[-4:]

    def __repr__(self) -> str:  # the secret must not reach a log by way of a traceback
        return f"Key({self.kid})"


def mint(choose: Callable[[str], str]) -> Key:
    """A new key; ``choose`` draws one of the characters it is given (``secrets.choice``)."""
    return Key("".join(choose(ALPHABET) for _ in range(12)), "".join(choose(ALPHABET) for _ in range(43)))


def read(text: str) -> Key | None:
    """The key that a header's value stands for; ``None`` for anything malformed."""
    match = PATTERN.fullmatch(text)
    if match is None or not hmac.compare_digest(_check(text[:-6]), match["check"]):
        return None
    return Key(match["kid"], match["secret"])


def seal(key: Key, pepper: str) -> bytes:
    """What is stored of a key and compared, in constant time, at each call."""
    return hmac.digest(pepper.encode(), f"{key.kid}:{key.secret}".encode(), hashlib.sha256)


def _check(body: str) -> str:
    number, characters = zlib.crc32(body.encode()), []
    for _ in range(6):
        number, rest = divmod(number, 62)
        characters.append(ALPHABET[rest])
    return "".join(reversed(characters))
