"""People with devices for codes, and browsers that have not typed any."""

import datetime as dt
import re

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.logic import totp
from ckanext.shopendata.model import CodeDevice, audit, sessions
from ckanext.shopendata.notices import deliver
from pyotp.totp import TOTP

from tests.notices.conftest import mailbox
from tests.people.conftest import make_world
from tests.signin.provider import CLIENT, SECRET, Provider
from tests.views.staff.conftest import Browser

__all__ = ["mailbox"]

OPTION = "ckanext.shopendata.oidc."


class Device:
    """What a person has in hand. A code counts once, so :meth:`code` shows the next one each time, twice at most."""

    def __init__(self, name):
        user = model.User.get(name)
        with clock.at(clock.now() - dt.timedelta(hours=1)):
            draft = totp.begin(user)
            totp.enrol(user, draft.sealed, TOTP(draft.secret).at(clock.now()))
        model.Session.commit()
        self.secret, self.user_id, self.shown = draft.secret, user.id, -1

    def code(self):
        self.shown += 1
        assert self.shown < 2, "time has not moved on so far"
        return TOTP(self.secret).at(clock.now(), counter_offset=self.shown)

    def wait(self):
        """As if an hour had passed since the last code."""
        model.Session.execute(sa.update(CodeDevice).where(CodeDevice.user_id == self.user_id).values(used_step=None))
        model.Session.commit()
        self.shown = -1


@pytest.fixture
def world(clean_db, clean_index, app, loader_environment):
    with app.flask_app.test_request_context():
        return make_world()


@pytest.fixture
def device(app):
    def of(name):
        with app.flask_app.test_request_context():
            return Device(name)

    return of


@pytest.fixture
def browse(app):
    """A new browser each time: of a person who has typed no code there."""
    return lambda name=None: Browser(app, name, code=False)


def aged(name, minutes):
    """Lets the codes typed in somebody's sessions be so old."""
    typed = clock.now() - dt.timedelta(minutes=minutes)
    user = model.User.get(name).id
    model.Session.execute(sa.update(sessions).where(sessions.c.user_id == user).values(code_at=typed))
    model.Session.commit()


def mail_all():
    """Sends all mail that waits."""
    while deliver.work():
        pass


def bare(page):
    """A page without the token against forged forms, which is each session's own."""
    return re.sub(r'(content|value)="[^"]{60,}"', "", page.text)


def verbs_of(object_id):
    """What was recorded of something."""
    model.Session.rollback()
    rows = sa.select(audit.events.c.verb).where(audit.events.c.object_id == object_id).order_by(audit.events.c.seq)
    return list(model.Session.scalars(rows))


@pytest.fixture(scope="module")
def running():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        provider = Provider()
        yield provider
        provider.stop()


@pytest.fixture
def provider(running, clean_db, app, monkeypatch):
    """The portal trusts it; its people and its honesty are as at the beginning."""
    settings = {"issuer": running.issuer, "client_id": CLIENT, "client_secret": SECRET}
    for name, value in settings.items():
        monkeypatch.setitem(tk.config, OPTION + name, value)
    monkeypatch.setattr(running, "person", dict(running.person))
    monkeypatch.setattr(running, "says", {})
    app.flask_app.extensions.pop("shopendata_oidc", None)
    yield running
    app.flask_app.extensions.pop("shopendata_oidc", None)
