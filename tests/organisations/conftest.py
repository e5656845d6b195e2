"""A world with one conditional dataset, a mailbox, and people who act for organisations."""

import email
import email.policy
import re
import threading

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import audit
from ckanext.shopendata.notices import deliver

from tests.factories import call, person
from tests.views.staff.conftest import act, browse, make_world, world  # noqa: F401 - fixtures

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def mailbox(app, tmp_path, monkeypatch):
    """Every mail in it, the oldest first, once what waits has been sent."""
    monkeypatch.setitem(tk.config, "ckanext.shopendata.mail.folder", str(tmp_path / "mail"))
    monkeypatch.setitem(tk.config, "smtp.server", "")

    def read(address=None):
        model.Session.rollback()
        with app.flask_app.test_request_context():
            while deliver.work():
                pass
        files = sorted((tmp_path / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        mails = [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in files]
        return [one for one in mails if address in (None, one["To"])]

    return read


@pytest.fixture
def people(world, act, app):  # noqa: F811
    """Four more: ada and ben act for organisations, eve is a stranger, second is another intake officer."""
    with app.flask_app.test_request_context():
        for name in ("ada", "ben", "eve"):
            person(name)
        person("second", "intake_officer")
    return world


def token(mail):
    """The secret in a letter."""
    return re.search(r"token=([0-9a-f]{64})", mail.get_content())[1]


def refusal(action, user, /, **data):
    """The policy's word for why this may not be done by this person; nothing has happened."""
    before = happened()
    with pytest.raises((tk.NotAuthorized, tk.ValidationError, tk.ObjectNotFound)) as refused:
        call(action, user, **data)
    assert happened() == before
    return getattr(refused.value.__cause__, "code", type(refused.value).__name__)


def happened():
    """How many events there are."""
    model.Session.rollback()
    return model.Session.scalar(sa.select(sa.func.count()).select_from(audit.events))


def at_once(app, *works):
    """Does these at the same moment, each as a process of its own; what each returned or raised."""
    ready, results = threading.Barrier(len(works)), [None] * len(works)

    def run(number, work):
        with app.flask_app.test_request_context():
            try:
                ready.wait(timeout=20)
                results[number] = work()
            except Exception as error:
                results[number] = error
            finally:
                model.Session.remove()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
