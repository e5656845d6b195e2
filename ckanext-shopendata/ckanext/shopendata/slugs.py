"""Names for addresses, made of Chinese titles: readable, and the same for the same title."""

from __future__ import annotations

import hashlib
import re

from pypinyin import lazy_pinyin

__all__ = ["pinyin", "slug"]

_LENGTH = 80


def pinyin(text: str) -> str:
    """How a text sounds, from each of its syllables on: ``gongjiaozhandian jiaozhandian zhandian dian``."""
    syllables = lazy_pinyin(text)
    return " ".join("".join(syllables[start:])[:30] for start in range(len(syllables)))


def slug(title: str, key: str = "") -> str:
    """A name of a-z, 0-9 and ``-``, at most 100 characters: the title in pinyin, then some of ``key``'s hash.

    Two titles may sound alike, so whoever needs a name of its own passes a key. CKAN wants two characters at least.
    """
    plain = "-".join(lazy_pinyin(title))
    plain = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LENGTH].strip("-")
    suffix = hashlib.sha256(key.encode()).hexdigest()[:6] if key else ""
    return "-".join(part for part in (plain, suffix) if part) or "x-" + hashlib.sha256(title.encode()).hexdigest()[:8]
