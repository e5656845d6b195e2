"""ckanext-harvest's side: sources, jobs that stay open, and what their pages may show."""

import datetime as dt
import json

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan
from ckan.plugins import toolkit as tk
from ckan.tests import factories, helpers
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject, HarvestObjectExtra, HarvestSource
from ckanext.shopendata.harvesters import configuration, harvester, runs, worker
from ckanext.shopendata.model import Entry, HarvestRun

from .conftest import agency, rows
from .samples import record


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "no",
        "{}",
        '{"mapping": "guangdong"}',
        '{"mapping": ["shanghai"]}',
        '{"mapping": "shanghai", "password": "x"}',
        '{"mapping": "shanghai", "secret": "s3cr3t-in-clear"}',
        '{"mapping": "shanghai", "secret": "SHOPENDATA_LOADER_URL"}',
        '{"mapping": "shanghai", "secret": ["SHOPENDATA_SOURCE_A"]}',
        '{"mapping": "shanghai", "allow_private": 1}',
        '{"mapping": "shanghai", "app_id": {}}',
    ],
)
@pytest.mark.usefixtures("with_request_context")
def test_a_faulty_configuration_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        configuration.read(text)


def test_a_good_configuration():
    given = {"mapping": "sandbox", "secret": "SHOPENDATA_SOURCE_SANDBOX", "app_id": "portal", "allow_private": True}
    assert json.loads(configuration.read(json.dumps(given)).as_json()) == given


@pytest.fixture
def portal(make_portal):
    portal = make_portal("sandbox")
    agency("甲局", ("甲",), "CODE1")
    return portal


@pytest.fixture
def job(portal):
    """A job as the gather queue gets it. Its creation is old, so that waiting for its message counts as lost."""
    source = model.Session.get(HarvestSource, portal.id)
    job = HarvestJob(source=source, status="Running", created=dt.datetime(2020, 1, 1))  # noqa: DTZ001
    model.Session.add(job)
    model.Session.flush()
    return job


def gather(job):
    """Gathers without letting go of the run: the stack's own worker must not take it first."""
    job.gather_finished = dt.datetime(2020, 1, 1)  # noqa: DTZ001
    run_id = runs.plan(job.source_id, job_id=job.id, guard_id=f"run-of-{job.id}")
    if run_id:
        guard = HarvestObject(id=f"run-of-{job.id}", guid="run", job=job, source=job.source, state="IMPORT")
        model.Session.add(guard)
        model.Session.flush()
    return runs.lease(run_id)


def close_finished_jobs():
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    tk.get_action("harvest_jobs_run")({"user": user["name"], "ignore_auth": True}, {})


@pytest.mark.usefixtures("with_request_context")
def test_gathering_makes_a_run_and_a_guard_once(job, monkeypatch):
    monkeypatch.setattr(model.Session, "commit", model.Session.flush)
    plugin = queue.get_harvester("shopendata_catalogue_file")
    assert isinstance(plugin, harvester.CatalogueFileHarvester)
    assert plugin.gather_stage(job) == []
    assert plugin.gather_stage(job) == []
    (run,) = rows(HarvestRun)
    (guard,) = rows(HarvestObject)
    assert (run["state"], run["job_id"], run["guard_id"]) == ("planned", job.id, guard["id"])
    assert (guard["state"], guard["content"]) == ("IMPORT", None)


