"""A source's mapping: which of its fields become ours, and its code tables. Pure; the files lie in ``mappings/``.

A code table is total: each value a source is known to use is either mapped or quarantined, the latter and every guess
with a written reason. A value that a table does not have is quarantined too (DESIGN invariant 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import yaml
from ckanext.shopendata.policy.catalogue import Acquisition, Frequency, ItemType, ShareClass
from ckanext.shopendata.policy.classification import Tier
from ckanext.shopendata.policy.profile import Profile, read_profile
from ckanext.shopendata.policy.scope import Mask

__all__ = ["PUBLISHED", "REVOKED", "STATES", "TAKEN_BACK", "Rules", "Table", "names", "pack", "read_rules", "rules"]

#: States of a record at a sharing platform. Only a published one becomes an entry; a revoked one suspends.
STATES = (
    "created", "publishAudit", "published", "publishRejected", "revokeAudit", "revoked", "revokeRejected", "closed",
)  # fmt: skip
PUBLISHED = "published"
REVOKED = frozenset({"revoked", "closed"})
#: Of an entry whose rows are not to come here; ``refused`` is ours, of a state secret.
TAKEN_BACK = REVOKED | {"refused"}

#: Table -> the words it may map to. A domain or a form is any word of the source's jurisdiction.
_TARGETS: dict[str, tuple[str, ...] | None] = {
    "tier": tuple(tier.value for tier in Tier),
    "state": STATES,
    "update_frequency": tuple(word.value for word in Frequency),
    "acquisition_method": tuple(word.value for word in Acquisition),
    "share_class": tuple(word.value for word in ShareClass),
    "level": ("city", "district"),
    "resource_form": ("table", "file", "api"),
    "high_value": ("livelihood", "urgent", "commercial"),
    "domain": None,
    "item_type": tuple(word.value for word in ItemType),
    "sensitivity": ("none", "personal", "sensitive_personal", "trade_secret", "other"),
    "mask": tuple(word.value for word in Mask),
}


_HERE = __name__.rpartition(".")[0]


@dataclass(frozen=True)
class Table:
    """A code table. ``quarantined`` holds the codes that are known and yet mean nothing we may take over."""

    mapped: Mapping[str, str]
    quarantined: Mapping[str, str]
    reasons: Mapping[str, str]

    def knows(self, code: str) -> bool:
        """Whether somebody has decided about this code."""
        return code in self.mapped or code in self.quarantined


@dataclass(frozen=True)
class Rules:
    """How one source's records are read."""

    name: str
    profile: str
    identity: tuple[str, ...]  #: one field: its value; several: a hash of them
    provider: str
    provider_code: str
    secret: str  #: field that flags a state secret
    fields: Mapping[str, str]  #: our column -> its field
    items: str
    tables: Mapping[str, Table]
    tier_required: bool
    tier_grounds: Mapping[str, str] = field(default_factory=dict)
    ignored: Mapping[str, str] = field(default_factory=dict)

    def known_fields(self) -> set[str]:
        """Every top-level field of a record about which somebody has decided."""
        paths = {*self.identity, *self.fields.values(), *self.tier_grounds.values(), *self.ignored}
        paths |= {self.provider, self.provider_code, self.secret, self.items}
        return {path.split(".")[0] for path in paths if path}


def names() -> list[str]:
    """The mappings there are."""
    folder = resources.files(_HERE) / "mappings"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@cache
def rules(name: str) -> Rules:
    """The mapping of that name; raises ``KeyError`` for another."""
    if name not in names():
        raise KeyError(name)
    text = (resources.files(_HERE) / "mappings" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_rules(name, yaml.safe_load(text))


@cache
def pack(name: str) -> Profile:
    """The jurisdiction pack that a mapping names."""
    text = (resources.files("ckanext.shopendata") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")
    return read_profile(yaml.safe_load(text))


def read_rules(name: str, data: Mapping[str, Any]) -> Rules:
    """A mapping from its parsed file. Raises ``KeyError`` or ``ValueError`` for a faulty one."""
    fields = dict(data["fields"])
    tables = {column: _table(name, column, rows) for column, rows in data["tables"].items()}
    if missing := {column for column in fields if column in _TARGETS and column not in tables}:
        raise ValueError(f"{name}: no table for {sorted(missing)}")
    return Rules(
        name=name,
        profile=data["profile"],
        identity=tuple(data["identity"]),
        provider=data["provider"],
        provider_code=data.get("provider_code", ""),
        secret=data.get("secret", ""),
        fields=fields,
        items=data.get("items", ""),
        tables=tables,
        tier_required=bool(data.get("tier_required", True)),
        tier_grounds=dict(data.get("tier_grounds", {})),
        ignored=dict(data.get("ignored", {})),
    )


def _table(name: str, column: str, rows: Mapping[Any, Any]) -> Table:
    allowed = _TARGETS[column]
    mapped: dict[str, str] = {}
    quarantined: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for code, given in rows.items():
        if not isinstance(code, str):
            raise ValueError(f"{name}.{column}: quote the code {code!r}")  # noqa: TRY004 - a fault of the file
        row = {"to": given} if isinstance(given, str) else given
        if "quarantine" in row:
            quarantined[code] = reasons[code] = row["quarantine"]
            continue
        if allowed is not None and row["to"] not in allowed:
            raise ValueError(f"{name}.{column}: {row['to']!r} is no word of ours")
        mapped[code] = row["to"]
        reasons[code] = row.get("why", "")
    return Table(mapped, quarantined, reasons)
