"""A line of a log is one JSON object with the fields that it always has, whatever was logged."""

import configparser
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ckanext.shopendata.telemetry import logs
from flask import Flask, g
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
SECRET = "Zq7pLm2vXw9sKd4f"


@pytest.fixture
def log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Lines())
    logger = logging.Logger("tests.logs")
    logger.addHandler(handler)
    logger.read = lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    return logger


def test_every_line_has_its_fields_in_order(log):
    log.warning("run %s of %s", 17, "目录")
    (told,) = log.read()
    assert list(told) == ["time", "level", "logger", "request", "message"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00", told["time"])
    assert (told["level"], told["logger"], told["request"]) == ("WARNING", "tests.logs", "-")
    assert told["message"] == "run 17 of 目录"


def test_the_number_of_the_request_is_told_unless_it_is_hostile(log):
    app = Flask("x")
    for header, known, expected in (
        ("0123456789abcdef", None, "0123456789abcdef"), ('"}\n{"level":"x', None, "-"), ("", "made-here", "made-here"),
    ):  # fmt: skip
        with app.test_request_context(environ_base={"HTTP_X_REQUEST_ID": header}):
            if known:
                g.request_id = known
            log.error("x")
            assert log.read()[-1]["request"] == expected


def test_exceptions_come_along_without_secrets(log):
    def fail():
        raise ValueError(f"cannot connect to postgresql://ckan_web:{SECRET}@db/ckan\nforged line")

    try:
        fail()
    except ValueError:
        log.exception("it failed")
    (told,) = log.read()
    assert "Traceback" in told["exception"]
    assert "forged line" in told["exception"]
    assert SECRET not in json.dumps(told)


def test_what_comes_beside_the_message_keeps_its_name(log):
    log.info("x", extra={"dataset": "d1", "password": SECRET, "headers": {"Authorization": f"Bearer {SECRET}"}})
    (told,) = log.read()
    assert told["dataset"] == "d1"
    assert SECRET not in json.dumps(told)


def test_extras_cannot_stand_in_for_our_fields(log):
    log.info("x", extra={"time": "1999", "request": "forged", "level": "DEBUG", "logger": "forged"})
    (told,) = log.read()
    assert told["time"] != "1999"
    assert (told["request"], told["level"], told["logger"]) == ("-", "INFO", "tests.logs")


def test_what_cannot_be_formatted_is_logged_all_the_same(log, capsys):
    class Broken:
        def __str__(self):
            raise RuntimeError(SECRET)

    log.error("two %s %s", *["one"])
    log.error("broken %s", Broken())
    assert [told["level"] for told in log.read()] == ["ERROR", "ERROR"]
    assert capsys.readouterr().err == ""


@given(message=st.text(), name=st.text(max_size=20), extra=st.dictionaries(st.text(max_size=8), st.text(), max_size=3))
def test_nothing_forges_a_line(message, name, extra):
    record = logging.LogRecord(name, logging.INFO, "", 0, "%s", (message,), None)
    record.__dict__.update({f"x_{key}": value for key, value in extra.items()})
    line = logs.Lines().format(record)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["level"] == "INFO"
    line.encode()


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai"])
def test_times_are_chinas_wherever_the_process_thinks_it_is(zone):
    code = (
        "import logging; from ckanext.shopendata.telemetry.logs import Lines;"
        "r = logging.LogRecord('a', 20, '', 0, 'm', None, None); r.created = 1700000000.5; print(Lines().format(r))"
    )
    environ = {**os.environ, "TZ": zone}
    line = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
    assert json.loads(line)["time"] == "2023-11-15T06:13:20.500+08:00"


@pytest.mark.parametrize(
    "crash", ["raise ValueError(S)", "import threading; threading.Thread(target=lambda: int(S)).start()"]
)
def test_what_ends_a_process_is_a_line_too(crash):
    code = (
        "import logging.config; from ckanext.shopendata.telemetry import logs;"
        f"logging.config.dictConfig(logs.GUNICORN); logs.tell_crashes(); S = 'token={SECRET}'; {crash}"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    (line,) = said.splitlines()
    told = json.loads(line)
    assert told["level"] == "CRITICAL"
    assert "ValueError" in told["exception"]
    assert SECRET not in line


def test_ckans_configuration_uses_them_for_everything():
    ini = configparser.RawConfigParser()
    ini.read_string((ROOT / "config" / "ckan.ini").read_text())
    assert ini["formatter_generic"]["class"] == "ckanext.shopendata.telemetry.logs.Lines"
    assert ini["handler_console"]["formatter"] == "generic"
    for key in ini["loggers"]["keys"].split(", "):
        assert ini[f"logger_{key}"]["handlers"] == "console"


def test_threads_do_not_mix_lines(log):
    threads = [threading.Thread(target=lambda n=n: [log.info("thread %s", n) for _ in range(50)]) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(log.read()) == 200
