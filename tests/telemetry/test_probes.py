"""What hangs is waited for no longer than its time, and asked no second time meanwhile."""

import threading
import time

import pytest
from ckanext.shopendata.telemetry.probes import Answer, Panel, Probe, State, worst


@pytest.fixture
def gate():
    """Opened at the end, so that no thread outlives its test."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_one_that_hangs_does_not_hang_the_others_and_costs_one_thread(gate):
    asked = []

    def hang():
        asked.append(1)
        gate.wait(30)
        return Answer()

    panel = Panel((Probe("quick", Answer, 0.5), Probe("hangs", hang, 0.1)), holds=0.0)
    for _ in range(3):
        told = panel.look()
        assert (told["quick"].state, told["hangs"].state) == (State.OK, State.FAILING)
    assert len(asked) == 1
    gate.set()
    while panel.look()["hangs"].state is not State.OK:
        time.sleep(0.01)


def test_what_is_raised_is_a_failure_and_strangers_are_not_told_which():
    def fail():
        raise ConnectionError("postgresql://ckan_web:secret@10.0.0.7/ckan")

    answer = Panel((Probe("database", fail),)).look()["database"]
    assert answer.public() == {"state": "failing"}
    assert answer.whole() == {"state": "failing", "why": "ConnectionError"}


def test_looking_often_asks_once_a_while():
    asked, now = [], [0.0]
    panel = Panel((Probe("x", lambda: asked.append(1) or Answer()),), holds=1.0, clock=lambda: now[0])
    for _ in range(5):
        panel.look()
    assert len(asked) == 1
    now[0] = 1.5
    panel.look()
    assert len(asked) == 2


def test_many_looking_at_once_share_one_question(gate):
    asked = []

    def slow():
        asked.append(1)
        gate.wait(30)
        return Answer(age=3.0)

    panel = Panel((Probe("x", slow, 5.0),))
    told = []
    threads = [threading.Thread(target=lambda: told.append(panel.look()["x"].age)) for _ in range(8)]
    for one in threads:
        one.start()
    gate.set()
    for one in threads:
        one.join()
    assert told == [3.0] * 8
    assert len(asked) == 1


def test_the_whole_is_as_well_as_its_worst_part():
    assert worst({}) is State.OK
    assert worst({"a": Answer(), "b": Answer(State.LATE)}) is State.LATE
    assert worst({"a": Answer(State.FAILING), "b": Answer(State.LATE)}) is State.FAILING
