"""A hidden dataset and one that does not exist answer alike, whichever way one asks."""

import re

import pytest
from ckan.tests import factories, helpers

NOWHERE = "00000000-0000-4000-8000-000000000000"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def hidden(publisher):
    """(id, name) of a private dataset, its resource, its view, with a table."""
    owner = factories.Organization()
    dataset = publisher.dataset(owner_org=owner["id"], private=True, tags=[{"name": "planted"}])
    resource = publisher.resource(package_id=dataset["id"], url_type="datastore", url="x", format="PLANTED")
    publisher.act("datastore_create", resource_id=resource["id"], fields=[{"id": "a"}], records=[{"a": "planted"}],
                  aliases=f"planted_{resource['id'][:8]}", force=True)  # fmt: skip
    view = publisher.act("resource_view_create", resource_id=resource["id"], title="v", view_type="datatables_view")
    return {
        "dataset": dataset,
        "resource": resource["id"],
        "view": view["id"],
        "owner": owner,
        "alias": f"planted_{resource['id'][:8]}",
    }


def questions(dataset, name, resource, view, alias):
    action = "/api/3/action/"
    return [
        f"{action}package_show?id={dataset}", f"{action}package_show?id={name}", f"/dataset/{dataset}",
        f"{action}group_package_show?id={dataset}", f"{action}resource_show?id={resource}",
        f"{action}resource_view_list?id={resource}", f"{action}resource_view_show?id={view}",
        f"{action}datastore_search?resource_id={resource}", f"{action}datastore_search?resource_id={alias}",
        f"{action}datastore_info?id={resource}", f"{action}datastore_info?id={alias}",
        f"/dataset/{dataset}/resource/{resource}", f"/dataset/{dataset}/resource/{resource}/download",
        f"/dataset/{dataset}/resource/{resource}/view/{view}", f"/datastore/dump/{resource}",
        f"/datastore/api_info/{resource}",
    ]  # fmt: skip


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestWhatIsHidden:
    def test_answers_as_if_it_were_not_there(self, app, hidden):
        dataset = hidden["dataset"]
        there = questions(dataset["id"], dataset["name"], hidden["resource"], hidden["view"], hidden["alias"])
        absent = questions(NOWHERE, "nowhere", NOWHERE, NOWHERE, "nowhere_alias")
        words = [dataset["id"], dataset["name"], hidden["resource"], hidden["view"], hidden["alias"], NOWHERE,
                 "nowhere_alias", "nowhere"]  # fmt: skip
        client = app.test_client()
        for headers in ({}, {"Authorization": factories.UserWithToken()["token"]}):
            for address, other in zip(there, absent, strict=True):
                first, second = (client.get(it, headers=headers, follow_redirects=False) for it in (address, other))
                assert first.status_code == second.status_code == 404, address
                texts = [answer.get_data(as_text=True) for answer in (first, second)]
                # It changes from one second to the next.
                texts = [re.sub(r'(_csrf_token" (?:content|value)=")[^"]+', r"\1", text) for text in texts]
                for word in words:
                    texts = [text.replace(word, "") for text in texts]
                assert texts[0] == texts[1], address

    def test_has_no_table_to_preview(self, app, hidden):
        answers = [app.test_client().post(f"/datatables/ajax/{it}") for it in (hidden["view"], NOWHERE)]
        assert [answer.status_code for answer in answers] == [404, 404]

    def test_is_named_by_no_list(self, app, hidden):
        client, dataset = app.test_client(), hidden["dataset"]
        for headers in ({}, {"Authorization": factories.UserWithToken()["token"]}):
            for address in (
                "package_search?include_private=true", "package_list", "current_package_list_with_resources",
                f"package_autocomplete?q={dataset['name']}", "organization_list?all_fields=true",
                f"organization_show?id={hidden['owner']['id']}&include_datasets=true",
            ):  # fmt: skip
                answer = client.get(f"/api/3/action/{address}", headers=headers).get_data(as_text=True)
                assert "planted" not in answer.lower(), address
                assert dataset["id"] not in answer, address
                assert dataset["name"] not in answer.replace(f"?q={dataset['name']}", ""), address

    def test_cannot_be_followed(self, app, hidden):
        person = factories.User(password=PASSWORD)
        client = app.test_client()
        client.post("/user/login", data={"login": person["name"], "password": PASSWORD})
        answers = [client.post(f"/dataset/follow/{it}") for it in (hidden["dataset"]["id"], NOWHERE)]
        assert answers[0].status_code == answers[1].status_code
        assert helpers.call_action("dataset_follower_count", id=hidden["dataset"]["id"]) == 0

    def test_is_there_for_who_may_see_it(self, app, hidden):
        token = {"Authorization": factories.SysadminWithToken()["token"]}
        for address in questions(
            hidden["dataset"]["id"], hidden["dataset"]["name"], hidden["resource"], hidden["view"], hidden["alias"]
        ):
            if "group_package_show" not in address and "/download" not in address:
                assert app.test_client().get(address, headers=token).status_code == 200, address
