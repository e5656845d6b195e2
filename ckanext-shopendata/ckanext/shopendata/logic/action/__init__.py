"""The write interface, one module an aggregate. Action ``dataset_decide`` is called ``shopendata_dataset_decide``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckanext.shopendata.logic.action import (
    account,
    agency,
    application,
    audit,
    catalogue,
    classification,
    credential,
    delegation,
    desk,
    division,
    grant,
    member,
    notice,
    openlist,
    organisation,
    people,
    personal,
    proof,
    publication,
    reorganisation,
    takeover,
)

__all__ = ["actions"]

_MODULES = (
    agency,
    reorganisation,
    division,
    people,
    personal,
    credential,
    delegation,
    catalogue,
    classification,
    openlist,
    publication,
    application,
    grant,
    desk,
    audit,
    notice,
    account,
    organisation,
    proof,
    member,
    takeover,
)


def actions() -> dict[str, Callable[..., Any]]:
    """All of them, by their public names."""
    return {f"shopendata_{name}": getattr(module, name) for module in _MODULES for name in module.__all__}
