"""What ``/readyz`` knows, as findings: the same questions (:mod:`ckanext.shopendata.health`)."""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.shopendata.doctor.finding import Config, Finding
from ckanext.shopendata.health import LATE, PANEL
from ckanext.shopendata.telemetry.probes import Panel, State

#: Process that keeps up with what waits.
_WORKERS = {"outbox": "publisher", "notices": "notifier", "harvest": "harvest_work", "sealer": "sealer"}


def examine(_config: Config, panel: Panel = PANEL) -> Iterator[Finding]:
    """One finding a part; what is late is wrong here, since somebody has to look."""
    for name, answer in panel.look().items():
        if name in LATE and answer.state is not State.FAILING:
            process = _WORKERS[name]
            wrong = f"{name}: something has waited for more than {LATE[name]:.0f} seconds"
            remedy = f"look whether {process} runs, at var/log/{process}.log, and whether there is maintenance"
        else:
            wrong, remedy = f"{name} does not answer", "look at var/log, and run `make portal`"
        detail = f"{answer.age:.0f} s" if answer.age else str(answer.detail.get("why", ""))
        yield Finding(f"health.{name}", answer.state is State.OK, wrong, remedy, detail)
