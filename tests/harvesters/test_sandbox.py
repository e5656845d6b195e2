"""The platform follows docs/sharing-platform.md to the letter. Signatures are made here by hand, not by the client."""

import hashlib
import hmac
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ckanext.shopendata.harvesters.sandbox import __main__ as command
from ckanext.shopendata.harvesters.sandbox.app import create_app
from ckanext.shopendata.harvesters.sandbox.catalogue import Catalogue
from ckanext.shopendata.harvesters.sandbox.faults import Fault, Faults
from ckanext.shopendata.harvesters.sandbox.sample import Sample
from ckanext.shopendata.harvesters.sandbox.signature import Nonces, RefusedError, Verifier, is_canonical, lines, sign
from hypothesis import given
from hypothesis import strategies as st

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())
APP, SECRET, NOW = "demo-app", "demo-secret-0001-demo-secret", 1_772_755_200
SAMPLE = Sample()
TABLE_ID, TABLE = next(iter(SAMPLE.tables.items()))


def signed(target, *, method="GET", timestamp=NOW, nonce="0123456789abcdef", app=APP, secret=SECRET):
    path, _, query = target.partition("?")
    text = "\n".join(
        ["SP1-HMAC-SHA256", app, str(timestamp), nonce, method, path, query, hashlib.sha256(b"").hexdigest()]
    )
    signature = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
    return {"X-App-Id": app, "X-Timestamp": str(timestamp), "X-Nonce": nonce, "X-Signature": signature}


@pytest.fixture
def catalogue():
    return Catalogue(SAMPLE.records, SAMPLE.tables)


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def ask(catalogue, faults):
    """Sends a signed request with a nonce of its own."""
    app = create_app(secrets={APP: SECRET}, catalogue=catalogue, faults=faults, clock=lambda: NOW)
    count = iter(range(10_000))

    def ask(target, headers=None, method="GET"):
        headers = headers or signed(target, method=method, nonce=f"nonce-{next(count):010d}")
        return app.test_client().open(target, method=method, headers=headers)

    return ask


def refusal(answer):
    assert answer.status_code == 401
    return answer.get_json()["error"]["code"]


class TestVectors:
    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
    def test_every_vector_is_accepted_as_it_stands(self, vector):
        verifier = Verifier({vector["app_id"]: vector["secret"]}, lambda: vector["timestamp"], Nonces())
        headers = {
            "X-App-Id": vector["app_id"],
            "X-Timestamp": str(vector["timestamp"]),
            "X-Nonce": vector["nonce"],
            "X-Signature": vector["signature"],
        }
        target = vector["path"] + (f"?{vector['query']}" if vector["query"] else "")
        assert verifier.check(vector["method"], target, headers.get, vector["body"].encode()) == vector["app_id"]
        assert hashlib.sha256(vector["body"].encode()).hexdigest() == vector["body_sha256"]

    def test_there_are_enough_of_them(self):
        assert len(VECTORS) >= 4


