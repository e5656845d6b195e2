"""The public's pages as people see them: pictures of each in both languages and widths, below var/screenshots."""

import pytest
from ckan import model
from ckanext.shopendata.model import Dataset

from tests.factories import call
from tests.views.public.conftest import build_world

WIDTHS = {"wide": 1280, "narrow": 390}


@pytest.fixture
def addresses(clean_db, clean_index, with_request_context, loader_environment):
    world = build_world()
    names = {which: model.Session.get(Dataset, getattr(world, which)[1]).name for which in
             ("unconditional", "conditional", "pending")}  # fmt: skip
    tables = {which: model.Package.get(names[which]).resources[0].id for which in ("unconditional", "conditional")}
    model.Session.remove()
    return {
        "home": "/", "search": "/dataset/", "agencies": "/organization/", "agency": "/organization/traffic",
        "lists": "/open-list", "list": "/open-list/traffic", "developers": "/developers",
        **{which: f"/dataset/{name}" for which, name in names.items()},
        **{f"{which}-table": f"/dataset/{names[which]}/resource/{table}" for which, table in tables.items()},
    }  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_fit_and_run_without_a_complaint(page, keep, addresses, language):
    # A picture that the stylesheet of CKAN's table preview names and CKAN does not ship.
    page.route("**/times-circle-solid.svg", lambda route: route.fulfill(status=204))
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 900})
        for name, address in addresses.items():
            answer = page.goto(("/en" if language == "en" else "") + address)
            assert answer.status == 200, address
            page.wait_for_load_state("networkidle")
            keep(page, f"{name}-{language}-{width}")
            # CKAN's table preview tries to evaluate text as a script, is refused, and works all the same.
            assert [text for text in page.complaints if "unsafe-eval" not in text] == [], (name, language)
            # Wide tables scroll in their own frame, never the page.
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
            assert page.locator("h1").count() >= 1, name


def test_a_suspended_dataset_has_a_page_of_its_own(page, keep, addresses):
    agency = "traffic-administrator"
    dataset = model.Package.get(addresses["unconditional"].rpartition("/")[2]).id
    call("dataset_suspend", agency, id=dataset, reason="wrong_data", note="内部说明")
    for width, pixels in WIDTHS.items():
        page.set_viewport_size({"width": pixels, "height": 900})
        assert page.goto(addresses["unconditional"]).status == 403
        keep(page, f"suspended-zh-{width}")
        assert "数据集已暂停开放" in page.locator("h1").inner_text()
        assert "公交" not in page.locator("[role=main]").inner_text()
