"""Nobody but the publisher writes a dataset, a resource, a view or an open table: whoever asks, by whichever way."""

import ast
import threading
import types
from pathlib import Path

import ckan.logic as logic
import ckan.model as model
import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan.lib.search import make_connection
from ckan.tests import factories, helpers
from ckanext.datastore.backend.postgres import get_read_engine
from ckanext.harvest.harvesters import HarvesterBase
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource
from ckanext.harvest.queue import fetch_and_import_stages
from ckanext.shopendata.publish import publishing
from ckanext.shopendata.publish.gate import GATED, GROUP_ENDINGS, NotPublishing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def world(publisher, clean_db, clean_index):
    """A published dataset with a table and a view, in a group, and what the calls below name."""
    editor = factories.UserWithToken()
    admin = factories.SysadminWithToken()
    owner = factories.Organization(users=[{"name": editor["name"], "capacity": "admin"}])
    group = factories.Group(users=[{"name": editor["name"], "capacity": "admin"}])
    dataset = publisher.dataset(owner_org=owner["id"], groups=[{"id": group["id"]}])
    other = publisher.dataset(owner_org=owner["id"])
    file = publisher.resource(package_id=dataset["id"], format="CSV", url="http://127.0.0.1/a.csv")
    table = publisher.resource(package_id=dataset["id"], url_type="datastore", url="x")["id"]
    publisher.act("datastore_create", resource_id=table, fields=[{"id": "a", "type": "text"}],
                  records=[{"a": "x"}], force=True)  # fmt: skip
    view = publisher.act("resource_view_create", resource_id=file["id"], title="v", view_type="image_view")
    vocabulary = publisher.act("vocabulary_create", name="words", tags=[{"name": "word"}])
    named = types.SimpleNamespace(
        editor=editor, admin=admin, owner=owner, group=group, dataset=dataset["id"], other=other["id"],
        file=file["id"], table=table, view=view["id"], vocabulary=vocabulary["id"],
    )  # fmt: skip
    model.Session.commit()
    return named


def calls(world):
    """For every gated action a call that CKAN alone would take from an administrator, or nearly."""
    dataset, other, file, table, view = world.dataset, world.other, world.file, world.table, world.view
    relation = {"subject": dataset, "object": other, "type": "depends_on"}
    return {
        "bulk_update_delete": {"datasets": [dataset], "org_id": world.owner["id"]},
        "bulk_update_private": {"datasets": [dataset], "org_id": world.owner["id"]},
        "bulk_update_public": {"datasets": [dataset], "org_id": world.owner["id"]},
        "dataset_purge": {"id": dataset},
        "datastore_create": {"resource_id": table, "force": True, "fields": [{"id": "b", "type": "text"}]},
        "datastore_delete": {"resource_id": table, "force": True},
        "datastore_function_create": {"name": "f", "rettype": "trigger", "definition": "BEGIN RETURN NEW; END;"},
        "datastore_function_delete": {"name": "f", "if_exists": True},
        "datastore_records_delete": {"resource_id": table, "force": True, "filters": {}},
        "datastore_run_triggers": {"resource_id": table},
        "datastore_upsert": {"resource_id": table, "force": True, "method": "insert", "records": [{"a": "y"}]},
        "file_create": {"name": "f", "upload": "x"},
        "file_delete": {"id": "f"},
        "file_ownership_transfer": {"id": "f", "owner_type": "package", "owner_id": dataset},
        "file_pin": {"id": "f"},
        "file_register": {"location": "f"},
        "file_rename": {"id": "f", "name": "g"},
        "file_unpin": {"id": "f"},
        "group_create": {"name": "planted", "packages": [{"id": dataset}]},
        "group_delete": {"id": world.group["id"]},
        "group_purge": {"id": world.group["id"]},
        "group_update": {"id": world.group["id"], "name": world.group["name"], "packages": [{"id": other}]},
        "harvest_source_clear": {"id": dataset},
        "harvest_source_index_clear": {"id": dataset},
        "member_create": {"id": world.group["id"], "object": other, "object_type": "package", "capacity": "public"},
        "member_delete": {"id": world.group["id"], "object": dataset, "object_type": "package"},
        "organization_create": {"name": "planted-too", "packages": [{"id": dataset}]},
        "organization_delete": {"id": world.owner["id"]},
        "organization_purge": {"id": world.owner["id"]},
        "organization_update": {"id": world.owner["id"], "name": world.owner["name"], "packages": [{"id": other}]},
        "package_collaborator_create": {"id": dataset, "user_id": world.editor["id"], "capacity": "editor"},
        "package_collaborator_delete": {"id": dataset, "user_id": world.editor["id"]},
        "package_create": {"name": "planted", "owner_org": world.owner["id"]},
        "package_create_default_resource_views": {"package": {"id": dataset, "resources": [{"id": file}]}},
        "package_delete": {"id": dataset},
        "package_owner_org_update": {"id": dataset, "organization_id": world.owner["id"]},
        "package_patch": {"id": dataset, "title": "planted"},
        "package_relationship_create": relation,
        "package_relationship_delete": relation,
        "package_relationship_update": relation | {"comment": "planted"},
        "package_resource_reorder": {"id": dataset, "order": [table, file]},
        "package_revise": {"match": {"id": dataset}, "update": {"title": "planted"}},
        "package_update": {"id": dataset, "name": "planted", "owner_org": world.owner["id"]},
        "resource_create": {"package_id": dataset, "url": "planted"},
        "resource_create_default_resource_views": {"resource": {"id": file, "package_id": dataset}},
        "resource_delete": {"id": file},
        "resource_patch": {"id": file, "name": "planted"},
        "resource_update": {"id": file, "name": "planted", "url": "planted"},
        "resource_view_clear": {},
        "resource_view_create": {"resource_id": file, "title": "planted", "view_type": "image_view"},
        "resource_view_delete": {"id": view},
        "resource_view_reorder": {"id": file, "order": [view]},
        "resource_view_update": {"id": view, "resource_id": file, "title": "planted", "view_type": "image_view"},
        "tag_create": {"name": "planted", "vocabulary_id": world.vocabulary},
        "tag_delete": {"id": "word", "vocabulary_id": world.vocabulary},
        "vocabulary_create": {"name": "planted"},
        "vocabulary_delete": {"id": world.vocabulary},
        "vocabulary_update": {"id": world.vocabulary, "name": "planted"},
    }


