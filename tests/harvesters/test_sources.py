"""Harvest sources stay unlisted, unseen and of the types that do not publish; a link cannot start, stop or end one."""

import re

import ckan.model as model
import ckan.plugins as p
import ckan.plugins.toolkit as tk
import pytest
from ckan.lib.search import make_connection
from ckan.tests import factories, helpers
from ckanext.harvest.interfaces import IHarvester
from ckanext.harvest.model import HarvestJob, HarvestSource
from ckanext.shopendata.harvesters import sources
from ckanext.shopendata.publish.gate import NotPublishing

PASSWORD = "correct horse battery staple"


class FakeHarvester(p.SingletonPlugin):
    """A harvester of whatever type a test needs."""

    p.implements(IHarvester)
    kind = sources.HARVESTERS[0]

    def info(self):
        return {"name": self.kind, "title": self.kind, "description": self.kind}


@pytest.fixture
def admin():
    return factories.SysadminWithToken()


@pytest.fixture
def create(admin):
    """Creates a source as an administrator, by the action of that name."""
    owner = factories.Organization()["id"]

    def create(action="harvest_source_create", **fields):
        context = {"user": admin["name"], "ignore_auth": False}
        source = {"name": "planned", "title": "共享平台", "url": "http://127.0.0.1:1/", "owner_org": owner}
        return helpers.call_action(action, context, **(source | {"source_type": FakeHarvester.kind} | fields))

    return create


pytestmark = [
    pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"),
    pytest.mark.with_plugins("fake_harvester"),
    pytest.mark.provide_plugin("fake_harvester", FakeHarvester),
]


class TestSources:
    def test_are_private_whatever_was_asked(self, create, admin):
        source = create(private=False)
        assert model.Package.get(source["id"]).private is True
        context = {"user": admin["name"], "ignore_auth": False}
        helpers.call_action("harvest_source_patch", dict(context), id=source["id"], private="false", title="平台")
        helpers.call_action("package_patch", dict(context), id=source["id"], private=False, notes="x")
        package = model.Package.get(source["id"])
        assert (package.private, package.title, package.notes) == (True, "平台", "x")

    def test_nobody_but_administrators_sees_them(self, app, create, admin):
        source = create()
        member = factories.UserWithToken()
        helpers.call_action("organization_member_create", id=source["owner_org"], username=member["name"], role="admin")
        index = make_connection()
        assert index.search(f"id:{source['id']}").hits == 1
        assert (
            index.search(f"id:{source['id']}", fq=f"permission_labels:{sources.LABEL} AND capacity:private").hits == 1
        )
        assert index.search(f"id:{source['id']}", fq="permission_labels:(public member-* creator-*)").hits == 0
        client = app.test_client()
        for headers in ({}, {"Authorization": member["token"]}):
            search = "/api/3/action/package_search?include_private=true&fq=dataset_type:harvest"
            assert client.get(search, headers=headers).json["result"]["count"] == 0
            for address in (
                "package_show?id=planned",
                "package_show?id=" + source["id"],
                "harvest_source_show?id=planned",
                "harvest_source_list",
            ):
                answer = client.get(f"/api/3/action/{address}", headers=headers)
                assert answer.status_code in (403, 404), address
                assert "共享平台" not in answer.get_data(as_text=True)
            for address in ("package_list", "current_package_list_with_resources", "package_autocomplete?q=plan",
                            f"organization_show?id={source['owner_org']}&include_datasets=true"):  # fmt: skip
                answer = client.get(f"/api/3/action/{address}", headers=headers)
                assert "planned" not in answer.get_data(as_text=True), address
        headers = {"Authorization": admin["token"]}
        assert client.get(search, headers=headers).json["result"]["count"] == 1
        assert "共享平台" in client.get("/harvest/", headers=headers).get_data(as_text=True)

    def test_of_stock_harvesters_are_refused(self, create, admin, monkeypatch):
        source = create()
        monkeypatch.setattr(FakeHarvester, "kind", "ckan")
        for action, fields in (("harvest_source_create", {}), ("package_create", {"type": "harvest"})):
            with pytest.raises(tk.ValidationError, match="source_type"):
                create(action, name="stock", url="http://127.0.0.1:2/", **fields)
        for action in ("harvest_source_patch", "package_patch"):
            with pytest.raises(tk.ValidationError, match="source_type"):
                helpers.call_action(action, {"user": admin["name"]}, id=source["id"], source_type="ckan")
        assert HarvestSource.get(source["id"]).type == sources.HARVESTERS[0]
        assert model.Package.get("stock") is None

    def test_stay_sources_and_datasets_stay_datasets(self, create, admin, publisher):
        source = create()
        dataset = publisher.dataset(owner_org=source["owner_org"])
        helpers.call_action("package_patch", {"user": admin["name"]}, id=source["id"], type="dataset")
        assert model.Package.get(source["id"]).type == "harvest"
        for action in ("package_patch", "harvest_source_patch"):
            with pytest.raises(NotPublishing):
                helpers.call_action(action, {"user": admin["name"]}, id=dataset["id"], type="harvest", title="planted")
        publisher.act("package_patch", id=dataset["id"], type="harvest")
        assert model.Package.get(dataset["id"]).type == "dataset"
        assert HarvestSource.get(dataset["id"]) is None

    def test_do_not_lend_their_names_to_datasets(self, create):
        """CKAN takes the name for an id that is free; the type of what is to be created is what counts."""
        source = create()
        for fields in ({"id": source["name"]}, {"id": source["id"]}, {"type": "dataset", "id": source["name"]}):
            with pytest.raises(NotPublishing):
                create("package_create", name="planted", **fields)

    def test_carry_no_resources(self, create):
        source = create(resources=[{"url": "http://127.0.0.1/a.csv"}], tags=[{"name": "planted"}])
        assert model.Package.get(source["id"]).resources == []

    def test_are_deleted_alone(self, create, admin):
        source = create()
        context = {"user": admin["name"], "ignore_auth": False}
        with pytest.raises(NotPublishing):
            helpers.call_action("harvest_source_delete", context | {"clear_source": True}, id=source["id"])
        helpers.call_action("harvest_source_delete", context, id=source["id"])
        assert HarvestSource.get(source["id"]).active is False


