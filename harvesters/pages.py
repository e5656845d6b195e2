"""What templates ask about runs."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import HarvestRun

from .report import counters

__all__ = ["shopendata_harvest_run"]


def shopendata_harvest_run(job_id: str) -> dict[str, Any] | None:
    """State, error and counters of the job's run; none for a job without one."""
    run = model.Session.execute(sa.select(HarvestRun).where(HarvestRun.job_id == job_id)).scalars().first()
    if run is None:
        return None
    words = _counters()
    shown = [
        {"code": key, "label": words.get(key.partition(".")[0], key), "reason": key.partition(".")[2], "value": value}
        for key, value in counters(run.counters).items()
        if key != "attempts"
    ]
    return {"id": run.id, "state": run.state, "label": _states()[run.state], "error": run.error, "counters": shown}


def _states() -> dict[str, str]:
    return {
        "planned": tk._("Planned"),
        "running": tk._("Running"),
        "done": tk._("Done"),
        "done_with_errors": tk._("Done, with records held back"),
        "failed": tk._("Failed"),
    }


def _counters() -> dict[str, str]:
    return {
        "read": tk._("Records read"),
        "new": tk._("New entries"),
        "changed": tk._("Changed entries"),
        "unchanged": tk._("Unchanged entries"),
        "missing": tk._("Entries missing at the source"),
        "quarantined": tk._("Records in quarantine"),
        "refused": tk._("Records refused as state secrets"),
        "held": tk._("Entries whose repeats contradict each other"),
        "repeats_exact": tk._("Exact repeats"),
        "repeats_differing": tk._("Entries with differing repeats"),
        "not_published": tk._("Records not published at the source"),
        "proposals": tk._("Proposals made"),
        "blocks": tk._("Datasets suspended"),
        "fetches": tk._("Tables to fetch"),
    }
