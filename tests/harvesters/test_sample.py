"""The demonstration catalogue: exactly as many of everything as it promises, and nobody's real identifiers."""

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from ckanext.shopendata.harvesters.sandbox import sample
from ckanext.shopendata.harvesters.sandbox.sample import identifiers, items, words
from ckanext.shopendata.harvesters.sandbox.sample.table import BLOCK

SAMPLE = sample.Sample()
BAD = {bad.kind: bad.record for bad in SAMPLE.bad}
TITLES = {entry.record["resourceName"]: entry for entry in SAMPLE.entries}
#: The digest of the reference day. A change here changes every demonstration: do it on purpose.
DIGEST = "0ef6910768cb7b4b527fa6a85c41942d80b9decb372e9d0b81ffcc9f86bd6590"
COUNTS = {  # U, C, N, ?, X by agency
    1: (9, 4, 2, 1, 2),
    2: (9, 4, 2, 1, 1),
    3: (7, 4, 1, 1, 1),
    4: (8, 3, 3, 1, 1),
    5: (8, 1, 2, 1, 0),
    6: (8, 3, 3, 1, 1),
    7: (7, 4, 1, 1, 1),
    8: (8, 2, 1, 1, 1),
    9: (6, 2, 2, 1, 1),
    10: (4, 3, 2, 1, 0),
    11: (12, 2, 1, 3, 1),
    12: (5, 2, 2, 1, 0),
}
ROWS = {
    "公交线路与站点信息": 18_000,
    "公共停车场（库）基本信息": 4_500,
    "轨道交通站点及出入口": 2_100,
    "食品经营许可信息（法人）": 20_000,
    "行政处罚决定信息（法人）": 6_000,
    "食品安全监督抽检结果": 9_000,
    "空气质量日报（分区）": 17_500,
    "地表水断面水质月报": 3_200,
    "医疗机构基本信息": 6_000,
    "分区分科门诊诊疗统计": 2_300,
    "接种门诊信息": 520,
    "基础教育学校名录": 3_200,
    "义务教育学校对口地段": 7_800,
    "养老机构基本信息": 750,
    "社会组织登记信息": 17_000,
    "标准地名（道路、居住区）": 12_000,
    "土地出让成交结果": 2_500,
    "A级旅游景区客流历史数据": 40_000,
    "月度供水量": 900,
    "公交车辆实时到站信息": 60_000,
    "公共停车场（库）实时剩余泊位": 30_000,
    "企业登记及变更信息（批量）": 25_000,
    "空气质量站点小时数据": 52_000,
    "医院门诊预约号源余量": 9_000,
    "养老机构床位空余数": 1_500,
    "单位参保情况": 8_000,
    "企业纳税情况（普惠金融）": 8_000,
    "分区小时供水量": 8_760,
}
FIELDS = set(
    [
        "resourceId",
        "resourceCode",
        "resourceName",
        "abstract",
        "provider",
        "responsibleUnit",
        "sourceUnit",
        "division",
        "domain",
        "updateCycle",
        "shareType",
        "shareReason",
        "shareBasis",
        "openType",
        "openReason",
        "openBasis",
        "openCondition",
        "acquisition",
        "consentScope",
        "level",
        "labels",
        "contact",
        "issued",
        "modified",
        "state",
        "secretFlag",
        "resourceForm",
        "items",
        "hasData",
        "rowCount",
        "highValue",
        "related",
        "plannedOpen",
        "notice",
    ]
)


def table(title):
    return SAMPLE.tables[TITLES[title].record["resourceId"]]


@pytest.fixture(scope="module")
def all_rows():
    """Every row of every table, by the table's name, and the seconds it took."""
    started = time.process_time()
    rows = {found.name: list(found.rows()) for found in SAMPLE.tables.values()}
    return rows, time.process_time() - started


class TestCounts:
    def test_entries_by_agency_and_tier(self):
        for agency in SAMPLE.agencies:
            tiers = Counter(entry.tier for entry in SAMPLE.entries if entry.agency == agency)
            assert tuple(tiers[tier] for tier in "UCN?X") == COUNTS[agency.number], agency.name

    def test_in_all(self):
        assert len(SAMPLE.agencies) == 12
        assert len(SAMPLE.entries) == 171
        assert len(SAMPLE.bad) == 16
        assert len(SAMPLE.records) == 187
        assert Counter(entry.tier for entry in SAMPLE.entries) == {"U": 91, "C": 34, "N": 22, "?": 14, "X": 10}

    def test_tables(self):
        assert {title: table(title).total for title in ROWS} == ROWS
        assert len(SAMPLE.tables) == len(ROWS) == 28
        assert sum(ROWS.values()) == 375_530
        assert Counter(TITLES[title].tier for title in ROWS) == {"U": 19, "C": 9}

    def test_what_the_quality_pages_shall_find(self):
        records = [entry.record for entry in SAMPLE.entries]
        assert 25 <= sum(record["abstract"] == record["resourceName"] for record in records) <= 35
        planned = [record for record in records if record["plannedOpen"]]
        assert len(planned) == 8
        assert not any(record["hasData"] for record in planned)
        assert Counter(bool(record["highValue"]) for record in records)[True] == 20
        late = [entry for entry in SAMPLE.entries if is_late(entry.record)]
        assert len(late) == 10
        assert {entry.agency.number for entry in late} == {12}, "nothing unflattering about bodies that exist"


