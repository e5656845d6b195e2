"""Fixtures of all tests that need services: CKAN's own, on tables that migrations made under their own role."""

from pathlib import Path

import ckan.model as model
import pytest
import sqlalchemy as sa
from ckan import plugins as p
from ckan.lib import app_globals
from ckan.tests import factories, helpers
from ckanext.shopendata.publish import publishing

from stack import settings

# CKAN's own password for these is one that the portal refuses.
for _factory in (factories.UserWithToken, factories.SysadminWithToken):
    _factory._meta.pre_declarations.update({"password": "correct horse battery staple"})

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True, scope="session")
def _tables_exist():
    """The tests' role may not make or drop tables (like the portal's): emptying them is all that resetting needs."""
    model.repo.tables_created_and_initialised = True


@pytest.fixture(scope="session")
def made_app():
    """CKAN's application, with all plugins of the portal. Making it takes longer than most tests: it is made once."""
    return helpers._get_test_app().app


@pytest.fixture
def with_plugins(made_app, request):
    """As CKAN's, without loading all of them again: those of the mark only come and go."""
    names = [name for mark in request.node.iter_markers("with_plugins") for name in mark.args]
    if names:
        request.getfixturevalue("provide_plugin")
        p.load(*names)
    yield
    if names:
        p.unload(*names)


@pytest.fixture
def app(made_app, ckan_config):
    """As CKAN's, but not made anew for each test; what a test sets or adds in it is undone."""
    made = helpers.CKANTestApp(made_app)
    kept = [(holder, dict(holder)) for holder in (made.flask_app.config, made.flask_app.extensions)]
    app_globals._CONFIG_CACHE.clear()
    model.Session.remove()
    yield made
    for holder, before in kept:
        holder.clear()
        holder.update(before)


@pytest.fixture
def clean_db(with_plugins, reset_db):
    """Empties every table, those of the plugins included, and makes CKAN's own user again.

    A worker of the stack that starts in this moment makes it as well: the second of the two is refused.
    """
    reset_db()
    try:
        helpers.call_action("get_site_user")
    except sa.exc.IntegrityError:
        model.Session.rollback()


class Publisher:
    """Writes datasets as the publisher does; for everybody else they are closed."""

    def dataset(self, **fields):
        with publishing():
            return factories.Dataset(**fields)

    def resource(self, **fields):
        with publishing():
            return factories.Resource(**fields)

    def act(self, name, /, **fields):
        with publishing():
            return helpers.call_action(name, **fields)


@pytest.fixture(scope="session")
def publisher():
    """Factories of datasets and resources, and any other action, inside the write gate."""
    return Publisher()


@pytest.fixture(scope="session")
def test_stack():
    """The settings of the running test stack."""
    return settings.read("test")


@pytest.fixture
def loader_environment(test_stack, monkeypatch):
    """What the publisher's process knows beyond CKAN's configuration."""
    for line in (test_stack.etc / "loader.env").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            monkeypatch.setenv(name, value)


@pytest.fixture
def portal_url(test_stack):
    """The front door of the test stack."""
    return test_stack.url


@pytest.fixture(scope="session")
def shanghai_catalogue():
    """Path of the real Shanghai catalogue; skips where the reference folder is not beside the checkout."""
    path = ROOT.parent / "shared" / "catalogues" / "shanghai.json"
    if not path.is_file():
        pytest.skip(f"needs the catalogue at {path}")
    return path


def pytest_collection_modifyitems(items):
    """Tests that break their stack come last, so that nobody waits for theirs."""
    items.sort(key=lambda item: "fault" in item.keywords)
