"""What a person meets first, in a real browser and in both languages."""

import re

import pytest
from ckan.tests import factories

PASSWORD = "correct horse battery staple"


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestVisitor:
    @pytest.mark.parametrize("language", ["", "/en"])
    def test_pages_run_without_a_complaint(self, page, language):
        """A broken policy, script or address shows here first."""
        for path in (
            "/",
            "/dataset/",
            "/organization/",
            "/group/",
            "/open-list",
            "/developers",
            "/about",
            "/user/login",
            "/register",
        ):
            answer = page.goto(language + path)
            assert answer.status == 200, path
            page.wait_for_load_state("networkidle")
            assert page.complaints == [], path

    def test_scripts_speak_the_language_of_the_page(self, page):
        """CKAN's scripts start only when they find messages for the page's language."""
        page.goto("/dataset/")
        page.wait_for_load_state("networkidle")
        assert re.search("[一-鿿]", page.evaluate("ckan.i18n._('Cancel')"))
        page.goto("/en/dataset/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("ckan.i18n._('Cancel')") == "Cancel"

    def test_chinese_pages_hold_no_english_leftovers(self, page):
        page.goto("/dataset/")
        words = set(re.findall(r"[A-Za-z]{4,}", page.locator("body").inner_text()))
        assert words <= {"English", "CKAN", "Atom", "ShopenData", "AGPL"}, words

    def test_searching_with_the_keyboard_alone(self, page, publisher):
        owner = factories.Organization(title="交通委员会")
        publisher.dataset(title="公共汽车线路站点", notes="全市公交线路", owner_org=owner["id"])
        publisher.dataset(title="公园名录", notes="城市公园", owner_org=owner["id"])
        page.goto("/")
        page.locator("input[name=q]").first.focus()
        page.keyboard.type("公交")
        page.keyboard.press("Enter")
        page.wait_for_url("**/dataset/**")
        assert "公共汽车线路站点" in page.locator("[role=main]").inner_text()
        assert "公园名录" not in page.locator("[role=main]").inner_text()

    def test_a_wrong_address_is_a_chinese_page(self, page):
        assert page.goto("/nowhere").status == 404
        assert "页面不存在" in page.locator("body").inner_text()


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestLogIn:
    def test_in_and_out(self, page):
        user = factories.User(password=PASSWORD, fullname="王小明")
        page.goto("/user/login")
        page.fill("input[name=login]", user["name"])
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dashboard/**")
        assert "王小明" in page.locator("body").inner_text()
        page.locator("details.mine summary").click()
        with page.expect_navigation():
            page.locator("form[action*=_logout] button, a[href*=_logout]").first.click()
        assert "王小明" not in page.locator("body").inner_text()
        page.goto("/dashboard/datasets")
        assert "/user/login" in page.url

    def test_a_wrong_password_says_so_and_keeps_the_page(self, page):
        page.goto("/user/login")
        page.fill("input[name=login]", "nobody")
        page.fill("input[name=password]", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector(".alert, .flash-messages div")
        assert "登录失败" in page.locator("body").inner_text()