class TestRefusals:
    def test_a_signed_request_is_answered(self, ask):
        assert ask("/api/v1/catalogue?page=1&size=2").status_code == 200

    @pytest.mark.parametrize("name", ["X-App-Id", "X-Timestamp", "X-Nonce", "X-Signature"])
    def test_a_missing_header(self, ask, name):
        headers = signed("/api/v1/catalogue")
        del headers[name]
        assert refusal(ask("/api/v1/catalogue", headers)) == "signature_missing"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-Timestamp", "now"),
            ("X-Timestamp", "-1"),
            ("X-Timestamp", "1772755200.0"),
            ("X-Timestamp", "１７７２７５５２００"),
            ("X-Nonce", "short"),
            ("X-Nonce", "n" * 65),
            ("X-Nonce", "0123456789abcde\n"),
            ("X-Signature", "0" * 63),
            ("X-Signature", "Z" * 64),
        ],
    )
    def test_a_malformed_header(self, name, value):
        verifier = Verifier({APP: SECRET}, lambda: NOW, Nonces())
        with pytest.raises(RefusedError) as refused:
            verifier.check("GET", "/", (signed("/") | {name: value}).get, b"")
        assert refused.value.code == "signature_malformed"

    @pytest.mark.parametrize("off", [-600, -301, 301, 600])
    def test_a_clock_that_is_off(self, ask, off):
        target = "/api/v1/catalogue"
        assert refusal(ask(target, signed(target, timestamp=NOW + off))) == "clock_skew"

    @pytest.mark.parametrize("off", [-300, 0, 300])
    def test_a_clock_that_is_nearly_right_is_accepted(self, ask, off):
        target = "/api/v1/catalogue"
        assert ask(target, signed(target, timestamp=NOW + off)).status_code == 200

    def test_a_nonce_used_twice(self, ask):
        target = "/api/v1/catalogue"
        assert ask(target, signed(target)).status_code == 200
        assert refusal(ask(target, signed(target))) == "nonce_replayed"
        assert refusal(ask(target, signed(target, timestamp=NOW + 1))) == "nonce_replayed"

    def test_a_refused_request_does_not_use_up_its_nonce(self, ask):
        target = "/api/v1/catalogue"
        assert refusal(ask(target, signed(target, secret="wrong"))) == "signature_wrong"
        assert ask(target, signed(target)).status_code == 200

    def test_an_unknown_app(self, ask):
        target = "/api/v1/catalogue"
        assert refusal(ask(target, signed(target, app="other"))) == "unknown_app"
        assert refusal(ask(target, signed(target, app="other", secret=""))) == "unknown_app"

    def test_a_query_reordered_on_the_way(self, ask):
        headers = signed("/api/v1/catalogue?page=1&size=2")
        assert refusal(ask("/api/v1/catalogue?size=2&page=1", headers)) == "query_not_canonical"

    @pytest.mark.parametrize("query", ["size=2&page=1", "page", "page=1&", "q=a+b", "q=%e5", "q=%41", "q=a/b", "&"])
    def test_a_query_signed_in_another_form(self, ask, query):
        target = f"/api/v1/catalogue?{query}"
        assert refusal(ask(target, signed(target))) == "query_not_canonical"

    def test_a_changed_path_query_method_or_timestamp(self, ask):
        headers = signed("/api/v1/catalogue?page=1")
        assert refusal(ask("/api/v1/resources/x?page=1", headers)) == "signature_wrong"
        assert refusal(ask("/api/v1/catalogue?page=2", headers)) == "signature_wrong"
        assert refusal(ask("/api/v1/catalogue?page=1", headers, method="POST")) == "signature_wrong"
        changed = headers | {"X-Timestamp": str(NOW + 1)}
        assert refusal(ask("/api/v1/catalogue?page=1", changed)) == "signature_wrong"

    def test_what_does_not_exist_is_refused_as_well(self, ask):
        assert refusal(ask("/nowhere", {"X-App-Id": "x"})) == "signature_missing"
        assert ask("/nowhere").status_code == 404

    def test_health_needs_no_signature(self, ask):
        answer = ask("/healthz", {"Accept": "*/*"})
        assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


class TestSignatureProperties:
    texts = st.text("abcXYZ019-._~/ +*%é示", max_size=8)

    @given(st.lists(st.tuples(texts, texts), max_size=4), st.binary(max_size=20), st.data())
    def test_any_single_change_breaks_it(self, pairs, body, data):
        parts = ["app", "1772755200", "0123456789abcdef", "GET", "/a", "&".join(f"{n}={v}" for n, v in pairs)]
        right = sign(SECRET, lines(*parts, body=body))
        assert sign(SECRET, lines(*parts, body=body)) == right
        which = data.draw(st.integers(0, len(parts)))
        if which == len(parts):
            body += b"x"
        else:
            parts[which] += "x"
        assert sign(SECRET, lines(*parts, body=body)) != right
        assert sign(SECRET + "x", lines(*parts, body=body)) != right

    @given(st.text(max_size=30))
    def test_no_query_is_beyond_judging(self, query):
        assert is_canonical(query) in {True, False}


class TestNonces:
    def test_are_forgotten_when_their_time_is_over(self):
        nonces = Nonces()
        assert nonces.use("a", "n", now=0, until=300)
        assert not nonces.use("a", "n", now=300, until=600)
        assert nonces.use("b", "n", now=0, until=300)
        assert nonces.use("a", "n", now=301, until=601)

    def test_do_not_pile_up(self):
        nonces = Nonces()
        for number in range(5_000):
            assert nonces.use("a", str(number), now=number, until=number + 10)
        assert len(nonces._until) < 1_100