def is_late(record):
    promise = sample.CYCLES[record["updateCycle"]][1]
    return promise is not None and (SAMPLE.today - date.fromisoformat(record["modified"][:10])).days > promise


class TestRecords:
    def test_every_field_of_every_good_one(self):
        for entry in SAMPLE.entries:
            assert set(entry.record) == FIELDS
            assert entry.record["notice"] == "演示数据 · 非官方"
            assert entry.record["state"] == "published"
            assert date.fromisoformat(entry.record["issued"]) < SAMPLE.today
            assert datetime.fromisoformat(entry.record["modified"]).date() < SAMPLE.today
            assert entry.record["division"] in entry.agency.divisions
            json.dumps(entry.record)

    def test_declared_tiers(self):
        declared = {"U": {"1"}, "C": {"2"}, "N": {"3"}, "?": {"0", "1"}, "X": {"2", "3"}}
        for entry in SAMPLE.entries:
            assert entry.record["openType"] in declared[entry.tier]
            if entry.tier in "CN":
                assert entry.record["openReason"]
                assert entry.record["openBasis"]
            assert (entry.record["acquisition"] in {"4", "5"}) == (entry.tier == "X")
        assert [title for title, entry in TITLES.items() if entry.tier == "?" and entry.record["openType"] != "0"] == [
            "设立演出经纪机构许可"
        ]

    def test_ids_codes_and_titles_are_unique(self):
        for field in ("resourceId", "resourceCode", "resourceName"):
            assert len({entry.record[field] for entry in SAMPLE.entries}) == 171
        assert TITLES["公共停车场（库）实时剩余泊位"].record["resourceCode"] == "307001/000012"

    def test_items(self):
        for entry in SAMPLE.entries:
            found = entry.record["items"]
            assert [item["seq"] for item in found] == list(range(1, len(found) + 1))
            assert len({item["nameEn"] for item in found}) == len(found)
            assert any(item["key"] for item in found), entry.record["resourceName"]
            if not entry.table:
                assert 4 <= len(found) <= 8
        companies = {item["nameEn"]: item for item in TITLES["企业登记及变更信息（批量）"].record["items"]}
        assert (companies["legal_person"]["sensitivity"], companies["legal_person"]["mask"]) == (
            "personal",
            "first_char",
        )
        assert companies["phone"]["mask"] == "phone"
        assert next(item for item in TITLES["单位参保情况"].record["items"] if item["mask"] == "band")

    def test_only_open_entries_have_rows(self):
        for entry in SAMPLE.entries:
            resource_id = entry.record["resourceId"]
            assert (resource_id in SAMPLE.tables) == entry.record["hasData"]
            if entry.record["hasData"]:
                assert entry.tier in "UC"
                assert entry.record["rowCount"] == SAMPLE.tables[resource_id].total
            else:
                assert entry.record["rowCount"] == 0

    def test_canaries_sit_in_closed_entries_only(self):
        for entry in SAMPLE.entries:
            held = json.dumps(entry.record).count(sample.CANARY)
            assert held == (2 if entry.tier == "N" else 0)

    def test_related_entries_exist(self):
        ids = {entry.record["resourceId"] for entry in SAMPLE.entries}
        related = [entry.record["related"] for entry in SAMPLE.entries if entry.record["related"]]
        assert len(related) >= 8
        assert set(related) <= ids

    def test_a_notation_that_is_none(self):
        with pytest.raises(ValueError, match="not an item"):
            items.parse("名称 Name")


