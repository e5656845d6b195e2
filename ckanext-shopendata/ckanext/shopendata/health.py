"""How the portal is: what it stands on answers, and what waits is not old. Pages, numbers and the doctor all ask here.

Nothing of this needs a request, an application context or CKAN's own hooks, which fail without PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
import redis
import requests
import sqlalchemy as sa
from ckan import model
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ckanext.shopendata import config, maintenance
from ckanext.shopendata.audit import stored
from ckanext.shopendata.model import HarvestRun
from ckanext.shopendata.notices import deliver
from ckanext.shopendata.publish import outbox, publisher
from ckanext.shopendata.telemetry.probes import Answer, Panel, Probe, State

__all__ = ["LATE", "PANEL", "Numbers"]

#: What waits -> seconds after which it is late. A synchronisation may take its time; a seal takes a second.
LATE = {"outbox": 600.0, "notices": 1800.0, "harvest": 3600.0, "sealer": 60.0}
#: Seconds that a connection, and then its answer, may take.
CONNECT, ANSWER = 1, 1.5
#: States of a synchronisation's run.
RUNS = ("planned", "running", "done", "done_with_errors", "failed")


def _database(*options: str) -> Callable[[], Answer]:
    def ask() -> Answer:
        for option in options:
            limits = {"connect_timeout": CONNECT, "options": f"-c statement_timeout={ANSWER * 1000:.0f}"}
            engine = sa.create_engine(tk.config[option], poolclass=sa.pool.NullPool, connect_args=limits)
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        return Answer()

    return ask


def _redis() -> Answer:
    limits = {"socket_connect_timeout": CONNECT, "socket_timeout": ANSWER}
    with redis.Redis.from_url(tk.config["ckan.redis.url"], **limits) as client:
        client.ping()
    return Answer()


def _search() -> Answer:
    requests.get(f"{tk.config['solr_url']}/admin/ping", timeout=(CONNECT, ANSWER)).raise_for_status()
    return Answer()


def _gateway() -> Answer:
    _ask_gateway("healthz").raise_for_status()
    return Answer()


def _vault() -> Answer:
    """The web processes have no way into the vault (DESIGN invariant 2): the gateway says how it is."""
    told = _ask_gateway("readyz").json()
    return Answer(State(told["checks"]["vault"]["state"]))


def _ask_gateway(page: str) -> requests.Response:
    return requests.get(f"{config.gateway_url()}/gateway/{page}", timeout=(CONNECT, 2 * ANSWER))


@contextmanager
def _session() -> Iterator[None]:
    """CKAN's session of this thread, with little patience, and given back."""
    try:
        model.Session.execute(sa.text(f"SET LOCAL statement_timeout = {ANSWER * 1000:.0f}"))
        yield
    finally:
        model.Session.remove()


def _waiting(name: str, kinds: Callable[[], Iterable[str]]) -> Callable[[], Answer]:
    def ask() -> Answer:
        with _session():
            found = {one.kind: one for one in outbox.backlog(kinds())}
        known = {kind: found.get(kind) for kind in kinds()}
        told = {
            kind: {"waiting": one.number, "age": round(_age(one.since) or 0.0, 1)} if one else {"waiting": 0, "age": 0}
            for kind, one in known.items()
        }
        return _late(name, min((one.since for one in found.values() if one.since), default=None), kinds=told)

    return ask


def _harvest() -> Answer:
    with _session():
        counted = sa.select(HarvestRun.state, sa.func.count()).group_by(HarvestRun.state)
        runs = {state: number for state, number in model.Session.execute(counted)}
        since = model.Session.scalar(sa.select(sa.func.min(HarvestRun.created_at)).where(HarvestRun.state == "planned"))
    return _late("harvest", since, runs={state: runs.get(state, 0) for state in RUNS})


def _sealer() -> Answer:
    with _session():
        lag = stored.lag()
    return _late("sealer", lag.since, waiting=lag.waiting, head=lag.head)


def _maintenance() -> Answer:
    """Being read-only is no fault: it is told, so that nobody looks for one."""
    with _session():
        return Answer(detail={"on": maintenance.standing() is not None})


def _late(name: str, since: dt.datetime | None, **detail: Any) -> Answer:
    age = _age(since)
    return Answer(State.LATE if (age or 0) > LATE[name] else State.OK, age or 0.0, detail)


def _age(since: dt.datetime | None) -> float | None:
    return None if since is None else max(0.0, (outbox.now() - since).total_seconds())


#: One a process: it knows which question has not come back.
PANEL = Panel((
    Probe("database", _database("sqlalchemy.url")),
    Probe("datastore", _database("ckan.datastore.write_url", "ckan.datastore.read_url")),
    Probe("vault", _vault, 3.5),
    Probe("redis", _redis),
    Probe("search", _search, 3.0),
    Probe("gateway", _gateway, 3.5),
    Probe("outbox", _waiting("outbox", lambda: publisher.HANDLERS)),
    Probe("notices", _waiting("notices", lambda: deliver.HANDLERS)),
    Probe("harvest", _harvest),
    Probe("sealer", _sealer),
    Probe("maintenance", _maintenance),
))  # fmt: skip


class Numbers(Collector):
    """The same as numbers: of what does not answer there is none but its state."""

    def __init__(self, panel: Panel = PANEL) -> None:
        self._panel = panel

    def describe(self) -> list[Metric]:
        """Nothing is asked when the collector is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Looks, and tells."""
        answers = self._panel.look()
        up = GaugeMetricFamily("shopendata_up", "Whether what the portal stands on answers.", labels=["part"])
        age = GaugeMetricFamily("shopendata_age_seconds", "Age of the oldest thing that waits.", labels=["part"])
        for name, one in answers.items():
            up.add_metric([name], float(one.state is not State.FAILING))
            if one.age is not None:
                age.add_metric([name], one.age)
        tasks = GaugeMetricFamily("shopendata_outbox_tasks", "Tasks of the outbox that are not done.", labels=["kind"])
        waited = GaugeMetricFamily("shopendata_outbox_age_seconds", "Age of the oldest of them.", labels=["kind"])
        for name in ("outbox", "notices"):
            for kind, told in answers[name].detail.get("kinds", {}).items():
                tasks.add_metric([kind], told["waiting"])
                waited.add_metric([kind], told["age"])
        runs = GaugeMetricFamily("shopendata_harvest_runs", "Runs of synchronisations.", labels=["state"])
        for state, number in answers["harvest"].detail.get("runs", {}).items():
            runs.add_metric([state], number)
        yield from (up, age, tasks, waited, runs)
        yield from _single(answers["sealer"], "waiting", "shopendata_sealer_waiting", "Events that are not sealed yet.")
        yield from _single(answers["sealer"], "head", "shopendata_sealer_head", "Length of the chain of events.")
        yield from _single(answers["maintenance"], "on", "shopendata_maintenance", "Whether the portal is read-only.")


def _single(answer: Answer, field: str, name: str, says: str) -> Iterator[Metric]:
    if field in answer.detail:
        yield GaugeMetricFamily(name, says, value=float(answer.detail[field]))
