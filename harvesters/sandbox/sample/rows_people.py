"""Rows of hospitals, schools, care homes and societies (agencies 4, 5 and 6)."""

from __future__ import annotations

from datetime import date, timedelta

from .dice import Dice
from .identifiers import credit_code, landline
from .table import Maker, Row
from .words import DISTRICT_NAMES, ROADS, address, grid, place, split, word

_DEPARTMENTS = split(
    "内科 外科 妇产科 儿科 眼科 耳鼻咽喉科 口腔科 皮肤科 中医科 急诊医学科 康复医学科 精神科 肿瘤科 全科医疗科 "
    "感染科 疼痛科"
)
_STAGES = ("小学", "初级中学", "完全中学", "高级中学", "九年一贯制学校", "特殊教育学校")
_MIDDLES = ("", "第二", "公益", "社区", "青年", "银龄")
_SOCIETIES = (("51", "社会团体", "协会"), ("52", "民办非企业", "服务中心"), ("53", "基金会", "基金会"))


def register_no(number: int) -> str:
    """Register number of hospital ``number``."""
    return f"0990000{number + 1:06d}"


def school_code(number: int) -> str:
    """Code of school ``number``."""
    return f"0099{number + 1:06d}"


def home_code(number: int) -> str:
    """Code of care home ``number``."""
    return f"{number + 1:06d}"


def hospitals(number: int, dice: Dice, _day: date) -> Row:
    """Hospitals and clinics; only the first few have a grade."""
    district, lon, lat = place(dice, number)
    large = number < 300
    category = "综合医院" if large else dice.pick(("门诊部", "诊所", "社区卫生服务站"))
    return [
        register_no(number),
        f"示例{word(number % 1600)}{category}",
        category,
        dice.pick(("三甲", "三乙", "二甲", "二乙")) if large else "未定级",
        "非营利性" if large or dice.chance(0.3) else "营利性",
        "、".join(_DEPARTMENTS[(number + step) % 16] for step in range(8 if large else 2)),
        address(dice, district),
        district,
        landline(number),
        lon,
        lat,
        large or dice.chance(0.4),
    ]


def outpatients(number: int, dice: Dice, day: date) -> Row:
    """16 districts, 16 departments a year; cells under 10 are not told."""
    years, district, department = grid(number, 2_300, 16, 16)
    visits = dice.below(30) if dice.chance(0.06) else dice.between(200, 480_000) // (1 + department)
    return [day.year - 1 - years, DISTRICT_NAMES[district], _DEPARTMENTS[department], "<10" if visits < 10 else visits]


def vaccination(number: int, dice: Dice, _day: date) -> Row:
    """Vaccination clinics."""
    district = DISTRICT_NAMES[number % 16]
    return [
        f"{district}示例{word(number // 16)}社区卫生服务中心接种门诊",
        dice.pick(("儿童接种门诊", "成人接种门诊", "狂犬病暴露处置门诊", "产科接种室")),
        address(dice, district),
        district,
        dice.pick(("周一至周五8:00-16:00", "周一、三、五8:30-15:30", "周一至周六8:00-11:00(节假日除外)")),
        landline(3000 + number),
    ]


def schools(number: int, dice: Dice, _day: date) -> Row:
    """Schools; every sixth is private."""
    district = DISTRICT_NAMES[number % 16]
    stage = _STAGES[number % 5] if number % 90 else _STAGES[5]
    return [
        school_code(number),
        f"示例{word(number % 1600)}{'实验' if number >= 1600 else ''}{stage}",
        stage,
        "民办" if number % 6 == 5 else "公办",
        address(dice, district),
        district,
        f"0990{number % 16:02d}",
        landline(5000 + number),
        f"https://school-{number + 1:04d}.example.org",
    ]


def catchment(number: int, dice: Dice, day: date) -> Row:
    """1,300 schools, two roads each, three school years."""
    years, school, road = grid(number, 7_800, 1_300, 2)
    last = day.year if day.month >= 9 else day.year - 1
    low = dice.between(1, 400)
    return [
        f"{last - years}-{last - years + 1}",
        school_code(school),
        ROADS[(school * 3 + road * 41) % 160],
        f"{low}-{low + dice.between(20, 300)}号",
        dice.pick(("单号", "双号", "单双号")),
    ]


def slots(number: int, dice: Dice, day: date) -> Row:
    """30 hospitals, ten departments, mornings and afternoons."""
    days, hospital, department, half = grid(number, 9_000, 30, 10, 2)
    then = day - timedelta(days=days)
    updated = f"{then} {dice.between(7, 10) + half * 5:02d}:{dice.below(60):02d}:{dice.below(60):02d}"
    free = 0 if dice.chance(0.4) else dice.between(1, 25)
    return [register_no(hospital), _DEPARTMENTS[department], then.isoformat(), ("上午", "下午")[half], free, updated]


def care_homes(number: int, dice: Dice, _day: date) -> Row:
    """Care homes; prices by the month."""
    district, lon, lat = place(dice, number)
    beds = 40 + number * 17 % 400
    low = dice.between(20, 60) * 100
    return [
        home_code(number),
        f"示例{word(number)}{dice.pick(('养老院', '敬老院', '颐养院', '护理院'))}",
        dice.pick(("公办", "公建民营", "民办")),
        beds,
        beds * dice.between(30, 80) // 100,
        f"{low}-{low + dice.between(5, 40) * 100}元/月(不含护理费)",
        address(dice, district),
        district,
        landline(8000 + number),
        dice.pick(("一级", "二级", "三级", "未评级")),
        lon,
        lat,
    ]


def care_beds(number: int, dice: Dice, day: date) -> Row:
    """The same 750 homes in two weekly reports."""
    weeks, home = grid(number, 1_500, 750)
    beds = 40 + home * 17 % 400
    free = beds * dice.below(30) // 100
    then = day - timedelta(days=7 * weeks)
    return [home_code(home), then.isoformat(), beds, free, free * dice.below(80) // 100]


def societies(number: int, dice: Dice, day: date) -> Row:
    """Associations, non-enterprise units and foundations, without their heads' names."""
    kind, kind_name, suffix = _SOCIETIES[0 if number % 10 < 3 else 2 if number % 50 == 9 else 1]
    district = DISTRICT_NAMES[number % 16]
    return [
        credit_code(kind, f"MJ{number * 7919 % 1_000_000:06d}"),
        f"{district}示例{word(number % 1600)}{_MIDDLES[number // 1600 % 6]}{suffix}",
        kind_name,
        address(dice, district),
        dice.pick(("教育局", "民政局", "文化和旅游局", "科学技术委员会", "卫生健康委员会")),
        (day - timedelta(days=30 + dice.below(9_000))).isoformat(),
        "注销" if dice.chance(0.08) else "正常",
    ]


MAKERS: dict[str, tuple[int, Maker]] = {
    "hospitals": (6_000, hospitals),
    "outpatients": (2_300, outpatients),
    "vaccination": (520, vaccination),
    "schools": (3_200, schools),
    "catchment": (7_800, catchment),
    "slots": (9_000, slots),
    "care_homes": (750, care_homes),
    "care_beds": (1_500, care_beds),
    "societies": (17_000, societies),
}
