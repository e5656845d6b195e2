"""Rows: only granted columns and rows, only masks of masked values, and no parameter that changes that."""

import decimal
import json
import string

import pytest
from ckanext.shopendata.gateway.access import Table
from ckanext.shopendata.gateway.parameters import MAX_LIMIT, Wish
from ckanext.shopendata.gateway.query import compose, shown
from ckanext.shopendata.policy.scope import Column, Mask, vault_table
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from psycopg import sql

from stack import databases

INJECTIONS = [
    "'", '"', "' OR '1'='1", '" OR 1=1 --', "district) OR (1=1", '_id" desc; DROP TABLE x; --', "(SELECT hidden)",
    "1; SELECT pg_sleep(9)", "\\", "%", "%s", "%(v0)s", "{}", "{0}", "$1", "district::text", "v.hidden",
    '_raw"."hidden', "_raw.hidden", "hidden", "dropped", "_id", "ctid", "tableoid", "*", "null", "\x00", "\ud800",
]  # fmt: skip


def ids(answer):
    """Which rows came, by a value each row has alone."""
    return [record["digits"] for record in answer.json["records"]]


def test_the_answer(world, get, readable, granted):
    answer = get()
    body = answer.json
    assert list(body) == ["dataset", "resource", "fields", "records", "total", "limit", "offset"]
    assert (body["total"], body["limit"], body["offset"]) == (len(readable), 100, 0)
    assert [field["id"] for field in body["fields"]] == granted == list(body["records"][0])
    assert body["resource"]["id"] == world.resource
    by_id = {field["id"]: field for field in body["fields"]}
    assert by_id["price"] == {"id": "price", "label": "名称price", "type": "decimal", "unit": "元", "masked": False}
    assert [code for code, field in by_id.items() if field["masked"]] == ["owner", "phone", "id_card", "income"]
    assert {field["type"] for field in body["fields"] if field["masked"]} == {"text"}
    assert get(world.rows(get(limit=0).json["dataset"]["name"])).json == body


def test_every_type_comes_back_as_stored(get, readable):
    records = json.loads(get().text, parse_float=decimal.Decimal)["records"]
    for record, stored in zip(records, readable, strict=True):
        assert record["visits"] == stored["visits"]
        assert record["price"] == decimal.Decimal(stored["price"])
        assert record["digits"] == stored["digits"]
        assert record["open"] is stored["open"]
        assert [record["day"], record["moment"], record["clock"]] == [
            stored["day"].isoformat(), stored["moment"].isoformat(), stored["clock"].isoformat(),
        ]  # fmt: skip
    assert '"price":0.10' in get().text.replace(" ", "")


def test_masks_hide(get):
    for record in get().json["records"]:
        assert record["owner"] == "欧**"
        assert record["phone"].startswith("138****")
        assert len(record["phone"]) == 11
        assert record["id_card"][:14] == "310101********"
        assert len(record["id_card"]) == 18
        assert record["income"] in (None, "1000000-9999999")


@pytest.mark.parametrize(
    ("mask", "raw", "seen"),
    [
        (Mask.FIRST_CHAR, "张三", "张**"), (Mask.FIRST_CHAR, "  欧阳娜娜 ", "欧**"), (Mask.FIRST_CHAR, "", ""),
        (Mask.FIRST_CHAR, None, None), (Mask.PHONE, "13800138000", "138****8000"), (Mask.PHONE, "1380013", "****"),
        (Mask.PHONE, None, None), (Mask.IDENTITY, "310101199003071234", "310101********1234"),
        (Mask.IDENTITY, "3101011990", "********"), (Mask.IDENTITY, None, None), (Mask.BAND, "345", "100-999"),
        (Mask.BAND, "0", "0-1"), (Mask.BAND, "0.5", "0-1"), (Mask.BAND, "7", "1-9"),
        (Mask.BAND, "-345.6", "-(100-999)"),
        (Mask.BAND, "007", "1-9"), (Mask.BAND, "NaN", "**"), (Mask.BAND, "many", "**"), (Mask.BAND, "", "**"),
        (Mask.BAND, "021-5555", "**"), (Mask.BAND, "1.2.3", "**"), (Mask.BAND, None, None),
        (Mask.BAND, "99999.99", "10000-99999"),
    ],
)  # fmt: skip
def test_each_mask(test_stack, mask, raw, seen):
    # Names that a mask's own subquery uses are no trap for a column.
    columns = {code: Column(code, "", "text", mask=mask) for code in ("digits", "band", "negative", "n", "d")}
    table = Table("d", "d", "d", "mask-test", "r", tuple(columns.values()), columns, ())
    statement, values = compose(table, Wish(shown(columns.values())))
    with databases.connect(test_stack, "vault") as vault:
        name = sql.Identifier("vault", vault_table("mask-test"))
        vault.execute(
            sql.SQL("CREATE TABLE {} (_id bigint, digits text, band text, negative text, n text, d text)").format(name)
        )
        try:
            vault.execute(sql.SQL("INSERT INTO {} VALUES (1, %s, %s, %s, %s, %s)").format(name), [raw] * 5)
            records, total = vault.execute(statement, values).fetchone()
        finally:
            vault.execute(sql.SQL("DROP TABLE {}").format(name))
    assert json.loads(records) == [dict.fromkeys(columns, seen)]
    assert total == 1


