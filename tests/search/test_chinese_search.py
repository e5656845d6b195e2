"""Chinese is found: measured on a real catalogue beside CKAN's own schema, then the sharp cases one by one."""

from __future__ import annotations

import random
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.tests.helpers as helpers
import pysolr
import pytest
import requests
from ckan.lib import search
from opencc import OpenCC

CONFIGURATION = Path(__file__).resolve().parents[2] / "config" / "solr" / "conf"
GOAL = 0.99
PAGE = 500
HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
SIMPLIFIED, TRADITIONAL = OpenCC("t2s"), OpenCC("s2t")


@pytest.fixture(scope="module", autouse=True)
def _ckan_alone(made_app: object) -> Iterator[None]:
    """Solr's answers are looked at by parameters that the portal's own search refuses."""
    p.unload_all()
    yield
    p.load_all()


def found(q: str, **parameters: object) -> set[str]:
    """The ids of everything that CKAN's search finds."""
    ids: set[str] = set()
    while True:
        answer = helpers.call_action("package_search", q=q, fl=["id"], rows=PAGE, start=len(ids), **parameters)
        page = {row["id"] for row in answer["results"]}
        if len(ids | page) == answer["count"]:
            return ids | page
        assert page - ids, "a page before the last one brought nothing new"
        ids |= page


def fold(text: str) -> str:
    """One form for all ways to write the same text, without Solr's help: OpenCC, not ICU."""
    return SIMPLIFIED.convert(unicodedata.normalize("NFKC", text).lower())


@dataclass
class Truth:
    """What a query should find: the entries that contain it."""

    folded: dict[str, str]

    @classmethod
    def of(cls, catalogue: dict[str, Any]) -> Truth:
        return cls({key: fold(f"{entry.title}\n{entry.notes}") for key, entry in catalogue.items()})

    def __call__(self, query: str) -> set[str]:
        wanted = fold(query)
        return {key for key, text in self.folded.items() if wanted in text}


def words(catalogue: dict[str, Any], dice: random.Random, count: int) -> list[str]:
    """Different words of two, three and four Han characters, cut from anywhere in the texts."""
    texts = [text for entry in catalogue.values() for text in (entry.title, entry.notes)]
    cut: dict[str, None] = {}
    while len(cut) < count:
        length = 2 + len(cut) % 3
        run = dice.choice(HAN.findall(dice.choice(texts)) or [""])
        if len(run) >= length:
            start = dice.randint(0, len(run) - length)
            cut[run[start : start + length]] = None
    return list(cut)


def absent(present: list[str], truth: Truth, dice: random.Random, count: int) -> list[str]:
    """Words put together from parts of words that do occur, but nowhere in this order."""
    made: dict[str, None] = {}
    while len(made) < count:
        word = dice.choice(present)[:2] + dice.choice(present)[-1 - len(made) % 2 :]
        if not truth(word):
            made[word] = None
    return list(made)


@dataclass
class Measure:
    """Recall and precision of a group of queries, each hit counted once."""

    empty: int = 0
    expected: int = 0
    returned: int = 0
    right: int = 0

    @classmethod
    def of(cls, queries: Iterable[str], truth: Truth) -> Measure:
        total = cls()
        for query in queries:
            expected, returned = truth(query), found(query)
            total.empty += not returned
            total.expected += len(expected)
            total.returned += len(returned)
            total.right += len(expected & returned)
        return total

    @property
    def recall(self) -> float:
        return self.right / self.expected

    @property
    def precision(self) -> float:
        return self.right / self.returned if self.returned else 0.0

    def __str__(self) -> str:
        figures = f"recall {self.recall:.4f}  precision {self.precision:.4f}  " if self.expected else ""
        counts = f"({self.right} of {self.expected} found, {self.returned} returned; {self.empty} queries find nothing)"
        return figures + counts


