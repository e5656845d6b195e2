"""Ways to a dataset: search, agencies, home, developers."""

import re

import ckan.plugins.toolkit as tk


class TestSearch:
    def test_facets_are_named_and_ordered(self, visit):
        page = visit("/dataset/")
        heads = [" ".join(head.split()) for head in re.findall(r"</i>\s*([^<]+?)\s*</h2>", page)]
        assert heads[:6] == ["开放类型", "数据提供单位", "数据领域", "更新频率", "格式", "标签"]
        for words in ("无条件开放", "有条件开放", "即时", "每天", "道路交通"):
            assert f'<span class="item-label">{words}</span>' in page, words
        assert "tier=conditional" in page

    def test_programs_without_a_request_search_as_before(self, world):
        found = tk.get_action("package_search")({"user": ""}, {"facet.field": ["tier"]})
        names = {item["name"]: item["display_name"] for item in found["search_facets"]["tier"]["items"]}
        assert names == {"unconditional": "unconditional", "conditional": "conditional"}

    def test_items_say_how_open_and_whose(self, visit):
        page = visit("/dataset/?tier=conditional")
        assert "公交车辆实时到站信息" in page
        assert "公交线路与站点信息" not in page
        for words in ("tier-conditional", "上海市交通委员会", "更新：即时"):
            assert words in page, words

    def test_data_that_is_awaited_is_marked(self, visit):
        assert "数据待更新" in visit("/dataset/?q=航运")

    def test_agencies_lead_to_their_lists(self, visit):
        for address in ("/organization/", "/organization/traffic"):
            assert 'href="/open-list/traffic"' in visit(address), address
        assert "tier=conditional" in visit("/organization/traffic")


class TestHome:
    def test_counts_by_tier(self, visit):
        text = " ".join(re.sub("<[^>]+>", " ", visit("/en/")).split())
        assert "Datasets 3 Unconditionally open 2 Conditionally open 1 Organizations 1" in text

    def test_leads_to_lists_and_developers(self, visit):
        page = visit("/")
        for address in ("/open-list", "/developers"):
            assert f'href="{address}"' in page


class TestDevelopers:
    def test_explains_both_ways(self, visit):
        for language, words in (("", "访问密钥"), ("/en", "access key")):
            page = visit(f"{language}/developers")
            assert words in page
            for call in ("/api/3/action/datastore_search", "/gateway/v1/datasets/", "X-Access-Key", "RemoteCKAN"):
                assert call in page, call
