"""Looks a running installation over and says loudly what is dangerous or broken: ``ckan shopendata doctor``.

Each check has a code that stays the same, one sentence on what is wrong and what it leads to, and a remedy.
:mod:`configuration` judges options, :mod:`services` asks PostgreSQL, Redis and Solr, :mod:`doors` knocks from outside,
:mod:`files` looks at modes and owners, :mod:`health` at what does not answer or keep up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ckanext.shopendata.doctor import configuration, doors, files, health, services
from ckanext.shopendata.doctor.finding import Finding

__all__ = ["Finding", "examine"]


def examine(config: Mapping[str, Any]) -> Iterator[Finding]:
    """Every check of the installation that ``config`` describes, one finding each, in a fixed order."""
    yield from configuration.examine(config)
    yield from files.examine(config)
    yield from services.examine(config)
    yield from health.examine(config)
    yield from doors.examine(config)
