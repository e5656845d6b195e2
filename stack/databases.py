"""Databases, schemas and roles: who owns, who writes, who reads. Safe to repeat; passwords follow the secret files.

Three databases in one cluster: ``ckan`` (CKAN's and our tables; the events in ``audit``, their chain in ``seal``),
``datastore`` (rows of unconditionally open datasets), ``vault`` (rows of conditional ones; its schema ``intake`` holds
undecided data).
Tables belong to owners that nobody can log in as; migrations run under a role of their own that acts as the owner;
the processes get rows, never tables. DESIGN invariant 2: CKAN's roles have no way into the vault.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import psycopg
from psycopg import sql

from stack import secrets
from stack.settings import Settings

#: Roles without log-in that own databases and tables.
OWNERS = ("ckan_owner", "audit_owner", "datastore_owner", "vault_owner")

#: Roles with log-in -> the owners they may act as.
LOGINS: dict[str, tuple[str, ...]] = {
    "ckan_migrator": ("ckan_owner", "audit_owner"),
    "ckan_web": (),
    "ckan_reader": (),
    "ckan_gateway": (),
    "audit_sealer": (),
    "datastore_writer": (),
    "datastore_reader": (),
    "vault_migrator": ("vault_owner",),
    "vault_loader": (),
    "vault_scanner": (),
    "vault_gateway": (),
}

#: Database -> (owner, roles that may connect).
DATABASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ckan": ("ckan_owner", ("ckan_migrator", "ckan_web", "ckan_reader", "ckan_gateway", "audit_sealer")),
    "datastore": ("datastore_owner", ("datastore_writer", "datastore_reader")),
    "vault": ("vault_owner", ("vault_migrator", "vault_loader", "vault_scanner", "vault_gateway")),
}

#: (database, schema, owner, role, table privileges): for tables that exist and tables to come.
GRANTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("ckan", "public", "ckan_owner", "ckan_web", "SELECT, INSERT, UPDATE, DELETE"),
    ("ckan", "public", "ckan_owner", "ckan_reader", "SELECT"),
    # Events are appended and read; nobody but the owner's migrations can change one (invariant 5).
    ("ckan", "audit", "audit_owner", "ckan_web", "SELECT, INSERT"),
    ("ckan", "audit", "audit_owner", "ckan_reader", "SELECT"),
    # Links of the chain are appended by the sealer alone, who sees nothing else: no payload, no table of the portal.
    ("ckan", "seal", "audit_owner", "audit_sealer", "SELECT, INSERT"),
    ("ckan", "seal", "audit_owner", "ckan_web", "SELECT"),
    ("ckan", "seal", "audit_owner", "ckan_reader", "SELECT"),
    # Views: keys with their grants, published conditional resources, whether the portal is a demonstration. No table.
    ("ckan", "gateway", "ckan_owner", "ckan_gateway", "SELECT"),
    ("vault", "vault", "vault_owner", "vault_loader", "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"),
    ("vault", "vault", "vault_owner", "vault_gateway", "SELECT"),
    ("vault", "intake", "vault_owner", "vault_loader", "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"),
    ("vault", "intake", "vault_owner", "vault_scanner", "SELECT"),
)

#: (database, schema, owner, role): who may run the functions of a schema. Nobody else may: see the migrations.
FUNCTIONS: tuple[tuple[str, str, str, str], ...] = (("ckan", "seal", "audit_owner", "audit_sealer"),)

#: The loader makes one table a resource, so it owns what it makes; readers follow by default privileges.
LOADER_SCHEMAS = {"vault": "vault_gateway", "intake": "vault_scanner"}


def connect(settings: Settings, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """A superuser's connection (autocommit)."""
    return psycopg.connect(
        host=settings["POSTGRES_HOST"],
        port=settings.port("postgres"),
        dbname=database,
        user="postgres",
        password=secrets.read(Path(settings["SECRETS"]), "postgres_superuser"),
        autocommit=True,
        connect_timeout=5,
    )


def prepare(settings: Settings) -> None:
    """Creates or corrects all of the above."""
    frame(settings)
    for database in DATABASES:
        with connect(settings, database) as inside:
            _schemas(inside, database)
    with connect(settings, "datastore") as datastore:
        _datastore(datastore)
        # CKAN proves at start that its reader cannot write, by way of a temporary table of its writer.
        datastore.execute(_sql("GRANT TEMPORARY ON DATABASE {} TO {}", "datastore", "datastore_writer"))