class TestTheRealCatalogue:
    def test_both_cores_hold_it_each_with_its_own_schema(self, catalogue, cores):
        held = [
            {row["id"] for row in core.search("*:*", fl="id", rows=len(catalogue) + 1).docs}
            for core in cores.connections()
        ]
        assert held == [set(catalogue), set(catalogue)]
        ckans = (files("ckan") / "config" / "solr" / "schema.xml").read_text(encoding="utf-8")
        ours = (CONFIGURATION / "schema.xml").read_text(encoding="utf-8")
        for url, schema in ((cores.ours, ours), (cores.stock, ckans)):
            answer = requests.get(f"{url}/admin/file", params={"file": "schema.xml"}, timeout=10)
            assert answer.content.decode() == schema, "Solr runs with another schema: start it again"

    def test_recall_and_precision(self, catalogue, cores, capsys):
        truth, dice = Truth.of(catalogue), random.Random(20260101)
        present = words(catalogue, dice, 300)
        groups = {
            "300 words": present,
            "50 words in traditional characters": [
                traditional
                for word in words(catalogue, dice, 300)
                if (traditional := TRADITIONAL.convert(word)) != word
            ][:50],
            "50 words that do not occur": absent(present, truth, dice, 50),
        }
        assert [len(queries) for queries in groups.values()] == [300, 50, 50]

        ours = {name: Measure.of(queries, truth) for name, queries in groups.items()}
        with helpers.changed_config("solr_url", cores.stock):
            stock = {name: Measure.of(queries, truth) for name, queries in groups.items()}

        with capsys.disabled():
            sys.stdout.write(f"\n{len(catalogue)} entries\n")
            for name in groups:
                sys.stdout.write(f"  {name}\n    ours   {ours[name]}\n    CKAN's {stock[name]}\n")

        nothing = "50 words that do not occur"
        assert ours.pop(nothing).returned == 0
        for name, measure in ours.items():
            assert measure.expected >= len(groups[name])
            assert measure.recall >= GOAL, name
            assert measure.precision >= GOAL, name
            assert stock[name].recall < 0.05, name

    def test_a_title_finds_its_entry_whatever_marks_it_contains(self, catalogue):
        marked = [
            (key, entry.title)
            for key, entry in catalogue.items()
            # A colon, quotes or a leading dash are CKAN's query syntax.
            if re.search(r"[^\u4e00-\u9fff]", entry.title) and not re.search(r'[:"]|(^|\s)[-+]', entry.title)
        ]
        missed = [title for key, title in random.Random(20260101).sample(marked, 150) if key not in found(title)]
        assert missed == []


