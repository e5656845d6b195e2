"""datastore_search as CKAN's clients send it, over the same scope."""

import json
import string

import ckanapi
import pytest
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st


def ids(answer):
    return [record["digits"] for record in answer.json["result"]["records"]]


def test_the_envelope(world, post, readable, granted):
    body = post().json
    assert set(body) == {"help", "success", "result"}
    assert body["success"] is True
    result = body["result"]
    assert set(result) == {
        "resource_id", "include_total", "limit", "offset", "records_format", "fields", "_links", "total",
        "total_was_estimated", "records",
    }  # fmt: skip
    assert (result["total"], result["limit"], result["offset"]) == (len(readable), 100, 0)
    assert [field["id"] for field in result["fields"]] == ["_id", *granted] == list(result["records"][0])
    types = {field["id"]: field["type"] for field in result["fields"]}
    assert [types[code] for code in ("_id", "owner", "income", "visits", "price")] == [
        "int", "text", "text", "int8", "numeric",
    ]  # fmt: skip
    assert [types[code] for code in ("day", "moment", "clock", "open")] == ["date", "timestamp", "time", "bool"]
    assert "total" not in post(include_total=False).json["result"]


def test_addresses_and_ways_to_send(world, gateway):
    headers = {"Authorization": world.key}
    sent = {"resource_id": world.resource, "limit": "2", "filters": '{"district": "黄浦区"}', "include_total": "true"}
    answers = []
    for path in ("/gateway/api/action/datastore_search", "/gateway/api/3/action/datastore_search"):
        answers.append(gateway.get(path, query_string=sent, headers=headers))
        answers.append(gateway.post(path, data=sent, headers=headers))
        answers.append(
            gateway.post(path, json={**sent, "limit": 2, "filters": {"district": "黄浦区"}}, headers=headers)
        )
        answers.append(gateway.post(path, data=json.dumps(sent), headers=headers))
    assert {answer.status_code for answer in answers} == {200}
    assert all(ids(answer) == ["000_%", "004_%"] for answer in answers)


def test_links_lead_on(world, gateway, post, readable):
    seen, link = [], post(limit=5, filters={"district": ["黄浦区", "徐汇区"]}).json["result"]["_links"]["start"]
    while page := ids(answer := gateway.get(link, headers={"Authorization": world.key})):
        seen += page
        link = answer.json["result"]["_links"]["next"]
    assert seen == [row["digits"] for row in readable]


@pytest.mark.parametrize(
    "sent",
    [
        {"fields": ["digits", "day"]}, {"sort": ["open desc", "digits desc"]}, {"filters": None}, {"fields": None},
        {"sort": None, "q": None, "distinct": None, "include_total": None}, {"id": "\ud800"}, {"id": "elsewhere"},
        {"filters": {"price": [4.1, 1.1], "open": True}}, {"q": {}, "filters": []},
        {"fields": ["district"], "distinct": True, "sort": ["district"]},
    ],
)  # fmt: skip
def test_links_repeat_what_was_asked_for(world, gateway, post, sent):
    asked = post(limit=2, **sent)
    assert asked.status_code == 200
    followed = gateway.get(asked.json["result"]["_links"]["start"], headers={"Authorization": world.key})
    assert followed.json["result"]["records"] == asked.json["result"]["records"]
    assert followed.json["result"]["_links"] == asked.json["result"]["_links"]


def test_search_reads_what_is_shown_unmasked(post, readable):
    assert ids(post(q="005_%")) == ["005_%"]
    assert post(q="005%").json["result"]["total"] == 0
    assert post(q="黄浦").json["result"]["total"] == len(readable) / 2
    for veiled in ("CANARY", "13812", "199003", "7654321", "CANARY-hidden", "静安", "崇明", "欧"):
        assert post(q=veiled).json["result"]["total"] == 0


