"""Debian's Chromium against the running test stack."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.factories import code_typed

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
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


@pytest.fixture
def walk(browser, portal_url):
    """Signs somebody in, in a browser of their own; at the end nobody's scripts have failed."""
    complaints = []

    def sign_in(name):
        page = browser.new_context(base_url=portal_url, viewport={"width": 1280, "height": 900}).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/user/login")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dashboard/**")
        code_typed(name)
        return page

    yield sign_in
    for context in browser.contexts:
        context.close()
    assert not complaints


def press(page, text, within=".work"):
    """Presses a button by its words, and waits for the page that follows."""
    with page.expect_navigation():
        page.locator(within).get_by_role("button", name=text, exact=True).first.click()