class TestOneByOne:
    """Each with documents of its own, whatever else the core holds."""

    def test_ckan_accepts_the_running_schema(self):
        assert search.check_solr_schema_version()

    @pytest.mark.parametrize(
        ("title", "query"),
        [
            ("ＳＯＤＡ２０２２大赛", "soda2022"),
            ("SODA2022大赛", "ＳＯＤＡ２０２２"),
            ("Ａ级景区", "A级景区"),
            ("A级景区", "Ａ级景区"),
            ("ﾃﾞｰﾀ目录", "データ"),
            ("公共汽车（夜间）", "公共汽车(夜间)"),
        ],
    )
    def test_width_makes_no_difference(self, put, title, query):
        assert put(title=title) in found(query)

    @pytest.mark.parametrize(
        "query", ["SODA2022", "soda", "2022", "SODA 2022", "SODA2022大赛", "2022大赛", "大赛 SODA"]
    )
    def test_latin_words_beside_han_characters(self, put, query):
        document = put(title="数据创新SODA2022大赛名单")
        assert document in found(query)

    @pytest.mark.parametrize(
        "query", ["A级", "A级景区", "级景区", "上海A级", "上海A级景区名录", "景区名录2022", "名录2022年"]
    )
    def test_latin_letters_and_digits_between_han_characters(self, put, query):
        document = put(title="上海A级景区名录2022年")
        assert document in found(query)

    @pytest.mark.parametrize("query", ["A级名录", "景区上海", "区A级", "SODA2021"])
    def test_the_order_of_characters_counts(self, put, query):
        document = put(title="上海A级景区名录SODA2022")
        assert document not in found(query)

    def test_marks_inside_a_query_are_passed_over(self, put):
        document = put(title="燃气器具的安装、维修（不符合标准）_法人")
        other = put(title="燃气器具的安装、保养")
        assert {document, other} & found("燃气器具的安装、维修（不符合标准）_法人") == {document}
        assert {document, other} & found("安装,维修") == {document}

    def test_no_word_reaches_over_a_mark(self, put):
        assert put(title="公交、地铁") not in found("交地")

    @pytest.mark.parametrize("query", ["公", "园", "年", "公 园"])
    def test_a_single_character(self, put, query):
        assert put(title="公园2022年") in found(query)

    def test_words_may_stand_apart_unless_quoted(self, put):
        together, apart = put(title="上海公园名录"), put(title="公园名录（上海）")
        assert {together, apart} & found("上海 公园") == {together, apart}
        assert {together, apart} & found('"上海 公园"') == {together}
        assert {together, apart} & found('"上海公园"') == {together}
        assert {together, apart} & found("title:上海 AND title:公园") == {together, apart}

    def test_a_word_is_not_the_sum_of_its_pairs(self, put):
        document, other = put(title="上海公园的名录"), put(title="海公园和上海的名录")
        for query in ("上海公园 名录", "state:active 上海公园 名录", "title:上海公园", '"上海公园"'):
            assert {document, other} & found(query) == {document}, query

    def test_every_word_counts(self, put):
        assert put(title="上海公园") not in found("上海 公交")

    @pytest.mark.parametrize(
        "query", ["flood map", "floods", "FLOODING", "flood maps of rivers", "cafe", "Café", "wi-fi"]
    )
    def test_english_is_stemmed_and_folded(self, put, query):
        assert put(title="Flooding maps of the river", notes="洪水图 at the café with Wi-Fi") in found(query)

    @pytest.mark.parametrize(
        ("text", "query"), [("PowerShot", "power"), ("PowerShot", "powershot"), ("a-b.csv", "b.csv")]
    )
    def test_latin_words_are_split_as_ckan_does(self, put, text, query):
        assert put(notes=f"说明{text}说明") in found(query)

    @pytest.mark.parametrize(
        ("text", "query"),
        [
            ("体育馆", "體育館"),
            ("臺灣衞生諮詢", "台湾卫生咨询"),
            ("咨询服务", "諮詢服務"),
            ("叙述", "敍述"),
            ("查询", "査詢"),
        ],
    )
    def test_traditional_and_variant_characters(self, put, text, query):
        assert put(title=text) in found(query)

    @pytest.mark.parametrize("field", ["res_name", "res_description", "author", "maintainer"])
    def test_the_other_texts_are_found_too(self, put, field):
        value = "市交通委员会"
        document = put(**{field: [value] if field.startswith("res_") else value})
        assert document in found("交通委员")
        assert document in found(f"{field}:交通委员")

    def test_synonyms(self, put):
        lines = (CONFIGURATION / "synonyms_zh.txt").read_text(encoding="utf-8").splitlines()
        groups = [line.split(",") for line in lines if "," in line and "=>" not in line and not line.startswith("#")]
        assert groups
        for group in groups:
            documents = {put(title=f"全市{word}2022年情况") for word in group}
            for word in group:
                assert documents <= found(word), word
                assert documents <= found(f"全市 {word} 情况"), word

    def test_a_synonym_keeps_the_place_of_what_follows(self, put):
        document, other = put(title="公共汽车、地铁2022"), put(title="公共汽车或者地铁2022")
        assert {document, other} & found("公交、地铁2022") == {document}

    @pytest.mark.parametrize("query", ["公交", "公交线路", "共交通", "公共交通线路站点走向信", "線路", "ＧＰＳ", "gps"])
    def test_completion(self, put, query):
        put(title="上海市公共交通公交线路站点走向信息表GPS", name="line")
        put(title="公共交通线路站点走向信息表", name="table")
        offered = helpers.call_action("package_autocomplete", q=query, limit=1000)
        assert {row["name"] for row in offered} & {"line", "table"}

    @pytest.mark.parametrize("query", ["公交线", "線路", "Ｇｐｓ"])
    def test_completion_needs_only_the_ngrams(self, put, query):
        assert put(title="上海公交线路GPS") in found(f"title_ngram:{query}")

    def test_titles_in_pinyin_are_found_by_their_beginnings(self, put):
        document = put(title="上海公交线路", title_pinyin=["Shanghai gongjiao xianlu", "shgjxl", "nǚ"])

        def finds(query: str) -> bool:
            return document in found(query, qf="title_pinyin")

        assert finds("shang")
        assert finds("GONGJ")
        assert finds("sh xian")
        assert finds("shgj")
        assert finds("nu")
        assert not finds("jiao")
        assert not finds("shanghaigongjiao")
        assert document not in found("gongjiao")

    def test_a_long_value_of_any_field_does_not_lose_the_dataset(self, put, cores):
        long = "长" * 40_000
        document = put(title="很长的字段", measure_of_a_plugin=long, data_dict=long, validated_data_dict=long)
        assert document in found("很长的字段")
        (stored,) = pysolr.Solr(cores.ours).search(f"id:{document}", fl="data_dict,validated_data_dict").docs
        assert stored == {"data_dict": long, "validated_data_dict": long}
