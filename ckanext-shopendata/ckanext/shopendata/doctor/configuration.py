"""The options that keep the doors shut: a table of what must hold, and why (SECURITY baseline)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ckan import plugins as p
from ckan.config.declaration import Declaration, Flag, Key
from ckan.config.declaration.key import Pattern

from ckanext.shopendata.doctor.finding import Check, Config, Finding
from ckanext.shopendata.policy.retention import RecordKind, kept_days

#: Plugin -> why it may not be loaded.
FORBIDDEN_PLUGINS = {
    "resource_proxy": "fetches any address that an editor names, from inside the network",
    "webpage_view": "shows any foreign page inside the portal",
    "datapusher": "hands tokens to another service and fetches what it is told",
    "xloader": "fetches what it is told and keeps tokens in its queue",
    "activity": "keeps full copies of datasets that were withdrawn",
    "ckan_harvester": "publishes what another portal says, without a decision",
    "tracking": "writes a row for every page view",
}

REQUIRED_PLUGINS = ("shopendata", "shopendata_harvest", "shopendata_theme", "datastore", "harvest", "expire_api_token")

#: Option -> (the value it must have, what another value leads to).
FIXED: dict[str, tuple[object, str]] = {
    "debug": (False, "errors show source code and settings"),
    "ckan.auth.anon_create_dataset": (False, "anybody may create datasets"),
    "ckan.auth.create_dataset_if_not_in_organization": (False, "users without an agency may create datasets"),
    "ckan.auth.create_unowned_dataset": (False, "datasets may belong to no agency"),
    "ckan.auth.create_user_via_api": (False, "accounts can be made by the thousand"),
    "ckan.auth.create_user_via_web": (False, "accounts can be made with any mail address"),
    "ckan.auth.enable_cookie_auth_in_api": (False, "the action API accepts a log-in cookie, forged requests included"),
    "ckan.auth.public_user_details": (False, "everybody may list accounts"),
    "ckan.auth.public_activity_stream_detail": (False, "old versions of datasets are public"),
    "ckan.auth.reveal_private_datasets": (False, "the names of private datasets are public"),
    "ckan.auth.user_create_groups": (False, "any account may create groups"),
    "ckan.auth.user_create_organizations": (False, "any account can make itself an agency's administrator"),
    "ckan.auth.allow_dataset_collaborators": (False, "rights on a dataset can be given past the agency"),
    "ckan.files.owner.cascade_access": ([], "files follow the rights of their dataset instead of their own"),
    "ckan.datastore.sqlsearch.enabled": (False, "SQL of strangers runs in the DataStore"),
    "ckan.datastore.public_table_search": ([], "the list of all tables is public"),
    "ckan.cors.origin_allow_all": (False, "scripts of any site may use the API"),
    "ckan.hide_version": (True, "strangers learn which weaknesses to look for"),
    "ckan.cache_enabled": (False, "shared caches may keep pages"),
    "SESSION_COOKIE_HTTPONLY": (True, "scripts can read the session cookie"),
    "WTF_CSRF_ENABLED": (True, "forms can be forged"),
}


_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _fixed(option: str, expected: object, wrong: str) -> Check:
    def holds(config: Config) -> bool:
        value = config.get(option)
        return not value if expected == [] else value == expected

    shown = "(empty)" if expected == [] else str(expected).lower()
    return Check(
        option, holds, f"{option} is not {shown}: {wrong}", f"set {option} = {'' if expected == [] else shown}"
    )


def _is_loopback(config: Config) -> bool:
    return urlsplit(config["ckan.site_url"]).hostname in _LOOPBACK


def _https_or_loopback(config: Config) -> bool:
    return urlsplit(config["ckan.site_url"]).scheme == "https" or _is_loopback(config)


def _keys_are_strong_and_apart(config: Config) -> bool:
    keys = [
        config["SECRET_KEY"],
        config["WTF_CSRF_SECRET_KEY"],
        config["api_token.jwt.encode.secret"].removeprefix("string:"),
        config["ckanext.shopendata.person.pepper"],
        config["ckanext.shopendata.totp.key"],
    ]
    return len(set(keys)) == len(keys) and all(len(key) >= 32 for key in keys)


def _provider_by_https(config: Config) -> bool:
    issuer = urlsplit(config["ckanext.shopendata.oidc.issuer"])
    return not issuer.netloc or issuer.scheme == "https" or issuer.hostname in _LOOPBACK


def _known_to_the_provider(config: Config) -> bool:
    return not config["ckanext.shopendata.oidc.issuer"] or bool(config["ckanext.shopendata.oidc.client_id"])


def _token_keys_agree(config: Config) -> bool:
    return config["api_token.jwt.encode.secret"] == config["api_token.jwt.decode.secret"]


def _databases_are_apart(config: Config) -> bool:
    main, write, read = (
        urlsplit(config[key]) for key in ("sqlalchemy.url", "ckan.datastore.write_url", "ckan.datastore.read_url")
    )
    return (
        len({main.username, write.username, read.username}) == 3
        and main.path != write.path
        and write.path == read.path
        and "vault" not in f"{main.path}{write.path}"
    )


CHECKS: tuple[Check, ...] = (
    *(_fixed(option, expected, wrong) for option, (expected, wrong) in FIXED.items()),
    *(
        Check(
            f"plugin.{plugin}",
            lambda config, plugin=plugin: plugin not in config["ckan.plugins"],
            f"the plugin {plugin} is loaded: it {wrong}",
            f"remove {plugin} from ckan.plugins",
        )
        for plugin, wrong in FORBIDDEN_PLUGINS.items()
    ),
    Check(
        "plugins.required",
        lambda config: set(REQUIRED_PLUGINS) <= set(config["ckan.plugins"]),
        "a plugin that the portal stands on is not loaded",
        f"ckan.plugins must hold {', '.join(REQUIRED_PLUGINS)}",
    ),
    Check(
        "plugins.order",
        lambda config: (
            list(config["ckan.plugins"]).index("expire_api_token") < list(config["ckan.plugins"]).index("shopendata")
        ),
        "shopendata is named before expire_api_token: tokens cannot be made without a term",
        "name expire_api_token before shopendata in ckan.plugins",
    ),
    Check(
        "site_url.https",
        _https_or_loopback,
        "the portal is reached over plain http from other machines: passwords and keys can be read on the way",
        "put TLS in front and set SHOPENDATA_SITE_URL to the https address",
    ),
    Check(
        "cookie.secure",
        lambda config: bool(config["SESSION_COOKIE_SECURE"]) or _is_loopback(config),
        "cookies also travel over plain http",
        "set SESSION_COOKIE_SECURE = true",
    ),
    Check(
        "cookie.samesite",
        lambda config: config["SESSION_COOKIE_SAMESITE"] in {"Lax", "Strict"},
        "other sites can send the session cookie along",
        "set SESSION_COOKIE_SAMESITE = Lax",
    ),
    Check(
        "session.lifetime",
        lambda config: int(config["PERMANENT_SESSION_LIFETIME"]) <= 86400,
        "a log-in lasts longer than a day",
        "set PERMANENT_SESSION_LIFETIME to at most 86400",
    ),
    Check(
        "session.idle",
        lambda config: 0 < int(config["ckanext.shopendata.session.idle_minutes"]) <= 120,
        "a forgotten log-in stays open for more than two hours",
        "set ckanext.shopendata.session.idle_minutes to at most 120",
    ),
    Check(
        "keys",
        _keys_are_strong_and_apart,
        "SECRET_KEY, WTF_CSRF_SECRET_KEY, the keys of tokens and of devices for codes and the pepper of persons are"
        " short or the same: losing one loses all",
        "use five different keys of at least 32 characters",
    ),
    Check(
        "keys.token",
        _token_keys_agree,
        "tokens are signed with one key and read with another: none is valid",
        "set api_token.jwt.encode.secret and api_token.jwt.decode.secret to the same key",
    ),
    Check(
        "token.term",
        lambda config: 0 < int(config["expire_api_token.default_lifetime"]) <= 31536000,
        "API tokens live longer than a year",
        "set expire_api_token.default_lifetime to at most 31536000",
    ),
    Check(
        "oidc.https",
        _provider_by_https,
        "the OpenID provider is asked over plain http: whoever sits between can say who signs in",
        "set ckanext.shopendata.oidc.issuer to an https address",
    ),
    Check(
        "oidc.client",
        _known_to_the_provider,
        "the portal has no name at the OpenID provider: nobody can sign in by it",
        "set ckanext.shopendata.oidc.client_id and client_secret",
    ),
    Check(
        "databases.apart",
        _databases_are_apart,
        "CKAN, DataStore writer and DataStore reader share an account or a database, or point at the vault",
        "give each its own role, and the DataStore a database of its own",
    ),
    Check(
        "audit.anchors",
        lambda config: bool(config["ckanext.shopendata.audit.anchors"]),
        "heads of the audit chain are not written outside of the database: its end could be cut off unseen",
        "set ckanext.shopendata.audit.anchors",
    ),
    Check(
        "audit.access_log",
        lambda config: bool(kept_days(RecordKind.ACCESS_LOG, int(config["ckanext.shopendata.audit.access_log_days"]))),
        "the access log is to be kept for fewer days than the law wants; it is not purged at all",
        "set ckanext.shopendata.audit.access_log_days to at least 183",
    ),
    Check(
        "source_url",
        lambda config: bool(config["ckanext.shopendata.source_url"]) or _is_loopback(config),
        "visitors are not told where the source code of this portal is, as its licence (AGPL-3.0) wants",
        "set ckanext.shopendata.source_url",
    ),
    Check(
        "datastore.rows",
        lambda config: int(config["ckan.datastore.search.rows_max"]) <= 32000,
        "one request may pull more than 32,000 rows",
        "set ckan.datastore.search.rows_max = 1000",
    ),
)


def examine(config: Config) -> Iterator[Finding]:
    """All checks of options."""
    for check in CHECKS:
        yield check.found(config)
    unknown = sorted(_undeclared(config))
    yield Finding(
        "options.known",
        not unknown,
        "options that nobody reads: a slip of the pen leaves what was meant at its default",
        "correct their names in var/secrets/options or config/ckan.ini (docs/reference.md, CKAN's documentation)",
        ", ".join(unknown),
    )


def _undeclared(config: Config) -> set[str]:
    """As CKAN's ``config undeclared``, without variables of the environment (``CKAN_...``), which CKAN takes in too."""
    declaration = Declaration()
    declaration.load_core_declaration()
    for plugin in p.PluginImplementations(p.IConfigDeclaration):
        plugin.declare_config_options(declaration, Key())
    declared = set(declaration.iter_options(exclude=Flag.none()))
    patterns = [key for key in declared if isinstance(key, Pattern)]
    written = {name for name in config if not name.startswith("CKAN_")} - declared
    return {name for name in written if not any(pattern == name for pattern in patterns)}