@pytest.mark.usefixtures("clean_index")
class TestJob:
    def test_it_stays_open_until_its_run_is_done(self, app, portal):
        """Through ckanext-harvest's own functions, with the stack's worker kept away by a lease."""
        portal.deliver([record(), record(resourceId="bad", openType="CANARYTIER", resourceName="CANARYTITLE")])
        user = factories.Sysadmin()
        data = {"name": "source", "title": "s", "owner_org": factories.Organization()["id"], "url": str(portal.file)}
        data |= {"source_type": "shopendata_catalogue_file", "config": '{"mapping": "sandbox"}'}
        context = {"user": user["name"], "ignore_auth": True}
        source = helpers.call_action("harvest_source_create", context, **data)
        job = HarvestJob(source=model.Session.get(HarvestSource, source["id"]), status="Running")
        model.Session.add(job)
        model.Session.flush()
        job_id = job.id
        held = gather(job)
        close_finished_jobs()
        assert model.Session.get(HarvestJob, job_id).status == "Running"
        worker._do(held)
        worker.close_jobs()
        close_finished_jobs()
        model.Session.expire_all()
        job = model.Session.get(HarvestJob, job_id)
        assert (job.status, rows(HarvestObject)[0]["state"]) == ("Finished", "COMPLETE")
        assert [row["message"] for row in rows(HarvestGatherError)] == ["tier_unknown: bad"]
        assert rows(HarvestObjectExtra) == []
        for table in ("harvest_object", "harvest_gather_error", "harvest_object_error"):
            found = model.Session.execute(sa.text(f"SELECT string_agg(t::text, '') FROM {table} t")).scalar() or ""
            assert "CANARY" not in found
            assert "公交" not in found
        assert len(rows(Entry)) == 1
        environ = {"Authorization": factories.SysadminWithToken()["token"]}
        for address in (f"/harvest/{source['name']}/job/{job_id}", f"/harvest/admin/{source['name']}"):
            page = app.get(address, headers=environ).body
            assert 'data-counter="new">1<' in page, address
            assert 'data-run-state="done_with_errors"' in page
            assert "CANARY" not in page

    def test_a_lost_message_is_made_good(self, portal, job, monkeypatch):
        portal.deliver([record()])
        monkeypatch.setattr(model.Session, "commit", model.Session.flush)
        assert harvester.adopt_jobs({"shopendata_catalogue_file"}) == 1
        assert harvester.adopt_jobs({"shopendata_catalogue_file"}) == 0
        assert rows(HarvestRun)[0]["job_id"] == job.id
        assert job.gather_finished is not None

    def test_a_failed_run_ends_the_job_with_its_reason(self, portal, job):
        portal.file.write_text("no")
        held = gather(job)
        worker._do(held)
        worker.close_jobs()
        assert rows(HarvestObject)[0]["state"] == "ERROR"
        assert [row["message"] for row in rows(HarvestGatherError)] == ["the file is no JSON"]

    def test_an_aborted_job_is_not_run(self, portal, job):
        portal.deliver([record()])
        held = gather(job)
        model.Session.execute(sa.text("UPDATE harvest_object SET state = 'ERROR'"))
        model.Session.commit()
        worker._do(held)
        assert (rows(HarvestRun)[0]["error"], rows(Entry)) == ("aborted", [])

    def test_a_worker_killed_before_it_closed_the_job(self, portal, job):
        portal.deliver([record()])
        worker._do(gather(job))
        assert rows(HarvestObject)[0]["state"] == "IMPORT"
        worker.close_jobs()
        worker.close_jobs()
        assert rows(HarvestObject)[0]["state"] == "COMPLETE"


class TestCommands:
    def run(self, cli, *words, code=0):
        found = cli.invoke(ckan, ["shopendata", "harvest", *words], catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output

    def test_from_a_source_to_a_report(self, cli, portal, folder):
        file = folder / "c.json"
        file.write_text(json.dumps([record(), record(resourceId="bad", openType="?")]))
        options = ["--type", "catalogue_file", "--url", str(file), "--mapping", "sandbox"]
        of = ["--organization", factories.Organization()["name"]]
        key = self.run(cli, "source", "create", "file", *of, *options).split()[-1]
        assert self.run(cli, "source", "create", "file", *of, *options).split()[-1] == key
        assert self.run(cli, "providers", "file").splitlines()[-1] == "甲局\tCODE1\t2"
        dry = json.loads(self.run(cli, "sync", "file", "--dry-run", "--json").splitlines()[-1])
        assert (dry["counters"]["new"], dry["records"][1]["title"], rows(Entry)) == (1, "公交线路与站点", [])
        done = json.loads(self.run(cli, "sync", "file", "--json").splitlines()[-1])
        assert (done["state"], done["counters"]["new"], len(rows(Entry))) == ("done_with_errors", 1, 1)
        text = self.run(cli, "report", done["counters"]["run"])
        assert "tier_unknown" in text
        file.write_text("{}")
        self.run(cli, "sync", "file", code=1)
        self.run(cli, "sync", "nothing", code=1)
        self.run(cli, "report", "nothing", code=1)
