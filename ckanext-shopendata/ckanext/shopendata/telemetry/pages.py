"""``/healthz``, ``/readyz`` and ``/metrics``: the same of the web processes and of the gateway.

``/healthz``: the process lives; nothing else is asked. ``/readyz``: how everything is that it stands on, 503 when
something does not answer. What is late is told and does not make it 503. Strangers see states and ages; reasons and
counts are for those who come in by nginx's inner door, and so is ``/metrics``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import json
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from werkzeug.wrappers import Response

from ckanext.shopendata.telemetry.metrics import exposition
from ckanext.shopendata.telemetry.probes import Panel, State, worst

__all__ = ["HEALTH", "METRICS", "READY", "health", "is_inside", "metrics", "ready"]

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"


def is_inside(environ: Mapping[str, Any]) -> bool:
    """Whether the request came in by nginx's inner door: nginx sets the header at both, whatever a client sends."""
    return environ.get("HTTP_X_DOOR") == "inside"


def health() -> Response:
    """The process lives."""
    return _answer({"status": State.OK.value}, 200)


def ready(panel: Panel, *, inside: bool) -> Response:
    """How everything is."""
    answers = panel.look()
    state = worst(answers)
    checks = {name: one.whole() if inside else one.public() for name, one in answers.items()}
    return _answer({"status": state.value, "checks": checks}, 503 if state is State.FAILING else 200)


def metrics(collectors: Iterable[Collector] = ()) -> Response:
    """The numbers."""
    return Response(exposition(collectors), 200, {"Cache-Control": "no-store"}, content_type=CONTENT_TYPE_LATEST)


def _answer(body: dict[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "30"} if status == 503 else {})
    return Response(json.dumps(body) + "\n", status, headers, content_type="application/json")