class TestPages:
    @pytest.fixture
    def visit(self, app, create):
        """An administrator's browser and the source it is about."""
        person = factories.Sysadmin(password=PASSWORD)
        client = app.test_client()
        client.post("/user/login", data={"login": person["name"], "password": PASSWORD})
        return client, create()

    def test_a_link_starts_stops_and_ends_nothing(self, visit):
        client, source = visit
        job = helpers.call_action("harvest_job_create", source_id=source["id"], run=False)
        for address in (
            f"/harvest/refresh/{source['id']}",
            f"/harvest/{source['name']}/job/{job['id']}/abort",
            f"/harvest/deactivate/{source['id']}",
            f"/harvest/delete/{source['id']}",
            f"/harvest/clear/{source['id']}",
        ):
            assert client.get(address, follow_redirects=False).status_code in (404, 405), address
        assert HarvestSource.get(source["id"]).active
        assert [found.status for found in HarvestJob.filter(source_id=source["id"])] == ["New"]

    def test_the_forms_do_and_need_their_token(self, visit):
        client, source = visit
        page = client.get(f"/harvest/admin/{source['id']}").get_data(as_text=True)
        actions = re.findall(r'<form method="post" action="(/harvest/[^"]+)"', page)
        assert len(actions) == 2
        token = re.search(r'name="_csrf_token" value="([^"]+)"', page)[1]
        for address in actions:
            assert client.post(address, follow_redirects=False).status_code == 400, address
        assert HarvestSource.get(source["id"]).active
        for address in actions:
            answer = client.post(address, data={"_csrf_token": token}, follow_redirects=False)
            assert answer.status_code == 302, address
        model.Session.expire_all()
        assert HarvestSource.get(source["id"]).active is False

    def test_the_form_of_a_source_offers_no_other_way(self, visit):
        client, source = visit
        for address in ("/harvest/new", f"/harvest/edit/{source['id']}"):
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert "/delete/" not in answer.get_data(as_text=True)