def test_distinct_and_order(post):
    assert post(fields=["district"], distinct=True, sort="district").json["result"]["records"] == [
        {"district": "徐汇区"}, {"district": "黄浦区"},
    ]  # fmt: skip
    assert post(fields="district,owner", distinct="true", limit=0).json["result"]["total"] == 2
    assert ids(post(sort=["open desc", "_id desc"]))[0] == "021_%"
    assert post(sort='"visits" desc', fields="_id", limit=1).json["result"]["records"] == [{"_id": 21}]
    assert post(filters={"_id": [4, 2]}, fields="_id").json["result"]["records"] == [{"_id": 4}]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"resource_id": ""}, "resource_id"), ({"limit": -1}, "limit"), ({"limit": "x"}, "limit"),
        ({"limit": True}, "limit"),
        ({"offset": -1}, "offset"), ({"offset": 2**70}, "offset"), ({"filters": "x"}, "filters"),
        ({"filters": [1]}, "filters"),
        ({"filters": {"hidden": "x"}}, "filters"), ({"filters": {"visits": {"gt": 1}}}, "filters"),
        ({"sort": "hidden"}, "sort"),
        ({"sort": {"a": 1}}, "sort"), ({"sort": [["a"]]}, "sort"),
        ({"sort": "day", "fields": "price", "distinct": True}, "sort"),
        ({"fields": "hidden"}, "fields"), ({"fields": ["dropped"]}, "fields"), ({"fields": 5}, "fields"),
        ({"q": {"owner": "x"}}, "q"),
        ({"q": "\x00"}, "q"), ({"q": "\ud800"}, "q"), ({"q": "x" * 201}, "q"), ({"distinct": "maybe"}, "distinct"),
        ({"include_total": 7}, "include_total"), ({"records_format": "csv"}, "records_format"),
        ({"records_format": "lists"}, "records_format"), ({"full_text": "x"}, "full_text"), ({"\ud800": 1}, "?"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_ckans_validation_errors(post, parameters, field):
    answer = post(**parameters)
    assert answer.status_code == 409
    assert answer.json["success"] is False
    error = answer.json["error"]
    assert error["__type"] == "Validation Error"
    assert error[field] == [error["message"]]


def test_a_large_limit_is_cut_as_ckan_does(post):
    assert post(limit=10**9).json["result"]["limit"] == 1000
    assert post(limit=5, offset=10**9).json["result"]["records"] == []
    assert post(limit="", offset=None).json["result"]["limit"] == 100


def test_a_body_that_is_no_json_object_is_400(world, gateway):
    for body in (b"{", b"[]", b"\xff", b"[" * 10**5, b"1" * 5000):
        answer = gateway.post("/gateway/api/3/action/datastore_search", data=body, headers={"Authorization": world.key})
        assert (answer.status_code, answer.json["error"]["__type"]) == (400, "Validation Error")


def test_ckanapi_through_the_front_door(world, portal_url, readable):
    portal = ckanapi.RemoteCKAN(f"{portal_url}/gateway", apikey=world.key)
    found = portal.action.datastore_search(resource_id=world.resource, limit=5)
    assert len(found["records"]) == 5
    assert found["total"] == len(readable)
    reader = ckanapi.RemoteCKAN(f"{portal_url}/gateway", apikey=world.key, get_only=True)
    assert reader.action.datastore_search(resource_id=world.resource, filters='{"open": true}', limit=1)["total"] == 6
    with pytest.raises(ckanapi.NotAuthorized):
        ckanapi.RemoteCKAN(f"{portal_url}/gateway").action.datastore_search(resource_id=world.resource)
    with pytest.raises(ckanapi.NotAuthorized):
        portal.action.datastore_search(resource_id=world.resources["other"])
    with pytest.raises(ckanapi.NotFound):
        portal.action.datastore_search(resource_id=world.resources["closed"])
    with pytest.raises(ckanapi.ValidationError) as wrong:
        portal.action.datastore_search(resource_id=world.resource, fields="hidden")
    assert "hidden" not in str(wrong.value.error_dict)


TEXT = st.text(alphabet=string.printable + "区\x00'\"\\%;\u2028", max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(["owner", "visits", "day", "_id"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.just("visits"), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "filters",
    "q",
    "fields",
    "sort",
    "limit",
    "offset",
    "include_total",
    "distinct",
    "records_format",
    "plain",
    "language",
)


@bounds(max_examples=500, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, JSON)))
def test_no_parameters_are_a_fault_of_ours(post, readable, parameters):
    answer = post(**parameters)
    assert answer.status_code in (200, 400, 409)
    if answer.status_code == 200 and answer.json["result"]["include_total"]:
        assert answer.json["result"]["total"] <= len(readable)