class TestBadRecords:
    def test_one_of_each_kind(self):
        assert len(BAD) == 16
        assert set(BAD) > sample.MUST_MAP

    def test_their_faults(self):
        bad = BAD
        assert bad["unknown_tier"]["openType"] == "审批后开放"
        assert bad["unknown_cycle"]["updateCycle"] == "待定"
        assert bad["cycle_with_note"]["updateCycle"] == "每月(更新说明:暂无新业务数据产生)"
        assert "openType" not in bad["tier_missing"]
        assert "provider" not in bad["provider_missing"]
        names = {agency.name for agency in SAMPLE.agencies} | {n for agency in SAMPLE.agencies for n in agency.aliases}
        assert bad["provider_unknown"]["provider"]["name"] not in names
        assert bad["provider_alias"]["provider"]["name"] in SAMPLE.agencies[10].aliases
        assert bad["title_empty"]["resourceName"] == ""
        assert bad["title_untrimmed"]["resourceName"].startswith(" \t")
        assert bad["future_date"]["issued"] > str(SAMPLE.today)
        assert "<script>" in bad["html_abstract"]["abstract"]
        assert len(bad["long_abstract"]["abstract"]) == 20_000
        assert bad["state_secret"]["secretFlag"] == "1"

    def test_those_that_collide_with_good_ones(self):
        good = [entry.record for entry in SAMPLE.entries]
        assert good.count(BAD["exact_repeat"]) == 1
        twin = TITLES["设立演出经纪机构许可"].record
        other = BAD["two_tiers"]
        assert other["resourceId"] != twin["resourceId"]
        assert other["provider"] == twin["provider"]
        assert other["resourceName"] == twin["resourceName"]
        assert {other["openType"], twin["openType"]} == {"1", "2"}
        taken = BAD["code_taken"]
        owner = next(record for record in good if record["resourceCode"] == taken["resourceCode"])
        assert owner["provider"] != taken["provider"]

    def test_none_else_collides(self):
        colliding = {"exact_repeat", "two_tiers", "code_taken"}
        for kind, record in BAD.items():
            if kind not in colliding:
                assert record["resourceCode"] not in {entry.record["resourceCode"] for entry in SAMPLE.entries}
                assert record["resourceName"].strip() not in TITLES


class TestDeterminism:
    def test_the_digest_is_the_same_in_another_process(self):
        script = "from ckanext.shopendata.harvesters.sandbox import sample; print(sample.digest())"
        told = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": "77", "TZ": "America/Lima", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == DIGEST

    def test_another_day_is_another_sample(self):
        later = sample.Sample(SAMPLE.today + timedelta(days=1))
        assert later.records != SAMPLE.records
        assert [record["resourceId"] for record in later.records] == [r["resourceId"] for r in SAMPLE.records]

    @pytest.mark.parametrize("start", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 17_999, 18_000, 50_000])
    def test_a_page_is_the_same_as_part_of_the_whole(self, all_rows, start):
        assert (
            list(table("公交线路与站点信息").rows(start, start + 700)) == all_rows[0]["bus_stops"][start : start + 700]
        )

    def test_it_is_fast(self, all_rows):
        assert all_rows[1] < 10

    def test_the_last_page_is_not_slower_than_the_first(self):
        started = time.process_time()
        assert len(list(table("公交车辆实时到站信息").rows(59_990, 60_000))) == 10
        assert time.process_time() - started < 0.2

    @pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2028, 12, 31)])
    def test_any_day_will_do(self, today):
        for found in sample.Sample(today).tables.values():
            assert len(list(found.rows(0, 20))) == 20
            assert list(found.rows(found.total - 3))


