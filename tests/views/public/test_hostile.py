"""Whatever an agency or a source writes is text: nowhere markup, nowhere a formula."""

import csv
import io
from html.parser import HTMLParser

from ckan import model
from ckanext.shopendata.model import Dataset, Resource

from tests.views.public.conftest import HOSTILE


def addresses(world):
    for _, key in world.hostile:
        name = model.Session.get(Dataset, key).name
        yield f"/dataset/{name}"
        for resource in model.Session.query(Resource).filter_by(dataset_id=key):
            yield f"/dataset/{name}/resource/{resource.id}"
    yield from ("/", "/dataset/", "/organization/", "/organization/bad", "/open-list", "/open-list/bad", "/developers")


class Tags(HTMLParser):
    """Every tag that a browser sees, with its attributes."""

    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


class TestMarkup:
    def test_is_escaped_on_every_page(self, hostile, visit):
        seen = 0
        for address in addresses(hostile):
            page = visit(address)
            seen += "&lt;script&gt;" in page
            tags = Tags(page).seen
            assert not [attrs for tag, attrs in tags if tag == "img" and attrs["src"] == "x"], address
            assert not [tag for tag, attrs in tags if any(name.startswith("on") for name in attrs)], address
            assert not [attrs for tag, attrs in tags if tag == "script" and "src" not in attrs], address
            assert "<b>有限公司" not in page, address
        assert seen >= 8

    def test_in_the_query_too(self, hostile, visit):
        page = visit(f"/open-list/bad?domain={HOSTILE}")
        assert "<script>alert" not in page


class TestFormula:
    def test_no_cell_of_the_csv_begins_one(self, hostile, client):
        text = client.get("/open-list/bad.csv").data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) == 3
        assert {len(row) for row in rows} == {16}
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert f"'{HOSTILE}" in cells
        assert "'@SUM(0)" in cells
