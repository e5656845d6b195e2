"""What the front door answers to a stranger: headers, closed addresses, nothing told that need not be known."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from ckanext.shopendata.doctor.finding import Check, Config, Finding
from ckanext.shopendata.hardening.responses import PAGE_POLICY

_HEADERS = ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy")


def _get(config: Config, path: str, **options: object) -> requests.Response:
    return requests.get(config["ckan.site_url"].rstrip("/") + path, timeout=10, **options)  # type: ignore[arg-type]


def _headers(config: Config) -> bool:
    return all(name in _get(config, "/").headers for name in _HEADERS)


def _policy(config: Config) -> bool:
    return _get(config, "/").headers.get("Content-Security-Policy") == PAGE_POLICY


def _server_is_silent(config: Config) -> bool:
    answer = _get(config, "/")
    return (
        not any(character.isdigit() for character in answer.headers.get("Server", "")) and "ckan 2." not in answer.text
    )


def _status_is_silent(config: Config) -> bool:
    return "extensions" not in _get(config, "/api/3/action/status_show").json()["result"]


def _no_sql(config: Config) -> bool:
    return _get(config, "/api/3/action/datastore_search_sql?sql=select+1").status_code in {400, 403, 404}


def _no_table_list(config: Config) -> bool:
    answer = _get(config, "/api/3/action/datastore_search?resource_id=_table_metadata")
    return answer.status_code in {400, 403, 404}


def _no_proxy(config: Config) -> bool:
    return _get(config, "/dataset/a/resource/b/proxy").status_code == 404


def _tokens_are_not_cached(config: Config) -> bool:
    answer = _get(config, "/api/3/action/package_list", headers={"Authorization": "none"})
    return "no-store" in answer.headers.get("Cache-Control", "")


def _addresses_are_ours(config: Config) -> bool:
    """A forged X-Forwarded-Host must not show up in addresses that the page hands out."""
    forged = {"X-Forwarded-Host": "planted.invalid", "X-Forwarded-For": "198.51.100.7"}
    return "planted.invalid" not in _get(config, "/", headers=forged).text


def _gateway(config: Config) -> bool:
    return _get(config, "/gateway/readyz").status_code == 200


CHECKS = (
    Check(
        "door.answers", lambda config: _get(config, "/").status_code == 200, "the portal does not answer", "make portal"
    ),
    Check(
        "door.gateway",
        _gateway,
        "the data gateway does not answer or has lost its vault",
        "look at var/log/gateway.log",
    ),
    Check(
        "door.headers",
        _headers,
        "security headers are missing: CKAN is reached past its nginx",
        "use config/nginx.conf",
    ),
    Check("door.policy", _policy, "pages may run scripts of strangers", "load the plugin shopendata"),
    Check("door.silent", _server_is_silent, "the server tells its version", "use config/nginx.conf and our theme"),
    Check("door.status", _status_is_silent, "status_show lists the plugins", "load the plugin shopendata"),
    Check("door.sql", _no_sql, "the SQL door of the DataStore is open", "set ckan.datastore.sqlsearch.enabled = false"),
    Check(
        "door.tables",
        _no_table_list,
        "the list of all tables is public",
        "set ckan.datastore.public_table_search to nothing",
    ),
    Check("door.proxy", _no_proxy, "a proxy for foreign addresses is open", "remove resource_proxy from ckan.plugins"),
    Check(
        "door.caching",
        _tokens_are_not_cached,
        "answers to authenticated calls may be kept by shared caches",
        "load the plugin shopendata",
    ),
    Check("door.host", _addresses_are_ours, "pages believe a forged host name", "use config/nginx.conf"),
)


def examine(config: Config) -> Iterator[Finding]:
    """All checks from outside."""
    for check in CHECKS:
        yield check.found(config)
