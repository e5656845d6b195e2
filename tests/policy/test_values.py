import pytest
from ckanext.shopendata.policy import scope, values
from ckanext.shopendata.policy.catalogue import ItemType
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.scope import Column, Mask, Scan

READ = [
    (ItemType.TEXT, "  保留 原样\t", "  保留 原样\t"),
    (ItemType.TEXT, "-", "-"),
    (ItemType.INTEGER, "３０", "30"),
    (ItemType.INTEGER, " 0071 ", "71"),
    (ItemType.INTEGER, "-", None),
    (ItemType.INTEGER, "无", None),
    (ItemType.DECIMAL, "1,234.50", "1234.50"),
    (ItemType.DECIMAL, "－3.5", "-3.5"),
    (ItemType.DECIMAL, "+1,234,567", "1234567"),
    (ItemType.DECIMAL, ".5", "0.5"),
    (ItemType.DECIMAL, "1e3", "1000"),
    (ItemType.DATE, "2023.5.1", "2023-05-01"),
    (ItemType.DATE, "20230501", "2023-05-01"),
    (ItemType.DATE, "2023年5月1日", "2023-05-01"),
    (ItemType.DATE, "2023-5-1", "2023-05-01"),
    (ItemType.TIME, "5:30", "05:30:00"),
    (ItemType.DATETIME, "2026-03-01T08:00:05", "2026-03-01 08:00:05"),
    (ItemType.BOOLEAN, "是", "true"),
    (ItemType.BOOLEAN, "无", "false"),
    (ItemType.BOOLEAN, "", None),
]
NOT = [
    (ItemType.INTEGER, "3.5"), (ItemType.INTEGER, "三"), (ItemType.INTEGER, "9" * 19), (ItemType.DECIMAL, "NaN"),
    (ItemType.DECIMAL, "1e999"), (ItemType.DECIMAL, "12元"), (ItemType.DECIMAL, "1_000"),
    (ItemType.DECIMAL, "3,14"), (ItemType.DECIMAL, "1,2,3"), (ItemType.DECIMAL, "1234,567"),
    (ItemType.DECIMAL, "1.234,5"), (ItemType.DECIMAL, ","), (ItemType.DECIMAL, "."),
    (ItemType.DATE, "2023-02-30"), (ItemType.DATE, "2023-5"),
    (ItemType.DATE, "202351"), (ItemType.TIME, "25:00"), (ItemType.BOOLEAN, "也许"), (ItemType.DATETIME, "昨天"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "expected"), READ)
def test_values_are_read_as_their_type(kind, value, expected):
    assert values.read(value, kind) == expected


@pytest.mark.parametrize(("kind", "value"), NOT)
def test_what_does_not_fit_is_said(kind, value):
    with pytest.raises(ValueError, match=r".*"):
        values.read(value, kind)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("310000199001011234", ["resident_id"]),
        ("身份证310000199001011２３X。", ["resident_id"]),
        ("13800001234", ["mobile"]),
        ("联系 +86 138-0000-1234 或 +8613800001234", ["mobile"]),
        ("91310000MA1K3YJ12X", []),
        ("021-00001234", []),
        ("113800001234", []),
        ("310000209913011234", []),
        (13800001234, []),
        (None, []),
    ],
)
def test_what_the_scan_finds(value, kinds):
    assert scope.findings_in(value) == kinds


def test_a_finding_closes_unless_its_column_is_masked():
    assert scope.verdict_on({}, {}) is Scan.PASSED
    assert scope.verdict_on({("phone", "mobile"): 1}, {"phone": Mask.NONE}) is Scan.FAILED
    assert scope.verdict_on({("phone", "mobile"): 1}, {}) is Scan.FAILED
    assert scope.verdict_on({("phone", "mobile"): 1}, {"phone": Mask.PHONE}) is Scan.PASSED


@pytest.mark.parametrize(
    ("mask", "value", "veiled"),
    [
        (Mask.FIRST_CHAR, "王小明", "王**"),
        (Mask.FIRST_CHAR, "李雷", "李**"),
        (Mask.PHONE, "13800001234", "138****1234"),
        (Mask.PHONE, "5551234", "****"),
        (Mask.IDENTITY, "310000199001011234", "310000********1234"),
        (Mask.BAND, "57", "10-99"),
        (Mask.BAND, "7", "1-9"),
        (Mask.BAND, "0", "0-1"),
        (Mask.BAND, "-250.5", "-(100-999)"),
        (Mask.BAND, "保密", "**"),
        (Mask.FIRST_CHAR, " ", ""),
        (Mask.NONE, "x", "x"),
    ],
)
def test_veils(mask, value, veiled):
    assert scope.veil(value, mask) == veiled


def test_columns_of_a_selection():
    items = [Column("a", "甲"), Column("b", "乙", mask=Mask.PHONE), Column("c", "丙", mask=Mask.DROP)]
    assert [c.code for c in scope.columns_of(items)] == ["a", "b"]
    assert [(c.code, c.mask) for c in scope.columns_of(items, ["b", "a"], {"a": "first_char", "b": "none"})] == [
        ("a", Mask.FIRST_CHAR), ("b", Mask.PHONE),
    ]  # fmt: skip
    with pytest.raises(Refused, match="column_unknown"):
        scope.columns_of(items, ["a", "z"])