class TestRows:
    def test_counts_columns_and_keys(self, all_rows):
        for found in SAMPLE.tables.values():
            rows = all_rows[0][found.name]
            assert len(rows) == found.total
            assert {len(row) for row in rows} == {len(found.columns)}
            key = [place for place, item in enumerate(found.items) if item.key]
            assert len({tuple(row[place] for place in key) for row in rows}) == found.total, found.name

    def test_types_but_for_the_dirt(self, all_rows):
        usual = {"int": int, "decimal": int | float, "bool": bool}
        for found in SAMPLE.tables.values():
            for place, item in enumerate(found.items):
                cells = [row[place] for row in all_rows[0][found.name] if row[place] is not None]
                fitting = sum(isinstance(cell, usual.get(item.type, str)) for cell in cells)
                assert fitting >= 0.9 * len(cells), (found.name, item.code)

    def test_codes_are_text_and_keep_their_zeros(self, all_rows):
        for found in SAMPLE.tables.values():
            for place, item in enumerate(found.items):
                if item.code.endswith(("_code", "_no", "uscc", "postcode", "phone")) and item.type == "text":
                    assert all(isinstance(row[place], str) for row in all_rows[0][found.name]), item.code
        assert all_rows[0]["bus_stops"][70 * 36][0] == "0071"

    def test_dirt_in_a_few_per_cent(self, all_rows):
        text = [cell for rows in all_rows[0].values() for row in rows for cell in row if isinstance(cell, str)]
        signs = {
            "full width": r"[０-９]",
            "trailing space or tab": r"[ \t]$",
            "county": r"区县$",
            "old district": r"^(闸北|卢湾|南汇)区$",
            "dotted date": r"^\d{4}\.\d{1,2}\.\d{1,2}$",
            "date without dashes": r"^(19|20)\d{6}$",
            "dash": r"^-$",
            "none": r"^无$",
            "extension": r"^021-0000\d{4}转\d+$",
            "another spelling": r"衫|径|佳|亭|铺",
        }
        for name, sign in signs.items():
            assert any(re.search(sign, cell) for cell in text), name
        stops = all_rows[0]["bus_stops"]
        assert 0 < sum(row[6] < 90 for row in stops) < 0.05 * len(stops), "longitude and latitude swapped"
        assert any(isinstance(row[2], int) and row[2] < 0 for row in all_rows[0]["park_spaces"])

    def test_most_rows_are_clean(self, all_rows):
        permits = all_rows[0]["food_permits"]
        dates = sum(bool(re.fullmatch(r"\d{4}-\d\d-\d\d", row[8])) for row in permits)
        assert 0.97 < dates / len(permits) < 1

    def test_small_cells_are_hidden(self, all_rows):
        visits = [row[3] for row in all_rows[0]["outpatients"]]
        assert "<10" in visits
        assert not [count for count in visits if isinstance(count, int) and 0 <= count < 10]

    def test_data_end_yesterday(self, all_rows):
        yesterday = str(SAMPLE.today - timedelta(days=1))
        for name, column in [("air_daily", 0), ("slots", 2), ("spot_crowds", 1), ("care_beds", 1), ("land_deals", 9)]:
            days = [row[column] for row in all_rows[0][name] if re.fullmatch(r"\d{4}-\d\d-\d\d", str(row[column]))]
            assert max(days) == yesterday, name
        for name, column in [("bus_arrivals", 6), ("park_spaces", 1), ("air_hourly", 1), ("water_hourly", 1)]:
            assert max(row[column] for row in all_rows[0][name])[:10] == yesterday, name

    def test_no_penalty_is_past_its_publicity(self, all_rows):
        untils = [row[9] for row in all_rows[0]["penalties"] if re.fullmatch(r"\d{4}-\d\d-\d\d", row[9])]
        assert min(untils) >= str(SAMPLE.today)

    def test_vocabulary_is_rich_enough(self):
        assert len({words.company_name(number) for number in range(32_000)}) == 32_000
        assert len(set(words.ROADS)) == 160


class TestIdentifiers:
    def credit_codes(self, rows):
        yield from (agency.code for agency in SAMPLE.agencies)
        yield from (bad.record["provider"]["code"] for bad in SAMPLE.bad if bad.record.get("provider", {}).get("code"))
        for found in SAMPLE.tables.values():
            if "uscc" in found.columns:
                place = found.columns.index("uscc")
                yield from (row[place] for row in rows[found.name])

    def test_every_credit_code_is_well_formed_and_nobodys(self, all_rows):
        codes = set(self.credit_codes(all_rows[0]))
        assert len(codes) > 30_000
        for code in codes:
            assert len(code) == 18
            assert code[2:8] == "990000"
            assert code[16] == identifiers.body_check(code[8:16])
            assert code[17] == identifiers.last_sign(code[:17])

    def test_check_digits_of_published_examples(self):
        """Codes printed in public registers: the algorithm is the standards', not ours."""
        assert identifiers.body_check("D2143569") == "X"
        assert identifiers.last_sign("91350100M000100Y4") == "3"

    def test_nothing_else_looks_like_a_credit_code(self, all_rows):
        looks = re.compile(r"(?<![0-9A-Z])[159][1239]\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Z])")
        for rows in all_rows[0].values():
            for row in rows:
                for cell in row:
                    if isinstance(cell, str) and len(cell) >= 18:
                        assert all(code[2:8] == "990000" for code in looks.findall(cell))

    def test_phones_cannot_ring(self, all_rows):
        for entry in SAMPLE.entries:
            assert re.fullmatch(r"021-0000\d{4}", entry.record["contact"]["phone"])
        for found in SAMPLE.tables.values():
            if "phone" in found.columns:
                place = found.columns.index("phone")
                for row in all_rows[0][found.name]:
                    assert re.match(r"(021-0000\d{4}|1400000\d{4}|-$|无$)", row[place]), row[place]

    def test_companies_and_people_are_invented(self, all_rows):
        for row in all_rows[0]["companies"]:
            assert "示例" in row[1] or row[1] in {"-", "无"}
            assert row[3].strip() in {*words.PEOPLE, "-", "无"}


def test_the_summary_counts_and_signs():
    told = subprocess.run(
        [sys.executable, "-m", "ckanext.shopendata.harvesters.sandbox.sample", "--summary"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONHASHSEED": "1"},
    ).stdout
    assert "tables: 28, rows: 375530" in told
    assert "bad records: 16, records in all: 187" in told
    assert DIGEST in told
