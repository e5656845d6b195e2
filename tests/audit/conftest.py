"""A sealer of the test's own, on a chain that has no end of other tests' events."""

import psycopg
import pytest
from ckanext.shopendata.audit import sealer, stored
from ckanext.shopendata.policy.chain import Check

from stack import databases, secrets


def url(stack, role):
    password = secrets.read(stack.var / "secrets", role)
    return f"postgresql://{role}:{password}@{stack['POSTGRES_HOST']}:{stack['POSTGRES_PORT']}/ckan"


@pytest.fixture
def database(test_stack):
    """The superuser's connection: what somebody with the machine's keys could do."""
    with databases.connect(test_stack, "ckan") as connection:
        yield connection


@pytest.fixture
def as_role(test_stack):
    """A connection of a role of the portal."""
    opened = []

    def connect(role):
        opened.append(psycopg.connect(url(test_stack, role), autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def record(app, database):
    """An empty record. The tests of a stack share one: whatever they did before is gone for good."""
    database.execute("TRUNCATE seal.link, audit.payload, audit.event")
    with app.flask_app.test_request_context():
        yield


@pytest.fixture
def seal(test_stack, record):
    """Seals all there is; returns how many events that were."""

    def run(**settings):
        with sealer.connect(url(test_stack, "audit_sealer")) as connection:
            at_work, sealed = sealer.Sealer(connection, **settings), 0
            at_work.agree()
            while batch := at_work.work():
                sealed += batch
            at_work.anchor()
            return sealed

    return run


@pytest.fixture
def check():
    """What a check of the database finds."""

    def run(**how):
        with stored.chain() as records:
            return [(one.fault.value, one.position, one.last) for one in Check(**how).run(records)]

    return run
