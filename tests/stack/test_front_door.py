"""nginx with our configuration in front of a stand-in for CKAN: limits, headers, addresses, error pages."""

import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import replace

import pytest
import requests

from stack import render, settings


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers every request with the headers that reached it."""

    def do_GET(self):
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def door(tmp_path, request):
    """The address of an nginx that allows an anonymous client 1 request a second and 5 at once."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed")
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    port = free_port()
    stack = settings.read("test")
    values = dict(stack.values) | {
        "SHOPENDATA_VAR": str(tmp_path),
        "SHOPENDATA_PORT": str(port),
        "SHOPENDATA_INTERNAL_PORT": str(free_port()),
        "SHOPENDATA_WEB_PORT": str(behind.server_port),
        "SHOPENDATA_GATEWAY_PORT": str(free_port()),
        "SHOPENDATA_ANONYMOUS_RATE": "1",
        "SHOPENDATA_ANONYMOUS_BURST": "5",
        "SHOPENDATA_LOGIN_RATE": "1",
    }
    (tmp_path / "nginx" / "access").mkdir(parents=True, mode=0o777)
    (tmp_path / "run" / "nginx").mkdir(parents=True)
    (tmp_path / "webassets").mkdir()
    text = render.text(settings.ROOT / "config" / "nginx.conf", replace(stack, values=values))
    (tmp_path / "nginx.conf").write_text(text)
    # As in config/processes/nginx: `nobody` could not read the pages of a checkout below root's home.
    stay = " user root;" if os.geteuid() == 0 else ""
    nginx = subprocess.Popen(
        ["nginx", "-e", "stderr", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;" + stay],

        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"TZ": "CST-8"},
    )  # fmt: skip
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert nginx.poll() is None, nginx.stdout.read().decode()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}", behind
    nginx.terminate()
    nginx.wait(timeout=10)
    behind.shutdown()


def statuses(address, number, **options):
    with requests.Session() as session:
        return [session.get(address, **options).status_code for _ in range(number)]


def test_anonymous_clients_are_held_to_a_rate(door):
    answers = statuses(f"{door[0]}/dataset", 12)
    assert answers[:6] == [200] * 6
    assert 429 in answers[6:]


def test_known_clients_have_more_room(door):
    for known in ({"Authorization": "token"}, {"Cookie": "shopendata=row.x"}, {"X-Access-Key": "sod_x"}):
        assert set(statuses(f"{door[0]}/dataset", 30, headers=known)) == {200}


def test_log_in_attempts_are_counted_whoever_makes_them(door):
    with requests.Session() as session:
        answers = [
            session.post(
                f"{door[0]}/en/user/login", data={"login": "x"}, headers={"Cookie": "shopendata=x"}
            ).status_code
            for _ in range(16)
        ]
    assert answers[:11] == [200] * 11
    assert 429 in answers[11:]


def test_refusals_are_bilingual_pages_and_json_for_programs(door):
    statuses(f"{door[0]}/dataset", 10)
    page = requests.get(f"{door[0]}/dataset")
    assert page.status_code == 429
    assert "请求过于频繁" in page.content.decode()
    assert "Too many requests" in page.text
    data = requests.get(f"{door[0]}/api/3/action/package_list")
    assert data.status_code == 429
    assert data.json()["code"] == "too-many-requests"


def test_the_address_of_a_client_cannot_be_forged(door):
    forged = {
        "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Host": "planted.invalid", "Forwarded": "for=198.51.100.7",
        "X-Request-Id": "planted", "Authorization": "t",
    }  # fmt: skip
    seen = requests.get(f"{door[0]}/dataset", headers=forged).json()
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert "X-Forwarded-Host" not in seen
    assert "Forwarded" not in seen
    assert seen["X-Request-Id"] != "planted"


def test_every_answer_has_the_security_headers(door):
    address, _ = door
    for path in ("/", "/api/3/action/x", "/gateway/v1/me", "/base/nowhere.css", "/webassets/nowhere.css"):
        headers = requests.get(address + path, headers={"Authorization": "t"}).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Server"] == "nginx"