def frame(settings: Settings) -> None:
    """Creates or corrects roles and databases alone: what is in them may come from a backup."""
    with connect(settings) as cluster:
        for owner in OWNERS:
            _role(cluster, owner)
        for login, owners in LOGINS.items():
            _role(cluster, login, secrets.read(Path(settings["SECRETS"]), login))
            for owner in owners:
                cluster.execute(_sql("GRANT {} TO {}", owner, login))
        # Whatever a migrator creates belongs to the owner from the start.
        cluster.execute(_sql("ALTER ROLE {} SET role TO {}", "ckan_migrator", "ckan_owner"))
        cluster.execute(_sql("ALTER ROLE {} SET role TO {}", "vault_migrator", "vault_owner"))
        for database, (owner, guests) in DATABASES.items():
            _database(cluster, database, owner, guests)


def _sql(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))  # type: ignore[arg-type]


def _role(cluster: psycopg.Connection[tuple[object, ...]], name: str, password: str | None = None) -> None:
    if not cluster.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
        cluster.execute(_sql("CREATE ROLE {}", name))
    options = sql.SQL("LOGIN PASSWORD {}").format(password) if password else sql.SQL("NOLOGIN")
    cluster.execute(_sql("ALTER ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT ", name) + options)


def _database(cluster: psycopg.Connection[tuple[object, ...]], name: str, owner: str, guests: tuple[str, ...]) -> None:
    if not cluster.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        cluster.execute(_sql("CREATE DATABASE {} OWNER {}", name, owner))
    cluster.execute(_sql("REVOKE ALL ON DATABASE {} FROM PUBLIC", name))
    for guest in guests:
        cluster.execute(_sql("GRANT CONNECT ON DATABASE {} TO {}", name, guest))


def _schemas(inside: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    owner = DATABASES[database][0]
    inside.execute(_sql("ALTER SCHEMA public OWNER TO {}", owner))
    inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    for _, schema, owner, role, privileges in (grant for grant in GRANTS if grant[0] == database):
        inside.execute(_sql("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}", schema, owner))
        inside.execute(_sql("GRANT USAGE ON SCHEMA {} TO {}", schema, role))
        granted = sql.SQL(privileges)  # type: ignore[arg-type]
        sequences = sql.SQL("USAGE, SELECT" if "INSERT" in privileges else "SELECT")
        for kind, rights in (("TABLES", granted), ("SEQUENCES", sequences)):
            here = sql.SQL(" ON ALL " + kind) + _sql(" IN SCHEMA {} TO {}", schema, role)  # type: ignore[operator]
            coming = sql.SQL(" ON " + kind) + _sql(" TO {}", role)  # type: ignore[operator]
            inside.execute(sql.SQL("GRANT ") + rights + here)
            inside.execute(
                _sql("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT ", owner, schema) + rights + coming
            )
    for _, schema, owner, role in (grant for grant in FUNCTIONS if grant[0] == database):
        inside.execute(_sql("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {} TO {}", schema, role))
        inside.execute(
            _sql(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT EXECUTE ON FUNCTIONS TO {}",
                owner,
                schema,
                role,
            )
        )
    if database == "vault":
        for schema, reader in LOADER_SCHEMAS.items():
            inside.execute(_sql("GRANT CREATE ON SCHEMA {} TO {}", schema, "vault_loader"))
            inside.execute(
                _sql(
                    "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT SELECT ON TABLES TO {}",
                    "vault_loader",
                    schema,
                    reader,
                )
            )


def _datastore(inside: psycopg.Connection[tuple[object, ...]]) -> None:
    """CKAN's own permission script; its "main user" is the writer, so that CKAN's web role gets nothing here."""
    script = files("ckanext.datastore").joinpath("set_permissions.sql").read_text()
    script = script.replace("\\connect {datastoredb}", "").format(
        datastoredb='"datastore"',
        maindb='"ckan"',
        mainuser='"datastore_writer"',
        writeuser='"datastore_writer"',
        readuser='"datastore_reader"',
    )
    # The script's text is CKAN's: nothing in it comes from outside.
    inside.execute(script)  # type: ignore[arg-type]
