"""The world of the staff's pages, with a mailbox of its own."""

import datetime as dt
import email
import email.policy

import pytest
from ckan.common import config
from ckanext.shopendata import clock

from tests.views.staff.conftest import accepted, act, browse, submitted, world

__all__ = ["accepted", "act", "browse", "submitted", "world"]


class Mailbox:
    def __init__(self, folder):
        self.folder = folder

    def read(self):
        """All mails, oldest first."""
        files = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]

    def told(self):
        """(recipient's name, first line of the text) of each mail."""
        return [(mail["To"].split("@")[0], mail.get_content().splitlines()[2]) for mail in self.read()]

    def empty(self):
        for path in self.folder.glob("*.eml"):
            path.unlink()


@pytest.fixture
def mailbox(tmp_path, monkeypatch):
    monkeypatch.setitem(config, "ckanext.shopendata.mail.folder", str(tmp_path / "mail"))
    monkeypatch.setitem(config, "smtp.server", "")
    return Mailbox(tmp_path / "mail")


@pytest.fixture(autouse=True)
def _november():
    """A Monday whose neighbourhood the calendar knows, whenever the tests are run."""
    with clock.at(dt.datetime(2026, 11, 2, 10, tzinfo=clock.ZONE)):
        yield