def everything():
    """What the gate protects, as the databases and the index hold it."""
    model.Session.rollback()
    kept = {}
    for table in (
        "package", "resource", "resource_view", "member", "package_member", "package_relationship", "tag",
        "package_tag", "vocabulary", "group",
    ):  # fmt: skip
        rows = model.Session.execute(sa.text(f'SELECT to_jsonb(t)::text FROM "{table}" t'))
        kept[table] = sorted(row[0] for row in rows)
    with get_read_engine().connect() as datastore:
        names = [row[0] for row in datastore.execute(sa.text("SELECT name FROM _table_metadata ORDER BY name"))]
        kept["datastore"] = [
            (name, [tuple(row) for row in datastore.execute(sa.text(f'SELECT * FROM "{name}" ORDER BY _id'))])
            for name in names
            if len(name) == 36
        ]
    kept["index"] = sorted(document["id"] for document in make_connection().search("*:*", rows=100))
    return kept


def contexts(world):
    return {
        "nobody": {"user": "", "ignore_auth": False},
        "an editor": {"user": world.editor["name"], "ignore_auth": False},
        "an administrator": {"user": world.admin["name"], "ignore_auth": False},
        "plain Python": {"ignore_auth": True, "user": world.admin["name"]},
        "plain Python without a user": {"ignore_auth": True},
    }


class TestEveryGatedAction:
    def test_has_a_call_here(self, world):
        assert set(calls(world)) == GATED

    def test_refuses_every_caller_and_writes_nothing(self, world):
        before, refused = everything(), []
        assert before["datastore"]
        for who, context in contexts(world).items():
            for name, data in calls(world).items():
                try:
                    logic.get_action(name)(dict(context), dict(data))
                except NotPublishing:
                    refused.append((who, name))
        print(f"\n{len(refused)} calls refused")
        assert refused == [(who, name) for who in contexts(world) for name in calls(world)]
        assert everything() == before

    def test_refuses_the_same_from_a_harvest_job(self, world):
        """The import stage of a harvester that would publish what it finds."""
        before, refused = everything(), []

        class Planting(HarvesterBase):
            def info(self):
                return {"name": "planting", "title": "planting", "description": ""}

            def fetch_stage(self, harvest_object):
                return True

            def import_stage(self, harvest_object):
                for name, data in calls(world).items():
                    try:
                        logic.get_action(name)({"ignore_auth": True, "user": self._get_user_name()}, dict(data))
                    except NotPublishing:
                        refused.append(name)
                return True

        source = HarvestSource(url="http://127.0.0.1:1/", type="planting")
        job = HarvestJob(source=source)
        harvest_object = HarvestObject(guid="planted", job=job, source=source, content="{}")
        for row in (source, job, harvest_object):
            row.save()
        fetch_and_import_stages(Planting(), harvest_object)
        assert harvest_object.state == "COMPLETE"
        assert set(refused) == GATED
        assert everything() == before

    @pytest.mark.parametrize("word", ["Package", "PACKAGE", "pACKAGE"])
    def test_refuses_memberships_however_the_type_is_written(self, world, word):
        before = everything()
        membership = {"id": world.group["id"], "object": world.other, "object_type": word, "capacity": "public"}
        for name in ("member_create", "member_delete"):
            with pytest.raises(NotPublishing):
                logic.get_action(name)({"ignore_auth": True, "user": world.admin["name"]}, dict(membership))
        assert everything() == before

    @pytest.mark.parametrize("packages", ["abc", [1], {"id": "x"}, ["x"], [{"id": ["x"]}]])
    def test_is_asked_with_nonsense_and_does_not_break(self, app, world, packages):
        answer = app.test_client().post(
            "/api/3/action/group_create",
            json={"name": "planted", "packages": packages},
            headers={"Authorization": world.admin["token"]},
        )
        assert answer.status_code in {400, 403, 409}

    def test_answers_403_in_the_api_and_says_where_to_go(self, app, world):
        for token in (world.editor["token"], world.admin["token"]):
            answer = app.test_client().post(
                "/api/3/action/package_create", json={"name": "planted"}, headers={"Authorization": token}
            )
            assert answer.status_code == 403
            assert "shopendata_*" in answer.json["error"]["message"]
        assert model.Package.get("planted") is None

    def test_shows_a_page_to_whoever_sent_a_form(self, app, world, monkeypatch):
        monkeypatch.setitem(app.flask_app.config, "WTF_CSRF_ENABLED", False)
        password = "correct horse battery staple"
        person = factories.Sysadmin(password=password)
        browser = app.test_client()
        browser.post("/user/login", data={"login": person["name"], "password": password})
        assert browser.post(f"/group/delete/{world.group['id']}", follow_redirects=False).status_code == 403
        assert model.Group.get(world.group["id"]).state == "active"


