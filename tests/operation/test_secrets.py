"""After a sweep of everything that carries a secret, none of them stands in any log of the running stack."""

import json
import random
import re
import time

import pytest
from ckan.tests import factories
from ckanext.shopendata.policy import key as keys

from stack import secrets as stored

MARK = "Zq7pLm2vXw9sKd4f"


@pytest.fixture
def logs(test_stack):
    """What all logs say beyond what they said before."""
    files = lambda: [*test_stack.log.glob("*.log"), *(test_stack.var / "nginx" / "access").glob("*.log")]  # noqa: E731
    before = {path: path.stat().st_size for path in files()}

    def read():
        told = {}
        for path in files():
            with path.open("rb") as stream:
                stream.seek(before.get(path, 0))
                told[path.name] = stream.read().decode(errors="replace")
        return told

    return read


def test_no_secret_reaches_a_log(clean_db, outside, inside, logs, test_stack):
    key = keys.mint(random.SystemRandom().choice).text
    token = factories.SysadminWithToken()["token"]
    page = outside("/user/login")
    csrf = re.search(r'name="_csrf_token" content="([^"]+)"', page.text)[1]
    for number in range(3):
        typed = {"login": f"x{number}", "password": f"{MARK}{number}", "_csrf_token": csrf}
        outside("/user/login", "POST", data=typed, cookies=page.cookies)
    outside("/user/reset/abc?key=" + MARK)
    for path in (
        "/gateway/v1/me",
        "/gateway/nowhere",
        f"/gateway/{key}/x",
        f"/gateway/v1/me?key={key}",
        f"/dataset?q={key}",
    ):
        for headers in (
            {"X-Access-Key": key},
            {"Authorization": f"Bearer {key}"},
            {"Cookie": f"shopendata=row.{MARK}"},
        ):
            outside(path, headers=headers)
    outside(
        "/gateway/api/action/datastore_search",
        "POST",
        json={"resource_id": "x", "filters": {"a": key}},
        headers={"Authorization": key},
    )
    for name in ("package_show", "user_show", "shopendata_application_save", "nowhere"):
        outside(f"/api/3/action/{name}", "POST", json={"id": MARK, "password": MARK}, headers={"Authorization": token})
        outside(f"/api/3/action/{name}?password={MARK}&id={token}", headers={"Authorization": token})
    outside(
        "/api/3/action/user_create",
        "POST",
        json={"name": "a", "password": MARK, "email": 3},
        headers={"Authorization": token},
    )
    outside("/dataset?q=" + "x" * 9000 + MARK, headers={"Authorization": token})
    outside("/gateway/v1/me", headers={"X-Access-Key": key + "x" * 9000})
    inside(f"/metrics?token={MARK}")
    inside("/readyz", headers={"Authorization": f"Bearer {MARK}"})
    time.sleep(0.5)  # what is written is on its way
    found = logs()
    assert sum(len(text) for text in found.values()) > 1000
    planted = [MARK, key[17:], token, token.split(".")[2], csrf]
    planted += [stored.read(test_stack.var / "secrets", name) for name in stored.HOLDERS]
    for name, text in found.items():
        assert [secret[:6] for secret in planted if secret in text] == [], name


def test_lines_of_our_processes_are_json_and_carry_the_requests_number(clean_db, outside, logs):
    given = outside("/api/3/action/package_show?id=x").headers["X-Request-Id"]
    told = logs()
    access = [
        json.loads(line) for name, text in told.items() if re.fullmatch(r"\d{4}-.*", name) for line in text.splitlines()
    ]
    assert given in {line["request"] for line in access}
    for name in ("web.log", "gateway.log", "worker.log", "harvest_run.log", "harvest_gather.log"):
        for line in told.get(name, "").splitlines():
            assert json.loads(line)["level"], line


def test_a_fault_is_logged_with_the_number_that_the_visitor_got(clean_db, outside, logs, test_stack):
    """The gateway's answer and its log name the same request."""
    answer = outside("/gateway/readyz", headers={"X-Request-Id": "planted-by-the-client"})
    assert answer.headers["X-Request-Id"] != "planted-by-the-client"
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])
