"""Records of the good entries, as the platform delivers them, from ``agencies.yaml`` and ``entries/*.yaml``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from . import rows_city, rows_environment, rows_market, rows_people, rows_transport
from .identifiers import credit_code, landline
from .items import Item, parse
from .table import Maker, Table
from .words import split

Record = dict[str, Any]

#: In every record, so that nothing is mistaken for the real thing.
NOTICE = "演示数据 · 非官方"
#: In abstract and items of every closed entry: wherever it turns up, something leaked.
CANARY = "SHOPENCANARY"

DOMAINS = split(
    "经济建设 资源环境 教育科技 道路交通 社会发展 公共安全 文化休闲 卫生健康 民生服务 机构团体 城市建设 信用服务"
)
#: Update cycles by code, with the days within which an entry that keeps its word was changed (None: no promise).
CYCLES: dict[str, tuple[str, int | None]] = {
    "1": ("即时", 1),
    "2": ("每天", 1),
    "3": ("每周", 7),
    "4": ("每月", 31),
    "5": ("每季度", 92),
    "6": ("每半年", 183),
    "7": ("每年", 366),
    "8": ("不定期更新", None),
    "9": ("静态数据", None),
}

_HERE = Path(__file__).parent
_ORDER = "《上海市公共数据和一网通办管理办法》"
_REASONS = {
    "tech": "对数据安全和处理能力要求较高",
    "time": "时效性较强",
    "cont": "需要持续获取",
    "secret": "涉及商业秘密",
    "privacy": "涉及个人隐私",
    "law": "法律、法规规定不得开放",
}
_OBTAINED = {"4": ("2", "通过协商获取"), "5": ("3", "通过共享获取")}
_MAKERS: dict[str, tuple[int, Maker]] = {
    **rows_transport.MAKERS,
    **rows_market.MAKERS,
    **rows_environment.MAKERS,
    **rows_people.MAKERS,
    **rows_city.MAKERS,
}


@dataclass(frozen=True)
class Agency:
    """A providing unit; ``kind`` is a word (``administrative_organ``, ``central_body``, ``district``, ``utility``)."""

    number: int
    code: str
    name: str
    short: str
    kind: str
    kind_name: str
    level: str
    catalogue: str
    divisions: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One good entry: what its agency will decide (``tier``: U, C, N, ? or X) and the record that arrives.

    ``tier`` is the sample's own knowledge. The record says what the source declares, and the two differ where the
    law wants them to: see the package's docstring.
    """

    tier: str
    agency: Agency
    items: tuple[Item, ...]
    table: str | None
    record: Record


def agencies() -> tuple[Agency, ...]:
    """The twelve agencies, in the order of their numbers."""
    return tuple(
        Agency(
            number=number,
            code=credit_code(str(facts["body"]), f"{number:08d}"),
            name=facts["name"],
            short=facts["short"],
            kind=facts["kind"],
            kind_name=facts["kindName"],
            level=facts["level"],
            catalogue=facts["catalogue"],
            divisions=tuple(facts["divisions"]),
            aliases=tuple(facts["aliases"]),
        )
        for number, facts in enumerate(_load("agencies.yaml"), 1)
    )


def entries(today: date) -> tuple[Entry, ...]:
    """All good entries; related ones are linked by ``resourceId``."""
    made = [
        _entry(facts, agency, position, today)
        for agency in agencies()
        for position, facts in enumerate(_load(f"entries/{agency.number:02d}.yaml"))
    ]
    by_title = {entry.record["resourceName"]: entry.record["resourceId"] for entry in made}
    for entry in made:
        title = entry.record["related"]
        entry.record["related"] = by_title[title] if title else ""
    return tuple(made)


def tables(good: tuple[Entry, ...], today: date) -> Iterator[tuple[str, Table]]:
    """``resourceId`` and table of every entry that has rows."""
    for entry in good:
        if entry.table:
            total, make = _MAKERS[entry.table]
            yield (
                entry.record["resourceId"],
                Table(entry.table, entry.items, total, today - timedelta(days=1), make),
            )


def resource_id(code: str) -> str:
    """The stable id of the record with this catalogue code (32 hexadecimal digits)."""
    return hashlib.sha256(f"shopendata-sample:{code}".encode()).hexdigest()[:32]


