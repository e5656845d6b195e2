"""Titles as addresses and as sounds: pinyin."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from pypinyin import lazy_pinyin

__all__ = ["pinyin", "slug"]

#: CKAN takes names of up to 100 characters; long ones help nobody.
_LONGEST = 70
_SUFFIX = 8


def pinyin(text: str) -> str:
    """How a text sounds, from each of its syllables on: ``gongjiaozhandian jiaozhandian zhandian dian``."""
    syllables = lazy_pinyin(text)
    return " ".join("".join(syllables[start:])[:30] for start in range(len(syllables)))


def slug(title: str, identity: str = "") -> str:
    """``gong-jiao-xian-lu-3f2a91bc``: lower-case ASCII; the end follows from ``identity`` alone, whatever the title.

    Titles may sound alike: what needs a name of its own passes an identity. Without one, the end is left out.
    """
    plain = unicodedata.normalize("NFKC", title).lower()
    words = re.findall(r"[a-z0-9]+", " ".join(lazy_pinyin(plain)).lower())
    name = "-".join(words)[:_LONGEST].rstrip("-")
    end = hashlib.sha256((identity or title).encode()).hexdigest()[:_SUFFIX]
    if not name:
        return end
    return f"{name}-{end}" if identity else name
