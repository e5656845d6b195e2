"""``ckan shopendata audit``, and the sealer as the supervisor runs it."""

import json
import os
import signal
import subprocess
import time

import pytest
from ckan.cli.cli import ckan
from ckanext.shopendata.audit import files

from stack.settings import ROOT
from tests.audit.conftest import url
from tests.audit.test_sealer import happen


@pytest.fixture
def run(cli, record, tmp_path, ckan_config, test_stack):
    """A command; returns its exit code and output. Files are the test's own, and so is what it ``sets``."""

    def call(*words, **sets):
        given = {"anchors": tmp_path / "anchors", "access_logs": tmp_path / "access", "syslog": "", **sets}
        lines = [f"ckanext.shopendata.audit.{name} = {value}" for name, value in given.items()]
        ini = tmp_path / "own.ini"
        ini.write_text("\n".join(["[app:main]", f"use = config:{test_stack.var / 'test.ini'}", *lines]))
        answer = cli.invoke(ckan, ["-c", str(ini), "shopendata", "audit", *map(str, words)])
        return answer.exit_code, answer.output

    return call


class TestCommands:
    def test_verify_says_what_is_wrong_and_ends_with_an_error(self, run, seal, database, tmp_path):
        happen(3)
        seal(anchors=tmp_path / "anchors")
        code, said = run("verify")
        assert code == 0, said
        assert "3 events, 1 anchors, head 3 " in said
        database.execute(
            "UPDATE audit.event SET actor = 'x' WHERE id IN (SELECT event_id FROM seal.link WHERE position = 2)"
        )
        database.execute("DELETE FROM seal.link WHERE position = 3")
        code, said = run("verify")
        assert code == 1
        assert "altered: 2 has been altered" in said
        assert "truncated: 3 has been cut off" in said

    def test_an_export_is_checked_elsewhere(self, run, seal, tmp_path):
        happen(3)
        seal(anchors=tmp_path / "anchors")
        happen(1)
        path = tmp_path / "export.jsonl"
        assert run("export", path)[0] == 0
        code, said = run("verify", "--file", path, "--anchors", tmp_path / "anchors")
        assert code == 0, said
        assert "1 × waits to be sealed" in said
        lines = path.read_text().splitlines(keepends=True)
        for spoilt, word in (
            (lines[:-1], "truncated"),
            (lines[:2] + lines[3:], "missing: 2"),
            (lines[1:], "no export"),
        ):
            path.write_text("".join(spoilt))
            code, said = run("verify", "--file", path)
            assert code == 1
            assert word in said
        middle = json.loads(lines[-1]) | {"records": 7}
        path.write_text("".join([*lines[:-1], json.dumps(middle)]))
        assert run("verify", "--file", path)[0] == 1

    def test_status_tells_what_waits_and_what_is_kept(self, run, seal, tmp_path):
        happen(2)
        seal(anchors=tmp_path / "anchors")
        happen(3)
        code, said = run("status")
        assert code == 0
        assert "sealed     2, last" in said
        assert "waiting    3, oldest" in said
        assert "anchored   2, 20" in said
        assert "access_log: at least 183 days" in said

    def test_after_a_restore_somebody_has_to_say_so(self, run, seal, database, test_stack, tmp_path, monkeypatch):
        monkeypatch.setenv("SHOPENDATA_SEALER_URL", url(test_stack, "audit_sealer"))
        happen(5)
        seal(anchors=tmp_path / "anchors")
        database.execute("DELETE FROM seal.link WHERE position > 3")
        code, said = run("seal", "--until-empty")
        assert code == 1
        assert "Nothing is sealed" in said
        assert run("restored")[0] == 2, "a reason is needed"
        assert run("restored", "--reason", "昨夜备份，机房断电")[0] == 0
        happen(1)
        assert seal(anchors=tmp_path / "anchors") == 4, "what was left, the event of the restore, and news"
        code, said = run("verify")
        assert code == 0, said
        assert '"restored"' in (tmp_path / "anchors").read_text()

    def test_purge_deletes_old_days_only(self, run, tmp_path):
        folder = tmp_path / "access"
        folder.mkdir()
        for name in ("2001-01-01.log", "2999-01-01.log", "2001-01-01.txt", "2001-99-01.log", "unknown.log"):
            (folder / name).touch()
        code, said = run("purge", access_log_days=182)
        assert code == 1
        assert "183" in said
        assert len(list(folder.iterdir())) == 5
        assert run("purge", access_log_days=183) == (0, "2001-01-01.log\n")
        assert len(list(folder.iterdir())) == 4


class TestTheProcess:
    @pytest.fixture
    def start(self, test_stack):
        """The process as the supervisor starts it, below a folder of its own name."""
        started = []

        def run():
            home = test_stack.run / "sealer"
            environ = os.environ | test_stack.values
            started.append(
                subprocess.Popen([ROOT / "config/processes/sealer"], cwd=home, env=environ, stderr=subprocess.DEVNULL)
            )
            return started[-1]

        yield run
        for process in started:
            process.kill()
            process.wait()

    def test_seals_is_killed_goes_on_and_ends_when_asked(self, record, database, start, test_stack, check):
        anchors = test_stack.var / "audit" / "anchors.jsonl"
        anchors.unlink(missing_ok=True)
        happen(5)
        first = start()
        self.wait_for(database, 5)
        first.kill()
        first.wait()
        happen(5)
        second = start()
        self.wait_for(database, 10)
        happen(1)
        self.wait_for(database, 11)
        second.send_signal(signal.SIGTERM)
        assert second.wait(60) == 0
        assert check(anchors=files.anchors(anchors)) == []
        assert files.anchors(anchors)[-1].position == 11
        anchors.unlink()

    @staticmethod
    def wait_for(database, count):
        deadline = time.monotonic() + 120
        while database.execute("SELECT count(*) FROM seal.link").fetchone()[0] < count:
            assert time.monotonic() < deadline, "the sealer does not seal"
            time.sleep(0.2)
