"""A small portal in the tests' stack with something to lose in every place, and a backup of it."""

import datetime as dt
import os
import re
from types import SimpleNamespace

import ckan.plugins.toolkit as tk
import pytest
import requests
from ckan import model
from ckan.lib import search
from ckan.tests import helpers
from ckanext.shopendata.audit import sealer
from ckanext.shopendata.model import Resource
from ckanext.shopendata.publish import publisher

from stack import databases
from stack.backup import create, envelope
from tests import factories
from tests.audit.conftest import url
from tests.factories import call, granted, person
from tests.sweep import world as sweep
from tests.sweep.conftest import environment

PASSWORD = "correct-horse-9"  # of tests.factories.person
PASSPHRASE = "seven little words on a piece of paper"
LOGO = b"\x89PNG of an agency"
COLUMNS = [("stop_code", "站点编号", "text", "none"), ("driver", "驾驶员", "text", "first_char")]
ROWS = [["0071", "王小明"], ["0072", "李雷"], ["0073", None]]
#: Stands in a closed dataset's rows: nothing that leaves this machine in clear may hold it.
SECRET_ROW = "CANARY-出行记录"


def drain():
    while publisher.work():
        pass


def log_in(address, name, password=PASSWORD):
    """A browser's session after logging in; its cookie opens the account or does not."""
    browser = requests.Session()
    page = browser.get(f"{address}/user/login", timeout=30).text
    field, token = re.search(
        r'name="csrf_field_name" content="([^"]+)".*?name="\1" content="([^"]+)"', page, re.S
    ).groups()
    browser.post(
        f"{address}/user/login",
        data={"login": name, "password": password, field: token},
        headers={"Referer": f"{address}/user/login"},
        # The next address is the portal's own, which may be another one's here.
        allow_redirects=False,
        timeout=30,
    )
    return browser


def is_in(address, cookies):
    return requests.get(f"{address}/user/edit", cookies=cookies, allow_redirects=False, timeout=30).status_code == 200


@pytest.fixture(scope="module")
def portal(made_app):
    yield helpers.CKANTestApp(made_app)
    model.Session.remove()


@pytest.fixture(scope="module")
def filled(portal, test_stack, reset_db):
    """Every kind of thing that a backup has to keep."""
    loader = environment(test_stack.etc / "loader.env")
    before = {name: os.environ.get(name) for name in loader}
    os.environ.update(loader)
    reset_db()
    search.clear_all()
    with databases.connect(test_stack, "ckan") as ckan:
        ckan.execute("TRUNCATE seal.link, audit.payload, audit.event")
    anchors = test_stack.var / "audit" / "anchors.jsonl"
    anchors.unlink(missing_ok=True)
    logo = test_stack.var / "storage" / "uploads" / "group" / "logo-测试.png"
    logo.parent.mkdir(parents=True, exist_ok=True)
    logo.write_bytes(LOGO)
    made = SimpleNamespace(stack=test_stack, url=test_stack.url)
    try:
        with portal.flask_app.test_request_context():
            build(made)
            made.stamp = seal(test_stack, anchors)
        model.Session.remove()
        yield made
    finally:
        logo.unlink(missing_ok=True)
        anchors.unlink(missing_ok=True)
        model.Session.remove()
        for resource in made.resource.values():
            sweep.forget(SimpleNamespace(resource=resource))
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        reset_db()
        search.clear_all()


def build(made):
    person("operator", "operator")
    made.centre, made.intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
    made.agency = factories.Agency("operator", "traffic", "上海市交通委员会")
    made.citizen = person("citizen")
    opened, conditional, suspended = (
        made.agency.entry(title, tier, COLUMNS, ROWS)
        for title, tier in (
            ("公交线路与站点信息", "unconditional"),
            ("公交车辆实时到站信息", "conditional"),
            ("停车场信息", "unconditional"),
        )
    )  # fmt: skip
    closed = made.agency.entry("个体出行记录", "closed", COLUMNS, [["1", SECRET_ROW]])
    made.agency.open(made.centre, opened, conditional, suspended, closed)
    drain()
    made.open, made.conditional, made.suspended = opened[1], conditional[1], suspended[1]
    call("dataset_suspend", made.agency.administrator, id=made.suspended, reason="wrong_data", note="数据有误")
    drain()
    grant = granted(made.citizen, made.intake, made.agency, made.conditional)
    made.live, revoked = (call("key_create", made.citizen, grant=grant["id"]) for _ in range(2))
    call("key_revoke", made.citizen, kid=revoked["kid"], reason="泄露")
    made.live, made.revoked = made.live["key"], revoked["key"]
    made.token = tk.get_action("api_token_create")({"ignore_auth": True, "user": ""}, {"user": "citizen", "name": "t"})
    made.token = made.token["token"]
    made.cookies = log_in(made.url, "citizen").cookies.get_dict()
    assert is_in(made.url, made.cookies)
    # Decided and listed, not published yet: it waits in the outbox.
    other = factories.Agency("operator", "harbour", "上海市港口管理局")
    waiting = other.entry("公共自行车站点", "unconditional", COLUMNS, ROWS)
    other.open(made.centre, waiting)
    made.waiting = waiting[1]
    made.resource = {one.dataset_id: one.id for one in model.Session.query(Resource)}
    made.version = call("openlist_show", "", agency="traffic")["version"]


def seal(stack, anchors):
    with sealer.connect(url(stack, "audit_sealer")) as connection:
        at_work = sealer.Sealer(connection, anchors)
        while at_work.work():
            pass
        at_work.anchor()
    return dt.datetime.now(dt.timezone.utc)


@pytest.fixture(scope="module")
def passphrase(tmp_path_factory):
    path = tmp_path_factory.mktemp("passphrase") / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    return path


@pytest.fixture(scope="module")
def locked(filled, tmp_path_factory):
    """A locked backup of it: the folder of the archive and the SHA-256 of its manifest."""
    made, digest, _ = create.create(
        filled.stack, tmp_path_factory.mktemp("locked"), envelope.for_passphrase(PASSPHRASE)
    )
    return SimpleNamespace(folder=made, digest=digest)


@pytest.fixture(scope="module")
def in_clear(filled, tmp_path_factory):
    """The same, not locked."""
    return create.create(filled.stack, tmp_path_factory.mktemp("clear"), envelope.clear())[0]
