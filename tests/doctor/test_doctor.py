"""The doctor finds what is planted, each by its code, and finds nothing on a sound installation."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
import requests
from ckan.common import config
from ckanext.shopendata.doctor import configuration, examine, files, health, services
from ckanext.shopendata.telemetry.probes import Answer, Panel, Probe, State

from stack import databases

PROVIDER = {"ckanext.shopendata.oidc.issuer": "https://id.example.gov.cn"}
SOUND_ELSEWHERE = {
    "ckan.site_url": "https://data.example.gov.cn",
    "SESSION_COOKIE_SECURE": True,
    "ckanext.shopendata.source_url": "https://code.example.gov.cn",
}


def wrong(findings):
    return {finding.code for finding in findings if not finding.ok}


@pytest.fixture
def healthy(made_app):
    """A copy of the test stack's configuration (complete since CKAN's start), to be spoilt."""
    return dict(config)


class TestConfiguration:
    """Planted options: each must be found, and found alone."""

    def test_the_test_stack_is_sound(self, healthy):
        assert wrong(configuration.examine(healthy)) == set()

    @pytest.mark.parametrize(
        ("planted", "code"),
        [
            *[({option: not expected}, option) for option, (expected, _) in configuration.FIXED.items()
              if isinstance(expected, bool)],
            ({"ckan.files.owner.cascade_access": ["resource"]}, "ckan.files.owner.cascade_access"),
            ({"ckan.datastore.public_table_search": ["_table_metadata"]}, "ckan.datastore.public_table_search"),
            (SOUND_ELSEWHERE | {"ckan.site_url": "http://data.example.gov.cn"}, "site_url.https"),
            (SOUND_ELSEWHERE | {"ckanext.shopendata.source_url": ""}, "source_url"),
            (SOUND_ELSEWHERE | {"SESSION_COOKIE_SECURE": False}, "cookie.secure"),
            ({"SESSION_COOKIE_SAMESITE": "None"}, "cookie.samesite"),
            ({"PERMANENT_SESSION_LIFETIME": 31536000}, "session.lifetime"),
            ({"ckanext.shopendata.session.idle_minutes": 0}, "session.idle"),
            ({"SECRET_KEY": "short"}, "keys"),
            ({"WTF_CSRF_SECRET_KEY": config.get("SECRET_KEY")}, "keys"),
            ({"ckanext.shopendata.person.pepper": ""}, "keys"),
            ({"ckanext.shopendata.totp.key": "short"}, "keys"),
            ({"ckanext.shopendata.oidc.issuer": "http://id.example.gov.cn"}, "oidc.https"),
            (PROVIDER | {"ckanext.shopendata.oidc.client_id": ""}, "oidc.client"),
            ({"api_token.jwt.decode.secret": "string:" + "x" * 43}, "keys.token"),
            ({"expire_api_token.default_lifetime": 10**9}, "token.term"),
            ({"ckan.datastore.search.rows_max": 1000000}, "datastore.rows"),
            ({"ckan.site_url": None}, "site_url.https"),
            ({"ckanext.shopendata.audit.anchors": ""}, "audit.anchors"),
            ({"ckanext.shopendata.audit.access_log_days": 182}, "audit.access_log"),
        ],
    )  # fmt: skip
    def test_a_planted_option_is_found(self, healthy, planted, code):
        if planted == {"WTF_CSRF_SECRET_KEY": None}:
            planted = {"WTF_CSRF_SECRET_KEY": healthy["SECRET_KEY"]}
        found = wrong(configuration.examine(healthy | planted))
        assert code in found
        # An unreadable address also leaves the questions of the cookie and of the source code open.
        assert (
            found <= {code, "cookie.secure", "source_url"}
            if planted.get("ckan.site_url", "") is None
            else found == {code}
        )

    @pytest.mark.parametrize("plugin", configuration.FORBIDDEN_PLUGINS)
    def test_a_forbidden_plugin_is_found(self, healthy, plugin):
        planted = {"ckan.plugins": [*healthy["ckan.plugins"], plugin]}
        assert wrong(configuration.examine(healthy | planted)) == {f"plugin.{plugin}"}

    @pytest.mark.parametrize("plugin", [p for p in configuration.REQUIRED_PLUGINS if p != "expire_api_token"])
    def test_a_missing_plugin_is_found(self, healthy, plugin):
        planted = {"ckan.plugins": [name for name in healthy["ckan.plugins"] if name != plugin]}
        assert "plugins.required" in wrong(configuration.examine(healthy | planted))

    def test_a_shared_database_role_is_found(self, healthy):
        planted = {"ckan.datastore.read_url": healthy["ckan.datastore.write_url"]}
        assert wrong(configuration.examine(healthy | planted)) == {"databases.apart"}

    def test_an_address_by_https_is_sound(self, healthy):
        assert wrong(configuration.examine(healthy | SOUND_ELSEWHERE)) == set()

    def test_an_option_that_nobody_reads_is_named(self, healthy):
        (found,) = [one for one in configuration.examine(healthy | {"smtp.pasword": "x"}) if not one.ok]
        assert (found.code, found.detail) == ("options.known", "smtp.pasword")

    def test_the_environment_is_no_option(self, healthy):
        assert wrong(configuration.examine(healthy | {"CKAN_CONFIG": "/elsewhere/ckan.ini"})) == set()

    def test_a_provider_is_sound(self, healthy):
        assert wrong(configuration.examine(healthy | PROVIDER)) == set()


class TestFiles:
    @pytest.fixture
    def place(self, tmp_path, healthy):
        """A small installation folder that belongs to whoever runs the test."""
        ini = tmp_path / "ckan.ini"
        ini.touch(mode=0o600)
        (tmp_path / "secrets").mkdir(mode=0o700)
        (tmp_path / "secrets" / "redis").touch(mode=0o600)
        (tmp_path / "storage" / "storage" / "uploads").mkdir(parents=True)
        return healthy | {"__file__": str(ini), "ckan.storage_path": str(tmp_path / "storage")}

    def found(self, place):
        return wrong(files.examine(place)) - {"account.root"}

    def test_a_sound_folder(self, place):
        assert self.found(place) == set()

    @pytest.mark.parametrize(
        ("path", "code"), [("ckan.ini", "file.ini"), ("secrets", "file.secrets"), ("secrets/redis", "file.secrets")]
    )
    def test_readable_secrets_are_found(self, place, path, code):
        target = Path(place["__file__"]).parent / path
        target.chmod(target.stat().st_mode | 0o044)
        assert self.found(place) == {code}

    def test_something_else_in_the_public_folder_is_found(self, place):
        (Path(place["ckan.storage_path"]) / "storage" / "intake.csv").touch()
        assert self.found(place) == {"file.storage"}

    def test_a_configuration_of_root_is_found(self, place):
        if os.geteuid() != 0:
            pytest.skip("only root can plant it")
        assert "account.root" in wrong(files.examine(place))
        os.chown(place["__file__"], 65534, 65534)
        assert wrong(files.examine(place)) == set()


@pytest.fixture
def as_superuser(test_stack):
    """Runs a statement in a database of the test stack, and another to undo it."""

    @contextmanager
    def plant(database, statement, undo):
        with databases.connect(test_stack, database) as connection:
            connection.execute(statement)
            try:
                yield
            finally:
                connection.execute(undo)

    return plant


class TestServices:
    @pytest.fixture
    def found(self, app, healthy):
        def examined():
            with app.flask_app.app_context():
                return wrong(services.examine(healthy))

        return examined

    def test_the_test_stack_is_sound(self, found):
        assert found() == set()

    @pytest.mark.parametrize(
        ("code", "database", "statement", "undo"),
        [
            ("postgres.web_role", "ckan", "ALTER ROLE ckan_web CREATEDB", "ALTER ROLE ckan_web NOCREATEDB"),
            ("postgres.web_owns_nothing", "ckan", "GRANT CREATE ON SCHEMA public TO ckan_web",
             "REVOKE CREATE ON SCHEMA public FROM ckan_web"),
            ("postgres.web_owns_nothing", "ckan", "GRANT ckan_owner TO ckan_web", "REVOKE ckan_owner FROM ckan_web"),
            ("postgres.audit", "ckan", "CREATE TABLE audit.planted (a int); GRANT DELETE ON audit.planted TO ckan_web",
             "DROP TABLE audit.planted"),
            ("postgres.seal", "ckan", "CREATE TABLE seal.planted (a int); GRANT INSERT ON seal.planted TO ckan_web",
             "DROP TABLE seal.planted"),
            ("postgres.seal", "ckan", "GRANT EXECUTE ON FUNCTION seal.erase(text) TO ckan_web",
             "REVOKE EXECUTE ON FUNCTION seal.erase(text) FROM ckan_web"),
            ("postgres.vault", "ckan", "GRANT CONNECT ON DATABASE vault TO ckan_web",
             "REVOKE CONNECT ON DATABASE vault FROM ckan_web"),
            ("postgres.vault", "ckan", "GRANT CONNECT ON DATABASE vault TO PUBLIC",
             "REVOKE CONNECT ON DATABASE vault FROM PUBLIC"),
            ("postgres.datastore_reader", "datastore", "GRANT DELETE ON _table_stats TO datastore_reader",
             "REVOKE DELETE ON _table_stats FROM datastore_reader"),
            ("postgres.migrations", "ckan", "DELETE FROM shopendata_alembic_version",
             "INSERT INTO shopendata_alembic_version VALUES ('0012')"),
            ("postgres.migrations", "ckan", "UPDATE shopendata_alembic_version SET version_num = 'of tomorrow'",
             "UPDATE shopendata_alembic_version SET version_num = '0012'"),
        ],
    )  # fmt: skip
    def test_a_planted_right_is_found(self, found, as_superuser, code, database, statement, undo):
        with as_superuser(database, statement, undo):
            assert code in found()

    @pytest.mark.parametrize(
        ("option", "planted", "code"),
        [
            ("appendonly", "no", "redis.appendonly"),
            ("maxmemory-policy", "allkeys-lru", "redis.eviction"),
            ("requirepass", "", "redis.password"),
        ],
    )
    def test_a_planted_redis_option_is_found(self, found, healthy, option, planted, code):
        client = redis.Redis.from_url(healthy["ckan.redis.url"])
        before = client.config_get(option)[option]
        client.config_set(option, planted)
        try:
            assert found() == {code}
        finally:
            client.config_set(option, before)

    def test_a_stock_schema_is_found(self, found, healthy):
        healthy["solr_url"] = healthy["solr_url"].replace("/shopendata", "/stock")
        assert found() == {"solr.schema"}

    def test_stock_sessions_are_found(self, app, found, monkeypatch):
        from flask.sessions import SecureCookieSessionInterface

        monkeypatch.setattr(app.flask_app, "session_interface", SecureCookieSessionInterface())
        assert found() == {"hardening.sessions"}

    def test_a_missing_guard_is_found(self, app, found, monkeypatch):
        monkeypatch.setitem(app.flask_app.before_request_funcs, None, [])
        assert found() == {"hardening.action_guard"}

    def test_a_missing_csrf_repair_is_found(self, found, monkeypatch):
        from ckanext.shopendata.hardening import csrf

        monkeypatch.setattr(csrf.flask_app.csrf, csrf.MARK, False)
        assert found() == {"hardening.csrf"}

    def test_an_unanswered_question_is_a_no(self, found, healthy):
        healthy["solr_url"] = "http://127.0.0.1:9/solr/shopendata"
        assert found() == {"solr.schema", "solr.config"}


class TestDoors:
    """Through the front door of the running test stack; the faults are planted in the answers."""

    @pytest.fixture
    def found(self, healthy):
        from ckanext.shopendata.doctor import doors

        return lambda: wrong(doors.examine(healthy))

    def test_the_test_stack_is_sound(self, found):
        assert found() == set()

    def test_ckan_without_its_nginx_is_found(self, found, healthy, test_stack):
        healthy["ckan.site_url"] = f"http://127.0.0.1:{test_stack.port('web')}"
        assert {"door.headers", "door.gateway"} <= found()

    @pytest.mark.parametrize(
        ("code", "path", "change"),
        [
            ("door.answers", "/", {"status_code": 502}),
            ("door.gateway", "/gateway/readyz", {"status_code": 503}),
            ("door.policy", "/", {"headers": {"Content-Security-Policy": "script-src *"}}),
            ("door.headers", "/", {"headers": {}}),
            ("door.silent", "/", {"headers": {"Server": "nginx/1.22.1"}}),
            ("door.sql", "/api/3/action/datastore_search_sql", {"status_code": 200}),
            ("door.tables", "/api/3/action/datastore_search?", {"status_code": 200}),
            ("door.proxy", "/dataset/a/resource/b/proxy", {"status_code": 200}),
            ("door.caching", "/api/3/action/package_list", {"headers": {"Cache-Control": "public"}}),
            ("door.status", "/api/3/action/status_show", {"_content": b'{"result": {"extensions": []}}'}),
            ("door.host", "/", {"_content": b"<a href='http://planted.invalid/'>"}),
        ],
    )
    def test_a_planted_answer_is_found(self, found, monkeypatch, code, path, change):
        real = requests.get

        def spoilt(address, **options):
            answer = real(address, **options)
            target = address.split("//", 1)[1].partition("/")[2]
            if f"/{target}" == path or (len(path) > 1 and f"/{target}".startswith(path)):
                for name, value in change.items():
                    setattr(answer, name, value)
            return answer

        monkeypatch.setattr(requests, "get", spoilt)
        assert code in found()


class TestHealth:
    def ask(self, **states):
        probes = tuple(Probe(name, lambda state=state: Answer(state, 700.0)) for name, state in states.items())
        return wrong(health.examine({}, Panel(probes)))

    def test_what_does_not_answer_or_keep_up_is_found(self):
        assert self.ask(redis=State.FAILING, search=State.OK) == {"health.redis"}
        assert self.ask(outbox=State.LATE, sealer=State.OK, notices=State.FAILING) == {
            "health.outbox",
            "health.notices",
        }

    def test_every_part_that_waits_names_its_process(self):
        assert set(health._WORKERS) == set(health.LATE)

    def test_the_test_stack_answers(self, clean_db):
        assert wrong(health.examine({})) <= {f"health.{name}" for name in health.LATE}


class TestCommand:
    def test_it_fails_loudly(self, test_stack):
        """As a process: an operator's scripts go by its exit code."""
        result = subprocess.run(
            [
                Path(sys.executable).with_name("ckan"),
                "-c",
                test_stack.var / "ckan.ini",
                "shopendata",
                "doctor",
                "--quiet",
            ],
            env=os.environ | {"CKAN_SITE_URL": "http://127.0.0.1:9"},
            check=False,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 1
        assert "✗ door.answers" in result.stdout
        assert "→" in result.stdout

    def test_what_is_known_does_not_count(self, cli):
        from ckan.cli.cli import ckan

        known = [word for one in json.loads(cli.invoke(ckan, ["shopendata", "doctor", "--json"]).stdout)
                 if not one["ok"] for word in ("--known", one["code"])]  # fmt: skip
        done = cli.invoke(ckan, ["shopendata", "doctor", "--quiet", *known])
        assert done.exit_code == 0, done.output
        assert done.output.splitlines()[-1].endswith(" 0 wrong")

    def test_json(self, cli):
        from ckan.cli.cli import ckan

        findings = json.loads(cli.invoke(ckan, ["shopendata", "doctor", "--json"]).stdout)
        assert {"code", "ok", "wrong", "remedy", "detail"} == set(findings[0])
        assert len(findings) == len({finding["code"] for finding in findings})


@pytest.mark.usefixtures("with_plugins")
def test_every_finding_says_what_to_do(app):
    with app.flask_app.app_context():
        for finding in examine(config):
            assert finding.wrong
            assert finding.remedy