class TestWhatIsNotADataset:
    def test_a_group_can_be_renamed_and_repeat_its_datasets(self, world):
        context = {"user": world.admin["name"], "ignore_auth": True}
        renamed = tk.get_action("group_patch")(dict(context), {"id": world.group["id"], "title": "交通"})
        assert renamed["title"] == "交通"
        tk.get_action("group_update")(dict(context), dict(renamed, packages=[{"id": world.dataset}]))
        assert [p["id"] for p in tk.get_action("group_package_show")({}, {"id": world.group["id"]})] == [world.dataset]

    def test_people_join_groups_and_empty_ones_end(self, world):
        context = {"user": world.admin["name"], "ignore_auth": True}
        for kind in ("group", "organization"):
            empty = tk.get_action(f"{kind}_create")(dict(context), {"name": f"empty-{kind}"})
            tk.get_action(f"{kind}_member_create")(
                dict(context), {"id": empty["id"], "username": world.editor["name"], "role": "editor"}
            )
            for ending in (name for name in GROUP_ENDINGS if name.startswith(kind)):
                tk.get_action(ending)(dict(context), {"id": empty["id"]})


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestPublishing:
    def test_nested_calls_go_through(self):
        owner = factories.Organization()
        with publishing():
            dataset = helpers.call_action(
                "package_create", name="lines", owner_org=owner["id"], resources=[{"url": "a.csv", "format": "CSV"}]
            )
            added = helpers.call_action("resource_create", package_id=dataset["id"], url="b.csv")
            helpers.call_action("datastore_create", resource_id=added["id"], fields=[{"id": "a"}], records=[{"a": 1}],
                                force=True)  # fmt: skip
        shown = helpers.call_action("package_show", id="lines")
        assert [resource["url"] for resource in shown["resources"]] == ["http://a.csv", "http://b.csv"]
        assert helpers.call_action("datastore_search", resource_id=added["id"])["total"] == 1

    def test_ends_with_its_block_even_by_an_error(self):
        with pytest.raises(ZeroDivisionError), publishing():
            raise ZeroDivisionError
        with publishing():
            with publishing():
                pass
            assert helpers.call_action("package_create", name="inner", owner_org=factories.Organization()["id"])
        with pytest.raises(NotPublishing):
            helpers.call_action("package_delete", id="inner")

    def test_does_not_reach_other_threads(self):
        caught = []

        def plant():
            try:
                helpers.call_action("package_create", name="planted")
            except NotPublishing as error:
                caught.append(error)
            finally:
                model.Session.remove()

        with publishing():
            thread = threading.Thread(target=plant)
            thread.start()
            thread.join()
        assert len(caught) == 1


def test_only_the_publisher_opens_the_gate():
    folders = (ROOT / "ckanext-shopendata", ROOT / "harvesters", ROOT / "theme")
    openers = [
        path
        for folder in folders
        for path in folder.rglob("*.py")
        if path.parent.name != "publish"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name | ast.alias | ast.Attribute)
        and "publishing" in (getattr(node, "id", ""), getattr(node, "name", ""), getattr(node, "attr", ""))
    ]
    assert openers == []
