"""The catalogue's pages: filters, bulk changes that say first what they do, the way of a list, suspension."""

import pytest
from ckan import model
from ckanext.shopendata.model import Dataset, Entry, OpenList

from tests.views.staff.conftest import COLUMNS


@pytest.fixture
def many(world):
    """More than two hundred entries to confirm."""
    return [world.agency.entry(f"条目 {number:03}", "conditional", COLUMNS)[0] for number in range(210)]


def states(kind, ids):
    model.Session.rollback()
    return {row.state for row in model.Session.query(kind).filter(kind.id.in_(ids))}


class TestTable:
    def test_filters_and_pages(self, world, many, browse):
        administrator = browse("traffic-administrator")
        first = administrator.get("/catalogue?state=harvested&q=条目")
        assert "条目 000" in first.text
        assert "条目 150" not in first.text
        assert "条目 150" in administrator.get("/catalogue?state=harvested&q=条目&page=2").text
        assert "公交线路与站点信息" not in first.text
        for wrong in ("?state=nonsense", "?page=-3", "?page=99999999999", "?q=%00", "?acquisition=x&tier=y"):
            assert administrator.get(f"/catalogue{wrong}").status_code == 200, wrong

    def test_only_what_the_role_may_do_is_offered(self, world, browse):
        offered = {
            name: {verb for verb in ("confirm", "propose", "decide", "check", "return") if f'value="{verb}"' in page}
            for name in ("traffic-administrator", "traffic-reviewer", "traffic-signer", "checker", "intake")
            for page in [browse(name).get("/catalogue").text]
        }
        assert offered == {
            "traffic-administrator": {"confirm", "propose"},
            "traffic-reviewer": {"decide"},
            "traffic-signer": set(),
            "checker": {"return"},
            "intake": set(),
        }


class TestBulk:
    def test_more_than_two_hundred_at_once(self, world, many, browse):
        administrator = browse("traffic-administrator")
        asked = administrator.post("/catalogue/bulk?state=harvested&q=条目", verb="confirm", all="yes")
        assert "210" in asked.text
        assert states(Entry, many) == {"harvested"}
        picked = asked.text.split('name="picked" value="')[1].split('"')[0]
        form = {"verb": "confirm", "picked": picked, "confirmed": "yes"}
        done = administrator.post("/catalogue/bulk?state=harvested&q=条目", **form)
        assert done.status_code == 302
        assert states(Entry, many) == {"confirmed"}
        again = administrator.post("/catalogue/bulk?state=harvested&q=条目", **form)
        assert again.status_code == 409
        decided = browse("traffic-reviewer").post("/catalogue/bulk?q=条目", verb="decide", all="yes")
        picked = decided.text.split('name="picked" value="')[1].split('"')[0]
        form = {
            "verb": "decide", "picked": picked, "confirmed": "yes", "review_by": "2027-06-30 2028-06-30",
            "document_number": "沪交〔2026〕12号", "document_signer": "张三", "document_signed_on": "2026-01-05",
        }  # fmt: skip
        assert browse("traffic-reviewer").post("/catalogue/bulk?q=条目", **form).status_code == 302
        model.Session.rollback()
        rows = model.Session.query(Dataset).filter(Dataset.entry_id.in_(many)).all()
        assert {row.tier for row in rows} == {"conditional"}
        assert len({row.review_by for row in rows}) == 2

    def test_an_error_keeps_what_was_typed(self, world, browse):
        form = {"verb": "propose", "picked": world.waiting[1], "confirmed": "yes", "tier": "closed", "note": "某备注"}
        answer = browse("traffic-administrator").post("/catalogue/bulk", **form)
        assert answer.status_code == 409
        assert "某备注" in answer.text
        assert 'value="closed" checked' in answer.text
        assert f'value="{world.waiting[1]}"' in answer.text
        form |= {"reasons": "trade_secret", "bases": "0"}
        assert browse("traffic-administrator").post("/catalogue/bulk", **form).status_code == 302

    def test_links_are_made_of_filters_only(self, world, browse):
        path = "/catalogue/bulk?q=道路&_external=1&_scheme=javascript&_anchor=x&locale=en"
        asked = browse("traffic-administrator").post(path, verb="confirm", ids=world.waiting[0])
        assert "javascript:" not in asked.text
        done = browse("traffic-administrator").post(path, verb="confirm", picked=world.waiting[0], confirmed="yes")
        assert done.headers["Location"].split("?")[0].endswith("/catalogue")
        assert "scheme" not in done.headers["Location"]

    def test_nothing_chosen_is_told(self, world, browse):
        assert browse("traffic-administrator").post("/catalogue/bulk", verb="confirm").status_code == 409
        asked = browse("traffic-administrator").post("/catalogue/bulk", verb="confirm", ids=world.open[0])
        assert asked.status_code == 409

    def test_the_other_verbs(self, world, browse, act):
        administrator, entry = browse("traffic-administrator"), world.waiting[0]
        form = {"verb": "complete", "picked": entry, "confirmed": "yes", "acquisition_method": "direct", "back": entry}
        assert administrator.post("/catalogue/bulk", **form).status_code == 409
        done = administrator.post("/catalogue/bulk", **form, reason="法定职责")
        assert done.headers["Location"].endswith(f"/catalogue/{entry}")
        act("entry_confirm", "traffic-administrator", ids=[entry])
        checker = browse("checker")
        assert checker.post("/catalogue/bulk", verb="check", picked=entry, confirmed="yes").status_code == 302
        assert states(Entry, [entry]) == {"checked"}
        back = {"verb": "return", "picked": entry, "confirmed": "yes"}
        assert checker.post("/catalogue/bulk", **back).status_code == 409
        assert checker.post("/catalogue/bulk", **back, note="摘要不完整").status_code == 302
        form = {"verb": "reject", "picked": entry, "confirmed": "yes", "reason": "duplicate"}
        assert administrator.post("/catalogue/bulk", **form).status_code == 302
        assert states(Entry, [entry]) == {"rejected"}


