"""The platform's HTTP service, as ``docs/sharing-platform.md`` describes it."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from .catalogue import Catalogue
from .faults import Faults
from .signature import Nonces, RefusedError, Verifier

CATALOGUE_SIZE = 200
ROWS_SIZE = 10_000

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class ParameterError(Exception):
    """A query that is signed well and asks for something that does not exist."""


def create_app(
    *,
    secrets: Mapping[str, str],
    catalogue: Catalogue,
    faults: Faults | None = None,
    nonces: Nonces | None = None,
    clock: Callable[[], float] = time.time,
) -> Flask:
    """A platform.

    Args:
        secrets: secret of each application that may ask.
        catalogue: what it holds; may be changed while the platform runs.
        faults: what shall go wrong.
        nonces: memory against replays.
        clock: unix seconds.
    """
    app = Flask("shopendata_sharing_platform", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    _add_faults(app, faults or Faults())
    _add_signatures(app, Verifier(secrets, clock, nonces or Nonces()))
    _add_endpoints(app, catalogue)
    _add_errors(app)
    return app


def _add_faults(app: Flask, faults: Faults) -> None:
    @app.before_request
    def stumble() -> Response | None:
        g.fault = fault = faults.take(request.path)
        if fault is None:
            return None
        time.sleep(fault.delay)
        if fault.drop:
            _hang_up()
        if fault.drop or fault.status:
            return Response(b"", fault.status or 500, fault.headers)
        return None

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-Demo"] = "true"
        response.headers["Cache-Control"] = "no-store"
        if g.get("fault") and g.fault.truncate:
            body = response.get_data()
            response.set_data(body[: len(body) // 2])
        return response


def _add_signatures(app: Flask, verifier: Verifier) -> None:
    @app.before_request
    def check_signature() -> None:
        if request.path != "/healthz":
            target = request.environ["RAW_URI"]
            verifier.check(request.method, target, request.headers.get, request.get_data())


def _add_endpoints(app: Flask, catalogue: Catalogue) -> None:
    @app.get("/healthz")
    def health() -> Response:
        return _answer({"status": "ok"})

    @app.get("/api/v1/catalogue")
    def list_records() -> Response:
        page, size = _paging({"changedSince"}, usual=50, most=CATALOGUE_SIZE)
        total, records = catalogue.page((page - 1) * size, size, _moment("changedSince"))
        return _answer({"total": total, "page": page, "size": size, "records": records})

    @app.get("/api/v1/resources/<resource_id>")
    def show_record(resource_id: str) -> Response:
        _known(set())
        record = catalogue.find(resource_id)
        return _answer(record) if record else _problem(404, "not_found", "no such resource")

    @app.get("/api/v1/resources/<resource_id>/rows")
    def list_rows(resource_id: str) -> Response:
        page, size = _paging(set(), usual=1_000, most=ROWS_SIZE)
        table = catalogue.table(resource_id)
        if table is None:
            return _problem(404, "not_found", "no such resource, or it has no rows")
        rows = list(table.rows((page - 1) * size, page * size))
        return _answer({"total": table.total, "page": page, "size": size, "columns": table.columns, "rows": rows})


def _add_errors(app: Flask) -> None:
    @app.errorhandler(RefusedError)
    def refuse(error: RefusedError) -> Response:
        return _problem(401, error.code, str(error))

    @app.errorhandler(ParameterError)
    def complain(error: ParameterError) -> Response:
        return _problem(400, "parameter_invalid", str(error))

    @app.errorhandler(HTTPException)
    def fail(error: HTTPException) -> Response:
        return _problem(error.code or 500, error.name.lower().replace(" ", "_"), error.name)


def _answer(content: Any, status: int = 200) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status, mimetype="application/json")


def _problem(status: int, code: str, message: str) -> Response:
    return _answer({"error": {"code": code, "message": message}}, status)


def _known(names: set[str]) -> None:
    for name, values in request.args.lists():
        if name not in names or len(values) > 1:
            raise ParameterError(f"unknown or repeated parameter {name[:40]!r}")


def _paging(others: set[str], usual: int, most: int) -> tuple[int, int]:
    """Page (from 1) and its size."""
    _known({"page", "size"} | others)
    page, size = _number("page", 1), _number("size", usual)
    if size > most:
        raise ParameterError(f"size is at most {most}")
    return page, size


def _number(name: str, usual: int) -> int:
    given = request.args.get(name)
    if given is None:
        return usual
    if not _NUMBER.fullmatch(given):
        raise ParameterError(f"{name} is a whole number from 1")
    return int(given)


def _moment(name: str) -> datetime | None:
    given = request.args.get(name)
    if given is None:
        return None
    if not _MOMENT.fullmatch(given):
        raise ParameterError(f"{name} is a date and time by RFC 3339")
    whole, _, fraction = given.upper().replace("Z", "+00:00").partition(".")
    if fraction:
        digits, zone = fraction[:-6], fraction[-6:]
        whole = f"{whole}.{digits:0<6}{zone}"
    try:
        return datetime.fromisoformat(whole)
    except ValueError as error:
        raise ParameterError(f"{name} is not a moment") from error


def _hang_up() -> None:
    """Closes the connection under the answer; without one (Flask's test client) nothing is left to answer to."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionAbortedError
    connection.shutdown(socket.SHUT_RDWR)