def build(facts: Record, agency: Agency, number: int, today: date) -> Record:
    """A record from the facts of one YAML entry.

    Args:
        facts: the entry as it stands in YAML.
        agency: who provides it.
        number: the running number in the agency's catalogue.
        today: what dates are counted from.
    """
    code = f"{agency.catalogue}/{number:06d}"
    tier = facts["tier"]
    division = facts["division"]
    unit = agency.name if agency.number != 11 else f"上海市浦东新区{division.removeprefix('区')}"
    cycle = str(facts["cycle"])
    issued, modified = _dates(facts, agency.number * 20 + number, today)
    items = [item.as_record(seq) for seq, item in enumerate(parse(facts["items"]), 1)]
    abstract = facts.get("abstract", facts["title"])
    if tier == "N":
        canary = CANARY + code.replace("/", "")
        abstract += canary
        items[0]["description"] = canary
    opened, reason, basis = _opening(facts)
    rows = _MAKERS[facts["table"]][0] if "table" in facts else 0
    domain = DOMAINS[facts["domain"] - 1]
    return {
        "resourceId": resource_id(code),
        "resourceCode": code,
        "resourceName": facts["title"],
        "abstract": abstract,
        "provider": {"code": agency.code, "name": agency.name},
        "responsibleUnit": unit,
        "sourceUnit": facts.get("source", unit),
        "division": division,
        "domain": f"{facts['domain']:02d}",
        "updateCycle": cycle,
        "shareType": {"U": "1", "C": "2", "?": "2"}.get(tier, "3"),
        "shareReason": "" if tier == "U" else "履行职责需要方可共享" if tier in "C?" else "不宜共享",
        "shareBasis": "" if tier == "U" else f"{_ORDER}第二十七条",
        "openType": opened,
        "openReason": reason,
        "openBasis": basis,
        "openCondition": _condition(facts) if tier == "C" else "",
        "acquisition": facts.get("acquisition", "3" if cycle == "1" else "1"),
        "consentScope": "仅限履行职责使用" if tier in "NX" else "",
        "level": agency.level,
        "labels": [domain, CYCLES[cycle][0]],
        "contact": {"office": f"{agency.short}{division}", "phone": landline(agency.number * 100 + number)},
        "issued": issued.isoformat(),
        "modified": f"{modified}T{8 + number % 10:02d}:{number * 7 % 60:02d}:00+08:00",
        "state": "published",
        "secretFlag": "0",
        "resourceForm": facts.get("form", "table"),
        "items": items,
        "hasData": bool(rows),
        "rowCount": rows,
        "highValue": facts.get("high", ""),
        "related": facts.get("related", ""),
        "plannedOpen": str(today + timedelta(days=facts["planned"])) if "planned" in facts else "",
        "notice": NOTICE,
    }


def _load(name: str) -> list[Record]:
    return yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))


def _entry(facts: Record, agency: Agency, position: int, today: date) -> Entry:
    # Every eleventh number is missing, as after withdrawals.
    record = build(facts, agency, position + 1 + position // 10, today)
    return Entry(facts["tier"], agency, parse(facts["items"]), facts.get("table"), record)


def _dates(facts: Record, salt: int, today: date) -> tuple[date, date]:
    """First issue and last change; ``late`` in the facts counts days past the cycle's promise."""
    promise = CYCLES[str(facts["cycle"])][1]
    age = promise + facts["late"] if "late" in facts and promise else 1 + salt * 7 % (promise or 600)
    return today - timedelta(days=age + 30 + salt * 37 % 1500), today - timedelta(days=age)


def _opening(facts: Record) -> tuple[str, str, str]:
    """``openType``, ``openReason`` and ``openBasis`` that the source declares."""
    tier = facts["tier"]
    if tier == "X":
        return (*_OBTAINED[facts["acquisition"]], f"{_ORDER}第三十一条")
    if tier == "U":
        return ("1", "", "")
    if tier == "?":
        return (facts.get("open", "0"), "", "")
    return ("2" if tier == "C" else "3", _REASONS[facts["reason"]], facts.get("basis", f"{_ORDER}第三十条"))


def _condition(facts: Record) -> str:
    usual = "具备实时接口调用和缓存能力" if facts.get("form") == "api" else "具备数据安全管理制度和存储条件"
    return facts.get("condition", f"{usual}；限于申请载明的用途")
