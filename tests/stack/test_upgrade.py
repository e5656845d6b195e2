"""The upgrade drill: data made by the code of an earlier commit, upgraded in place by this one's."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest
import requests

from stack import databases, settings, upgrade
from stack.backup import archive, moment
from stack.console import StackError
from tests.backup.conftest import is_in, log_in

pytestmark = pytest.mark.fault
ROOT = settings.ROOT
#: Reachable for the accounts of the services exactly if this checkout is.
OLD = ROOT / "var" / "upgrade"
VERSIONS = [f"ckanext-shopendata/ckanext/shopendata/migration/{name}/versions" for name in ("shopendata", "vault")]
#: What the portal changes by itself when it runs.
ALIVE = {
    "audit.event", "audit.payload", "seal.link", "public.shopendata_session", "public.shopendata_task",
    "public.shopendata_notice", "public.alembic_version", "public.shopendata_alembic_version",
}  # fmt: skip

#: Run by the code of then, with the factories of then.
FILL = """
import importlib.util, json, sys, time
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
app = make_app(CKANConfigLoader(sys.argv[1]).get_config())
with app._wsgi_app.test_request_context():
    import sqlalchemy as sa
    from ckan import model
    from ckanext.shopendata.model import Resource
    spec = importlib.util.spec_from_file_location("factories", "tests/factories.py")
    spec.loader.exec_module(factories := importlib.util.module_from_spec(spec))
    Agency, call, granted, person = (getattr(factories, name) for name in ("Agency", "call", "granted", "person"))
    columns, rows = [("code", "编号", "text", "none"), ("name", "名称", "text", "none")], [["1", "外滩"], ["2", "豫园"]]
    person("operator", "operator")
    centre, intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
    agency, citizen = Agency("operator", "traffic", "上海市交通委员会"), person("citizen")
    opened, conditional, suspended = (
        agency.entry(title, tier, columns, rows)
        for title, tier in (("公交站点", "unconditional"), ("到站时刻", "conditional"), ("停车场", "unconditional"))
    )
    agency.open(centre, opened, conditional, suspended)
    told = sa.text("SELECT count(*) FROM shopendata_dataset WHERE published_tier IS NOT NULL")
    for _ in range(240):
        if model.Session.scalar(told) == 3:
            break
        model.Session.rollback()
        time.sleep(0.5)
    call("dataset_suspend", agency.administrator, id=suspended[1], reason="wrong_data", note="有误")
    grant = granted(citizen, intake, agency, conditional[1])
    live, revoked = (call("key_create", citizen, grant=grant["id"]) for _ in range(2))
    call("key_revoke", citizen, kid=revoked["kid"], reason="泄露")
    resources = {one.dataset_id: one.id for one in model.Session.query(Resource)}
    version = call("openlist_show", "", agency="traffic")["version"]
