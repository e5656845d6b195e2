"""The scenes, in their order: people, catalogue, decisions, lists, applications."""

from __future__ import annotations

from typing import Any

import click
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.logic.action.people import install
from ckanext.shopendata.slugs import slug

from .. import runs, synchronise
from ..sandbox.sample import Sample
from .cast import APPLICANTS, PORTAL, Person, staff
from .stage import Stage

__all__ = ["Agency", "decide", "list_and_publish", "make_people", "second_versions", "take_over"]

_KINDS = {
    "administrative_organ": "administrative",
    "central_body": "central",
    "district": "district",
    "utility": "utility",
    "public_institution": "institution",
}
_LEVELS = {"1": "city", "2": "district"}
_ORDER = [{"rule": "上海市公共数据和一网通办管理办法", "article": "30", "kind": "rule"}]

Entries = list[dict[str, Any]]


class Agency:
    """An agency of the sample with its people and, once taken over, its entries by title."""

    def __init__(self, number: int, name: str, title: str, people: dict[str, Person]) -> None:
        self.number, self.name, self.title, self.people = number, name, title, people
        self.entries: dict[str, dict[str, Any]] = {}

    def who(self, role: str) -> str:
        """The account that holds a role here."""
        return self.people[role].name


def make_people(stage: Stage, sample: Sample) -> list[Agency]:
    """Accounts, agencies and roles. The console makes two security administrators; all other roles follow from them."""
    for name, title, role in PORTAL:
        stage.account(Person(name, title, [(role, None)]))
    for name, _, _ in PORTAL[:2]:
        install(name, stage.people[name].number)
        model.Session.commit()
    for name, _, role in PORTAL[2:]:
        stage.appoint(name, role)
    for name, title in APPLICANTS:
        stage.account(Person(name, title))
    stage.act(
        "guojian", "agency_create", title="上海市大数据中心（演示）", name="data-centre",
        kind="institution", level="city", description="演示数据 · 非官方",
    )  # fmt: skip
    agencies = []
    for one in sample.agencies:
        made = stage.act(
            "guojian",
            "agency_create",
            title=one.name,
            name=slug(one.short),
            code=one.code,
            aliases=list(one.aliases),
            kind=_KINDS[one.kind],
            level=_LEVELS[one.level],
            contact=f"{one.short}（演示） 021-0000{one.number:04}",
            description="演示数据 · 非官方",
        )
        people = staff(one.number, made["name"], one.short)
        for person in people.values():
            stage.account(person)
            for role, agency in person.roles:
                stage.appoint(person.name, role, agency)
        agencies.append(Agency(one.number, made["name"], one.name, people))
    return agencies


def take_over(stage: Stage, agencies: list[Agency], source_id: str) -> dict[str, Any]:
    """Synchronises with the platform; agencies confirm, the centre checks. Returns the run's counters."""
    held = runs.begin(source_id)
    if held is None:
        raise click.ClickException("another run of the demonstration's source is under way")
    summary = synchronise.run(held)
    if summary.state == "failed":
        raise click.ClickException(f"the synchronisation failed: {summary.error}")
    counters = dict(summary.counters)
    for agency in agencies:
        administrator = agency.who("data_administrator")
        found = stage.act(administrator, "entry_list", agency=agency.name, limit=1000)["results"]
        agency.entries = {entry["title"]: entry for entry in found}
        ids = [entry["id"] for entry in found]
        stage.act(administrator, "entry_confirm", ids=ids)
        stage.act("qianwei", "entry_check", ids=ids)
    return counters


def decide(stage: Stage, agency: Agency, held_back: tuple[str, ...] = ()) -> None:
    """The reviewer decides as proposed: what was open before in one batch with its document, the rest tier by tier."""
    by_tier: dict[str, list[str]] = {}
    for title, entry in agency.entries.items():
        proposal = entry["dataset"]["proposal"]
        ours = entry["acquisition_method"] not in {"negotiated", "shared_in"}  # SH 31: the others are not ours to open
        if proposal and ours and title not in held_back:
            by_tier.setdefault(proposal["tier"], []).append(entry["dataset"]["id"])
    reviewer, year = agency.who("reviewer"), stage.start.year
    document = {
        "title": "存量公共数据开放类型认定",
        "number": f"演示认定〔{year}〕{agency.number}号",
        "signer": "单位负责人（演示）",
    }
    reviews = [f"{year + ahead}-12-01" for ahead in (1, 2, 3)]
    for tier, ids in sorted(by_tier.items()):
        with_document = {"document": _signed(document)} if tier == "unconditional" else {}
        stage.act(reviewer, "dataset_decide", ids=ids, review_by=reviews, **with_document)


def list_and_publish(stage: Stage, agency: Agency) -> dict[str, Any]:
    """Compiles, signs and publishes the agency's next version; agency 6 signs on paper."""
    version = stage.act(agency.who("data_administrator"), "openlist_compile", agency=agency.name)
    if agency.number == 6:
        document = {"number": f"演示签批〔{stage.start.year}〕6号", "signer": "单位负责人（演示）", "title": "开放清单"}
        stage.act(agency.who("data_administrator"), "openlist_sign", id=version["id"], document=_signed(document))
    else:
        stage.act(agency.who("signer"), "openlist_sign", id=version["id"])
    return stage.act(agency.who("reviewer"), "openlist_publish", id=version["id"])


def second_versions(stage: Stage, agencies: list[Agency], held_back: str) -> None:
    """Later lists: one dataset more, one tightened, one closed; and a dataset of the utility's suspended."""
    traffic, market, civil, water = agencies[0], agencies[1], agencies[5], agencies[11]
    dataset = traffic.entries[held_back]["dataset"]["id"]
    stage.act(traffic.who("reviewer"), "dataset_decide", ids=[dataset])
    list_and_publish(stage, traffic)
    stage.act(
        market.who("reviewer"), "dataset_decide",
        ids=[market.entries["计量标准考核证书信息"]["dataset"]["id"]],
        tier="conditional", reasons=["security_capability"], bases=_ORDER,
        conditions="说明核验场景；不得批量转供", note="批量核验对处理能力要求较高",
    )  # fmt: skip
    list_and_publish(stage, market)
    stage.act(
        civil.who("reviewer"), "dataset_decide", ids=[civil.entries["救助管理站"]["dataset"]["id"]],
        tier="closed", reasons=["personal_privacy"], bases=_ORDER, note="地址涉及受助人员安全",
    )  # fmt: skip
    list_and_publish(stage, civil)
    stage.act(
        water.who("data_administrator"), "dataset_suspend", id=water.entries["停水降压公告"]["dataset"]["id"],
        reason="wrong_data", note="公告时间有误，核实中（演示）",
    )  # fmt: skip


def _signed(document: dict[str, str]) -> dict[str, str]:
    """A document signed on the day of the scene."""
    return document | {"signed_on": clock.today().isoformat()}
