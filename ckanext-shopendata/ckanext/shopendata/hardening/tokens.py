"""CKAN's tokens for people always expire: after thirty days unless the caller chose another term, within a limit."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context, FlattenDataDict, FlattenErrorDict, FlattenKey, Schema, Validator

from ckanext.shopendata import config

DAYS = 30
_DAY = 86400


def default_term(schema: Schema) -> Schema:
    """Makes the term optional, which the plugin ``expire_api_token`` demands of every caller, ckanapi included."""
    schema["expires_in"] = _positive_integer(DAYS)
    schema["unit"] = [*_positive_integer(_DAY), _within_limit]
    return schema


def _positive_integer(default: int) -> list[Validator]:
    # CKAN's registry holds validators and their factories under one type.
    factory: Any = tk.get_validator("default")
    check: Any = tk.get_validator("is_positive_integer")
    return [factory(default), check]


def _within_limit(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    count, unit, limit = data.get(("expires_in",)), data.get((key[-1],)), config.token_days_limit()
    if isinstance(count, int) and isinstance(unit, int) and count * unit > limit * _DAY:
        errors[("expires_in",)].append(tk._("At most {days} days are possible").format(days=limit))
