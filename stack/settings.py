"""The variables of an installation: one table, read from the environment, with a default for the native stack.

``docker-compose.yml`` sets the same variables; ``tests/stack/test_compose.py`` holds both against this table.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Services that listen, in the order of their ports after the portal's own.
LISTENING = ("web", "gateway", "postgres", "redis", "solr", "sandbox")

#: First port of each named stack.
STACKS = {"portal": 5000, "test": 5100, "fault": 5200}


@dataclass(frozen=True)
class Variable:
    """One variable of an installation: its meaning and its default (``None``: derived from the stack)."""

    meaning: str
    default: str | None = None


VARIABLES: dict[str, Variable] = {
    "SHOPENDATA_VAR": Variable("folder of all state (absolute)"),
    "SHOPENDATA_SECRETS": Variable("folder of the secret files"),
    "SHOPENDATA_SITE_URL": Variable("address by which people reach the portal"),
    "SHOPENDATA_COOKIE_SECURE": Variable("true: cookies travel over https only"),
    "SHOPENDATA_LISTEN": Variable("address on which the inner services listen", "127.0.0.1"),
    "SHOPENDATA_PUBLIC_LISTEN": Variable("address on which the front door (nginx) listens", "127.0.0.1"),
    "SHOPENDATA_PORT": Variable("port of the front door"),
    "SHOPENDATA_INTERNAL_LISTEN": Variable("address on which the operator's door (nginx) listens", "127.0.0.1"),
    "SHOPENDATA_INTERNAL_PORT": Variable("port of the operator's door: states in detail, numbers for Prometheus"),
    **{
        f"SHOPENDATA_{service.upper()}_{part}": Variable(f"where {service} is reached: {part.lower()}")
        for service in LISTENING
        for part in ("HOST", "PORT")
    },
    "SHOPENDATA_WEB_WORKERS": Variable("processes that serve CKAN", "2"),
    "SHOPENDATA_WEB_THREADS": Variable("threads of each of them", "4"),
    "SHOPENDATA_GATEWAY_WORKERS": Variable("processes of the data gateway", "1"),
    "SHOPENDATA_GATEWAY_THREADS": Variable("threads of each of them", "8"),
    "SHOPENDATA_TRUSTED_PROXY": Variable(
        "address of a TLS terminator in front of nginx; default: none", "255.255.255.255"
    ),
    "SHOPENDATA_FORWARDED_ALLOW_IPS": Variable("who may tell the web processes a client's address", "127.0.0.1"),
    "SHOPENDATA_ANONYMOUS_RATE": Variable("requests a second allowed to one anonymous address", "20"),
    "SHOPENDATA_ANONYMOUS_BURST": Variable("requests above that rate that may come at once", "100"),
    "SHOPENDATA_LOGIN_RATE": Variable("log-in attempts a minute allowed to one address", "20"),
    "SHOPENDATA_POSTGRES_DATA": Variable("data folder of the PostgreSQL cluster"),
    "SHOPENDATA_POSTGRES_SYNC": Variable("off: commits do not wait for the disk (tests only)", "on"),
    "SHOPENDATA_SOLR_HEAP": Variable("memory of Solr's heap", "512m"),
    "SHOPENDATA_SOLR_CORES": Variable("Solr cores; `stock` holds CKAN's own schema, for comparison", "shopendata"),
    "SHOPENDATA_SOLR_JARS": Variable("folder of Solr's jars"),
    "SHOPENDATA_STOCK_SCHEMA": Variable("CKAN's own Solr schema"),
    "SHOPENDATA_CKAN_PUBLIC": Variable("CKAN's own static files"),
    "SHOPENDATA_SUPERVISOR_SOCKET": Variable("the supervisor's socket"),
    "SHOPENDATA_SMTP_HOST": Variable("mail server as host:port; empty: no mail is sent", ""),
    "SHOPENDATA_MIN_FREE_MB": Variable("free disk space below which nothing is started", "1024"),
}


@dataclass(frozen=True)
class Settings:
    """All variables of one stack, complete and absolute."""

    name: str
    values: Mapping[str, str]

    def __getitem__(self, short: str) -> str:
        return self.values[f"SHOPENDATA_{short}"]

    @property
    def var(self) -> Path:
        """The stack's folder: everything it writes lies below it (PostgreSQL's data may lie elsewhere, see place)."""
        return Path(self["VAR"])

    @property
    def etc(self) -> Path:
        """Rendered configuration files."""
        return self.var / "etc"

    @property
    def log(self) -> Path:
        """Logs of the supervised processes, one a process."""
        return self.var / "log"

    @property
    def run(self) -> Path:
        """Working folders and stamps; by them we know our own processes again."""
        return self.var / "run"

    @property
    def cache(self) -> Path:
        """Downloads shared by all stacks of this checkout; survives ``make reset``."""
        return ROOT / "var" / "cache"

    @property
    def url(self) -> str:
        """The portal's address."""
        return self["SITE_URL"]

    def port(self, service: str) -> int:
        """The port of a listening service; ``nginx`` is the front door."""
        return int(self["PORT"] if service == "nginx" else self[f"{service.upper()}_PORT"])