@pytest.mark.parametrize("parameter", ["fields", "sort", "filters"])
@pytest.mark.parametrize("code", ["hidden", "dropped", "_id", "nowhere", "OWNER"])
def test_hidden_columns_do_not_exist(get, granted, parameter, code):
    answer = get(**{parameter: {code: "CANARY-hidden-1"} if parameter == "filters" else code})
    assert (answer.status_code, answer.json["code"], answer.json["parameter"]) == (400, "unknown_column", parameter)
    assert answer.json["columns"] == granted
    assert answer.get_data() == get(**{parameter: {"zz": 1} if parameter == "filters" else "zz"}).get_data()


def test_a_filter_on_a_masked_column_sees_the_mask(get, readable):
    for code in ("owner", "phone", "id_card", "income"):
        assert get(filters={code: readable[1][code]}).json["total"] == 0
    assert get(filters={"owner": "欧**"}).json["total"] == len(readable)
    assert get(filters={"income": "1000000-9999999"}).json["total"] == len(readable) - 1


def test_order_of_a_masked_column_tells_nothing(get):
    assert ids(get(sort="owner")) == ids(get(sort="owner desc")) == ids(get())


def test_row_filters_cannot_be_widened(get, readable):
    for wanted in (["静安区"], ["崇明区"], ["静安区", "崇明区"]):
        assert get(filters={"district": wanted}).json["total"] == 0
    assert get(filters={"district": ["黄浦区", "崇明区"]}).json["total"] == len(readable) / 2
    assert get(filters={"district": []}).json["total"] == 0


def test_a_row_filter_may_name_a_column_that_is_not_granted(world, get):
    with world.change(
        "shopendata_grant", "id", world.grant, row_filter={"hidden": ["CANARY-hidden-1", "CANARY-hidden-4"]}
    ):
        assert ids(get()) == ["001_%", "004_%"]
    with world.change("shopendata_grant", "id", world.grant, row_filter={"visits": [None, 10**15]}):
        assert ids(get()) == ["000_%", "001_%"]
    with world.change("shopendata_grant", "id", world.grant, row_filter={"district": []}):
        assert ids(get()) == []


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"visits": 10**15}, ["001_%"]), ({"visits": str(10**15)}, ["001_%"]),
        ({"visits": [10**15, None]}, ["000_%", "001_%"]),
        ({"visits": None}, ["000_%"]), ({"price": 4.1}, ["004_%"]), ({"price": "4.100"}, ["004_%"]),
        ({"day": "2024-01-05"}, ["004_%"]), ({"moment": "2024-01-05T08:00:00"}, ["004_%"]),
        ({"moment": "2024-01-05 08:00"}, ["004_%"]), ({"clock": "04:30"}, ["004_%"]), ({"digits": "005_%"}, ["005_%"]),
        ({"digits": "%"}, []), ({"open": True, "day": ["2024-01-02", "2024-01-05"]}, ["001_%"]),
        ({"visits": 2**63 - 1}, []),
        ({"open": "false", "price": 0.1}, ["000_%"]), ({"moment": "2024-01-05"}, []), ({"digits": 5}, []), ({}, None),
    ],
)  # fmt: skip
def test_filters(get, filters, found):
    answer = get(filters=filters)
    assert answer.status_code == 200
    assert found is None or ids(answer) == found
    assert found is None or answer.json["total"] == len(found)


