"""Two security administrators, an operator, an agency with its people, and a stranger."""

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import audit
from ckanext.shopendata.publish import publisher

from tests.factories import Agency, call, number, person


def drain():
    while publisher.work():
        pass


def happened():
    """How many events there are."""
    model.Session.rollback()
    return model.Session.scalar(sa.select(sa.func.count()).select_from(audit.events))


def bodies(verb):
    """What the events of a verb say, with actor and role, the latest first: the record outlives the tests."""
    rows = sa.select(audit.events.c.actor, audit.events.c.role, audit.payloads.c.body)
    rows = rows.join(audit.payloads, audit.payloads.c.event_id == audit.events.c.id).where(audit.events.c.verb == verb)
    return [dict(row) for row in model.Session.execute(rows.order_by(audit.events.c.seq.desc())).mappings()]


def refusal(action, user, /, **data):
    """The policy's word for why this may not be done by this person; nothing has happened."""
    before = happened()
    with pytest.raises((tk.NotAuthorized, tk.ValidationError, tk.ObjectNotFound)) as refused:
        call(action, user, **data)
    assert happened() == before
    cause = refused.value.__cause__
    return getattr(cause, "code", type(refused.value).__name__)


def appoint(name, role, agency=None, **more):
    """A role by two people. Returns the holding."""
    place = {"agency": agency} if agency else {}
    asked = call("role_request", "ana", user=name, role=role, number=number(name), **place, **more)
    return call("role_confirm", "ben", id=asked["id"], number=number(name))


def holding(name, role):
    """The identifier of a role that somebody holds now."""
    return next(one["id"] for one in call("role_list", name, user=name) if one["role"] == role)


@pytest.fixture
def world(clean_db, clean_index, with_request_context, loader_environment):
    return make_world()


def make_world():
    world = type("World", (), {})()
    for name in ("ana", "ben"):
        person(name, "security_administrator")
    person("operator", "operator")
    world.centre, world.intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
    world.agency = Agency("operator", "traffic", "上海市交通委员会")
    world.citizen = person("citizen")
    return world
