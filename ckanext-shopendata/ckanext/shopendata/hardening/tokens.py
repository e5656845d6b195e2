"""CKAN's tokens for people always expire: after thirty days unless the caller chose another term."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema, Validator

DAYS = 30
_DAY = 86400


def default_term(schema: Schema) -> Schema:
    """Makes the term optional, which the plugin ``expire_api_token`` demands of every caller, ckanapi included."""
    schema["expires_in"] = _positive_integer(DAYS)
    schema["unit"] = _positive_integer(_DAY)
    return schema


def _positive_integer(default: int) -> list[Validator]:
    # CKAN's registry holds validators and their factories under one type.
    factory: Any = tk.get_validator("default")
    check: Any = tk.get_validator("is_positive_integer")
    return [factory(default), check]
