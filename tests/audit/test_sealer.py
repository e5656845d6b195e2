"""Sealing: nothing is lost, the order is that of what happened, one sealer at a time."""

import json
import socket
import threading
import time

import psycopg
import pytest
from ckan import model
from ckanext.shopendata import audit
from ckanext.shopendata.audit import files, sealer
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.chain import Anchor

from tests.audit.conftest import url

INSERT = (
    "WITH e AS (INSERT INTO audit.event (id, at, actor, role, verb, object_type, object_id, request_id, digest) "
    "VALUES (gen_random_uuid()::text, now(), %s, '', 'test.write', 'test', %s, '-', 'x') RETURNING seq) "
    "SELECT seq FROM e"
)


def happen(count=1, **fields):
    given = {"verb": "test.write", "object_type": "test", "object_id": "o", "actor": "alice"} | fields
    ids = audit.record(*(Event(**given, body={"number": number, "时间": 1.0}) for number in range(count)))
    model.Session.commit()
    return ids


def sealed(database):
    return database.execute(
        "SELECT l.position, e.actor, e.object_id FROM seal.link l JOIN audit.event e ON e.id = l.event_id "
        "ORDER BY l.position"
    ).fetchall()


def keep_sealing(address, done):
    """As the process does, until everything has been written and sealed."""
    while True:
        last = done.is_set()
        try:
            with sealer.connect(address) as connection:
                at_work = sealer.Sealer(connection)
                while at_work.work() or not (last or done.is_set()):
                    time.sleep(0.005)
        except sealer.AnotherSealsError:
            time.sleep(0.01)
        if last:
            return


class TestSealing:
    def test_what_was_recorded_is_sealed_and_holds(self, seal, check):
        assert seal() == 0
        happen(3)
        assert seal() == 3
        happen(sealer.BATCH + 5)
        assert [one[0] for one in check()] == ["waiting"] * (sealer.BATCH + 5)
        assert seal() == sealer.BATCH + 5
        assert seal() == 0
        assert check() == []

    def test_what_is_rolled_back_is_not_sealed(self, seal, check):
        happen(1)
        audit.record(Event(verb="test.write", object_type="test", object_id="o", actor="alice"))
        model.Session.rollback()
        happen(1)
        assert seal() == 2
        assert check() == []

    def test_a_commit_that_comes_late_is_neither_lost_nor_a_gap(self, test_stack, record, as_role, database, check):
        """Its number is lower than those that were sealed meanwhile, by this sealer and by the one after it."""
        late = psycopg.connect(url(test_stack, "ckan_web"))
        early = as_role("ckan_web")
        with sealer.connect(url(test_stack, "audit_sealer")) as connection:
            at_work = sealer.Sealer(connection)
            number = late.execute(INSERT, ("late", "1")).fetchone()[0]
            for turn in range(5):
                assert early.execute(INSERT, ("early", str(turn))).fetchone()[0] > number
                assert at_work.work() == 1
            late.commit()
            early.execute(INSERT, ("after", "1"))
            assert at_work.work() == 2
            late.execute(INSERT, ("late", "2"))
            assert at_work.work() == 0
        with sealer.connect(url(test_stack, "audit_sealer")) as connection:
            late.commit()
            assert sealer.Sealer(connection).work() == 1
        late.close()
        assert [(actor, turn) for _, actor, turn in sealed(database)] == [
            *(("early", str(turn)) for turn in range(5)), ("late", "1"), ("after", "1"), ("late", "2"),
        ]  # fmt: skip
        assert {one[0] for one in check()} == {"payload_missing"}, "these events were made without payloads"

    def test_the_floor_rises_and_holds_still_for_who_is_late(self, test_stack, record, as_role):
        late = psycopg.connect(url(test_stack, "ckan_web"))
        early = as_role("ckan_web")
        with sealer.connect(url(test_stack, "audit_sealer")) as connection:
            at_work = sealer.Sealer(connection)
            low = late.execute(INSERT, ("late", "1")).fetchone()[0]
            highest = early.execute(INSERT, ("early", "1")).fetchone()[0]
            for _ in range(3):
                at_work.work()
            assert at_work._floor < low
            late.commit()
            assert at_work.work() == 1
            deadline = time.monotonic() + 30
            while at_work._floor < highest and time.monotonic() < deadline:  # others' transactions may hold it
                at_work.work()
                time.sleep(0.1)
            assert at_work._floor == highest
        late.close()

    def test_32_writers_at_once(self, test_stack, record, database, check):
        """Each holds some transactions open, rolls some back; two sealers fight for the work."""
        each, done = 12, threading.Event()

        def write(writer):
            with psycopg.connect(url(test_stack, "ckan_web")) as connection:
                for turn in range(each):
                    connection.execute(INSERT, (f"writer-{writer}", f"{turn:03}"))
                    if turn % 3 == writer % 3:
                        time.sleep(0.01)
                    connection.commit()
                    connection.execute(INSERT, (f"writer-{writer}", "rolled back"))
                    connection.rollback()

        sealers = [
            threading.Thread(target=keep_sealing, args=(url(test_stack, "audit_sealer"), done)) for _ in range(2)
        ]
        writers = [threading.Thread(target=write, args=(number,)) for number in range(32)]
        for thread in [*sealers, *writers]:
            thread.start()
        for thread in writers:
            thread.join()
        done.set()
        for thread in sealers:
            thread.join()
        rows = sealed(database)
        assert [position for position, _, _ in rows] == list(range(1, 32 * each + 1))
        for number in range(32):
            mine = [turn for _, actor, turn in rows if actor == f"writer-{number}"]
            assert mine == [f"{turn:03}" for turn in range(each)], "in the order in which they happened"
        assert {one[0] for one in check()} == {"payload_missing"}

    def test_one_at_a_time(self, test_stack, record):
        address = url(test_stack, "audit_sealer")
        with sealer.connect(address), pytest.raises(sealer.AnotherSealsError), sealer.connect(address):
            pass
        with sealer.connect(url(test_stack, "audit_sealer")):
            pass

    def test_a_second_chain_beside_the_first_is_refused(self, seal, as_role):
        """Should the lock ever fail: two links with one position, or with one predecessor."""
        happen(2)
        seal()
        event = happen(1)[0]
        with pytest.raises(psycopg.errors.UniqueViolation):
            as_role("audit_sealer").execute(
                "INSERT INTO seal.link SELECT 3, %s, now(), previous, 'x' FROM seal.link WHERE position = 2", (event,)
            )