print(json.dumps({
    "open": opened[1], "conditional": conditional[1], "suspended": suspended[1], "resources": resources,
    "live": live["key"], "revoked": revoked["key"], "version": version,
}))
"""


def git(*words):
    return subprocess.run(["git", "-C", ROOT, *words], check=True, capture_output=True, text=True).stdout


def earlier():
    """The newest ancestor whose migrations are not the present ones; skips where there is no history."""
    try:
        commits = git("rev-list", "--first-parent", "HEAD").split()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no checkout with a history")
    here = {path.relative_to(ROOT).as_posix() for folder in VERSIONS for path in (ROOT / folder).glob("*.py")}
    for commit in commits:
        there = set(git("ls-tree", "--name-only", commit, *(f"{folder}/" for folder in VERSIONS)).split())
        if there and there != here:
            return commit
    pytest.skip("no commit of this history has other migrations")
    return None


def check_out(commit):
    """The code of then with an environment of its own: this one's packages, but for the portal's own."""
    shutil.rmtree(OLD, ignore_errors=True)
    OLD.mkdir(parents=True)
    with subprocess.Popen(["git", "-C", ROOT, "archive", commit], stdout=subprocess.PIPE) as packing:
        subprocess.run(["tar", "-x", "-C", OLD], check=True, stdin=packing.stdout)
    (OLD / "var").mkdir(exist_ok=True)
    (OLD / "var" / "cache").symlink_to(ROOT / "var" / "cache")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", OLD / ".venv"], check=True)
    (ours,) = (ROOT / ".venv" / "lib").glob("python3*/site-packages")
    theirs = OLD / ".venv" / ours.relative_to(ROOT / ".venv")
    (theirs / "beside.pth").write_text(f"{ours}\n")
    (theirs / "ckan").symlink_to(ours / "ckan")
    for script in (ROOT / ".venv" / "bin").iterdir():
        copy = OLD / ".venv" / "bin" / script.name
        if not copy.exists() and script.is_file() and script.read_bytes()[:2] == b"#!":
            copy.write_text(script.read_text().replace(str(ROOT / ".venv"), str(OLD / ".venv")))
            copy.chmod(0o755)
    install = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--editable"]
    subprocess.run(
        [ROOT / ".venv/bin/python", "-m", "pip", "--python", OLD / ".venv/bin/python", *install, OLD],
        check=True, capture_output=True, cwd=OLD,
    )  # fmt: skip


def run(python, *words, root, **environ):
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CKAN"))}
    done = subprocess.run(
        [python, *words], cwd=root, env=known | {"SHOPENDATA_FAULT_VAR": str(ROOT / "var" / "fault")} | environ,
        check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.5)
    return condition()


def seen(stack, filled):
    """What the world sees of it."""
    paths = [
        f"/api/3/action/package_show?id={filled['open']}", f"/api/3/action/package_show?id={filled['conditional']}",
        f"/datastore/dump/{filled['resources'][filled['open']]}",
        f"/open-list/traffic/{filled['version']}.json",
        f"/gateway/v1/datasets/{filled['conditional']}/resources/{filled['resources'][filled['conditional']]}/rows",
    ]  # fmt: skip
    answers = [requests.get(stack.url + path, headers={"X-Access-Key": filled["live"]}, timeout=30) for path in paths]
    return {path: (one.status_code, _lasting(one.content)) for path, one in zip(paths, answers, strict=True)}


def _lasting(body):
    return re.sub(rb'"help": "[^"]*", ', b"", body)


@pytest.fixture(scope="module")
def before():
    """A stack that the code of then has filled."""
    commit = earlier()
    run(sys.executable, "-m", "stack", "reset", "fault", root=ROOT)
    check_out(commit)
    try:
        python = OLD / ".venv/bin/python"
        run(python, "-m", "stack", "up", "fault", root=OLD)
        stack = settings.read("fault")
        loader = (stack.etc / "loader.env").read_text().splitlines()
        environ = dict(line.split("=", 1) for line in loader if line and not line.startswith("#"))
        said = run(python, "-c", FILL, str(stack.var / "ckan.ini"), root=OLD, PYTHONPATH=str(OLD), **environ)
        filled = json.loads(said.splitlines()[-1])
        assert until(lambda: {code for code, _ in seen(stack, filled).values()} == {200}), seen(stack, filled)
        waiting = (
            "SELECT count(*) FROM shopendata_task WHERE done_at IS NULL AND kind IN ('publish', 'conceal', 'index')"
        )
        errors = "SELECT kind, error FROM shopendata_task WHERE done_at IS NULL"
        assert until(lambda: ask(stack, waiting) == [(0,)]), ask(stack, errors)
        yield stack, filled, commit
    finally:
        run(sys.executable, "-m", "stack", "reset", "fault", root=ROOT)
        shutil.rmtree(OLD)


def ask(stack, query, database="ckan"):
    with databases.connect(stack, database) as connection:
        return connection.execute(query).fetchall()


def counts(stack):
    found = {}
    for database in moment.ORDER:
        with moment.snapshot(stack, database) as now:
            found |= {f"{database} {name}": rows for name, (rows, _) in now.tables().items() if name not in ALIVE}
    return found


def test_everything_is_still_there_after_an_upgrade_in_place(before):
    stack, filled, commit = before
    then, rows, events = seen(stack, filled), counts(stack), ask(stack, "SELECT count(*) FROM audit.event")
    head = ask(stack, "SELECT version_num FROM shopendata_alembic_version")
    said = run(sys.executable, "-m", "stack", "upgrade", "fault", root=ROOT)
    assert ask(stack, "SELECT version_num FROM shopendata_alembic_version") != head
    assert seen(stack, filled) == then
    now = counts(stack)
    assert {name: now.get(name) for name in rows} == rows
    assert ask(stack, "SELECT count(*) FROM audit.event") >= events
    # Doors stand as they stood.
    rows_of = (
        f"/gateway/v1/datasets/{filled['conditional']}/resources/{filled['resources'][filled['conditional']]}/rows"
    )
    answer = requests.get(stack.url + rows_of, headers={"X-Access-Key": filled["revoked"]}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_revoked")
    shown = f"{stack.url}/api/3/action/package_show?id={filled['suspended']}"
    assert requests.get(shown, timeout=30).status_code in (403, 404)
    found = requests.get(f"{stack.url}/api/3/action/package_search?q=公交", timeout=30).json()["result"]
    assert [one["id"] for one in found["results"]] == [filled["open"]]
    assert is_in(stack.url, log_in(stack.url, "citizen").cookies.get_dict())
    verified = [ROOT / ".venv/bin/ckan", "-c", stack.var / "ckan.ini", "shopendata", "audit", "verify"]
    assert subprocess.run(verified, cwd=ROOT, capture_output=True, check=False).returncode == 0
    # And there is a way back.
    (backup,) = archive.kept(stack.var / "backups")
    manifest = archive.load(backup)[0]
    assert [(manifest.migrations["ckan"]["public.shopendata_alembic_version"],)] == head
    assert f"restore {backup} --yes" in said
    assert commit


def test_nothing_is_upgraded_where_nothing_is(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPENDATA_FAULT_VAR", str(tmp_path))
    with pytest.raises(StackError, match="holds no installation"):
        upgrade.upgrade(settings.read("fault"))
    assert list(tmp_path.iterdir()) == []
