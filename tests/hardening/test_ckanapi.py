"""A script with ckanapi through the front door: the guard is not in its way, the write gate is."""

import io

import ckanapi
import pytest
from ckan.tests import factories


@pytest.fixture
def administrator():
    return factories.SysadminWithToken()


@pytest.fixture
def remote(portal_url, administrator):
    """The running portal as ckanapi sees it, with an administrator's token."""
    return ckanapi.RemoteCKAN(portal_url, apikey=administrator["token"])


@pytest.mark.usefixtures("clean_db", "clean_index")
def test_an_administrators_script(remote, publisher, administrator):
    act = remote.action
    owner = act.organization_create(
        name="jiaowei", title="交通委员会", description="城市交通", extras=[{"key": "level", "value": "city"}],
        users=[{"name": factories.User()["name"], "capacity": "editor"}], image_url="", state="active",
    )  # fmt: skip
    act.group_create(name="traffic", title="道路交通")
    dataset = publisher.act(
        "package_create", name="bus-lines", title="公共汽车线路", notes="**全市**公交线路", owner_org=owner["id"],
        license_id="cc-by", tags=[{"name": "公交"}, {"name": "线路"}], groups=[{"name": "traffic"}],
        extras=[{"key": "更新频度", "value": "每月"}, {"key": "rows", "value": 12}],
        resources=[{"url": "https://data.example.gov.cn/线路.csv", "format": "CSV", "name": "线路", "size": 1024}],
    )  # fmt: skip
    assert act.package_show(id="bus-lines", include_plugin_data=True)["title"] == "公共汽车线路"
    assert act.resource_show(id=dataset["resources"][0]["id"])["name"] == "线路"

    table = publisher.act(
        "datastore_create", resource={"package_id": dataset["id"], "name": "表"}, force=True, primary_key=["id"],
        fields=[{"id": "id", "type": "int", "info": {"label": "编号"}}, {"id": "name", "type": "text"}],
        records=[{"id": 1, "name": "apples 一号线"}, {"id": 2, "name": None}],
    )["resource_id"]  # fmt: skip
    publisher.act("datastore_upsert", resource_id=table, force=True, records=[{"id": 2, "name": "second line"}])
    for asked, found in (
        ({"filters": {"id": [1, 2]}, "sort": "id desc"}, 2),
        ({"filters": {"name": "apples 一号线"}}, 1), ({"q": "nowhere"}, 0),
        ({"q": {"name": "apples"}, "fields": ["id", "name"], "limit": 1, "offset": 0}, 1),
        ({"fields": "id", "distinct": True}, 2),
        ({"filters": {"id": {"gte": 2}}, "include_total": True, "records_format": "lists"}, 1),
    ):  # fmt: skip
        assert act.datastore_search(resource_id=table, **asked)["total"] == found, asked
    assert act.datastore_info(id=table)["meta"]["count"] == 2

    found = act.package_search(
        q="公交", fq='organization:jiaowei AND tags:"线路"', rows=5, start=0, sort="score desc", facet="true",
        **{"facet.field": ["tags", "organization"], "facet.limit": -1}, include_private=True, include_drafts=False,
    )  # fmt: skip
    assert found["count"] == 1
    assert found["search_facets"]["tags"]["items"]
    for owner in (administrator, factories.User()):
        with pytest.raises(ckanapi.NotAuthorized):
            act.api_token_create(user=owner["name"], name="script")
    for action, fields in (
        ("package_patch", {"id": dataset["id"], "notes": "线路和站点"}),
        ("resource_create", {"package_id": dataset["id"], "url": "站点.csv", "upload": ("a", io.BytesIO(b"a"))}),
        ("datastore_upsert", {"resource_id": table, "force": True, "records": [{"id": 3}]}),
        ("package_create", {"name": "not-through-the-catalogue", "owner_org": owner["id"]}),
    ):
        files = {"upload": fields.pop("upload")} if "upload" in fields else None
        with pytest.raises(ckanapi.NotAuthorized, match=r"shopendata_\*"):
            remote.call_action(action, fields, files=files)
    with pytest.raises(ckanapi.NotFound):
        act.package_show(id="not-through-the-catalogue")
    with pytest.raises(ckanapi.ValidationError):
        act.organization_create(name="Not a name!")
