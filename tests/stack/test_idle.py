"""A stack at rest stays as it is: nothing dies and is started again behind everybody's back."""

import time

import pytest

from stack import services

#: Longer than redis-py and PostgreSQL drivers wait by default before they give up (seconds).
AT_REST = 15
#: What runs in the stack of the tests.
RUNNING = [p for p in (*services.BACKENDS, *services.FRONTENDS) if p.name not in services.CONSUMERS]


@pytest.mark.fault
def test_no_process_of_the_test_stack_ever_died(test_stack):
    """Comes late in the run: by then the stack has been up for minutes, mostly idle."""
    supervisor = services.Supervisor(test_stack)
    youngest = min(time.time() - supervisor.rpc.getProcessInfo(process.name)["start"] for process in RUNNING)
    time.sleep(max(0, AT_REST - youngest))
    log = (test_stack.log / "supervisord.log").read_text()
    since_start = log[log.rfind("supervisord started with pid") :]
    assert [line for line in since_start.splitlines() if "not expected" in line] == []
    assert {supervisor.state(process.name) for process in RUNNING} == {"RUNNING"}
