"""CKAN's tokens for people always expire: after thirty days unless the caller chose another term."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

DAYS = 30
_DAY = 86400


def default_term(schema: Schema) -> Schema:
    """Makes the term optional, which the plugin ``expire_api_token`` demands of every caller, ckanapi included."""
    positive = tk.get_validator("is_positive_integer")
    schema["expires_in"] = [tk.get_validator("default")(DAYS), positive]
    schema["unit"] = [tk.get_validator("default")(_DAY), positive]
    return schema
