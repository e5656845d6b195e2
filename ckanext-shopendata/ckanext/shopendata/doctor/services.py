"""What PostgreSQL, Redis and Solr really grant and keep, asked over the connections that CKAN itself uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import redis
import requests
import sqlalchemy as sa
from ckan.cli.db import _get_pending_plugins, current_revision
from flask import current_app

from ckanext.shopendata.doctor.finding import Check, Config, Finding
from ckanext.shopendata.hardening import action_guard, csrf, sessions

#: Yes when no table of a schema grants any of these privileges to the role that asks.
_NO_TABLE_GRANTS = """
    SELECT NOT has_schema_privilege('{schema}', 'CREATE') AND NOT EXISTS (
        SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = '{schema}' AND c.relkind = 'r' AND has_table_privilege(c.oid, '{privileges}'))
"""


def _ask(config: Config, url: str, question: str) -> bool:
    """One yes-or-no question to a database, as the role that the option ``url`` names."""
    engine = sa.create_engine(config[url], poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return bool(connection.execute(sa.text(question)).scalar())


def _sql(url: str, question: str) -> Callable[[Config], bool]:
    return lambda config: _ask(config, url, question)


def _redis_client(config: Config, **changes: object) -> redis.Redis:
    return redis.Redis.from_url(config["ckan.redis.url"], socket_timeout=2, **changes)


def _redis_keeps(config: Config) -> bool:
    with _redis_client(config) as client:
        return client.config_get("appendonly")["appendonly"] == "yes"


def _redis_evicts_nothing(config: Config) -> bool:
    with _redis_client(config) as client:
        return client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


def _redis_asks_for_a_password(config: Config) -> bool:
    parts = urlsplit(config["ckan.redis.url"])
    bare = f"redis://{parts.hostname}:{parts.port or 6379}{parts.path}"
    try:
        with redis.Redis.from_url(bare, socket_timeout=2) as client:
            client.ping()
    except redis.AuthenticationError:
        return True
    return False


def _solr_reads_chinese(config: Config) -> bool:
    """The schema in use must cut Chinese text; stock CKAN's finds nothing."""
    answer = requests.get(f"{config['solr_url']}/schema/fieldtypes/text", timeout=5).json()
    return "CJKBigram" in str(answer)


def _solr_cannot_be_reconfigured(config: Config) -> bool:
    change = {"set-property": {"query.filterCache.size": 511}}
    return requests.post(f"{config['solr_url']}/config", json=change, timeout=5).status_code in {400, 403, 404}


def _nothing_to_migrate(_config: Config) -> bool:
    # A revision that nobody knows (a database newer than the program) is "None" here and not pending to CKAN.
    ours = all(str(current_revision(plugin)).endswith("(head)") for plugin in ("", "shopendata", "harvest"))
    return ours and not _get_pending_plugins()


_HOW_SQL = "run `python -m stack prepare`, which puts roles right"

CHECKS = (
    Check(
        "postgres.web_role",
        _sql(
            "sqlalchemy.url",
            "SELECT NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication) "
            "FROM pg_roles WHERE rolname = current_user",
        ),
        "CKAN's database role may do more than read and write rows",
        _HOW_SQL,
    ),
    Check(
        "postgres.web_owns_nothing",
        _sql(
            "sqlalchemy.url",
            "SELECT NOT EXISTS (SELECT 1 FROM pg_class WHERE relowner = current_user::regrole) "
            "AND NOT has_schema_privilege('public', 'CREATE') "
            "AND NOT EXISTS (SELECT 1 FROM pg_auth_members WHERE member = current_user::regrole)",
        ),
        "CKAN's web processes own tables or may create them: a hole in CKAN could change the schema",
        _HOW_SQL,
    ),
    Check(
        "postgres.audit",
        _sql(
            "sqlalchemy.url",
            _NO_TABLE_GRANTS.format(schema="audit", privileges="UPDATE, DELETE, TRUNCATE"),
        ),
        "CKAN's web processes can change or delete audit events",
        _HOW_SQL,
    ),
    Check(
        "postgres.seal",
        _sql(
            "sqlalchemy.url",
            _NO_TABLE_GRANTS.format(schema="seal", privileges="INSERT, UPDATE, DELETE, TRUNCATE").strip()
            + " AND NOT has_function_privilege('seal.erase(text)', 'EXECUTE')",
        ),
        "CKAN's web processes can write links of the audit chain, or erase contents of events",
        _HOW_SQL,
    ),
    Check(
        "postgres.vault",
        _sql(
            "sqlalchemy.url",
            "SELECT NOT EXISTS (SELECT 1 FROM pg_database d, unnest(ARRAY['ckan_web', 'ckan_reader', "
            "'datastore_writer', 'datastore_reader']) r WHERE d.datname = 'vault' "
            "AND has_database_privilege(r, d.oid, 'CONNECT'))",
        ),
        "a role of CKAN may connect to the vault of conditional data",
        _HOW_SQL,
    ),
    Check(
        "postgres.datastore_reader",
        _sql(
            "ckan.datastore.read_url",
            _NO_TABLE_GRANTS.format(schema="public", privileges="INSERT, UPDATE, DELETE, TRUNCATE"),
        ),
        "the DataStore's reader can write",
        _HOW_SQL,
    ),
    Check(
        "postgres.migrations",
        _nothing_to_migrate,
        "tables are older than the program",
        "run `make portal` again",
    ),
    Check(
        "redis.password",
        _redis_asks_for_a_password,
        "Redis answers anybody on this machine",
        "set requirepass in config/redis.conf",
    ),
    Check(
        "redis.appendonly",
        _redis_keeps,
        "Redis forgets its queues and counters when it ends",
        "set appendonly yes in config/redis.conf",
    ),
    Check(
        "redis.eviction",
        _redis_evicts_nothing,
        "Redis throws counters away when memory is short",
        "set maxmemory-policy noeviction in config/redis.conf",
    ),
    Check(
        "solr.schema",
        _solr_reads_chinese,
        "Solr runs with a schema that cannot search Chinese",
        "give the core the configset of config/solr and run `ckan shopendata publish reindex`",
    ),
    Check(
        "solr.config",
        _solr_cannot_be_reconfigured,
        "Solr's configuration can be changed over HTTP",
        "start it with -Ddisable.configEdit=true",
    ),
    Check(
        "hardening.csrf",
        lambda config: bool(getattr(csrf.flask_app.csrf, csrf.MARK, False)),
        "the CSRF repair is not installed: forged forms pass after one anonymous request (CVE-2026-41255)",
        "load the plugin shopendata",
    ),
    Check(
        "hardening.sessions",
        lambda config: isinstance(current_app.session_interface, sessions.PortalSessionInterface),
        "log-ins live in cookies that cannot be revoked",
        "load the plugin shopendata, and no other that replaces the session interface",
    ),
    Check(
        "hardening.action_guard",
        lambda config: action_guard.refuse_malformed in current_app.before_request_funcs.get(None, ()),
        "malformed calls of the action API end in server errors",
        "load the plugin shopendata",
    ),
)


def examine(config: Config) -> Iterator[Finding]:
    """All checks of services; needs CKAN's application context (commands and tests have one)."""
    for check in CHECKS:
        yield check.found(config)
