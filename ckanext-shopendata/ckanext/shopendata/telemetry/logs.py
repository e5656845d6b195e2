"""Logs: one JSON object a line, whatever is logged; no secret in it (``policy/scrub.py``).

``config/ckan.ini`` names :class:`Lines` for everything that CKAN starts, :data:`GUNICORN` is for the two servers.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import threading
from typing import Any
from zoneinfo import ZoneInfo

from pythonjsonlogger.json import JsonFormatter

from ckanext.shopendata.policy import scrub
from ckanext.shopendata.telemetry.request import request_id

__all__ = ["GUNICORN", "Lines", "tell_crashes"]

#: Operators in China read them, wherever the machine thinks it stands.
_ZONE = ZoneInfo("Asia/Shanghai")


class Lines(JsonFormatter):
    """``time`` (with its offset), ``level``, ``logger``, ``request``, ``message``, ``exception``; then what came along.

    Takes and ignores what ``logging.config`` gives: the form is no matter of configuration.
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s", json_ensure_ascii=False, json_default=str)

    def format(self, record: logging.LogRecord) -> str:
        """One line; never fails, since a failure would be told, with all that was to be logged, on standard error."""
        try:
            return super().format(record)
        except Exception as error:
            said = f"{record.msg!s} (not formatted: {type(error).__name__})"
            plain = logging.LogRecord(record.name, record.levelno, "", 0, said, None, None)
            plain.created = record.created
            return super().format(plain)

    def process_log_record(self, log_record: dict[str, Any]) -> dict[str, Any]:
        """Puts the fields in order and takes secrets and unseen characters out of each."""
        known = {"levelname", "name", "message", "exc_info", "stack_info", "taskName", "color_message"}
        told = {
            "time": log_record.pop("time"),
            "level": log_record.get("levelname"),
            "logger": scrub.line(str(log_record.get("name"))),
            "request": request_id(),
            "message": scrub.line(str(log_record.get("message"))),
        }
        for field, kept in (("exc_info", "exception"), ("stack_info", "stack")):
            if log_record.get(field):
                told[kept] = scrub.text(str(log_record[field]))
        return told | {
            scrub.line(name): scrub.value(said, name)
            for name, said in log_record.items()
            if name not in known | {*told}
        }

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Adds the record's own time to what the library collects."""
        super().add_fields(log_data, record, message_dict)
        log_data["time"] = dt.datetime.fromtimestamp(record.created, _ZONE).isoformat(timespec="milliseconds")


#: ``logconfig_dict`` of gunicorn, and all there is for the gateway. nginx writes the log of requests.
GUNICORN: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "ckanext.shopendata.telemetry.logs.Lines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
    },
}


def tell_crashes() -> None:
    """What ends this process is logged like everything else, instead of being printed with all that it holds."""

    def told(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
        else:
            logging.getLogger(__name__).critical("the process ends", exc_info=(kind, error or kind(), trace))

    sys.excepthook = told
    threading.excepthook = lambda what: told(what.exc_type, what.exc_value, what.exc_traceback)