class TestList:
    def test_compiled_signed_published_by_three(self, world, browse):
        path = "/catalogue/open-list/traffic"
        administrator, signer, reviewer = (browse(f"traffic-{who}") for who in ("administrator", "signer", "reviewer"))
        assert administrator.post(f"{path}/compile").status_code == 302
        page = signer.get(path).text
        assert "道路掘路施工信息" in page
        digest = page.split('name="digest" value="')[1].split('"')[0]
        assert reviewer.post(f"{path}/sign", digest=digest, way="online", confirmed="yes").status_code == 403
        assert signer.post(f"{path}/sign", digest="stale", way="online", confirmed="yes").status_code == 409
        kept = signer.post(f"{path}/sign", digest=digest, way="document", number="文号甲")
        assert kept.status_code == 409
        assert "文号甲" in kept.text
        assert signer.post(f"{path}/sign", digest=digest, way="online").status_code == 200
        assert signer.post(f"{path}/sign", digest=digest, way="online", confirmed="yes").status_code == 302
        assert signer.post(f"{path}/publish", digest=digest, confirmed="yes").status_code == 403
        assert reviewer.post(f"{path}/publish", digest=digest, confirmed="yes").status_code == 302
        assert reviewer.post(f"{path}/publish", digest=digest, confirmed="yes").status_code == 409
        model.Session.rollback()
        assert sorted(row.state for row in model.Session.query(OpenList)) == ["published", "superseded"]

    def test_a_document_is_registered_and_a_version_discarded(self, world, browse):
        path, administrator = "/catalogue/open-list/traffic", browse("traffic-administrator")
        administrator.post(f"{path}/compile")
        digest = administrator.get(path).text.split('name="digest" value="')[1].split('"')[0]
        form = {"digest": digest, "way": "document", "number": "1号", "signer": "张三", "signed_on": "2026-01-05"}
        assert administrator.post(f"{path}/sign", confirmed="yes", **form).status_code == 302
        assert administrator.post(f"{path}/discard", digest=digest).status_code == 200
        assert administrator.post(f"{path}/discard", digest=digest, confirmed="yes").status_code == 302
        model.Session.rollback()
        assert [row.state for row in model.Session.query(OpenList)] == ["published"]


class TestSuspension:
    def test_asked_first_then_refused_at_once_then_resumed(self, world, browse):
        entry, dataset = world.open
        path, reviewer = f"/catalogue/{entry}", browse("traffic-reviewer")
        form = {"dataset": dataset, "reason": "wrong_data", "note": "坐标有误"}
        assert reviewer.post(f"{path}/suspend", dataset=dataset).status_code == 409
        assert reviewer.post(f"{path}/suspend", **form).status_code == 200
        assert states(Dataset, [dataset]) == {"published"}
        assert reviewer.post(f"{path}/suspend", confirmed="yes", **form).status_code == 302
        assert reviewer.post(f"{path}/suspend", confirmed="yes", **form).status_code == 409
        assert states(Dataset, [dataset]) == {"suspended"}
        form = {"dataset": dataset, "note": "已更正", "confirmed": "yes"}
        assert browse("traffic-signer").post(f"{path}/resume", **form).status_code == 403
        assert reviewer.post(f"{path}/resume", **form).status_code == 302
