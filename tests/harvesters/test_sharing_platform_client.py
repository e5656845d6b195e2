"""The client against the sandbox over a real socket, and against servers that misbehave in other ways."""

import contextlib
import ipaddress
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ckanext.shopendata.harvesters import http as guarded
from ckanext.shopendata.harvesters.errors import AddressError, MissingError, SourceError, TransportError
from ckanext.shopendata.harvesters.sandbox.app import create_app
from ckanext.shopendata.harvesters.sandbox.catalogue import Catalogue
from ckanext.shopendata.harvesters.sandbox.faults import Fault, Faults
from ckanext.shopendata.harvesters.sandbox.sample import Sample
from ckanext.shopendata.harvesters.sandbox.signature import Nonces, RefusedError, Verifier, is_canonical
from ckanext.shopendata.harvesters.sharing_platform import signing
from ckanext.shopendata.harvesters.sharing_platform.client import Limits, SharingPlatformClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text())
APP, SECRET = "demo-app", "demo-secret-0001-demo-secret"
SAMPLE = Sample()


@contextlib.contextmanager
def serving(app, **kwargs):
    server = make_server("127.0.0.1", 0, app, threaded=True, **kwargs)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def answering(*chunks, pause=0.0):
    """A server that answers every connection with the same bytes, in pieces."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def run():
        while not stopped.is_set():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                if stopped.is_set():
                    return
                connection.recv(65536)
                for chunk in chunks:
                    connection.sendall(chunk)
                    time.sleep(pause)

    thread = threading.Thread(target=run)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield port
    finally:
        stopped.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()
        listener.close()


def reply(body, *headers, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def catalogue():
    return Catalogue(SAMPLE.records, SAMPLE.tables)


@pytest.fixture
def platform(catalogue, faults):
    """Port of a running sandbox."""
    with serving(create_app(secrets={APP: SECRET}, catalogue=catalogue, faults=faults)) as port:
        yield port


@pytest.fixture
def naps():
    """Seconds that the client asked to sleep."""
    return []


@pytest.fixture
def client(naps):
    def client(port, secret=SECRET, limits=None, **kwargs):
        return SharingPlatformClient(
            f"http://127.0.0.1:{port}", APP, secret, allow_private=True, limits=limits, sleep=naps.append, **kwargs
        )

    return client


class TestSigning:
    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
    def test_every_vector(self, vector):
        query = signing.canonical_query([tuple(pair) for pair in vector["parameters"]])
        assert query == vector["query"]
        arguments = [vector[name] for name in ("app_id", "timestamp", "nonce", "method", "path", "query")]
        assert signing.Request(*arguments, vector["body"].encode()).headers(vector["secret"]) == {
            "X-App-Id": vector["app_id"],
            "X-Timestamp": str(vector["timestamp"]),
            "X-Nonce": vector["nonce"],
            "X-Signature": vector["signature"],
        }

    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)

    @given(st.lists(st.tuples(texts, texts), max_size=5), st.binary(max_size=30), st.data())
    def test_the_platform_accepts_it_and_nothing_else(self, parameters, body, data):
        """Two implementations of one document agree; change any one thing and they do not."""
        query = signing.canonical_query(parameters)
        assert is_canonical(query)
        headers = signing.Request(APP, 1000, "n" * 16, "GET", "/a", query, body).headers(SECRET)
        request = {
            "method": "GET",
            "target": "/a" + (f"?{query}" if query else ""),
            "header": headers.get,
            "body": body,
        }
        verifier = Verifier({APP: SECRET, "other": SECRET}, lambda: 1000, Nonces())
        what = data.draw(st.sampled_from(["method", "path", "query", "body", *headers]))
        changed = dict(request)
        if what == "method":
            changed["method"] = "PUT"
        elif what == "path":
            changed["target"] = "/b" + request["target"][2:]
        elif what == "query":
            changed["target"] += "&z=1" if query else "?z=1"
        elif what == "body":
            changed["body"] = body + b" "
        elif what == "X-App-Id":
            changed["header"] = (headers | {what: "other"}).get
        elif what == "X-Timestamp":
            changed["header"] = (headers | {what: "1001"}).get
        elif what == "X-Nonce":
            changed["header"] = (headers | {what: "m" * 16}).get
        else:
            flipped = "0" if headers[what][0] != "0" else "1"
            changed["header"] = (headers | {what: flipped + headers[what][1:]}).get
        with pytest.raises(RefusedError):
            verifier.check(**changed)
        assert verifier.check(**request) == APP


class TestReading:
    def test_the_whole_catalogue(self, platform, client):
        pages = list(client(platform).catalogue(size=50))
        assert [len(page) for page in pages] == [50, 50, 50, 37]
        assert [record for page in pages for record in page] == SAMPLE.records

    def test_only_what_changed(self, platform, client, catalogue):
        at = datetime(2031, 1, 1, tzinfo=timezone(timedelta(hours=8)))
        catalogue.change(SAMPLE.entries[0].record["resourceId"], at, abstract="改过")
        assert [[record["abstract"] for record in page] for page in client(platform).catalogue(at)] == [["改过"]]
        assert list(client(platform).catalogue(at + timedelta(seconds=1))) == [[]]
        with pytest.raises(ValueError, match="time zone"):
            list(client(platform).catalogue(datetime(2031, 1, 1)))  # noqa: DTZ001

    def test_a_record(self, platform, client):
        record = SAMPLE.entries[0].record
        assert client(platform).record(record["resourceId"]) == record
        with pytest.raises(MissingError):
            client(platform).record("unknown")

    def test_the_rows_of_a_table(self, platform, client):
        resource_id, table = next(item for item in SAMPLE.tables.items() if item[1].name == "care_homes")
        pages = list(client(platform).rows(resource_id, size=400))
        assert [len(page.rows) for page in pages] == [400, 350]
        assert [row for page in pages for row in page.rows] == list(table.rows())
        assert (pages[0].columns, pages[0].total) == (table.columns, 750)

    def test_no_table(self, platform, client):
        closed = next(entry.record["resourceId"] for entry in SAMPLE.entries if entry.tier == "N")
        with pytest.raises(MissingError):
            list(client(platform).rows(closed))

    @pytest.mark.parametrize("resource_id", ["", "../admin", "a/b", "a?b", "..", "示例", "a" * 129])
    def test_ids_that_are_none_are_never_asked_for(self, client, resource_id):
        with pytest.raises(MissingError):
            client(9).record(resource_id)


class TestPatience:
    def test_a_busy_platform_gets_the_time_it_asks_for(self, platform, client, faults, naps):
        faults.add(Fault(status=429, headers={"Retry-After": "7"}))
        assert sum(map(len, client(platform).catalogue())) == 187
        assert naps == [7]

    @pytest.mark.parametrize("zone", ["GMT", "+99999999999999"])
    def test_retry_after_as_a_date(self, platform, client, faults, naps, zone):
        faults.add(Fault(status=503, headers={"Retry-After": f"Thu, 01 Jan 1970 00:00:10 {zone}"}))
        assert sum(map(len, client(platform).catalogue())) == 187
        assert naps == [0.5]

    @pytest.mark.parametrize("fault", [Fault(status=503), Fault(drop=True), Fault(truncate=True)], ids=repr)
    def test_passing_faults_pass(self, platform, client, faults, naps, fault):
        faults.add(fault, times=3)
        assert sum(map(len, client(platform).catalogue())) == 187
        assert naps == [0.5, 1, 2]

    @pytest.mark.parametrize("fault", [Fault(status=429), Fault(drop=True), Fault(truncate=True)], ids=repr)
    def test_lasting_ones_end_the_run(self, platform, client, faults, naps, fault):
        faults.add(fault, times=4)
        with pytest.raises(SourceError, match="gave up after 4 attempts"):
            list(client(platform).catalogue())
        assert len(naps) == 3

    def test_nobody_waits_for_an_hour(self, platform, client, faults, naps):
        faults.add(Fault(status=503, headers={"Retry-After": "3600"}))
        with pytest.raises(SourceError, match="503"):
            list(client(platform).catalogue())
        assert naps == []

    def test_a_wrong_secret_is_not_tried_twice(self, platform, client, naps):
        with pytest.raises(SourceError, match="401 signature_wrong"):
            list(client(platform, secret="wrong").catalogue())
        assert naps == []

    def test_a_wrong_clock_is_told(self, platform, client):
        with pytest.raises(SourceError, match="clock_skew"):
            list(client(platform, clock=lambda: time.time() - 600).catalogue())

    def test_a_delay_longer_than_the_timeout(self, platform, faults):
        faults.add(Fault(delay=0.5))
        session = guarded.GuardedSession(f"http://127.0.0.1:{platform}", allow_private=True, read_timeout=0.1)
        with pytest.raises(TransportError, match="Timeout"):
            session.get("/api/v1/catalogue")

    def test_nobody_there(self, client, naps):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(SourceError, match="cannot connect"):
            client(port).record("a")
        assert len(naps) == 3


class TestDistrust:
    """Whatever breaks the protocol costs the source its credit, and never a process."""

    @pytest.mark.parametrize(
        "content",
        [
            [],
            {},
            {"total": True, "page": 1, "size": 200, "records": []},
            {"total": -1, "page": 1, "size": 200, "records": []},
            {"total": 10**9, "page": 1, "size": 200, "records": []},
            {"total": 5, "page": 2, "size": 200, "records": []},
            {"total": 5, "page": 1, "size": 200, "records": [{}] * 4},
            {"total": 5, "page": 1, "size": 5, "records": [{}] * 5},
            {"total": 500, "page": 1, "size": 200, "records": []},
            {"total": 500, "page": 1, "size": 200, "records": [{}] * 201},
            {"total": 1, "page": 1, "size": 200, "records": ["a"]},
            {"total": 1, "page": 1, "size": 200, "records": {"a": 1}},
        ],
        ids=lambda content: json.dumps(content)[:60],
    )
    def test_a_page_that_cannot_be(self, client, content):
        with answering(reply(json.dumps(content).encode())) as port, pytest.raises(SourceError):
            list(client(port).catalogue())

    @pytest.mark.parametrize("count", [0, 4, 199, 201])
    def test_a_page_that_is_short_or_too_long(self, client, count):
        """Asked for at once: records must not look as if they had disappeared."""
        content = {"total": 500, "page": 1, "size": 200, "records": [{}] * count}
        with answering(reply(json.dumps(content).encode())) as port:
            pages = client(port).catalogue()
            with pytest.raises(SourceError, match=f"page 1 has {count} entries"):
                next(pages)

    @pytest.mark.parametrize(
        "changed", [{"columns": []}, {"columns": [1]}, {"columns": None}, {"rows": [[1]]}, {"rows": ["ab"]}], ids=repr
    )
    def test_rows_that_do_not_fit(self, client, changed):
        content = {"total": 1, "page": 1, "size": 5000, "columns": ["a", "b"], "rows": [[1, 2]]} | changed
        with answering(reply(json.dumps(content).encode())) as port, pytest.raises(SourceError):
            list(client(port).rows("x"))

    def test_a_total_that_shrinks(self, client):
        first = {"total": 4, "page": 1, "size": 2, "records": [{}, {}]}
        client = client(9)
        answers = iter([first, {**first, "page": 2, "total": 3, "records": [{}]}])
        client._call = lambda path, parameters: next(answers)
        with pytest.raises(SourceError, match="shrinks"):
            list(client.catalogue(size=2))

    @pytest.mark.parametrize(
        "body", [b"[" * 100_000, b'{"a":' * 20 + b"1" + b"}" * 20, b"[]", b'"x"', b"null"], ids=lambda body: body[:9]
    )
    def test_json_too_deep_or_of_another_kind(self, client, body):
        with answering(reply(body)) as port, pytest.raises(SourceError):
            client(port).record("x")

    @pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": 1' + b"0" * 5000 + b"}", b"\xff\xfe", b""], ids=repr)
    def test_what_is_not_json(self, client, body):
        if len(body) > 5000 and not hasattr(__import__("sys"), "get_int_max_str_digits"):
            pytest.skip("this Python reads numbers of any length")
        with answering(reply(body)) as port, pytest.raises(SourceError, match="not JSON"):
            client(port).record("x")

    def test_a_body_larger_than_allowed(self, platform, client):
        with pytest.raises(SourceError, match="larger than 1000 bytes"):
            list(client(platform, limits=Limits(body_bytes=1000)).catalogue())

    def test_a_compressed_body(self, client):
        with answering(reply(b"x", "Content-Encoding: gzip")) as port, pytest.raises(SourceError, match="compressed"):
            client(port).record("x")

    def test_a_body_shorter_than_announced(self, client, naps):
        whole = reply(b'{"a": "' + b"x" * 1000 + b'"}')
        with answering(whole[:-500]) as port, pytest.raises(SourceError, match="gave up"):
            client(port).record("x")
        assert len(naps) == 3

    def test_a_trickle(self):
        pieces = [reply(b"x" * 100)[:-100], *[b"x"] * 100]
        with answering(*pieces, pause=0.02) as port:
            session = guarded.GuardedSession(f"http://127.0.0.1:{port}", allow_private=True, deadline=0.2)
            with pytest.raises(TransportError, match=r"longer than 0\.2"):
                session.get("/")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect(self, platform, client, faults, naps, status):
        faults.add(Fault(status=status, headers={"Location": f"http://127.0.0.1:{platform}/healthz"}))
        with pytest.raises(AddressError, match="redirect"):
            client(platform).record("x")
        assert naps == []

    def test_messages_hold_neither_secret_nor_contents(self, client):
        body = b'{"error": {"code": "<script>", "message": "secret title"}}'
        with answering(reply(body, status="403 Forbidden")) as port, pytest.raises(SourceError) as refused:
            client(port).record("x")
        assert re.search(r"status 403$", str(refused.value))
        assert SECRET not in str(refused.value)


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "127.0.0.1",
            "::1",
            "fd00::1",
            "100.64.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
        ],
    )
    def test_private_ones_only_where_allowed(self, address):
        address = ipaddress.ip_address(address)
        with pytest.raises(AddressError, match="private"):
            guarded.check_address(address, allow_private=False)
        guarded.check_address(address, allow_private=True)

    @pytest.mark.parametrize(
        "address",
        [
            "169.254.169.254",
            "fe80::1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "0.0.0.0",
            "::",
            "224.0.0.1",
            "ff02::1",
        ],
    )
    def test_never(self, address):
        for allow_private in (False, True):
            with pytest.raises(AddressError, match="never"):
                guarded.check_address(ipaddress.ip_address(address), allow_private=allow_private)

    def test_public_ones(self):
        for address in ("101.226.0.1", "2400:3200::1"):
            guarded.check_address(ipaddress.ip_address(address), allow_private=False)

    def test_a_name_that_points_inside(self, platform):
        with pytest.raises(AddressError, match="private"):
            SharingPlatformClient(f"http://localhost:{platform}", APP, SECRET).record("x")

    def test_one_bad_address_among_good_ones(self):
        def resolve(*_args, **_kwargs):
            return [(0, 0, 0, "", (address, 80)) for address in ("101.226.0.1", "169.254.169.254")]

        with pytest.raises(AddressError, match="never"):
            guarded.GuardedSession("http://platform.example", resolve=resolve).get("/")

    def test_the_checked_address_is_the_one_connected_to(self, platform):
        """A name that changes its mind is asked once, and its Host header still arrives."""
        answers = iter(["127.0.0.1"])

        def resolve(*_args, **_kwargs):
            return [(0, 0, 0, "", (next(answers), 80))]

        session = guarded.GuardedSession(f"http://nowhere.invalid:{platform}", allow_private=True, resolve=resolve)
        assert session.get("/healthz").status == 200

    def test_the_next_address_when_the_first_does_not_answer(self, platform):
        def resolve(*_args, **_kwargs):
            return [(0, 0, 0, "", (address, 80)) for address in ("::1", "127.0.0.1")]

        session = guarded.GuardedSession(f"http://nowhere.invalid:{platform}", allow_private=True, resolve=resolve)
        assert session.get("/healthz").status == 200

    @pytest.mark.parametrize(
        ("base", "named"),
        [
            ("http://a.example", "a.example"),
            ("https://a.example:443/x", "a.example"),
            ("http://a.example:8080", "a.example:8080"),
            ("http://[2400:3200::1]", "[2400:3200::1]"),
            ("http://[2400:3200::1]:8080/", "[2400:3200::1]:8080"),
        ],
    )
    def test_the_host_header(self, monkeypatch, base, named):
        session = guarded.GuardedSession(base, resolve=lambda *_a, **_k: [(0, 0, 0, "", ("2400:3200::1", 0))])
        asked = []
        monkeypatch.setattr(session, "_fetch", lambda url, headers: asked.append((url, headers["Host"])))
        session.get("/a?b=%2F")
        assert asked[0][1] == named
        assert re.fullmatch(r"https?://\[2400:3200::1\]:\d+/a\?b=%2F", asked[0][0])

    def test_a_name_that_does_not_resolve(self):
        with pytest.raises(TransportError, match="resolve"):
            guarded.GuardedSession("http://nowhere.invalid").get("/")

    @pytest.mark.parametrize(
        "base",
        [
            "ftp://host/",
            "file:///etc/passwd",
            "host",
            "",
            "http://",
            "http://user:pw@host/",
            "http://@host/",
            "http://host/?a=1",
            "http://host/#a",
            "http://ho st/",
            "http://host\\@other/",
            "http://host:99999/",
        ],
    )
    def test_base_addresses_that_are_none(self, base):
        with pytest.raises(AddressError):
            guarded.GuardedSession(base)

    @pytest.mark.parametrize(
        "address",
        [
            "http://other.example/",
            "https://host.example/",
            "http://host.example:81/",
            "//other.example/",
            "file:///etc",
            "http://x@host.example/",
            "\\\\other.example/",
            "/a b",
        ],
    )
    def test_addresses_outside_the_source(self, address):
        with pytest.raises(AddressError):
            guarded.GuardedSession("http://host.example/base").get(address)

    def test_nothing_from_the_environment(self, platform, monkeypatch, client):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert client(platform).record(SAMPLE.entries[0].record["resourceId"])


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_tls_is_spoken_with_the_name_not_the_address(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=platform.example",
            "-addext",
            "subjectAltName=DNS:platform.example",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    app = create_app(secrets={}, catalogue=Catalogue())

    def resolve(*_args, **_kwargs):
        return [(0, 0, 0, "", ("127.0.0.1", 0))]

    with serving(app, ssl_context=(str(certificate), str(key))) as port:

        def session(name, **kwargs):
            return guarded.GuardedSession(f"https://{name}:{port}", allow_private=True, resolve=resolve, **kwargs)

        assert session("platform.example", ca_file=str(certificate)).get("/healthz").status == 200
        with pytest.raises(TransportError, match="SSLError"):
            session("other.example", ca_file=str(certificate)).get("/healthz")
        with pytest.raises(TransportError, match="SSLError"):
            session("platform.example").get("/healthz")
