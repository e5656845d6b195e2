"""The words rows are made of: real districts, invented roads, companies, people."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from .dice import Dice
from .identifiers import company_code

#: Code (GB/T 2260) and name of Shanghai's sixteen districts, with a point in each (degrees east, north).
DISTRICTS = (
    ("310101", "黄浦区", 121.48, 31.22),
    ("310104", "徐汇区", 121.43, 31.18),
    ("310105", "长宁区", 121.42, 31.21),
    ("310106", "静安区", 121.45, 31.25),
    ("310107", "普陀区", 121.39, 31.25),
    ("310109", "虹口区", 121.49, 31.27),
    ("310110", "杨浦区", 121.53, 31.28),
    ("310112", "闵行区", 121.38, 31.11),
    ("310113", "宝山区", 121.45, 31.37),
    ("310114", "嘉定区", 121.25, 31.37),
    ("310115", "浦东新区", 121.56, 31.22),
    ("310116", "金山区", 121.25, 30.82),
    ("310117", "松江区", 121.23, 31.04),
    ("310118", "青浦区", 121.11, 31.14),
    ("310120", "奉贤区", 121.47, 30.93),
    ("310151", "崇明区", 121.40, 31.62),
)
DISTRICT_NAMES = tuple(name for _, name, _, _ in DISTRICTS)


def split(text: str) -> tuple[str, ...]:
    """The words of a text, between blanks."""
    return tuple(text.split())


#: Two signs make a word; the reading stands beside each.
FIRST = tuple(
    tuple(pair.split("/"))
    for pair in split(
        "云/yun 银/yin 青/qing 星/xing 锦/jin 蓝/lan 晨/chen 嘉/jia 莲/lian 枫/feng 松/song 竹/zhu 柳/liu 桂/gui "
        "梅/mei 兰/lan 丹/dan 碧/bi 金/jin 玉/yu 长/chang 永/yong 安/an 和/he 平/ping 春/chun 夏/xia 秋/qiu 冬/dong "
        "东/dong 西/xi 南/nan 北/bei 新/xin 古/gu 双/shuang 九/jiu 百/bai 千/qian 万/wan"
    )
)
SECOND = tuple(
    tuple(pair.split("/"))
    for pair in split(
        "杉/shan 帆/fan 禾/he 溪/xi 河/he 湖/hu 江/jiang 浦/pu 泾/jing 桥/qiao 渡/du 港/gang 湾/wan 洲/zhou 山/shan "
        "岭/ling 峰/feng 石/shi 泉/quan 波/bo 林/lin 园/yuan 庭/ting 苑/yuan 里/li 坊/fang 田/tian 塘/tang 泽/ze "
        "川/chuan 汇/hui 源/yuan 顺/shun 达/da 祥/xiang 瑞/rui 宁/ning 康/kang 乐/le 辰/chen"
    )
)
TRADES = split(
    "餐饮管理 食品 商贸 超市 物业管理 停车管理 物流 机械设备 电子科技 信息技术 建筑工程 装饰设计 医药 服饰 文化传播 "
    "化工 包装材料 汽车服务 房地产开发 企业服务"
)
ROADS = tuple(
    f"{FIRST[n % 40][0]}{SECOND[n * 7 % 40][0]}{suffix}" for n in range(40) for suffix in ("路", "东路", "西路", "支路")
)
PEOPLE = split(
    "安示例 白一样 常备用 程试行 丁样本 方展示 高演示 郭模拟 何举例 江练习 乐参考 林虚构 "
    "马草稿 宁范例 欧阳例 钱非真 任假设 石摹本 唐仿真 汪临时 夏预演 叶习作 张示范 周譬如"
)


def word(number: int) -> str:
    """One of 1,600 two-sign words; neighbours differ in both signs."""
    return FIRST[number % 40][0] + SECOND[(number // 40 + number) % 40][0]


def reading(number: int) -> str:
    """How :func:`word` is read, capitalised."""
    return (FIRST[number % 40][1] + SECOND[(number // 40 + number) % 40][1]).capitalize()


def company_name(number: int) -> str:
    """The name of invented company ``number`` (0 to 31,999), unlike any other's."""
    return f"上海示例{word(number)}{TRADES[(number // 1600 + number) % 20]}有限公司"


def company(number: int) -> tuple[str, str]:
    """Credit code and name of one invented company."""
    return company_code(number), company_name(number)


def address(dice: Dice, district: str) -> str:
    """A street address in the district, in one of three usual forms."""
    road = dice.pick(ROADS)
    number = dice.between(1, 1899)
    form = dice.below(4)
    if form == 0:
        return f"上海市{district}{road}{number}弄{dice.between(1, 88)}号"
    if form == 1:
        return f"{road}{number}号(近{dice.pick(ROADS)})"
    return f"上海市{district}{road}{number}号"


def place(dice: Dice, number: int) -> tuple[str, float, float]:
    """District name, longitude and latitude (GCJ-02) of thing ``number``."""
    _, name, lon, lat = DISTRICTS[number % 16]
    return name, round(lon + dice.roll() * 0.12 - 0.06, 6), round(lat + dice.roll() * 0.1 - 0.05, 6)


def month_before(day: date, months: int) -> str:
    """``YYYY-MM`` so many months before the month of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return f"{year:04d}-{month + 1:02d}"


def moment(day: date, steps_before_last: int, step: timedelta) -> str:
    """``YYYY-MM-DD HH:MM:SS`` on a grid that ends with the last step before the midnight that ends ``day``."""
    midnight = datetime.combine(day + timedelta(days=1), time())
    return str(midnight - step * (steps_before_last + 1))


def grid(row: int, total: int, *sizes: int) -> tuple[int, ...]:
    """Where a row stands in a grid whose slowest axis ends with the last row.

    Returns:
        Steps before the last one of the slowest axis, then the position on each axis of ``sizes``, the last one
        changing fastest. When ``total`` is no multiple of a step, the oldest step is the incomplete one.
    """
    cell = 1
    for size in sizes:
        cell *= size
    shifted = row - total
    positions = []
    for size in reversed(sizes):
        shifted, position = divmod(shifted, size)
        positions.append(position)
    return (-1 - shifted, *reversed(positions))
