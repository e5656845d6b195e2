"""``python -m ckanext.shopendata.harvesters.sandbox``: runs the platform with the demonstration catalogue."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from werkzeug.serving import make_server

from .app import create_app
from .catalogue import Catalogue

_SHANGHAI = timezone(timedelta(hours=8))
_log = logging.getLogger(__name__)


def options(arguments: Sequence[str] | None, environment: Mapping[str, str]) -> argparse.Namespace:
    """Command line over environment over defaults; ``secret`` holds the secret itself.

    Raises:
        SystemExit: no port, application or secret, or a secret shorter than 16 signs.
    """
    told = {name: environment.get(f"SHOPENDATA_SANDBOX_{name}") for name in ("PORT", "HOST", "APP_ID", "SECRET_FILE")}
    parser = argparse.ArgumentParser(
        prog="python -m ckanext.shopendata.harvesters.sandbox",
        description="A sharing platform for development, tests and the demonstration.",
        epilog="Environment: SHOPENDATA_SANDBOX_PORT, _HOST, _APP_ID, _SECRET_FILE, _SECRET.",
    )
    parser.add_argument("--host", default=told["HOST"] or "127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=told["PORT"], required=not told["PORT"])
    parser.add_argument("--app-id", default=told["APP_ID"], required=not told["APP_ID"], help="who may ask")
    parser.add_argument("--secret-file", type=Path, default=told["SECRET_FILE"], help="file with the secret")
    parser.add_argument("--today", type=date.fromisoformat, help="YYYY-MM-DD that data end before (today in Shanghai)")
    chosen = parser.parse_args(arguments)
    if chosen.secret_file:
        chosen.secret = Path(chosen.secret_file).read_text(encoding="utf-8").strip()
    else:
        chosen.secret = environment.get("SHOPENDATA_SANDBOX_SECRET", "")
    if len(chosen.secret) < 16:
        parser.error("a secret of at least 16 signs is needed: --secret-file or SHOPENDATA_SANDBOX_SECRET")
    chosen.today = chosen.today or datetime.now(_SHANGHAI).date()
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until the process is ended."""
    chosen = options(arguments, os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    app = create_app(secrets={chosen.app_id: chosen.secret}, catalogue=Catalogue.of_sample(chosen.today))
    server = make_server(chosen.host, chosen.port, app, threaded=True)
    _log.info("sharing platform (demonstration, %s) on %s:%s", chosen.today, chosen.host, server.port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