class TestAnchors:
    def test_heads_are_appended_when_there_is_news(self, seal, tmp_path):
        path = tmp_path / "anchors.jsonl"
        seal(anchors=path)
        assert not path.exists()
        happen(2)
        seal(anchors=path)
        seal(anchors=path)
        happen(1)
        seal(anchors=path)
        assert [one.position for one in files.anchors(path)] == [2, 3]

    def test_the_system_log_is_told(self, seal, tmp_path):
        address = str(tmp_path / "log")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind(address)
            happen(2)
            seal(system_log=address)
            said = listening.recv(4096).decode()
        assert said.startswith("<37>shopendata-sealer: audit chain 2 ")

    def test_nothing_is_sealed_on_a_chain_that_is_not_the_anchored_one(self, seal, tmp_path):
        happen(2)
        seal(anchors=tmp_path / "anchors")
        files.append(tmp_path / "anchors", Anchor(position=2, digest="0" * 64, at="x"))
        happen(1)
        with pytest.raises(sealer.ContradictedError):
            seal(anchors=tmp_path / "anchors")

    def test_a_torn_line_is_none_and_does_not_swallow_the_next(self, tmp_path):
        path = tmp_path / "anchors"
        files.append(path, Anchor(position=1, digest="a", at="x"))
        with path.open("a") as file:
            file.write('{"position": 2, "dig')
        assert [one.position for one in files.anchors(path)] == [1]
        files.append(path, Anchor(position=3, digest="c", at="x"))
        with pytest.raises(files.Broken, match="line 2"):
            files.anchors(path)

    def test_a_restore_voids_what_came_after_it(self, tmp_path):
        path = tmp_path / "anchors"
        for position in (1, 2, 3):
            files.append(path, Anchor(position=position, digest=str(position), at="x"))
        files.append(path, Anchor(position=1, digest="1", at="x"), restored="from last night's backup")
        files.append(path, Anchor(position=2, digest="other", at="x"))
        assert [(one.position, one.digest) for one in files.anchors(path)] == [(1, "1"), (1, "1"), (2, "other")]
        assert len(path.read_text().splitlines()) == 5
        assert json.loads(path.read_text().splitlines()[3])["restored"] == "from last night's backup"
