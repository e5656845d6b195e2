"""Runs in words, for the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .planning import Step

__all__ = ["changes", "counters", "lines"]

_SHOWN = 100
_LISTS = ("differing", "held_guids")


def changes(steps: Iterable[Step], limit: int = _SHOWN) -> list[dict[str, Any]]:
    """What would change, record by record. Quarantined and refused ones come without a title."""
    found = []
    for step in steps:
        if len(found) == limit:
            break
        if step.kind == "forgotten":
            continue
        differences: list[Any] = [
            {"field": field, "before": before, "after": after} for field, before, after in step.differences
        ]
        reason = step.record["reason"] if step.record else ""
        found.append(
            {"kind": step.kind, "guid": step.guid, "title": step.title, "reason": reason, "changes": differences}
        )
    return found


def counters(values: Mapping[str, Any]) -> dict[str, Any]:
    """The counters alone, in one level."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and key not in _LISTS:
            flat |= {f"{key}.{reason}": number for reason, number in value.items()}
        elif key not in _LISTS:
            flat[key] = value
    return flat


def lines(values: Mapping[str, Any], found: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """As text."""
    text = [f"{key:<32} {value}" for key, value in counters(values).items()]
    for one in found:
        text.append(f"{one['kind']:<14} {one['guid']}  {one['title'] or one['reason']}")
        text += [
            f"    {change['field']}: {_short(change['before'])} -> {_short(change['after'])}"
            for change in one["changes"]
        ]
    return text


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"
