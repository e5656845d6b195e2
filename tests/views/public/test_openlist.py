"""Open lists as pages and as files."""

import csv
import hashlib
import io
import json
import re

import pytest
from ckanext.shopendata.policy.openlist import canonical, digest

from tests.factories import BASES, call
from tests.views.public.conftest import drain


class TestIndex:
    def test_names_every_agency_with_its_numbers(self, visit):
        page = visit("/open-list")
        assert "上海市交通委员会" in page
        assert 'href="/open-list/traffic"' in page
        assert "1 个单位共公布 3 个数据集" in page
        assert "1 agency lists 3 datasets" in visit("/en/open-list")


class TestPage:
    def test_looks_like_the_official_document(self, act, visit):
        page = visit("/open-list/traffic")
        shown = act(call, "openlist_show", "", agency="traffic")
        for words in (
            f"上海市交通委员会公共数据开放清单（{shown['body']['version'][:4]}年版）", "编制单位", "编制依据",
            "第三十条、第三十一条", shown["version"], shown["digest"][:16], shown["digest"], "信息资源代码",
            "307001/000001", "站点编号、站点名称、预计到达秒数、驾驶员（脱敏）", "与民生紧密相关",
            "仅用于申请的应用场景",
        ):  # fmt: skip
            assert words in page, words
        assert (
            "本单位编目 5 项，其中无条件开放 2 项、有条件开放 1 项；非开放 1 项（涉及个人隐私 1）；待确定 1 项。"
            in page
        )
        for title in ("公共交通卡个体出行记录", "道路掘路施工信息"):
            assert title not in page

    def test_english_is_complete(self, visit):
        page = visit("/en/open-list/traffic")
        assert "Open list of public data of 上海市交通委员会" in page
        assert "5 datasets catalogued, of which unconditionally open: 2, conditionally open: 1; not open: 1" in page
        heads = re.findall(r'<th scope="col"[^>]*>([^<]+)', page)
        assert len(heads) == 16
        assert not [head for head in heads if re.search("[一-鿿]", head)]

    def test_narrows_by_tier_and_domain(self, visit):
        page = visit("/open-list/traffic?tier=conditional")
        assert "公交车辆实时到站信息" in page
        assert "公交线路与站点信息" not in page
        page = visit("/open-list/traffic?tier=unconditional&domain=经济建设")
        assert "国内航运企业名录" in page
        assert "公交线路与站点信息" not in page
        assert "没有符合条件的数据集" in visit("/open-list/traffic?domain=不存在")

    def test_earlier_versions_stay_and_say_so(self, world, act, visit):
        first = act(call, "openlist_show", "", agency="traffic")
        act(
            call, "dataset_decide", world.agency.reviewer, ids=[world.pending[1]], tier="conditional",
            reasons=["timeliness"], bases=BASES, conditions="按月更新",
        )  # fmt: skip
        act(world.agency.publish_list)
        act(drain)
        page = visit("/open-list/traffic")
        assert "第1次修订" in page
        assert f'href="/open-list/traffic/{first["version"]}"' in page
        old = visit(f"/open-list/traffic/{first['version']}")
        assert "历史版本" in old
        assert first["digest"] in old

    @pytest.mark.parametrize("ending", ["", ".csv", ".json"])
    def test_whatever_is_wrong_is_the_same_404(self, visit, ending):
        pages = [
            visit(f"/open-list/{path}{ending}", 404)
            for path in ("nobody", "traffic/1999.1", "nobody/1999.1", "%00", "traffic/%00")
        ]
        assert all("页面不存在" in page for page in pages)


class TestFiles:
    def test_csv_opens_in_a_spreadsheet(self, client):
        answer = client.get("/open-list/traffic.csv")
        assert answer.content_type == "text/csv; charset=utf-8"
        assert answer.data.startswith(b"\xef\xbb\xbf")
        head, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""))
        assert head == [
            "序号", "信息资源代码", "数据集名称", "数据摘要", "数据项", "数据领域", "开放类型", "开放条件", "开放方式",
            "数据格式", "更新频率", "高价值数据（类别）", "首次开放／计划开放日期", "数据来源处室", "联系电话", "备注",
        ]  # fmt: skip
        assert [len(row) for row in rows] == [16] * 3
        first = dict(zip(head, rows[0], strict=True))
        assert first["信息资源代码"] == "307001/000001"
        assert first["开放类型"] == "无条件开放"
        assert first["开放条件"] == "—"
        assert first["更新频率"] == "每天"

    def test_json_proves_itself(self, act, client):
        version = act(call, "openlist_show", "", agency="traffic")["version"]
        for path in ("/open-list/traffic.json", f"/open-list/traffic/{version}.json"):
            published = json.loads(client.get(path).data)
            assert set(published) == {"body", "digest", "published_at", "version"}
            assert digest(canonical(published["body"])) == published["digest"]
            # As the page tells people to check it: the body's text stands in the file as it was hashed.
            text = client.get(path).get_data(as_text=True)
            body = text[len('{"body":') : text.index(',"digest":')]
            assert hashlib.sha256(body.encode()).hexdigest() == published["digest"]

    def test_a_copy_is_asked_for_again_and_not_sent_again(self, client):
        answer = client.get("/open-list/traffic.json")
        tag = answer.headers["ETag"]
        assert tag == f'"{json.loads(answer.data)["digest"]}"'
        assert "no-cache" in answer.headers["Cache-Control"]
        again = client.get("/open-list/traffic.json", headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