def test_pages_neither_overlap_nor_miss(get, readable):
    whole = ids(get())
    for sort in ({}, {"sort": "open"}, {"sort": "owner desc, district"}):
        pages = [get(limit=5, offset=offset, **sort) for offset in range(0, len(readable) + 5, 5)]
        assert sorted(code for page in pages for code in ids(page)) == sorted(whole)
    assert ids(get(sort="visits desc"))[:2] == ["021_%", "020_%"]
    assert ids(get(sort="visits DESC"))[-1] == "000_%"  # nothing is less than anything
    assert get(fields="price, day").json["records"][0] == {"price": 0.1, "day": "2024-01-01"}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": "-1"}, "bad_limit"), ({"limit": str(MAX_LIMIT + 1)}, "bad_limit"), ({"limit": "x"}, "bad_limit"),
        ({"limit": ""}, "bad_limit"), ({"limit": "1.5"}, "bad_limit"), ({"limit": "9" * 3000}, "bad_limit"),
        ({"limit": "１"}, "bad_limit"), ({"offset": "-1"}, "bad_offset"), ({"offset": "9" * 30}, "bad_offset"),
        ({"offset": "true"}, "bad_offset"), ({"filters": "x"}, "bad_filters"), ({"filters": "[]"}, "bad_filters"),
        ({"filters": "null"}, "bad_filters"), ({"filters": "[" * 5000}, "bad_filters"),
        ({"filters": '{"price": NaN}'}, "bad_filters"),
        ({"filters": '{"price": ' + "9" * 5000 + "}"}, "bad_filters"),
        ({"filters": '{"price": 1e999999}'}, "bad_filters"),
        ({"filters": {"price": "NaN"}}, "bad_filters"), ({"filters": {"visits": 2**63}}, "bad_filters"),
        ({"filters": {"visits": True}}, "bad_filters"), ({"filters": {"visits": 1.0}}, "bad_filters"),
        ({"filters": {"open": 1}}, "bad_filters"), ({"filters": {"open": []}}, None),
        ({"filters": {"day": "2024-02-30"}}, "bad_filters"),
        ({"filters": {"day": "0000-01-01"}}, "bad_filters"), ({"filters": {"day": "infinity"}}, "bad_filters"),
        ({"filters": {"clock": "25:00"}}, "bad_filters"), ({"filters": {"digits": {"a": 1}}}, "bad_filters"),
        ({"filters": {"digits": [["a"]]}}, "bad_filters"), ({"filters": {"digits": "\x00"}}, "bad_filters"),
        ({"filters": {"digits": "\ud800"}}, "bad_filters"), ({"filters": {"digits": ["x"] * 201}}, "bad_filters"),
        ({"filters": {"digits": 1.5}}, "bad_filters"), ({"sort": ""}, "bad_sort"),
        ({"sort": "day up"}, "bad_sort"), ({"sort": "day,"}, "bad_sort"),
        ({"fields": ""}, "unknown_column"), ({"q": "x"}, "unknown_parameter"), ({"Limit": "1"}, "unknown_parameter"),
        ({"offset": str(10**9)}, None), ({"limit": "0"}, None),
    ],
)  # fmt: skip
def test_wrong_parameters_are_told_precisely(get, parameters, code):
    answer = get(**parameters)
    assert answer.json.get("code") == code
    assert answer.status_code == (400 if code else 200)
    assert code is None or (answer.json["detail"] and answer.json["parameter"])


def test_a_parameter_comes_once(world, gateway):
    answer = gateway.get(world.rows() + "?limit=1&limit=2", headers={"X-Access-Key": world.key})
    assert answer.json["code"] == "repeated_parameter"


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_parameter_is_sql(get, readable, text):
    try:
        text.encode()
    except UnicodeEncodeError:
        attempts = [{"filters": {"digits": text}}, {"filters": {text: 1}}]
    else:
        attempts = [{name: text} for name in ("limit", "offset", "sort", "fields", "filters")]
        attempts += [
            {"sort": f"day {text}"},
            {"fields": f"day,{text}"},
            {"filters": {text: 1}},
            {"filters": {"digits": text}},
        ]
        attempts += [{"filters": {"district": [text, "黄浦区"]}}, {text: "1"}]
    for attempt in attempts:
        answer = get(**attempt)
        assert answer.status_code in (200, 400), attempt
        assert answer.status_code == 400 or answer.json["total"] <= len(readable)
    assert get().json["total"] == len(readable)


CODES = st.sampled_from(
    ["owner", "income", "district", "visits", "price", "day", "moment", "clock", "open", "hidden", "_id"]
)
TEXT = st.text(alphabet=string.printable + "区\x00'\"\\%;\u2028", max_size=12)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.dates().map(str) | st.datetimes().map(str)
FILTERS = st.dictionaries(CODES | TEXT, VALUES | st.lists(VALUES, max_size=3), max_size=3)
PARAMETERS = {
    "limit": TEXT | st.integers().map(str),
    "offset": TEXT | st.integers(0, 10**12).map(str),
    "sort": TEXT | st.lists(CODES, max_size=3).map(",".join) | CODES.map("{} desc".format),
    "fields": TEXT | st.lists(CODES, min_size=1, max_size=3).map(",".join),
    "filters": TEXT | FILTERS.map(json.dumps),
}


@bounds(max_examples=500, deadline=None)
@given(st.fixed_dictionaries({}, optional=PARAMETERS))
def test_no_parameters_are_a_fault_of_ours(get, readable, parameters):
    answer = get(**parameters)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json["total"] <= len(readable)
        assert len(answer.json["records"]) <= answer.json["limit"]


def test_a_query_that_takes_too_long_is_ended(world, get, monkeypatch):
    monkeypatch.setattr("ckanext.shopendata.gateway.app.fetch", lambda pool, *_: _sleep(pool))
    answer = get()
    assert (answer.status_code, answer.json["code"]) == (503, "query_timeout")


def _sleep(pool):
    with pool.connection() as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
        connection.execute("SET statement_timeout = 50")
        try:
            connection.execute("SELECT pg_sleep(9)")
        finally:
            connection.execute("SET statement_timeout = 5000")
