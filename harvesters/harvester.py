"""What ckanext-harvest sees of us: types of sources, and a job that stays open until our worker has done its run.

Gathering notes a run and one harvest object in the state ``IMPORT``, and hands out no object ids. ckanext-harvest
closes a job that was gathered when none of its objects is in a state other than COMPLETE and ERROR, so this one keeps
it open. As it is not WAITING, nobody ever queues it for fetching; as it has no content, nothing of a record is where
ckanext-harvest would show it. An empty list and ``None`` do the same to the job, but ``None`` is logged as a failure.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import ckan.plugins as p
from ckan import model
from ckan.plugins import toolkit as tk
from ckanext.harvest.interfaces import IHarvester
from ckanext.harvest.model import HarvestJob, HarvestObject

from . import configuration, runs

__all__ = ["CatalogueFileHarvester", "SharingPlatformHarvester", "open_job"]


def open_job(job: Any) -> None:
    """Notes the job's run, once, with the object that keeps the job open; commits."""
    key = f"run-of-{job.id}"
    run_id = runs.plan(job.source_id, job_id=job.id, guard_id=key)
    if run_id is not None:
        guard = HarvestObject(id=key, guid="run", job=job, source=job.source, state="IMPORT", content=None)
        model.Session.add(guard)
    model.Session.commit()


def adopt_jobs(types: set[str], older_than: dt.timedelta = dt.timedelta(minutes=1)) -> int:
    """Opens jobs whose message to the gather queue was lost: they run for somebody and would never end."""
    # ckanext-harvest writes naive times in UTC.
    before = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None) - older_than
    known = model.Session.query(runs.HarvestRun.job_id).filter(runs.HarvestRun.job_id.is_not(None))
    jobs: Any = (
        model.Session.query(HarvestJob)
        .filter(HarvestJob.status == "Running", HarvestJob.created < before, HarvestJob.id.not_in(known))
        .all()
    )
    lost = [job for job in jobs if job.source.type in types]
    for job in lost:
        job.gather_started = job.gather_started or before
        job.gather_finished = job.gather_finished or before
        open_job(job)
    return len(lost)


class _Harvester(p.SingletonPlugin):
    """Fetching and importing are not ckanext-harvest's here."""

    type_name: ClassVar[str]

    def validate_config(self, config: str) -> str:
        return configuration.read(config).as_json()

    def gather_stage(self, harvest_job: Any) -> list[str]:
        open_job(harvest_job)
        return []

    def fetch_stage(self, harvest_object: Any) -> bool:
        return False

    def import_stage(self, harvest_object: Any) -> bool:
        return False


class SharingPlatformHarvester(_Harvester):
    """目录同步 from a sharing platform."""

    p.implements(IHarvester)

    def info(self) -> dict[str, str]:
        """For the form."""
        return {
            "name": "shopendata_sharing_platform",
            "title": tk._("Sharing platform"),
            "description": tk._("The catalogue of a government data sharing platform, with its rows"),
        }


class CatalogueFileHarvester(_Harvester):
    """目录同步 from a file."""

    p.implements(IHarvester)

    def info(self) -> dict[str, str]:
        """For the form."""
        return {
            "name": "shopendata_catalogue_file",
            "title": tk._("Catalogue file"),
            "description": tk._(
                "A catalogue in a JSON file on this machine, below the folder that its operator allows"
            ),
        }
