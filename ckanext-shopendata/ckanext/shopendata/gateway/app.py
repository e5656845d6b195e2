"""The gateway's application. It knows no data yet: every address but its health check answers 404."""

from __future__ import annotations

import os
import re
import uuid

import psycopg
import redis
from flask import Flask, Response, g, jsonify, request
from psycopg_pool import ConnectionPool, PoolTimeout
from werkzeug.exceptions import HTTPException

from ckanext.shopendata.gateway.problems import problem
from ckanext.shopendata.gateway.settings import GatewaySettings

_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")


def create_app(settings: GatewaySettings) -> Flask:
    """An application over one vault and one Redis; connections are opened when first needed."""
    app = Flask("shopendata_gateway", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    vault = ConnectionPool(settings.vault_url, min_size=0, max_size=8, timeout=2, open=False)
    vault.open(wait=False)
    counters = redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=0.2)

    @app.before_request
    def name_request() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.vary.update(["Authorization", "X-Access-Key"])
        return response

    @app.get("/gateway/healthz")
    def health() -> Response:
        """200 when the vault and Redis answer, else 503; never says more."""
        try:
            with vault.connection() as connection:
                connection.execute("SELECT 1")
            counters.ping()
        except (psycopg.Error, PoolTimeout, redis.RedisError):
            app.logger.warning("gateway health check failed", exc_info=True)
            return problem("temporary-reduced-capacity")
        return jsonify(status="ok")

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        return problem("method_not_allowed" if error.code == 405 else "not_found")

    @app.errorhandler(Exception)
    def stumble(error: Exception) -> Response:
        app.logger.exception("unexpected error in request %s", g.get("request_id"))
        return problem("internal_error")

    return app


def application(environ: dict[str, object], start_response: object) -> object:
    """The WSGI entry point; the application is made at the first call, in the worker that serves it."""
    global _app
    if _app is None:
        _app = create_app(GatewaySettings.read(os.environ))
    return _app(environ, start_response)  # type: ignore[arg-type]


_app: Flask | None = None
