"""A search asks for the public description only, whichever way raw parameters reach Solr."""

import json

import pytest
from ckan.lib.search import SearchQueryError
from ckan.tests import factories
from ckanext.shopendata.hardening.search import fields_in, restrict

ACTION = "/api/3/action/package_search"


class TestFieldsOfAQuery:
    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ("公交", set()),
            ("title:公交", {"title"}),
            ("*:*", {"*"}),
            ('tags:"a:b" -notes:(c OR d)', {"tags", "notes"}),
            ("metadata_modified:[2020-01-01T00:00:00Z TO NOW]", {"metadata_modified"}),
            ('"res_url:x"', set()),
            (r"a\:b", set()),
            ("res_url:*x*", {"res_url"}),
            ("+res_url :x", {"res_url"}),
            ("(a OR (res_url:x))", {"res_url"}),
            ('title:a"b"res_url:x', {"title", "res_url"}),
            ('title:a)res_url:"x"', {"title", "res_url"}),
            (r"res\_url:x", {"resxurl"}),
            ("res_url/**/:x", {"/*"}),
            ('/*"*/ res_url:x /*"*/', {"/*"}),
            ("{!terms f=res_url}x", {"{!"}),
            ("[ " * 1_000_000, {"..."}),
            ('title:/["]/ OR res_url:*x* OR title:/["]/', {"title", "res_url"}),
            ('title:"/" title:/["]/ res_url:x title:/["]/ title:"/"', {"title", "res_url"}),
            ('title:[a" TO b] OR res_url:x OR title:[c" TO d]', {"title", "res_url"}),
            ('title:["]" TO "a"] OR res_url:x OR title:"b"', {"title", "res_url"}),
        ],
    )
    def test_are_found(self, query, named):
        assert fields_in(query) >= named
        assert named or not fields_in(query)

    @pytest.mark.parametrize("query", ['res_format:"A/B" OR tags:"C/D: E"', "res_format:text/csv AND tags:a/b"])
    def test_are_no_more_than_that_where_a_slash_means_nothing(self, query):
        assert fields_in(query) == {"res_format", "tags"}


class TestRestrict:
    @pytest.mark.parametrize(
        "given",
        [
            {
                "q": "公交",
                "fq": "tier:unconditional",
                "sort": "metadata_modified desc",
                "facet.field": ["tier", "tags"],
            },
            {"q": "*:*", "fq": '+dataset_type:dataset organization:"a"', "sort": "score desc, title_string asc"},
            {"fq": '+state:deleted capacity:"public"', "fl": ["id", "name"]},
            {"fq": "+dataset_type:harvest", "facet.field": ["frequency", "source_type"], "sort": None},
        ],
    )
    def test_lets_the_portals_own_searches_through(self, given):
        assert restrict(dict(given)) == given

    @pytest.mark.parametrize(
        "given",
        [{"q": "res_url:*x*"}, {"fq": "permission_labels:public"}, {"fq_list": ["-data_dict:x"]}, {"q": "_val_:x"}],
    )
    def test_finds_nothing_by_other_fields(self, given):
        assert restrict(dict(given))["abort_search"] is True

    @pytest.mark.parametrize(
        "given",
        [
            {"fl": ["*"]}, {"fl": ["id,data_dict"]}, {"fl": ["validated_data_dict"]}, {"facet.field": ["res_url"]},
            {"facet.field": ["{!key=x}res_url"]}, {"sort": "res_url asc"}, {"sort": "termfreq(res_url,'x') desc"},
            {"qf": "res_url"}, {"bf": "x"}, {"boost": "x"}, {"wt": "xml"}, {"defType": "func"},
            {"fq_list": "res_url:x"},
        ],
    )  # fmt: skip
    def test_refuses_what_names_other_fields_elsewhere(self, given):
        with pytest.raises(SearchQueryError):
            restrict(dict(given))


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestTheSearch:
    @pytest.fixture
    def client(self, app, publisher):
        owner = factories.Organization()["id"]
        publisher.dataset(owner_org=owner, title="公交", extras=[{"key": "tier", "value": "unconditional"}],
                          resources=[{"url": "https://upstream.example/secret"}])  # fmt: skip
        return app.test_client()

    def test_answers_the_same_whatever_stands_in_a_field_that_is_not_public(self, client):
        right, wrong = (client.get(f"{ACTION}?q=res_url:*{word}*").json["result"] for word in ("secret", "absent"))
        assert right == wrong
        assert right["count"] == 0

    def test_answers_the_same_behind_what_holds_a_quotation_mark(self, client):
        for query in (
            'title_string:/["]/ OR res_url:*{}* OR title_string:/["]/',
            'title_string:[a" TO b] OR res_url:*{}* OR title_string:[c" TO d]',
        ):
            answers = [
                client.get(ACTION, query_string={"q": query.format(word)}).json["result"]["count"]
                for word in ("secret", "absent")
            ]
            assert answers == [0, 0], query

    def test_still_filters_counts_and_sorts(self, client):
        query = {"fq": "tier:unconditional", "facet.field": json.dumps(["tier"]), "sort": "metadata_modified desc"}
        found = client.get(ACTION, query_string=query).json["result"]
        assert found["count"] == 1
        assert found["search_facets"]["tier"]["items"][0]["count"] == 1
        for page in (
            "/dataset/?q=公交",
            "/dataset/?sort=title_string+desc&tier=unconditional",
            "/feeds/custom.atom?q=公交",
        ):
            assert "公交" in client.get(page).get_data(as_text=True)

    def test_refusals_are_400_and_say_nothing_of_the_query(self, client):
        assert client.get(f"{ACTION}?facet.field=res_url").status_code == 400
        assert client.get("/dataset/?sort=res_url+asc").status_code == 400
        assert client.get("/feeds/custom.atom?sort=res_url+asc").status_code == 400
        answer = client.get(f"{ACTION}?q=title:(")
        assert answer.status_code == 409
        assert "site_id" not in answer.get_data(as_text=True)


@pytest.mark.usefixtures("clean_db", "clean_index")
def test_people_of_an_organization_are_told_to_its_own_people(app):
    member, stranger = factories.UserWithToken(), factories.UserWithToken()
    owner = factories.Organization(users=[{"name": member["name"], "capacity": "editor"}])
    client = app.test_client()
    for address in (f"organization_show?id={owner['id']}", "organization_list?all_fields=true"):
        shown = {
            who: member["name"] in client.get(
                f"/api/3/action/{address}&include_users=true", headers={"Authorization": token} if token else {}
            ).get_data(as_text=True)
            for who, token in (("nobody", ""), ("stranger", stranger["token"]), ("member", member["token"]))
        }  # fmt: skip
        assert shown == {"nobody": False, "stranger": False, "member": "show" in address or shown["member"]}
