"""Numbers for Prometheus. All processes of one server add theirs up in files (``PROMETHEUS_MULTIPROC_DIR``).

Labels have few values, all of them ours: routes as they are declared, never as they are asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.registry import REGISTRY, Collector

__all__ = ["GATEWAY_REQUESTS", "LOGINS_REFUSED", "WEB_REQUESTS", "exposition", "forget", "measure", "route"]

#: Upper ends in seconds: from a page out of memory to the longest that nginx waits for.
_BUCKETS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)

WEB_REQUESTS = Counter("shopendata_web_requests", "Requests answered by the web processes.", ["route", "status"])
WEB_SECONDS = Histogram("shopendata_web_request_seconds", "Time until the answer began.", ["route"], buckets=_BUCKETS)
LOGINS_REFUSED = Counter("shopendata_logins_refused", "Log-ins that were tried and refused.")
GATEWAY_REQUESTS = Counter(
    "shopendata_gateway_requests", "Requests answered by the data gateway, by what came of them.", ["route", "outcome"]
)
GATEWAY_SECONDS = Histogram(
    "shopendata_gateway_request_seconds", "Time until the answer began.", ["route"], buckets=_BUCKETS
)


def route() -> str:
    """The route of the request as it is declared; ``unknown`` for an address that is none."""
    return request.url_rule.rule if request.url_rule is not None else "unknown"


def measure(app: Flask, seconds: Histogram, count: Any) -> None:
    """Measures every request of an application. ``count(response)`` counts it; it runs behind all other hooks."""

    def begin() -> None:
        g.shopendata_began = time.perf_counter()

    def end(response: Response) -> Response:
        if "shopendata_began" in g:
            seconds.labels(route()).observe(time.perf_counter() - g.shopendata_began)
        count(response)
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request_funcs.setdefault(None, []).insert(0, end)


def exposition(collectors: Iterable[Collector] = ()) -> bytes:
    """All numbers of this server's processes, and those that the collectors look up now, in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)


def forget(server: Any, worker: Any) -> None:
    """Gunicorn's ``child_exit``: what a dead process counted stays, what it was at the moment does not."""
    multiprocess.mark_process_dead(worker.pid)