def read(name: str = "portal", environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a stack: each variable from ``environ``, else its default, else derived from the stack's name.

    A second stack must not inherit the first one's ports, so its variables carry its name: ``SHOPENDATA_TEST_PORT``.
    Raises ``KeyError`` for an unknown stack and ``ValueError`` for a port that is no number.
    """
    prefix = "SHOPENDATA_" if name == "portal" else f"SHOPENDATA_{name.upper()}_"
    given = {key: environ.get(key.replace("SHOPENDATA_", prefix, 1), "") for key in VARIABLES}
    var = Path(given["SHOPENDATA_VAR"] or (ROOT / "var" if name == "portal" else ROOT / "var" / name))
    port = int(given["SHOPENDATA_PORT"] or STACKS[name])
    site_url = given["SHOPENDATA_SITE_URL"] or f"http://127.0.0.1:{port}"
    derived = {
        "SHOPENDATA_VAR": str(var),
        "SHOPENDATA_SECRETS": str(var / "secrets"),
        "SHOPENDATA_SITE_URL": site_url,
        # Secure cookies over plain http break every client that is not a browser: only https gets them.
        "SHOPENDATA_COOKIE_SECURE": str(site_url.startswith("https://")).lower(),
        "SHOPENDATA_PORT": str(port),
        "SHOPENDATA_POSTGRES_DATA": str(var / "postgres"),
        "SHOPENDATA_SOLR_JARS": str(ROOT / "var" / "cache" / "solr"),
        "SHOPENDATA_STOCK_SCHEMA": str(_ckan_folder() / "config" / "solr" / "schema.xml"),
        "SHOPENDATA_CKAN_PUBLIC": str(_ckan_folder() / "public"),
        "SHOPENDATA_SUPERVISOR_SOCKET": str(_supervisor_socket(var)),
    }
    for offset, service in enumerate(LISTENING, start=1):
        derived[f"SHOPENDATA_{service.upper()}_HOST"] = "127.0.0.1"
        derived[f"SHOPENDATA_{service.upper()}_PORT"] = str(port + offset)
    derived["SHOPENDATA_INTERNAL_PORT"] = str(port + len(LISTENING) + 1)
    if name != "portal":
        derived |= {"SHOPENDATA_POSTGRES_SYNC": "off", "SHOPENDATA_SOLR_CORES": "shopendata stock"}
        # Ordinary tests hammer the door from one address; the limits have a test of their own.
        derived |= {"SHOPENDATA_ANONYMOUS_RATE": "200", "SHOPENDATA_ANONYMOUS_BURST": "400"}
        derived |= {"SHOPENDATA_LOGIN_RATE": "600", "SHOPENDATA_WEB_WORKERS": "1"}
    return Settings(
        name, {key: given[key] or derived.get(key) or variable.default or "" for key, variable in VARIABLES.items()}
    )


def remember(settings: Settings) -> None:
    """Writes down with which variables a stack was started, for commands that are called without them."""
    draft = settings.run / "settings.json.new"
    draft.write_text(json.dumps({"name": settings.name, "values": dict(settings.values)}, indent=1))
    draft.rename(settings.run / "settings.json")


def recall(var: Path) -> Settings:
    """The variables with which the stack in this folder was last started. Raises :class:`FileNotFoundError`."""
    known = json.loads((var / "run" / "settings.json").read_text())
    return Settings(known["name"], known["values"])


def _ckan_folder() -> Path:
    """Where CKAN lies in the environment that ``make`` builds, without importing it."""
    found = sorted((ROOT / ".venv" / "lib").glob("python3*/site-packages/ckan"))
    return found[0] if found else ROOT / ".venv"


def _supervisor_socket(var: Path) -> Path:
    """Below the stack's folder, unless the path would exceed the 107 bytes that a socket's may have."""
    path = var / "run" / "supervisor.sock"
    if len(os.fsencode(path)) <= 100:  # supervisor appends its process id while it binds
        return path
    key = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path("/tmp") / f"shopendata-{os.geteuid()}-{key}.sock"  # noqa: S108
