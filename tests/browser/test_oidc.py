"""Signing in by an OpenID provider in a real browser. The portal runs in this process: only it trusts the provider."""

import threading

import ckan.plugins.toolkit as tk
import pytest
from werkzeug.serving import make_server

from tests.browser.conftest import PASSWORD, press
from tests.factories import person
from tests.signin.conftest import provider, running

__all__ = ["provider", "running"]

WORDS = {
    "zh_Hans_CN": {"door": "使用统一身份认证登录", "level": "实名等级：L3", "link": "关联我的账号", "begin": "下一步"},
    "en": {
        "door": "Sign in with the unified identity service", "level": "real-name level: L3",
        "link": "Link my account there", "begin": "Go on",
    },
}  # fmt: skip


@pytest.fixture
def portal(provider, app, monkeypatch):
    server = make_server("127.0.0.1", 0, app.app, threaded=True)
    address = f"http://127.0.0.1:{server.port}"
    monkeypatch.setitem(tk.config, "ckan.site_url", address)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("language", WORDS)
def test_a_newcomer_and_somebody_with_an_account(portal, provider, app, browser, keep, language):
    words = WORDS[language]
    with app.flask_app.test_request_context():
        person("linxiao")

    def begin():
        return browser.new_context(base_url=portal, viewport={"width": 1280, "height": 900}).new_page()

    page = begin()
    page.goto(f"/{language}/user/login")
    keep(page, f"oidc-{language}-1-door")
    page.get_by_role("link", name=words["door"]).click()
    page.goto(f"/{language}/profile")
    assert words["level"] in page.content()
    keep(page, f"oidc-{language}-2-profile")
    page.context.close()

    provider.person |= {"sub": "p-9", "email": "linxiao@example.org"}
    page = begin()
    page.goto(f"/{language}/user/login")
    page.get_by_role("link", name=words["door"]).click()
    assert "linxiao@example.org" not in page.goto(f"/{language}/profile").text()
    page.goto(f"/{language}/user/login")
    page.fill("input[name=login]", "linxiao")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/**")
    page.goto(f"/{language}/profile")
    page.fill("#input-linking-password", PASSWORD)
    keep(page, f"oidc-{language}-3-link")
    press(page, words["link"])
    page.get_by_role("link", name=words["begin"]).click()
    page.wait_for_url("**/profile**")
    assert words["level"] in page.content()
    keep(page, f"oidc-{language}-4-linked")
    page.context.close()
