"""What visitors see, in both languages, with and without data and search.

A CKAN application takes seconds to make, so each test looks at several pages.
"""

import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from ckanext.shopendata import demonstration

THEME = Path(__file__).resolve().parents[2] / "theme"
TEMPLATES = THEME / "templates"
CKAN_TEMPLATES = Path(str(files("ckan"))) / "templates"
LANGUAGES = {"/": "zh-CN", "/en/": "en"}
PAGES = [
    "",
    "dataset/",
    "organization/",
    "group/",
    "open-list",
    "developers",
    "about",
    "user/login",
    "register",
    "user/reset",
]
PASSWORD = "correct horse battery staple"


class Page(HTMLParser):
    """The parts of a page that these tests look at."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.words = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    @property
    def links(self):
        """Addresses within the portal."""
        return [link for link in self.values("a", "href") if not foreign(link) and not link.startswith("#")]

    def values(self, tag, attribute):
        return [attrs[attribute] for name, attrs in self.tags if name == tag and attrs.get(attribute)]


def foreign(address):
    return bool(re.match(r"(https?:)?//", address))


@pytest.fixture
def client(with_plugins, app):
    return app.test_client()


@pytest.fixture
def visit(client):
    def get(address, status=200):
        answer = client.get(address)
        assert answer.status_code == status, address
        return Page(answer.get_data(as_text=True))

    return get


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestHome:
    def numbers(self, page):
        return re.search(
            r"Datasets (\d+) Unconditionally open (\d+) Conditionally open (\d+) Organizations (\d+)", page.text
        ).groups()

    def test_an_empty_portal_says_so(self, visit):
        page = visit("/en/")
        assert self.numbers(page) == ("0", "0", "0", "0")
        assert "No dataset has been published yet" in page.text
        assert "No organization has published data yet" in page.text

    def test_what_is_there_is_counted_listed_and_linked(self, client, visit, publisher):
        busy, quiet = factories.Organization(title="交通委员会"), factories.Organization(title="民政局")
        open_to_all = [{"key": "tier", "value": "unconditional"}]
        old = [publisher.dataset(owner_org=busy["id"], extras=open_to_all) for _ in range(2)]
        on_conditions = [{"key": "tier", "value": "conditional"}]
        new = publisher.dataset(owner_org=quiet["id"], title="养老机构", extras=on_conditions)
        publisher.dataset(owner_org=quiet["id"], title="内部材料", private=True)
        for home in LANGUAGES:
            page = visit(home)
            places = [
                page.links.index(f"{home}dataset/{new['name']}"),
                page.links.index(f"{home}dataset/{old[0]['name']}"),
                page.links.index(f"{home}organization/{busy['name']}"),
                page.links.index(f"{home}organization/{quiet['name']}"),
            ]
            assert places == sorted(places)
            assert "养老机构" in page.text
            assert "内部材料" not in page.text
            assert {link for link in page.links if client.get(link).status_code >= 400} == set()
        assert self.numbers(page) == ("3", "2", "1", "2")

    def test_without_search_a_notice_stands_in_for_the_numbers(self, visit, monkeypatch):
        monkeypatch.setitem(tk.config, "solr_url", "http://127.0.0.1:1/solr/nothing")
        for home in LANGUAGES:
            page = visit(home)
            assert "status" in page.values("div", "role")
            assert f"{home}dataset/" in page.values("form", "action")
            assert "dl" not in [tag for tag, _ in page.tags]


@pytest.mark.usefixtures("clean_index")
class TestEveryPage:
    def test_is_what_it_should_be_in_both_languages(self, client, visit):
        for home, other in ("/", "/en/"), ("/en/", "/"):
            for path in PAGES:
                page, address = visit(home + path), home + path
                assert page.values("html", "lang") == [LANGUAGES[home]], address
                assert other + path in page.links, f"{address} does not lead to itself in the other language"
                loaded = [*page.values("link", "href"), *page.values("script", "src"), *page.values("img", "src")]
                assert any("shopendata_theme" in it for it in loaded), address
                assert [it for it in loaded if foreign(it)] == [], address
                self.hides_the_version(page)
                self.obeys_the_content_policy(page)
            # CKAN's scripts start nothing before this answers (client.js, getLocaleData).
            assert client.get(f"/api/i18n/{LANGUAGES[home].replace('-', '_', 1)}").status_code == 200

    def hides_the_version(self, page):
        assert "generator" not in page.values("meta", "name")
        assert [link for link in page.values("a", "href") if re.search(r"ckan\.org/en/\d", link)] == []

    def obeys_the_content_policy(self, page):
        assert [tag for tag, attrs in page.tags if any(name.startswith("on") for name in attrs)] == []
        assert [attrs for tag, attrs in page.tags if tag == "script" and "src" not in attrs] == []


class TestLogin:
    @pytest.mark.usefixtures("clean_db")
    def test_remembers_nobody_and_lets_out_who_is_in(self, client, visit):
        assert "remember" not in visit("/user/login").values("input", "name")
        client.post("/user/login", data={"login": factories.User(password=PASSWORD)["name"], "password": PASSWORD})
        page = visit("/user/login")
        assert "remember" not in page.values("input", "name")
        assert page.values("form", "action").count("/user/_logout") == 2


class TestErrors:
    def test_lead_on(self, visit):
        page = visit("/en/nothing-here", status=404)
        assert "Page not found" in page.text
        assert "/en/" in page.links


class TestSources:
    def test_styles_load_nothing(self):
        for sheet in (THEME / "assets").rglob("*.css"):
            assert not re.search(r"@import|url\(|https?:", sheet.read_text()), sheet.name

    def test_what_extends_a_template_of_ckan_has_one_to_extend(self):
        extending = [path for path in TEMPLATES.rglob("*.html") if "ckan_extends" in path.read_text()]
        assert [path for path in extending if not (CKAN_TEMPLATES / path.relative_to(TEMPLATES)).is_file()] == []

    def test_blocks_that_replace_ckans_exist_there(self):
        """What fills a block that CKAN has renamed vanishes from the page without an error."""
        ours, theirs = (
            {name for path in folder.rglob("*.html") for name in re.findall(r"{%-?\s*block (\w+)", path.read_text())}
            for folder in (TEMPLATES, CKAN_TEMPLATES)
        )
        assert ours - theirs == set()


class TestDemonstration:
    def test_invented_data_is_marked_on_every_page(self, client, visit):
        assert "演示数据" not in visit("/").text
        demonstration.mark()
        chinese, english = "演示数据 · 非官方", "Demonstration data, not official"
        for path, words in (("/", chinese), ("/dataset/", chinese), ("/open-list", chinese), ("/en/", english)):
            assert words in visit(path).text
