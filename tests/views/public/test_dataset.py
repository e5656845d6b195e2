"""What a dataset's own pages say, by its tier and state."""

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.shopendata.model import Dataset, Resource

from tests import factories
from tests.factories import call


@pytest.fixture
def pages(world, visit):
    """Page of the dataset, and of its first table, by the world's name of it."""

    def read(which, language=""):
        dataset = model.Session.get(Dataset, getattr(world, which)[1])
        table = model.Session.query(Resource).filter_by(dataset_id=dataset.id).first()
        address = f"{language}/dataset/{dataset.name}"
        return visit(address), visit(f"{address}/resource/{table.id}") if table and table.location else ""

    return read


class TestUnconditional:
    def test_says_what_it_is_and_gives_the_data(self, pages):
        dataset, table = pages("unconditional")
        for words in (
            "tier-unconditional", "无条件开放", "每天", "307001/000001", "道路交通", "与民生紧密相关", "道路运输处",
            "021-00001234", "/open-list/traffic/", "下载 CSV", "datastore_search", "数据提供单位",
        ):  # fmt: skip
            assert words in dataset, words
        for words in ("?bom=True", "format=json", "数据字典", "站点编号", "stop_code", "整数", "文本"):
            assert words in table, words
        for words in ("申请使用", "/applications/new"):
            assert words not in dataset + table

    def test_english_is_complete(self, pages):
        dataset, table = pages("unconditional", "/en")
        for words in ("Unconditionally open", "Data provider", "Download CSV", "Catalogue code"):
            assert words in dataset
        for words in ("Data dictionary", "Whole number", "Download JSON"):
            assert words in table


class TestConditional:
    def test_leads_to_the_application_and_shows_no_row(self, world, pages):
        dataset, table = pages("conditional")
        name = model.Session.get(Dataset, world.conditional[1]).name
        for page in (dataset, table):
            assert f"/applications/new?dataset={name}" in page
            assert "申请使用" in page
            assert "X-Access-Key" in page
            assert f"/gateway/v1/datasets/{name}/resources/" in page
            for words in ("下载 CSV", "datastore/dump", "人民广场", "datatables"):
                assert words not in page, words
        assert "仅用于申请的应用场景" in dataset
        assert "通过数据接口获取" in table


class TestPending:
    def test_says_that_data_will_follow(self, pages):
        dataset, _ = pages("pending")
        assert "元数据已开放，数据待更新" in dataset
        assert "下载" not in dataset


class TestEverybody:
    def test_nobody_is_offered_to_edit(self, world, act, app):
        admin = act(factories.person, "root2", sysadmin=True)
        token = act(
            tk.get_action("api_token_create"), {"ignore_auth": True, "user": admin}, {"user": admin, "name": "t"}
        )
        dataset = model.Session.get(Dataset, world.unconditional[1])
        table = model.Session.query(Resource).filter_by(dataset_id=dataset.id).one()
        for address in (f"/dataset/{dataset.name}", f"/dataset/{dataset.name}/resource/{table.id}"):
            page = app.get(address, headers={"Authorization": token["token"]}).body
            for words in ("/dataset/edit", "/resource/new", f"{table.id}/edit", f"{table.id}/views"):
                assert words not in page, words


class TestSuspended:
    def test_tells_nothing_but_that(self, world, act, client, monkeypatch):
        dataset = model.Session.get(Dataset, world.unconditional[1])
        name = dataset.name
        act(call, "dataset_suspend", world.agency.administrator, id=dataset.id, reason="wrong_data", note="内部说明")
        monkeypatch.setitem(tk.config, "solr_url", "http://127.0.0.1:1/solr/nothing")
        for address in (f"/dataset/{name}", f"/en/dataset/{name}"):
            answer = client.get(address)
            assert answer.status_code == 403
            for words in ("公交线路", "内部说明", "wrong_data", "交通委员会"):
                assert words not in answer.get_data(as_text=True)
        assert "数据集已暂停开放" in client.get(f"/dataset/{name}").get_data(as_text=True)
        assert "Dataset suspended" in client.get(f"/en/dataset/{name}").get_data(as_text=True)
