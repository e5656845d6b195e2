"""The world, who asks it, and the doors: made once for all tests of this folder."""

import logging
import os

import pytest
from ckan import model
from ckan.lib import search
from ckan.tests import helpers
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.settings import GatewaySettings

from tests.sweep import stores, world
from tests.sweep.sweep import Sweep


def environment(path):
    """The variables that a file of the stack's holds."""
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="package")
def portal(made_app):
    """CKAN's application, with the plugins of the portal."""
    made = helpers.CKANTestApp(made_app)
    # As in service: an error is an answer.
    made.flask_app.config["PROPAGATE_EXCEPTIONS"] = False
    yield made
    model.Session.remove()


@pytest.fixture(autouse=True)
def _quiet():
    """Thousands of refusals would be told one by one."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="package")
def since(test_stack):
    return stores.lengths(test_stack)


@pytest.fixture(scope="package")
def planted(portal, test_stack, reset_db, since):
    """The world, in databases that held nothing before and hold nothing after."""
    del since
    loader = environment(test_stack.etc / "loader.env")
    before = {name: os.environ.get(name) for name in loader}
    os.environ.update(loader)
    reset_db()
    search.clear_all()
    made = world.World()
    try:
        with portal.flask_app.test_request_context():
            world.build(made)
        model.Session.remove()
        yield made
    finally:
        model.Session.remove()
        for dataset in made.datasets.values():
            world.forget(dataset)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        reset_db()
        search.clear_all()


@pytest.fixture(scope="package")
def doors(test_stack):
    """The gateway's application."""
    made = create_app(GatewaySettings.read(environment(test_stack.etc / "gateway.env")))
    made.testing = False
    return made.test_client()


@pytest.fixture(scope="package")
def keys(planted):
    """Who asks the gateway: nobody, and the holder of each key -> headers."""
    holders = {key: {"X-Access-Key": one.access_key} for key, one in planted.datasets.items() if one.access_key}
    return {"": {}} | holders


@pytest.fixture
def sweep(planted):
    return Sweep(planted)


@pytest.fixture
def client(portal):
    return portal.test_client(use_cookies=False)
