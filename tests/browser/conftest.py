"""Debian's Chromium against the running test stack."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.factories import code_typed

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
PASSWORD = "correct-horse-9"


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs Debian's package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser, portal_url):
    """A page that collects everything the browser complains about."""
    context = browser.new_context(base_url=portal_url, viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    context.close()


@pytest.fixture(scope="session")
def keep():
    """Keeps how a page looks: called with the page and a name, for people to look at later."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.fixture
def walk(browser, portal_url):
    """Opens a page, with somebody signed in where named; at the end nobody's scripts have failed.

    ``code``: whether a code was typed already, so that decisions are not asked for one.
    """
    opened, complaints = [], []

    def begin(name=None, width=1280, *, password=PASSWORD, code=True):
        opened.append(browser.new_context(base_url=portal_url, viewport={"width": width, "height": 900}))
        page = opened[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if complains(said) else None)
        if name:
            page.goto("/user/login")
            page.fill("input[name=login]", name)
            page.fill("input[name=password]", password)
            page.keyboard.press("Enter")
            page.wait_for_url("**/dashboard/**")
        if name and code:
            code_typed(name)
        return page

    yield begin
    for context in opened:
        context.close()
    assert not complaints


def complains(said):
    """Whether a browser's message is an error that no test asks for: refusals of forms and of the gateway are."""
    return said.type == "error" and not ("409" in said.text or "/gateway/" in said.location.get("url", ""))


class Walker:
    """One walk by several people: keeps numbered pictures of the page that is open."""

    def __init__(self, begin, keep, of):
        self.begin, self.keep, self.of, self.number = begin, keep, of, 0

    def sign_in(self, name):
        self.page = self.begin(name)
        return self.page

    def shot(self, name):
        self.number += 1
        self.keep(self.page, f"{self.of}-{self.number:02}-{name}")

    def press(self, text):
        press(self.page, text)


@pytest.fixture
def walker(walk, keep, request):
    return Walker(walk, keep, request.node.name.removeprefix("test_"))


def press(page, text, within=".work"):
    """Presses a button by its words, and waits for the page that follows."""
    with page.expect_navigation():
        page.locator(within).get_by_role("button", name=text, exact=True).first.click()
