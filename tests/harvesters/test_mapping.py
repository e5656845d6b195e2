"""Mapping and grouping, without any service: the two real catalogues whole, and what records may do wrong."""

import copy
import datetime as dt
import json
from collections import Counter

import pytest
from ckanext.shopendata.harvesters import cleaning, mapping, reading, rules
from ckanext.shopendata.harvesters.providers import Known, Providers
from ckanext.shopendata.harvesters.record import Invalid, Refuse
from ckanext.shopendata.policy.classification import Tier
from hypothesis import given, settings
from hypothesis import strategies as st

from .samples import PROVIDERS, TODAY, record

PROVIDER_FIELD = {"shanghai": "数据提供方", "zhejiang": "数源单位"}
CODED = {"tier", "update_frequency", "domain", "resource_form"}


def load(path, name):
    records = json.loads(path.read_text(encoding="utf-8"))
    known = Providers.of(Known(title, title) for title in {record[PROVIDER_FIELD[name]] for record in records})
    return records, reading.read(rules.rules(name), records, known, TODAY)


@pytest.fixture(scope="module")
def shanghai(shanghai_catalogue):
    return load(shanghai_catalogue, "shanghai")


@pytest.fixture(scope="module")
def zhejiang(shanghai_catalogue):
    return load(shanghai_catalogue.with_name("zhejiang.json"), "zhejiang")


def tiers(found):
    return Counter(record.tier.value for record in found.records.values())


def test_the_numbers_of_shanghai(shanghai):
    _, found = shanghai
    assert (found.read, len(found.records), found.quarantined, found.refused) == (4494, 2228, {}, set())
    assert tiers(found) == {"unconditional": 1479, "conditional": 748, "undecided": 1}
    assert (found.repeats_exact, len(found.differing)) == (2260, 6)
    assert found.counters()["held"] == 1
    frequencies = Counter(record.entry["update_frequency"] for record in found.records.values())
    assert frequencies == {
        "annual": 960, "daily": 470, "monthly": 236, "irregular": 185, "static": 176, "realtime": 109,
        "quarterly": 64, "weekly": 15, "semiannual": 13,
    }  # fmt: skip


def test_the_order_of_shanghai_does_not_matter(shanghai):
    records, found = shanghai
    known = Providers.of(Known(title, title) for title in {record["数据提供方"] for record in records})
    turned = reading.read(rules.rules("shanghai"), reversed(records), known, TODAY)
    assert {guid: record.digest() for guid, record in turned.records.items()} == {
        guid: record.digest() for guid, record in found.records.items()
    }


def test_the_numbers_of_zhejiang(zhejiang):
    _, found = zhejiang
    assert (found.read, len(found.records), len(found.quarantined)) == (1309, 1232, 77)
    assert tiers(found) == {"undecided": 1133, "unconditional": 82, "conditional": 16, "closed": 1}
    assert found.counters()["quarantined"] == {"tier_unknown": 77}
    assert (found.repeats_exact, found.differing) == (0, {})
    notes = Counter(bool(record.entry.get("frequency_note")) for record in found.records.values())
    assert notes[True] == sum("更新说明" in raw["更新周期"] or "级" in raw["更新周期"] for raw in zhejiang[0]
                              if mapping.guid_of(rules.rules("zhejiang"), raw) in found.records)  # fmt: skip


@pytest.mark.parametrize("name", ["shanghai", "zhejiang"])
def test_code_tables_are_total_over_the_real_catalogues(name, request):
    """Every value that occurs is mapped, or quarantined with a written reason."""
    records, _ = request.getfixturevalue(name)
    chosen = rules.rules(name)
    for column in CODED & set(chosen.tables):
        table = chosen.tables[column]
        for raw in records:
            value = cleaning.clean(raw[chosen.fields[column]])
            if column == "update_frequency":
                value = value.partition("(")[0]
            for part in value.split(",") if column == "domain" else [value]:
                assert table.knows(part), (column, part)
        assert all(table.quarantined.values())


def test_each_of_the_37_opening_conditions_of_zhejiang_has_a_reason(zhejiang):
    records, _ = zhejiang
    values = {cleaning.clean(raw["开放条件"]) for raw in records}
    table = rules.rules("zhejiang").tables["tier"]
    assert len(values) == 37
    # 无条件开放 is the class's own name; everything else was a judgement.
    assert {value for value in values if not table.reasons[value]} == {"无条件开放"}


@pytest.mark.parametrize("name", ["shanghai", "zhejiang"])
def test_every_field_is_used_or_left_out_on_purpose(name, request):
    records, _ = request.getfixturevalue(name)
    assert {field for raw in records for field in raw} <= rules.rules(name).known_fields()


def test_every_field_of_the_sharing_platform_is_used_or_left_out_on_purpose():
    assert set(record()) <= rules.rules("sandbox").known_fields()


def test_the_sharing_platforms_tables_are_total():
    tables = rules.rules("sandbox").tables
    cycles = ["即时", "每天", "每周", "每月", "每季度", "每半年", "每年", "不定期更新", "静态数据"]
    vocabulary = {
        "tier": "0123", "share_class": "123", "acquisition_method": "12345", "level": "12",
        "update_frequency": [*"123456789", *cycles], "domain": [f"{n:02d}" for n in range(1, 13)],
        "state": rules.STATES, "resource_form": ["table", "file", "api"],
        "high_value": ["livelihood", "urgent", "commercial"],
    }  # fmt: skip
    for column, values in vocabulary.items():
        assert set(values) <= set(tables[column].mapped), column


