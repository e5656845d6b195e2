"""The portal as it runs, asked over HTTP: outside, at the operator's door, and in maintenance."""

import pytest
import requests
from ckan import model
from ckanext.shopendata import maintenance


@pytest.fixture
def inside_url(test_stack):
    """The operator's door of the test stack."""
    return f"http://127.0.0.1:{test_stack.port('internal')}"


@pytest.fixture
def outside(portal_url):
    """Asks at the front door."""
    return lambda path, method="GET", **options: requests.request(method, portal_url + path, timeout=20, **options)


@pytest.fixture
def inside(inside_url):
    """Asks at the operator's door."""
    return lambda path, **options: requests.get(inside_url + path, timeout=20, **options)


@pytest.fixture
def switched_on(clean_db):
    """Maintenance, until the test ends."""
    yield maintenance.begin("console", "数据库升级", "database upgrade")
    model.Session.rollback()
    maintenance.end("console")
