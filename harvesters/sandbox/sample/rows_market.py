"""Rows about companies: permits, penalties, samples, registration, insurance, tax (agencies 2, 9, 10)."""

from __future__ import annotations

from datetime import date, timedelta

from .dice import Dice
from .identifiers import mobile
from .table import Maker, Row
from .words import DISTRICT_NAMES, PEOPLE, address, company, company_name, grid, month_before, word

_FORMS = ("食品销售经营者", "餐饮服务经营者", "单位食堂", "集体用餐配送单位", "中央厨房")
_FOODS = ("热食类食品制售", "预包装食品销售", "散装食品销售", "糕点类食品制售", "自制饮品制售", "冷食类食品制售")
_VIOLATIONS = (
    ("经营超过保质期的食品", "《中华人民共和国食品安全法》第三十四条、第一百二十四条"),
    ("未按规定公示许可信息", "《中华人民共和国食品安全法》第五十五条、第一百二十六条"),
    ("发布虚假广告", "《中华人民共和国广告法》第二十八条、第五十五条"),
    ("未明码标价", "《中华人民共和国价格法》第十三条、第四十二条"),
    ("使用未经检验的特种设备", "《中华人民共和国特种设备安全法》第四十条、第八十四条"),
)
_SAMPLES = ("青菜", "草鱼", "鸡蛋", "酱牛肉", "豆腐干", "苹果", "绿茶", "菜籽油", "饼干", "酸牛奶")
_TESTS = ("农药残留", "兽药残留", "菌落总数", "铅(以Pb计)", "苯甲酸及其钠盐", "黄曲霉毒素B1")


def _past(dice: Dice, day: date, days: int) -> date:
    return day - timedelta(days=dice.below(days))


def food_permits(number: int, dice: Dice, day: date) -> Row:
    """Food permits, valid for five years unless ended before."""
    uscc, name = company(number)
    district = DISTRICT_NAMES[number % 16]
    issued = _past(dice, day, 1800)
    form = dice.below(5)
    status = "注销" if dice.chance(0.06) else "吊销" if dice.chance(0.01) else "有效"
    return [
        f"JY{1 + form % 3}990000{number + 1:07d}",
        name,
        uscc,
        _FORMS[form],
        f"{dice.pick(_FOODS)};{dice.pick(_FOODS)}",
        address(dice, district),
        district,
        f"{district}市场监督管理局",
        issued.isoformat(),
        (issued + timedelta(days=1826)).isoformat(),
        status,
    ]


def penalties(number: int, dice: Dice, day: date) -> Row:
    """Penalties whose publicity period has not passed: three months, or a year for the serious ones."""
    uscc, name = company(number * 3 % 25_000)
    period = 365 if dice.chance(0.6) else 90
    decided = _past(dice, day, period)
    violation, basis = dice.pick(_VIOLATIONS)
    fined = dice.chance(0.8)
    district = DISTRICT_NAMES[number % 16]
    return [
        f"沪示市监罚〔{decided.year}〕{number + 1:05d}号",
        name,
        uscc,
        violation,
        "罚款" if fined else "警告",
        float(dice.between(2, 400) * 500) if fined else 0.0,
        basis,
        decided.isoformat(),
        f"{district}市场监督管理局",
        (decided + timedelta(days=period)).isoformat(),
    ]


def food_samples(number: int, dice: Dice, day: date) -> Row:
    """Samples of the last two years; about 3 % fail."""
    failed = dice.chance(0.03)
    tests = dice.pick(_TESTS)
    return [
        f"{number + 1:09d}",
        dice.pick(_SAMPLES),
        dice.pick(("500g/袋", "250mL/瓶", "散装", "1kg(4×250g)")),
        company_name(dice.below(25_000)),
        company_name(dice.below(25_000)),
        _past(dice, day, 730).isoformat(),
        tests,
        "不合格" if failed else "合格",
        tests if failed else None,
        f"示例{word(number % 12)}检测技术中心",
    ]


def companies(number: int, dice: Dice, day: date) -> Row:
    """Companies as registered, with their last change where there was one."""
    uscc, name = company(number)
    founded = day - timedelta(days=400 + dice.below(9_000))
    changed = dice.chance(0.5)
    return [
        uscc,
        name,
        dice.pick(("有限责任公司(自然人独资)", "有限责任公司(自然人投资或控股)", "其他有限责任公司")),
        dice.pick(PEOPLE),
        float(dice.pick((10, 50, 100, 200, 500, 1000, 3000))),
        founded.isoformat(),
        address(dice, DISTRICT_NAMES[number % 16]),
        f"许可项目:{dice.pick(_FOODS)};一般项目:企业管理咨询,信息咨询服务(不含许可类)",
        dice.pick(("住所", "法定代表人", "注册资本", "经营范围")) if changed else None,
        _past(dice, day, 390).isoformat() if changed else None,
        mobile(dice.below(10_000)),
    ]


def insured(number: int, dice: Dice, day: date) -> Row:
    """2,000 employers, four months."""
    months, employer = grid(number, 8_000, 2_000)
    arrears = dice.between(1, 4) if dice.chance(0.05) else 0
    return [
        company(employer)[0],
        month_before(day, months + 1),
        3 + employer * 13 % 180 + dice.between(-2, 4),
        "欠缴" if arrears else "正常缴费",
        arrears,
    ]


def taxes(number: int, dice: Dice, day: date) -> Row:
    """2,000 taxpayers, four complete years."""
    years, payer = grid(number, 8_000, 2_000)
    late = dice.between(1, 5) if dice.chance(0.12) else 0
    return [
        company(payer)[0],
        day.year - 1 - years,
        dice.number(3_000, 2_600_000),
        "C" if late > 3 else dice.pick("ABBBM"),
        dice.chance(0.03),
        late,
    ]


MAKERS: dict[str, tuple[int, Maker]] = {
    "food_permits": (20_000, food_permits),
    "penalties": (6_000, penalties),
    "food_samples": (9_000, food_samples),
    "companies": (25_000, companies),
    "insured": (8_000, insured),
    "taxes": (8_000, taxes),
}
