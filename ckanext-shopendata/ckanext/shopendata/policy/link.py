"""One-time links that travel by mail: what they are for, how long they live, how many somebody may ask for.

The link's secret is nowhere: it is made from the link's identifier with the portal's key when the mail is written, and
known again by its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from datetime import datetime, timedelta
from enum import Enum

from ckanext.shopendata.policy.refusal import Refused

__all__ = ["ADDRESS_LIMIT", "MAIL_LIMIT", "WINDOW", "Purpose", "address", "check_live", "check_room", "digest", "token"]


class Purpose(Enum):
    """What a link is for."""

    REGISTER = "register"
    KNOWN = "known"  # opens nothing: the mail says that there is an account already
    MAIL = "mail"  # another address for an account
    LEFT = "left"  # opens nothing: the mail says, to the address it had, that an account has another one
    INVITE = "invite"
    FORGOTTEN = "forgotten"  # the account's holder said that the old one is forgotten
    RESET = "reset"  # two people have replaced the account's credentials


#: Letters to one mail address and from one network address within :data:`WINDOW`.
MAIL_LIMIT, ADDRESS_LIMIT, WINDOW = 3, 30, timedelta(hours=1)

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z0-9-]{2,}")


def address(text: str) -> str:
    """A mail address in its one form: half width, lower case. Raises :class:`Refused` ``mail_malformed``."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if len(plain) > 200 or not plain.isascii() or not plain.isprintable() or not _ADDRESS.fullmatch(plain):
        raise Refused("mail_malformed", "mail")
    return plain


def token(key: str, secret: str) -> str:
    """The link's secret: 256 bits, for its identifier."""
    if not secret:
        raise ValueError("the portal has no key")
    return hmac.new(secret.encode(), f"link\n{key}".encode(), hashlib.sha256).hexdigest()


def digest(text: str) -> str:
    """By what a link is known again."""
    return hashlib.sha256(text.encode()).hexdigest()


def check_live(ended: datetime | None, expires: datetime, now: datetime) -> None:
    """Whether a link still opens something; raises :class:`Refused` ``link_dead``, whatever the reason is."""
    if ended is not None or expires <= now:
        raise Refused("link_dead")


def check_room(asked: int, limit: int) -> None:
    """Whether there is room for one more; raises :class:`Refused` ``too_many``."""
    if asked >= limit:
        raise Refused("too_many")
