"""Sixteen bad records, one for each fault that a synchronisation meets.

Three of them are only untidy and must map all the same: a cycle with a note behind it, a provider under an alias
without code, a title with a space and a tab before it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from .identifiers import credit_code
from .records import Entry, Record, agencies, build, resource_id

#: Kinds that a harvester has to map in spite of their fault.
MUST_MAP = frozenset({"cycle_with_note", "provider_alias", "title_untrimmed"})

_FACTS = Path(__file__).with_name("bad.yaml")
_HTML = (
    '<p style="color:red">福利彩票<b>公益金</b>的使用项目、金额与受益单位。<script>alert("演示")</script>'
    '<a href="javascript:alert(1)">详情</a><br/>&nbsp;每年公布。</p>'
)
#: Running numbers of bad records in their agencies' catalogues begin here.
_FIRST_NUMBER = 901


@dataclass(frozen=True)
class Bad:
    """A record and what is wrong with it."""

    kind: str
    record: Record


def bad_records(good: tuple[Entry, ...], today: date) -> tuple[Bad, ...]:
    """All sixteen; two of them are made from good entries."""
    by_number = {agency.number: agency for agency in agencies()}
    made = []
    for number, facts in enumerate(yaml.safe_load(_FACTS.read_text(encoding="utf-8")), _FIRST_NUMBER):
        record = build(facts, by_number[facts["agency"]], number, today)
        _SPOIL[facts["kind"]](record, today)
        made.append(Bad(facts["kind"], record))
    by_title = {entry.record["resourceName"]: entry.record for entry in good}
    made.append(Bad("exact_repeat", copy.deepcopy(by_title["公交线路与站点信息"])))
    made.append(Bad("two_tiers", _other_tier(by_title["设立演出经纪机构许可"])))
    return tuple(made)


def _other_tier(record: Record) -> Record:
    """The same title from the same agency once more, with another tier and a number of its own."""
    code = record["resourceCode"].split("/")[0] + f"/{_FIRST_NUMBER + 20:06d}"
    return copy.deepcopy(record) | {
        "resourceId": resource_id(code),
        "resourceCode": code,
        "openType": "2",
        "openReason": "时效性较强",
    }


def _unknown_tier(record: Record, _today: date) -> None:
    record["openType"] = "审批后开放"


def _unknown_cycle(record: Record, _today: date) -> None:
    record["updateCycle"] = "待定"


def _cycle_with_note(record: Record, _today: date) -> None:
    record["updateCycle"] = "每月(更新说明:暂无新业务数据产生)"


def _tier_missing(record: Record, _today: date) -> None:
    del record["openType"]


def _provider_missing(record: Record, _today: date) -> None:
    del record["provider"]


def _provider_unknown(record: Record, _today: date) -> None:
    unit = "示例地方志办公室"
    record |= {"provider": {"code": credit_code("12", "00009999"), "name": unit}}
    record |= {"responsibleUnit": unit, "sourceUnit": unit}


def _provider_alias(record: Record, _today: date) -> None:
    record["provider"] = {"code": "", "name": "浦东新区政府"}


def _title_empty(record: Record, _today: date) -> None:
    record["resourceName"] = ""


def _title_untrimmed(record: Record, _today: date) -> None:
    record["resourceName"] = " \t" + record["resourceName"]


def _future_date(record: Record, today: date) -> None:
    ahead = today + timedelta(days=400)
    record |= {"issued": ahead.isoformat(), "modified": f"{ahead}T09:00:00+08:00"}


def _html_abstract(record: Record, _today: date) -> None:
    record["abstract"] = _HTML


def _long_abstract(record: Record, _today: date) -> None:
    record["abstract"] = ("控制性详细规划的编号、名称、范围与批准日期。" * 1000)[:20_000]


def _code_taken(record: Record, _today: date) -> None:
    record["resourceCode"] = "307001/000002"


def _state_secret(record: Record, _today: date) -> None:
    record["secretFlag"] = "1"


_SPOIL: dict[str, Callable[[Record, date], None]] = {
    "unknown_tier": _unknown_tier,
    "unknown_cycle": _unknown_cycle,
    "cycle_with_note": _cycle_with_note,
    "tier_missing": _tier_missing,
    "provider_missing": _provider_missing,
    "provider_unknown": _provider_unknown,
    "provider_alias": _provider_alias,
    "title_empty": _title_empty,
    "title_untrimmed": _title_untrimmed,
    "future_date": _future_date,
    "html_abstract": _html_abstract,
    "long_abstract": _long_abstract,
    "code_taken": _code_taken,
    "state_secret": _state_secret,
}
