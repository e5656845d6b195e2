"""Our Solr schema is CKAN's, but for the differences listed here."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

OURS = Path(__file__).resolve().parents[2] / "config" / "solr" / "conf" / "schema.xml"
CKANS = files("ckan") / "config" / "solr" / "schema.xml"

PHRASES = """
- fieldType: positionIncrementGap=100 solr.TextField
+ fieldType: autoGeneratePhraseQueries=true positionIncrementGap=100 solr.TextField
"""
CHINESE_INDEX = """
- tokenizer: solr.WhitespaceTokenizerFactory
+ charFilter: form=nfkc mode=compose solr.ICUNormalizer2CharFilterFactory
+ charFilter: mapping=mapping_zh.txt solr.MappingCharFilterFactory
+ tokenizer: solr.StandardTokenizerFactory
+ filter: id=Traditional-Simplified solr.ICUTransformFilterFactory
+ filter: hangul=false outputUnigrams=true solr.CJKBigramFilterFactory
"""
CHINESE_QUERY = r"""
- tokenizer: solr.WhitespaceTokenizerFactory
- filter: expand=true ignoreCase=true solr.SynonymGraphFilterFactory synonyms=synonyms.txt
+ charFilter: form=nfkc mode=compose solr.ICUNormalizer2CharFilterFactory
+ charFilter: mapping=mapping_zh.txt solr.MappingCharFilterFactory
+ charFilter: pattern=([\p{IsHan}\p{IsHiragana}\p{IsKatakana}ー]{2,}) replacement=$1 hanrunend  @PATTERN
+ tokenizer: solr.StandardTokenizerFactory
+ filter: id=Traditional-Simplified solr.ICUTransformFilterFactory
+ filter: hangul=false outputUnigrams=false solr.CJKBigramFilterFactory
+ filter: analyzer=@ANALYZER expand=true solr.SynonymGraphFilterFactory synonyms=synonyms.txt,synonyms_zh.txt
+ filter: solr.StopFilterFactory words=stopwords.txt
""".replace("@PATTERN", "solr.PatternReplaceCharFilterFactory").replace(
    "@ANALYZER", "org.apache.lucene.analysis.cjk.CJKAnalyzer"
)
ONE_FORM = """
+ charFilter: form=nfkc mode=compose solr.ICUNormalizer2CharFilterFactory
+ charFilter: mapping=mapping_zh.txt solr.MappingCharFilterFactory
+ filter: id=Traditional-Simplified solr.ICUTransformFilterFactory
"""

# What differs, and nothing else: lines with "-" are CKAN's, lines with "+" are ours.
DIFFERENCES = {
    # Titles and abstracts: white space separates no Chinese words.
    "fieldType text": PHRASES,
    "analyzer text index": CHINESE_INDEX,
    "analyzer text query": CHINESE_QUERY,
    # The names of resources, authors and maintainers: the same.
    "fieldType text_general": PHRASES,
    "analyzer text_general index": CHINESE_INDEX,
    "analyzer text_general query": CHINESE_QUERY,
    # Completion: CKAN's n-grams serve Chinese as they are, once the forms of a character are one.
    "analyzer text_ngram index": ONE_FORM,
    "analyzer text_ngram query": ONE_FORM,
    # Titles typed in pinyin.
    "fieldType text_pinyin": """
+ fieldType: positionIncrementGap=100 solr.TextField
""",
    "analyzer text_pinyin index": """
+ tokenizer: solr.WhitespaceTokenizerFactory
+ filter: solr.LowerCaseFilterFactory
+ filter: solr.ASCIIFoldingFilterFactory
+ filter: maxGramSize=30 minGramSize=1 solr.EdgeNGramFilterFactory
""",
    "analyzer text_pinyin query": """
+ tokenizer: solr.WhitespaceTokenizerFactory
+ filter: solr.LowerCaseFilterFactory
+ filter: solr.ASCIIFoldingFilterFactory
+ filter: prefixLength=30 solr.TruncateTokenFilterFactory
""",
    "field title_pinyin": """
+ field: indexed=true multiValued=true stored=false text_pinyin
""",
}


def described(element: ET.Element, *identity: str) -> str:
    """An element in one line: its tag and, but for those that identify it, its attributes.

    What an element is, its class or type, stands without the attribute's name.
    """
    attributes = (
        value if name in ("class", "type") else f"{name}={value}"
        for name, value in element.attrib.items()
        if name not in identity
    )
    return " ".join([f"{element.tag}:", *sorted(attributes)])


def entries(root: ET.Element) -> dict[str, list[str]]:
    """A schema as what it declares, each with its lines. Only the steps of an analyzer have an order."""
    found: dict[str, list[str]] = {}

    def enter(key: str, lines: list[str]) -> None:
        assert key not in found, f"declared twice: {key}"
        found[key] = lines

    enter("schema", [described(root)])
    for element in (child for part in root for child in (part if part.tag in ("types", "fields") else [part])):
        name = element.get("name")
        match element.tag:
            case "fieldType" | "fieldtype":  # Solr takes both spellings, CKAN uses both.
                element.tag = "fieldType"
                enter(f"fieldType {name}", [described(element, "name")])
                for analyzer in element:
                    assert analyzer.tag == "analyzer"
                    assert set(analyzer.attrib) == {"type"}
                    enter(f"analyzer {name} {analyzer.get('type')}", [described(step) for step in analyzer])
            case "field" | "dynamicField" as tag:
                enter(f"{tag} {name}", [described(element, "name")])
            case "copyField":
                enter(f"copyField {element.get('source')} to {element.get('dest')}", [described(element)])
            case tag:
                assert not len(element), f"not understood: {tag}"
                enter(tag, [described(element), (element.text or "").strip()])
    return found


def difference(ckans: list[str], ours: list[str]) -> list[str]:
    """The lines of one side only, in the order of a reader: CKAN's first where both have some."""
    lines = []
    for what, start, end, our_start, our_end in difflib.SequenceMatcher(None, ckans, ours, False).get_opcodes():
        if what != "equal":
            lines += [f"- {line}" for line in ckans[start:end]]
            lines += [f"+ {line}" for line in ours[our_start:our_end]]
    return lines


CKANS_ENTRIES = entries(ET.fromstring(CKANS.read_bytes()))
OUR_ENTRIES = entries(ET.fromstring(OURS.read_bytes()))


def test_both_schemas_were_read():
    for schema in (CKANS_ENTRIES, OUR_ENTRIES):
        assert {"fieldType text", "analyzer text query", "field title", "dynamicField *", "uniqueKey"} <= set(schema)
        assert "copyField title to text" in schema


def test_ckan_accepts_the_name_of_our_schema():
    assert OUR_ENTRIES["schema"] == ["schema: name=ckan-2.12 version=1.6"]


@pytest.mark.parametrize("key", sorted({*CKANS_ENTRIES, *OUR_ENTRIES, *DIFFERENCES}))
def test_nothing_differs_from_ckans_schema_but_what_is_listed(key: str):
    actual = difference(CKANS_ENTRIES.get(key, []), OUR_ENTRIES.get(key, []))
    assert actual == DIFFERENCES.get(key, "").strip("\n").splitlines()