def test_a_dead_portal_says_so(door):
    address, behind = door
    behind.shutdown()
    behind.server_close()
    page = requests.get(f"{address}/dataset")
    assert page.status_code == 503
    assert "服务暂时不可用" in page.content.decode()
    assert requests.get(f"{address}/api/3/action/x").json()["code"] == "temporarily-unavailable"
    assert requests.get(f"{address}/gateway/v1/me").json()["code"] == "temporarily-unavailable"


def test_a_dead_gateway_says_so_to_programs(door):
    answer = requests.get(f"{door[0]}/gateway/v1/me")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "30"
    assert "nosniff" in answer.headers["X-Content-Type-Options"]


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/gateway/v1/me", {"data": b"x" * (1 << 20 | 1)}, 413),
        ("/api/3/action/x", {"data": b"x" * (20 << 20 | 1)}, 413),
        ("/dataset/x", {"data": b"x" * (100 << 20 | 1)}, 413),
        ("/gateway/v1/me?q=" + "x" * 9000, {}, 414),
        ("/api/3/action/x?q=" + "x" * 9000, {}, 414),
        ("/en/api/3/action/x?q=" + "x" * 9000, {}, 414),
        ("/dataset?q=" + "x" * 9000, {}, 414),
        ("/dataset", {"headers": {"X-Long": "x" * 9000}}, 400),
        ("/gateway/v1/me", {"headers": {"X-Long": "x" * 9000}}, 400),
        ("/base/nowhere.css", {}, 404),
    ],
)
def test_what_nginx_itself_refuses_is_told_in_our_words(door, path, options, status):
    options.setdefault("headers", {}).update({"Authorization": "t"})
    answer = (requests.post if "data" in options else requests.get)(door[0] + path, **options)
    assert answer.status_code == status
    assert "nginx" not in answer.text
    assert answer.headers["X-Request-Id"]
    if "/gateway/" in path or "/api/" in path:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
    else:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        page = answer.content.decode()
        assert 'lang="zh-Hans"' in page
        assert 'class="en" lang="en"' in page


def test_nobody_says_for_themselves_that_they_came_in_by_the_inner_door(door):
    for forged in ({"X-Door": "inside"}, {"x-door": "inside", "Authorization": "t"}, {"Host": "127.0.0.1:1"}):
        seen = requests.get(f"{door[0]}/metrics", headers=forged).json()
        assert "X-Door" not in seen


def test_the_access_log_is_json_in_chinas_time_without_secrets(door, tmp_path):
    key = "sod_0123456789ab_" + "S3cr3t" * 8
    forged = '/x"}%0d%0a{"time":"forged"}'
    with requests.Session() as session:
        answer = session.get(f"{door[0]}/dataset?key={key}", headers={"Authorization": key})
        for path in (f"/gateway/{key}/x", forged, "/verify/eyJhbGciOiJIUzI1NiJ9.S3cr3tS3cr3t.S3cr3t"):
            session.get(door[0] + path, headers={"Authorization": "t"})
    (file,) = (tmp_path / "nginx" / "access").glob("*.log")
    deadline = time.monotonic() + 10
    while len((text := file.read_text()).splitlines()) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)  # nginx writes a line once its answer is sent
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 4
    assert lines[0]["request"] == answer.headers["X-Request-Id"] == answer.json()["X-Request-Id"]
    assert (lines[0]["path"], lines[0]["status"], lines[0]["upstream"]) == ("/dataset", 200, "200")
    assert all(line["time"].endswith("+08:00") for line in lines)
    assert file.name == lines[0]["time"][:10] + ".log"
    assert "S3cr3t" not in text


def test_large_bodies_of_actions_are_refused_unread(door):
    answer = requests.post(f"{door[0]}/api/3/action/x", data=b"x" * (21 << 20), headers={"Authorization": "t"})
    assert answer.status_code == 413


def test_error_pages_cannot_be_asked_for(door):
    assert requests.get(f"{door[0]}/errors/503.html").status_code == 404
