"""The sharing platform's client behind our small protocol; the client itself has tests of its own."""

import pytest
from ckanext.shopendata.harvesters import connectors
from ckanext.shopendata.harvesters.configuration import Configuration
from ckanext.shopendata.harvesters.errors import MissingError, SourceError
from ckanext.shopendata.harvesters.sharing_platform import source
from ckanext.shopendata.harvesters.sharing_platform.client import RowPage

SETTINGS = Configuration("sandbox", "SHOPENDATA_SOURCE_TEST", "portal", allow_private=True)


@pytest.fixture
def client(monkeypatch):
    """A client that delivers two pages and says how it was made."""
    made = []

    class Client:
        pages = ([{"a": 1}, {"a": 2}], [{"a": 3}])
        failure = None

        def __init__(self, url, app_id, secret, *, allow_private):
            made.append((url, app_id, secret, allow_private))

        def catalogue(self):
            yield from self.pages
            if self.failure:
                raise self.failure

        def rows(self, guid):
            if guid == "none":
                raise MissingError("no table")
            yield RowPage(["a"], [["1"], ["2"]], 3)
            if self.failure:
                raise self.failure
            yield RowPage(["a"], [["3"]], 3)

    monkeypatch.setattr(source, "SharingPlatformClient", Client)
    monkeypatch.setenv("SHOPENDATA_SOURCE_TEST", "secret")
    Client.made = made
    return Client


def records(settings=SETTINGS):
    return list(connectors.connect("shopendata_sharing_platform", "https://x.example", settings).records())


def test_pages_become_records(client):
    assert [record["a"] for record in records()] == [1, 2, 3]
    assert client.made == [("https://x.example", "portal", "secret", True)]


def test_a_failure_on_a_later_page_makes_the_source_unreadable(client):
    client.failure = SourceError("page 3: 503")
    with pytest.raises(connectors.Unreadable, match="page 3: 503"):
        records()


def test_without_the_secret_nothing_is_asked(client, monkeypatch):
    monkeypatch.delenv("SHOPENDATA_SOURCE_TEST")
    with pytest.raises(connectors.Unreadable, match="secret"):
        records()
    assert client.made == []


def test_an_unknown_type():
    with pytest.raises(connectors.Unreadable):
        connectors.connect("ckan", "https://x.example", SETTINGS)


def table(guid):
    return connectors.connect("shopendata_sharing_platform", "https://x.example", SETTINGS).table(guid)


def test_pages_become_one_table(client):
    delivered = table("r1")
    assert (delivered.columns, list(delivered.rows)) == (["a"], [["1"], ["2"], ["3"]])


def test_a_record_without_rows_has_no_table(client):
    assert table("none") is None


def test_a_table_that_breaks_off_is_unreadable(client):
    client.failure = SourceError("page 2: gone")
    with pytest.raises(connectors.Unreadable, match="page 2"):
        list(table("r1").rows)