class TestCatalogue:
    def test_pages_add_up(self, ask):
        seen = []
        for page in range(1, 5):
            content = ask(f"/api/v1/catalogue?page={page}&size=50").get_json()
            assert (content["total"], content["page"], content["size"]) == (187, page, 50)
            seen += content["records"]
        assert seen == SAMPLE.records
        assert ask("/api/v1/catalogue?page=5&size=50").get_json()["records"] == []

    @pytest.mark.parametrize(
        "query",
        [
            "size=201",
            "size=0",
            "page=0",
            "page=-1",
            "page=x",
            "page=1&page=2",
            "other=1",
            "changedSince=2026-03-01",
            "changedSince=2026-13-01T00%3A00%3A00Z",
            "changedSince=2026-03-01T00%3A00%3A00",
        ],
    )
    def test_impossible_parameters(self, ask, query):
        answer = ask(f"/api/v1/catalogue?{query}")
        assert answer.status_code == 400
        assert answer.get_json()["error"]["code"] == "parameter_invalid"

    def test_changed_since_is_inclusive(self, ask, catalogue):
        at = datetime(2030, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))
        catalogue.change(TABLE_ID, at, abstract="改过")
        catalogue.revoke(SAMPLE.entries[5].record["resourceId"], at + timedelta(seconds=1))
        target = "/api/v1/catalogue?changedSince=2030-01-01T04%3A00%3A0{}Z"
        first, second, none = (ask(target.format(second)).get_json() for second in (0, 1, 2))
        assert first["records"][0]["abstract"] == "改过"
        assert [content["total"] for content in (first, second, none)] == [2, 1, 0]
        assert second["records"][0]["state"] == "revoked"
        assert ask("/api/v1/catalogue?changedSince=2030-01-01T04%3A00%3A00.50Z").get_json()["total"] == 1

    def test_a_change_leaves_a_record_in_its_place(self, ask, catalogue):
        before = [record["resourceId"] for record in ask("/api/v1/catalogue?size=200").get_json()["records"]]
        catalogue.change(before[3], datetime.now(timezone.utc), resourceName="新名")
        catalogue.add({**SAMPLE.records[0], "resourceId": "new"})
        after = [record["resourceId"] for record in ask("/api/v1/catalogue?size=200").get_json()["records"]]
        assert after == [*before, "new"]

    def test_changing_a_stranger_is_a_mistake(self, catalogue):
        with pytest.raises(KeyError):
            catalogue.change("nobody", datetime.now(timezone.utc))

    def test_one_record(self, ask):
        answer = ask(f"/api/v1/resources/{TABLE_ID}")
        assert answer.get_json()["resourceId"] == TABLE_ID
        assert answer.headers["X-Demo"] == "true"
        assert ask("/api/v1/resources/unknown").status_code == 404

    def test_rows(self, ask):
        content = ask(f"/api/v1/resources/{TABLE_ID}/rows?page=2&size=7").get_json()
        assert (content["total"], content["page"], content["size"]) == (TABLE.total, 2, 7)
        assert content["columns"] == TABLE.columns
        assert content["rows"] == list(TABLE.rows(7, 14))
        assert ask(f"/api/v1/resources/{TABLE_ID}/rows?size=10001").status_code == 400

    def test_no_rows_of_closed_or_revoked_entries(self, ask, catalogue):
        for entry in SAMPLE.entries:
            if entry.tier in "N?X":
                assert ask(f"/api/v1/resources/{entry.record['resourceId']}/rows").status_code == 404
        catalogue.revoke(TABLE_ID, datetime.now(timezone.utc))
        assert ask(f"/api/v1/resources/{TABLE_ID}/rows").status_code == 404


class TestFaults:
    def test_a_status_with_headers(self, ask, faults):
        faults.add(Fault(status=429, headers={"Retry-After": "7"}), times=2)
        for _ in range(2):
            answer = ask("/api/v1/catalogue")
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert ask("/api/v1/catalogue").status_code == 200

    def test_half_an_answer(self, ask, faults):
        faults.add(Fault(truncate=True))
        with pytest.raises(json.JSONDecodeError):
            json.loads(ask("/api/v1/catalogue").data)

    def test_only_below_the_path_asked_for(self, ask, faults):
        faults.add(Fault(status=503), under="/api/v1/resources/")
        assert ask("/api/v1/catalogue").status_code == 200
        assert ask("/api/v1/resources/x").status_code == 503
        faults.add(Fault(status=503))
        faults.clear()
        assert ask("/api/v1/catalogue").status_code == 200


class TestCommand:
    def test_environment_and_command_line(self, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("from-a-file-0123456789\n")
        environment = {"SHOPENDATA_SANDBOX_PORT": "5090", "SHOPENDATA_SANDBOX_APP_ID": "env-app"}
        chosen = command.options(["--secret-file", str(secret), "--app-id", "given"], environment)
        assert (chosen.host, chosen.port, chosen.app_id) == ("127.0.0.1", 5090, "given")
        assert chosen.secret == "from-a-file-0123456789"
        chosen = command.options([], environment | {"SHOPENDATA_SANDBOX_SECRET": "0123456789abcdef"})
        assert (chosen.app_id, chosen.secret) == ("env-app", "0123456789abcdef")

    @pytest.mark.parametrize("secret", ["", "short"])
    def test_no_secret_no_platform(self, secret):
        with pytest.raises(SystemExit):
            command.options(["--port", "1", "--app-id", "a"], {"SHOPENDATA_SANDBOX_SECRET": secret})

    def test_the_platform_does_not_need_ckan(self):
        script = (
            "import sys, ckanext.shopendata.harvesters.sandbox.__main__;"
            "sys.exit(any(name == 'ckan' or name.startswith('ckan.') for name in sys.modules))"
        )
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
