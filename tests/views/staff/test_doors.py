"""Who gets which page: the roles decide, and what is not one's own looks like what does not exist."""

import pytest

from tests.views.staff.conftest import snapshot

NOBODY = "00000000-0000-4000-8000-000000000000"
STAFF = ("traffic-administrator", "traffic-reviewer", "traffic-signer")
OTHERS = ("market-administrator", "market-reviewer", "market-signer")
CENTRE = ("intake", "checker")
EVERYBODY = ("citizen", "neighbour", "root", "operator", *STAFF, *OTHERS, *CENTRE)


@pytest.fixture
def pages(world, submitted, accepted):
    """Address -> who may read it, and what all others are told."""
    return {
        "/applications": (EVERYBODY, 200),
        "/applications/new": (EVERYBODY, 200),
        f"/applications/{submitted['id']}": (("citizen",), 404),
        "/desk": ((*STAFF, *OTHERS, *CENTRE), 403),
        f"/desk/applications/{submitted['id']}": ((*STAFF, "intake"), 404),
        f"/desk/cases/{accepted['id']}": ((*STAFF, "intake"), 404),
        "/catalogue": ((*STAFF, *OTHERS, *CENTRE), 403),
        f"/catalogue/{world.waiting[0]}": ((*STAFF, *CENTRE), 404),
        "/catalogue/open-list/traffic": ((*STAFF, *CENTRE), 404),
    }


class TestDoors:
    def test_each_page_by_each_person(self, pages, browse):
        before = snapshot()
        for name in EVERYBODY:
            for path, (readers, told) in pages.items():
                answer = browse(name).get(path)
                assert answer.status_code == (200 if name in readers else told), (name, path)
                if answer.status_code == 200:
                    assert "no-store" in answer.headers["Cache-Control"], path
        assert snapshot() == before, "reading changed something"

    def test_strangers_sign_in_and_come_back(self, pages, browse):
        for path in pages:
            answer = browse().get(path)
            assert answer.status_code == 302, path
            assert "/user/login" in answer.headers["Location"]
            assert path.replace("/", "%2F") in answer.headers["Location"] or path in answer.headers["Location"]
        assert browse().post("/applications/new").status_code == 403

    def test_what_does_not_exist_is_told_alike(self, world, browse):
        for name in ("neighbour", "market-reviewer", "root"):
            for path in ("/applications/{}", "/desk/applications/{}", "/desk/cases/{}", "/catalogue/{}"):
                assert browse(name).get(path.format(NOBODY)).status_code == 404
                assert browse(name).get(path.format("%00")).status_code == 404

    def test_entries_of_other_agencies_are_not_in_the_table(self, world, browse):
        assert "道路掘路施工信息" in browse("traffic-signer").get("/catalogue").text
        for name in OTHERS:
            page = browse(name).get("/catalogue?agency=traffic").text
            assert "道路掘路施工信息" not in page

    def test_forged_forms_are_refused(self, world, submitted, accepted, browse):
        before = snapshot()
        forms = {
            "citizen": ["/applications/new", f"/applications/{submitted['id']}/withdraw", "/applications/keys"],
            "intake": [f"/desk/applications/{submitted['id']}/refuse"],
            "traffic-reviewer": [f"/desk/cases/{accepted['id']}/decide", "/catalogue/bulk"],
            "traffic-administrator": ["/catalogue/open-list/traffic/compile"],
        }
        for name, paths in forms.items():
            for path in paths:
                data = {"confirmed": "yes", "answer": "x", "verb": "decide", "opinion": "x"}
                assert browse(name).client.post(path, data=data).status_code == 400, path
        assert snapshot() == before

    def test_others_forms_change_nothing(self, world, submitted, accepted, browse):
        before = snapshot()
        for name in ("neighbour", "root", "operator", "market-reviewer", "checker"):
            person = browse(name)
            answers = [
                person.post(f"/applications/{submitted['id']}", intent="submit", scenario="x"),
                person.post(f"/applications/{submitted['id']}/withdraw", confirmed="yes"),
                person.post(f"/desk/applications/{submitted['id']}/accept", confirmed="yes"),
                person.post(f"/desk/cases/{accepted['id']}/decide", confirmed="yes", verb="refuse", opinion="x"),
                person.post(f"/desk/cases/{accepted['id']}/agreement", confirmed="yes"),
            ]
            assert {answer.status_code for answer in answers} <= {403, 404}, name
        for name in ("neighbour", "root", "market-administrator"):
            answer = browse(name).post(
                "/catalogue/bulk", confirmed="yes", verb="reject", reason="duplicate", picked=world.waiting[0]
            )
            assert answer.status_code in {403, 404}, name
            answer = browse(name).post(f"/catalogue/{world.open[0]}/suspend", confirmed="yes", dataset=world.open[1])
            assert answer.status_code == 404
            assert browse(name).post("/catalogue/open-list/traffic/compile").status_code == 404
        assert snapshot() == before

    def test_the_header_leads_only_where_one_may_go(self, world, browse):
        assert 'href="/desk"' not in browse("citizen").get("/applications").text
        page = browse("traffic-signer").get("/applications").text
        assert 'href="/desk"' in page
        assert 'href="/catalogue"' in page
        assert 'href="/applications"' not in browse().get("/about").text
