"""Names in addresses: a title's pinyin, and something that keeps it apart from its namesakes."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from pypinyin import lazy_pinyin

__all__ = ["slug"]

#: CKAN takes names of up to 100 characters; long ones help nobody.
_LONGEST = 70
_SUFFIX = 8


def slug(title: str, identity: str) -> str:
    """``gong-jiao-xian-lu-3f2a91bc``: lower-case ASCII; the end follows from ``identity`` alone, whatever the title."""
    plain = unicodedata.normalize("NFKC", title).lower()
    words = re.findall(r"[a-z0-9]+", " ".join(lazy_pinyin(plain)).lower())
    name = "-".join(words)[:_LONGEST].rstrip("-")
    end = hashlib.sha256(identity.encode()).hexdigest()[:_SUFFIX]
    return f"{name}-{end}" if name else end
