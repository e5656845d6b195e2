"""The gateway's application: addresses, wiring, what every answer carries."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock

import psycopg
import redis
from flask import Flask, Response, g, jsonify, request
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WSGIResponse

from ckanext.shopendata.gateway import ckan_api, data_api
from ckanext.shopendata.gateway.access import Admission, Door, key_in_headers, refuse_key_in_query
from ckanext.shopendata.gateway.demonstration import Demonstration
from ckanext.shopendata.gateway.problems import Refusal, problem
from ckanext.shopendata.gateway.query import VAULT_SESSION, fetch, shown
from ckanext.shopendata.gateway.settings import GatewaySettings
from ckanext.shopendata.telemetry import metrics, pages
from ckanext.shopendata.telemetry.probes import Answer, Panel, Probe
from ckanext.shopendata.telemetry.request import sound

__all__ = ["application", "create_app"]

_HTTP_ERRORS = {400: "bad_request", 405: "method_not_allowed", 413: "too_large"}
_CKAN = "/gateway/api/"
_RESOURCE = "/gateway/v1/datasets/<dataset>/resources/<resource>"


def create_app(settings: GatewaySettings) -> Flask:
    """An application over one vault, one access database and one Redis; connections are opened when first needed."""
    app = Flask("shopendata_gateway", static_folder=None)
    # A redirect would repeat the address, whatever it holds.
    app.url_map.merge_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = 2**20
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    vault = _pool(settings.vault_url, VAULT_SESSION)
    access = _pool(settings.access_url, "-c statement_timeout=2000 -c default_transaction_read_only=on")
    counters = redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=0.2)
    door = Door(access, settings.key_pepper)
    _mark(app, Demonstration(access))
    _serve_health(app, {"vault": vault, "access": access}, counters)
    _serve_rows(app, door, vault)
    _serve_ckan_clients(app, door, vault, settings.site_url)
    _refuse(app, settings.site_url)
    metrics.measure(app, metrics.GATEWAY_SECONDS, _count)
    return app


def _count(_response: Response) -> None:
    metrics.GATEWAY_REQUESTS.labels(metrics.route(), g.get("outcome", "ok")).inc()


def _mark(app: Flask, portal: Demonstration) -> None:
    """What every request and every answer carries."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if sound(given) else uuid.uuid4().hex
        refuse_key_in_query(request.query_string.decode("latin-1"))

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Request-Id"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.vary.update(["Authorization", "X-Access-Key"])
        if "grant_id" in g:
            response.headers["X-Grant"] = g.grant_id
        if portal.marked():
            response.headers["X-Demo"] = "true"
        return response


def _serve_health(app: Flask, pools: Mapping[str, ConnectionPool], counters: redis.Redis) -> None:
    def answers(ask: Callable[[], object]) -> Callable[[], Answer]:
        return lambda: (ask(), Answer())[1]

    def database(pool: ConnectionPool) -> Callable[[], Answer]:
        def ask() -> None:
            with pool.connection() as connection:
                connection.execute("SELECT 1")

        return answers(ask)

    asked = [Probe(name, database(pool), 2.5) for name, pool in pools.items()]
    panel = Panel((*asked, Probe("redis", answers(counters.ping))))

    @app.get(f"/gateway{pages.HEALTH}")
    def health() -> WSGIResponse:
        return pages.health()

    @app.get(f"/gateway{pages.READY}")
    def ready() -> WSGIResponse:
        return pages.ready(panel, inside=pages.is_inside(request.environ))

    @app.get(f"/gateway{pages.METRICS}")
    def numbers() -> WSGIResponse:
        """For operators; to anybody else an address like any other that does not exist."""
        if not pages.is_inside(request.environ):
            raise Refusal("not_found")
        return pages.metrics()


