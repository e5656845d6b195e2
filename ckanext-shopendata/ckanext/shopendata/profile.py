"""The jurisdiction pack in force: the file that ``ckanext.shopendata.profile`` names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from ckanext.shopendata import config
from ckanext.shopendata.policy.profile import Profile, read_profile

__all__ = ["load", "profile"]

FOLDER = Path(__file__).parent / "profiles"


def profile() -> Profile:
    """The pack of this portal."""
    return load(config.profile())


@cache
def load(code: str) -> Profile:
    """A pack by its code. Raises ``FileNotFoundError`` for one that does not exist."""
    return read_profile(yaml.safe_load((FOLDER / f"{code}.yaml").read_text(encoding="utf-8")))
