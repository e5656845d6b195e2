"""A publisher's script, with ckanapi through the front door: the guard is not in its way."""

import io

import ckanapi
import pytest
from ckan.tests import factories


@pytest.fixture
def remote(portal_url):
    """The running portal as ckanapi sees it, with an administrator's token."""
    return ckanapi.RemoteCKAN(portal_url, apikey=factories.SysadminWithToken()["token"])


@pytest.mark.usefixtures("clean_db", "clean_index")
def test_a_publishers_script(remote):
    act = remote.action
    owner = act.organization_create(
        name="jiaowei", title="交通委员会", description="城市交通", extras=[{"key": "level", "value": "city"}],
        users=[{"name": factories.User()["name"], "capacity": "editor"}], image_url="", state="active",
    )  # fmt: skip
    act.group_create(name="traffic", title="道路交通")
    dataset = act.package_create(
        name="bus-lines", title="公共汽车线路", notes="**全市**公交线路", owner_org=owner["id"], private=False,
        license_id="cc-by", author="科技处", author_email="", version=1, url="",
        tags=[{"name": "公交"}, {"name": "线路"}], groups=[{"name": "traffic"}],
        extras=[{"key": "更新频度", "value": "每月"}, {"key": "rows", "value": 12}],
        resources=[
            {"url": "https://data.example.gov.cn/线路.csv", "format": "CSV", "name": "线路", "size": 1024},
            {"url": "lines.json", "name": "相对地址", "last_modified": "2026-11-01T08:00:00", "description": None},
        ],
    )  # fmt: skip
    assert len(dataset["resources"]) == 2

    uploaded = act.resource_create(
        package_id=dataset["id"], name="站点", format="CSV", url="站点.csv",
        upload=("站点.csv", io.BytesIO("站名,区\n人民广场,黄浦\n".encode())),
    )  # fmt: skip
    assert uploaded["url_type"] == "upload"
    assert act.resource_patch(id=uploaded["id"], description="全部站点", position=2)["description"] == "全部站点"

    assert act.package_patch(id=dataset["id"], notes="线路和站点")["notes"] == "线路和站点"
    shown = act.package_show(id="bus-lines", include_plugin_data=True)
    assert act.package_update(**{key: value for key, value in shown.items() if key != "plugin_data"})["title"]
    revised = act.package_revise(
        match={"name": "bus-lines"},
        filter=["-extras__0"],
        update={"title": "公交线路和站点"},
        update__resources__0={"name": "一"},
    )
    assert revised["package"]["title"] == "公交线路和站点"
    assert act.package_resource_reorder(id=dataset["id"], order=[uploaded["id"]])["order"]

    table = act.datastore_create(
        resource={"package_id": dataset["id"], "name": "表"}, force=True, primary_key=["id"],
        fields=[{"id": "id", "type": "int", "info": {"label": "编号"}}, {"id": "name", "type": "text"}],
        records=[{"id": 1, "name": "apples 一号线"}, {"id": 2, "name": None}],
    )["resource_id"]  # fmt: skip
    act.datastore_upsert(resource_id=table, force=True, method="upsert", records=[{"id": 2, "name": "second line"}])
    for asked, found in (
        ({"filters": {"id": [1, 2]}, "sort": "id desc"}, 2),
        ({"filters": {"name": "apples 一号线"}}, 1), ({"q": "nowhere"}, 0),
        ({"q": {"name": "apples"}, "fields": ["id", "name"], "limit": 1, "offset": 0}, 1),
        ({"fields": "id", "distinct": True}, 2),
        ({"filters": {"id": {"gte": 2}}, "include_total": True, "records_format": "lists"}, 1),
    ):  # fmt: skip
        assert act.datastore_search(resource_id=table, **asked)["total"] == found, asked
    act.datastore_delete(resource_id=table, force=True, filters={"id": 1})
    assert act.datastore_info(id=table)["meta"]["count"] == 1

    view = act.resource_view_create(resource_id=table, title="预览", view_type="datatables_view", description="")
    assert act.resource_view_update(id=view["id"], title="表格", resource_id=table, view_type="datatables_view")[
        "title"
    ]
    found = act.package_search(
        q="公交", fq='organization:jiaowei AND tags:"线路"', rows=5, start=0, sort="score desc", facet="true",
        **{"facet.field": ["tags", "organization"], "facet.limit": -1}, include_private=True, include_drafts=False,
    )  # fmt: skip
    assert found["count"] == 1
    assert found["search_facets"]["tags"]["items"]
    token = act.api_token_create(user=factories.User()["name"], name="script")["token"]
    assert token
    act.package_delete(id="bus-lines")
    act.dataset_purge(id=dataset["id"])
    with pytest.raises(ckanapi.NotFound):
        act.package_show(id=dataset["id"])
    with pytest.raises(ckanapi.ValidationError):
        act.package_create(name="Not a name!", owner_org=owner["id"])