def one(**changes):
    return mapping.map_record(rules.rules("sandbox"), record(**changes), PROVIDERS, TODAY)


def test_a_good_record():
    found = one()
    assert (found.agency, found.tier, found.state) == ("a1", Tier.CONDITIONAL, "published")
    assert found.grounds.reasons == ("timeliness",)
    assert found.grounds.bases == (("上海市公共数据和一网通办管理办法", "30", "rule"),)
    assert found.entry["update_frequency"] == "monthly"
    assert found.entry["domain"] == "道路交通"
    assert found.entry["modified"] == dt.date(2023, 6, 1)
    assert found.entry["has_data"] is True
    assert [item.code for item in found.items] == ["line_code", "line_name"]
    assert "consent_scope" not in found.entry


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"openType": "审批后开放"}, "tier_unknown"),
        ({"openType": None}, "tier_missing"),
        ({"updateCycle": "待定"}, "update_frequency_unknown"),
        ({"updateCycle": ""}, "update_frequency_missing"),
        ({"provider": None}, "provider_missing"),
        ({"provider": {"name": "无此单位", "code": ""}}, "provider_unknown"),
        ({"provider": {"name": "甲局", "code": "CODE2"}}, "provider_unknown"),
        ({"resourceName": " \t\u3000"}, "title_empty"),
        ({"modified": "2099-01-01T09:00:00+08:00"}, "date_in_future"),
        ({"issued": "2023-02-30"}, "issued_malformed"),
        ({"abstract": "字" * 20_000}, "abstract_too_long"),
        ({"secretFlag": None}, "secret_flag_unknown"),
        ({"state": ""}, "state_missing"),
        ({"state": "open"}, "state_unknown"),
        ({"resourceId": ""}, "guid_missing"),
        ({"rowCount": 10**30}, "row_count_declared_malformed"),
        ({"hasData": "yes"}, "has_data_malformed"),
        ({"items": [{"seq": 1}]}, "item_code_malformed"),
        ({"domain": "13"}, "domain_unknown"),
        ({"shareType": "9"}, "share_class_unknown"),
    ],
)
def test_what_is_wrong_is_quarantined(changes, reason):
    with pytest.raises(Invalid) as refusal:
        one(**changes)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("flag", ["1", 1, True])
def test_a_state_secret_is_refused_whatever_else_is_wrong(flag):
    with pytest.raises(Refuse):
        one(secretFlag=flag, resourceName="", openType="?")


def test_what_is_only_untidy_maps():
    assert one(resourceName=" \t\u3000公交 线路\u3000").title == "公交 线路"
    found = one(updateCycle="每月(更新说明:暂无新业务数据产生)")
    assert (found.entry["update_frequency"], found.entry["frequency_note"]) == (
        "monthly", "更新说明:暂无新业务数据产生",
    )  # fmt: skip
    assert one(provider={"code": "", "name": "甲"}).agency == "a1"
    markup = '<p>一<b>二</b><script>alert("x")</script>&nbsp;三</p>'
    assert one(abstract=markup).entry["abstract"] == "一 二 三"
    assert one(openType="0").tier is Tier.UNDECIDED


def read(*records):
    return reading.read(rules.rules("sandbox"), records, PROVIDERS, TODAY)


def test_an_exact_repeat_counts_and_does_nothing_else():
    found = read(record(), record())
    assert (len(found.records), found.repeats_exact, found.differing) == (1, 1, {})


def test_of_differing_repeats_the_latest_wins_in_either_order():
    old, new = record(abstract="old"), record(abstract="new", modified="2023-06-02")
    for order in ((old, new), (new, old)):
        found = read(*order)
        assert found.records["r1"].entry["abstract"] == "new"
        assert found.differing == {"r1": ["abstract", "modified"]}


def test_one_title_with_two_tiers_is_held():
    found = read(record(openType="1"), record(resourceId="r2", openType="2", resourceCode="307001/000009"))
    assert tiers(found) == {"undecided": 2}
    assert found.counters()["held_guids"] == ["r1", "r2"]


def test_a_repeat_that_cannot_be_read_holds_the_other():
    found = read(record(), record(openType="审批后开放"))
    assert tiers(found) == {"undecided": 1}
    assert found.quarantined == {}


def test_a_repeat_that_is_secret_refuses_both():
    found = read(record(), record(secretFlag="1"))
    assert (found.records, found.refused) == ({}, {"r1"})


def test_a_code_of_another_agency_is_quarantined():
    others = [record(resourceId=f"r{n}", resourceName=f"t{n}", resourceCode=f"307001/{n:06d}") for n in range(2, 5)]
    wrong = record(resourceId="r0", resourceName="t0", issued="2001-01-01", provider={"name": "乙局", "code": ""})
    for order in ([record(), wrong, *others], [wrong, *others, record()]):
        found = read(*order)
        assert {guid: held.reason for guid, held in found.quarantined.items()} == {"r0": "code_taken"}


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1", "<![x", "<a", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=400)
@given(st.dictionaries(st.sampled_from(sorted(record())), ANYTHING, max_size=6), ANYTHING)
def test_nothing_but_the_two_answers(changes, item):
    changed = copy.deepcopy(record()) | changes
    for raw in (changed, {**record(), "items": [item]}, item):
        for name in rules.names():
            mapping.guid_of(rules.rules(name), raw)
            try:
                found = mapping.map_record(rules.rules(name), raw, PROVIDERS, TODAY)
            except (Invalid, Refuse):
                continue
            assert found.title
            found.digest().encode()
            json.dumps([found.title, dict(found.entry)], default=str).encode()
            assert "\x00" not in repr(found.entry)