def _serve_rows(app: Flask, door: Door, vault: ConnectionPool) -> None:
    @app.get(f"{_RESOURCE}/rows")
    def rows(dataset: str, resource: str) -> Response:
        (table,) = _admit(door, resource).tables(dataset)
        wish = data_api.wish_of(request.args, shown(table.columns))
        return data_api.answer(table, wish, fetch(vault, table, wish))

    @app.get(f"{_RESOURCE}/schema")
    def schema(dataset: str, resource: str) -> Response:
        (table,) = _admit(door, resource).tables(dataset)
        return jsonify(data_api.describe(table))

    @app.get("/gateway/v1/me")
    def me() -> Response:
        return jsonify(data_api.me(_admit(door)))


def _serve_ckan_clients(app: Flask, door: Door, vault: ConnectionPool, site: str) -> None:
    @app.route("/gateway/api/action/datastore_search", methods=["GET", "POST"])
    @app.route("/gateway/api/3/action/datastore_search", methods=["GET", "POST"])
    def datastore_search() -> Response:
        wrong, sent = None, {}
        try:
            sent = ckan_api.parameters(request)
        except Refusal as refusal:
            wrong = refusal  # told only to those who prove a key
        resource = sent.get("resource_id") or sent.get("id") or ""
        admission = _admit(door, resource, bare=True)
        if wrong is not None:
            raise wrong
        if not resource:
            raise Refusal("bad_value", "缺少 resource_id", "resource_id")
        (table,) = admission.tables()
        wish = ckan_api.wish_of(sent, table.columns)
        return ckan_api.answer(site, sent, table, wish, fetch(vault, table, wish))


def _refuse(app: Flask, site: str) -> None:
    """Every error in the shape of the interface it happens at; none tells more than its code."""

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> Response:
        g.outcome = refusal.code
        return ckan_api.refuse(refusal, site) if request.path.startswith(_CKAN) else problem(refusal)

    @app.errorhandler(HTTPException)
    def turn_away(error: HTTPException) -> Response:
        return refuse(Refusal(_HTTP_ERRORS.get(error.code or 404, "not_found")))

    @app.errorhandler(psycopg.errors.QueryCanceled)
    def give_up(_: Exception) -> Response:
        return refuse(Refusal("query_timeout"))

    @app.errorhandler(psycopg.Error)
    def unavailable(error: Exception) -> Response:
        app.logger.error("a database failed", exc_info=error)
        return refuse(Refusal("temporary-reduced-capacity"))

    @app.errorhandler(Exception)
    def stumble(_: Exception) -> Response:
        app.logger.exception("unexpected error")
        return refuse(Refusal("internal_error"))


def _admit(door: Door, resource: object = None, *, bare: bool = False) -> Admission:
    admission = door.admit(key_in_headers(request.headers, bare=bare), resource)
    g.grant_id = admission.grant_id
    return admission


def _pool(url: str, options: str) -> ConnectionPool:
    """Connections of one database; one that died while it waited (PostgreSQL restarted) is replaced, not handed out.

    The pool makes one attempt at a time and waits a second before the next, then twice as long each time: minutes after
    a long outage, while every request is refused. So it gives up after the second one, and begins again when asked.
    """
    pool: ConnectionPool[psycopg.Connection[TupleRow]] = ConnectionPool(
        url,
        kwargs={"autocommit": True, "options": options},
        min_size=0,
        max_size=8,
        timeout=2,
        reconnect_timeout=0.5,
        reconnect_failed=_begin_again,
        check=ConnectionPool.check_connection,
        open=False,
    )
    pool.open(wait=False)
    return pool


def _begin_again(pool: ConnectionPool) -> None:
    """Asks for those who still wait: they came while the attempt was failing, and only a question begins another."""
    if pool.get_stats().get("requests_waiting"):
        with suppress(PoolTimeout), pool.connection(timeout=0.01):
            pass


def application(environ: dict[str, object], start_response: object) -> object:
    """The WSGI entry point; the application is made at the first call, in the worker that serves it."""
    global _app
    if _app is None:
        with _making:
            if _app is None:
                _app = create_app(GatewaySettings.read(os.environ))
    return _app(environ, start_response)  # type: ignore[arg-type]


_app: Flask | None = None
_making = Lock()
