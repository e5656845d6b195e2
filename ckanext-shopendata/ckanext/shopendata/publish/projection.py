"""A published dataset as CKAN's package: plain data from plain data, the same for the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Facts", "TableFacts", "package"]

#: What CKAN's tags may not hold.
_NOT_TAG = re.compile(r"[^\w \-.]", re.UNICODE)
_TAG_LENGTH = range(2, 101)


@dataclass(frozen=True)
class TableFacts:
    """A table of a dataset, loaded or (``row_count`` unknown) still awaited."""

    id: str
    name: str
    row_count: int | None
    modified: str


@dataclass(frozen=True)
class Facts:
    """All that the public may know of a dataset. What is not here cannot reach CKAN."""

    id: str
    name: str
    title: str
    notes: str
    organization: str
    tier: str
    conditions: str
    labels: tuple[str, ...]
    code: str
    domain: str
    frequency: str
    high_value: str
    level: str
    division: str
    contact: str
    issued: str
    modified: str
    open_list: str
    tables: tuple[TableFacts, ...]


def package(facts: Facts, site_url: str) -> dict[str, Any]:
    """The package. Extras are flat texts, and public: they can be searched and counted by anybody."""
    extras = {
        "tier": facts.tier,
        "conditions": facts.conditions,
        "catalogue_code": facts.code,
        "data_domain": facts.domain,
        "update_frequency": facts.frequency,
        "high_value": facts.high_value,
        "catalogue_level": facts.level,
        "division": facts.division,
        "contact": facts.contact,
        "issued": facts.issued,
        "modified": facts.modified,
        "open_list": facts.open_list,
    }
    return {
        "id": facts.id,
        "name": facts.name,
        "title": facts.title,
        "notes": facts.notes,
        "owner_org": facts.organization,
        "private": False,
        "state": "active",
        "type": "dataset",
        "tags": [{"name": tag} for tag in tags(facts.labels)],
        "extras": [{"key": key, "value": value} for key, value in sorted(extras.items()) if value],
        "resources": [_resource(facts, table, site_url) for table in facts.tables if table.row_count is not None],
    }


def _resource(facts: Facts, table: TableFacts, site_url: str) -> dict[str, Any]:
    """Rows of a conditional dataset are the gateway's; the address is all that CKAN knows, not even how many."""
    common = {"id": table.id, "name": table.name, "last_modified": table.modified}
    if facts.tier == "conditional":
        address = f"{site_url}/gateway/v1/datasets/{facts.name}/resources/{table.id}/rows"
        return common | {"url": address, "url_type": "shopendata_gateway", "format": "API"}
    return common | {
        "url": f"{site_url}/datastore/dump/{table.id}?bom=True",
        "url_type": "shopendata_table",
        "format": "CSV",
        "datastore_active": True,
        "row_count": str(table.row_count),
    }


def tags(labels: Iterable[str]) -> list[str]:
    """The labels that CKAN takes as tags, cleaned, each once."""
    cleaned = (" ".join(_NOT_TAG.sub(" ", label).split()) for label in labels)
    return list(dict.fromkeys(tag for tag in cleaned if len(tag) in _TAG_LENGTH))
