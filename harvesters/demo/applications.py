"""Applications of the demonstration: one in each state, and one grant with a live key."""

from __future__ import annotations

import base64
from typing import Any

from .scenes import Agency
from .stage import Stage

__all__ = ["apply", "grant", "register"]

_TRAVEL = {
    "applicant_kind": "legal_person", "applicant_name": "示例出行科技（上海）有限公司",
    "credit_code": "91990000MA1EXMP01G",
    "contact_name": "林晓", "contact_phone": "021-00001101", "purpose": "product",
    "scenario": "在“示例出行”应用中显示附近站点的到站时间和停车场余位，仅面向上海市用户。", "product": "示例出行",
    "necessity": "线路、站序用于匹配车站；预计到达秒数用于提示；其余数据项不申请。",
    "safeguards": "数据存放在境内机房；按角色授权；访问日志保存三年；事件一小时内电话报告。",
    "months": "12", "calls_per_day": "20000",
}  # fmt: skip
_BANK = {
    "applicant_kind": "legal_person", "applicant_name": "示例银行股份有限公司上海分行",
    "credit_code": "91990000MA1EXMP02K",
    "contact_name": "高原", "contact_phone": "021-00001102", "purpose": "commercial_service",
    "scenario": "小微企业贷前核验与贷后监测，线上产品“示例快贷”，每月约三千家企业，逐户取得书面授权后查询。",
    "product": "示例快贷",
    "necessity": "参保人数（区间）核对企业自述规模；欠缴月数用于预警；纳税总额（区间）用于测算授信上限。",
    "safeguards": "等保三级；数据安全负责人一名；结果留存二十四个月，限行内使用。",
    "months": "24", "calls_per_day": "6000",
}  # fmt: skip
_RESEARCH = {
    "applicant_kind": "legal_person", "applicant_name": "示例大学环境学院", "credit_code": "12990000EXMP00003U",
    "contact_name": "许老师", "contact_phone": "021-00001103", "purpose": "research",
    "scenario": "城市空气质量短临预报方法研究，成果以论文发表并注明数据来源。", "product": "",
    "necessity": "六项污染物小时值用于训练与检验；站点编码用于区分站点。",
    "safeguards": "校内服务器存放，项目组成员签署保密承诺，不对外提供原始数据。",
    "months": "12", "calls_per_day": "2000",
}  # fmt: skip
_PERSON = {
    "applicant_kind": "natural_person", "applicant_name": "李记者", "credit_code": "",
    "contact_name": "李记者", "contact_phone": "021-00001104", "purpose": "media",
    "scenario": "核实养老机构床位供给的新闻报道。", "product": "",
    "necessity": "空余床位、统计日期用于描述变化。",
    "safeguards": "仅本人电脑使用，报道后删除。", "months": "3", "calls_per_day": "200",
}  # fmt: skip


#: Account -> kind, legal representative and address of the organisation it acts for; the rest stands in its form.
_ORGANISATIONS = {
    "linxiao": ("enterprise", "林示例", "上海市示例路 101 号", _TRAVEL),
    "gaoyuan": ("enterprise", "高示例", "上海市示例路 102 号", _BANK),
    "xulaoshi": ("research", "许示例", "上海市示例路 103 号", _RESEARCH),
}

_PROOF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 160]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 63>>stream
BT /F 18 Tf 40 80 Td (Demonstration: not a real licence) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def register(stage: Stage) -> dict[str, str]:
    """The applicants' organisations, verified by the intake. Returns account -> identifier."""
    made = {}
    for account, (kind, representative, address, form) in _ORGANISATIONS.items():
        organisation = stage.act(
            account, "organisation_create", kind=kind, name=form["applicant_name"], code=form["credit_code"],
            legal_representative=representative, address=address, phone=form["contact_phone"],
        )["id"]  # fmt: skip
        content = base64.b64encode(_PROOF).decode()
        stage.act(account, "proof_add", organisation=organisation, name="证照（演示）.pdf", content=content)
        version = stage.act(account, "organisation_submit", id=organisation)["version"]
        stage.act("zhaoyu", "organisation_verify", id=organisation, version=version)
        made[account] = organisation
    return made


class _Desk:
    """The steps of an application, each by the person whose step it is."""

    def __init__(self, stage: Stage, agencies: list[Agency], organisations: dict[str, str]) -> None:
        self.stage, self.organisations = stage, organisations
        self.agencies = {agency.name: agency for agency in agencies}
        self.datasets = {
            title: (entry["dataset"]["id"], agency) for agency in agencies for title, entry in agency.entries.items()
        }

    def draft(self, applicant: str, form: dict[str, str], *titles: str) -> dict[str, Any]:
        ids = [self.datasets[title][0] for title in titles]
        organisation = self.organisations.get(applicant, "")
        return self.stage.act(applicant, "application_save", organisation=organisation, datasets=ids, form=form)

    def submit(self, applicant: str, form: dict[str, str], *titles: str) -> dict[str, Any]:
        made = self.draft(applicant, form, *titles)
        return self.stage.act(applicant, "application_submit", id=made["id"])

    def accept(self, application: dict[str, Any]) -> dict[str, Any]:
        return self.stage.act("zhaoyu", "application_accept", id=application["id"])

    def decide(self, application: dict[str, Any], verb: str, opinion: str, **more: Any) -> None:
        for case in application["cases"]:
            reviewer = self.agencies[case["agency"]].who("reviewer")
            self.stage.act(reviewer, "case_decide", id=case["id"], verb=verb, opinion=opinion, **more)

    def confirm(self, applicant: str, application: dict[str, Any]) -> None:
        for case in application["cases"]:
            self.stage.act(applicant, "agreement_confirm", id=case["id"])
            self.stage.act(self.agencies[case["agency"]].who("signer"), "agreement_confirm", id=case["id"])


def grant(stage: Stage, agencies: list[Agency]) -> dict[str, Any]:
    """Plays the first one, before the second versions of lists. Returns it, its grant, the live key, and by whom."""
    with stage.days_ago(60):
        organisations = register(stage)
    desk = _Desk(stage, agencies, organisations)
    bus, parking = "公交车辆实时到站信息", "公共停车场（库）实时剩余泊位"
    with stage.days_ago(48):
        travel = desk.accept(desk.submit("linxiao", _TRAVEL, bus, parking))
    with stage.days_ago(44):
        desk.decide(travel, "grant", "材料齐全，用途明确，同意开放。")
    with stage.days_ago(42):
        desk.confirm("linxiao", travel)
        grants = {one["dataset"]["title"]: one for one in stage.act("linxiao", "grant_list")}
        key = stage.act("linxiao", "key_create", grant=grants[bus]["id"])
    return {"application": travel["id"], "grant": grants[bus], "key": key["key"], "organisations": organisations}


def apply(stage: Stage, agencies: list[Agency], first: dict[str, Any]) -> dict[str, Any]:
    """Plays the others. Returns the applications by state, and the live key with what it opens."""
    desk, shown = _Desk(stage, agencies, first["organisations"]), {"active": first["application"]}

    with stage.days_ago(40):
        silent = desk.submit("xulaoshi", _RESEARCH, "声环境自动监测数据")
        points = [
            {"field": "necessity", "text": "未逐项说明申请理由"},
            {"field": "safeguards", "text": "未写明数据存放地点和使用结束后的销毁安排"},
        ]
        stage.act("zhaoyu", "application_correct", id=silent["id"], points=points)
    with stage.days_ago(5):
        stage.act("zhaoyu", "application_lapse", id=silent["id"])
    shown["lapsed"] = silent["id"]

    with stage.days_ago(12):
        research = desk.accept(desk.submit("xulaoshi", _RESEARCH, "空气质量站点小时数据"))
        refused = desk.accept(desk.submit("linxiao", _TRAVEL | {
            "scenario": "批量电话营销。", "product": "示例推广", "necessity": "联系电话用于外呼。",
        }, "企业登记及变更信息（批量）"))  # fmt: skip
    with stage.days_ago(9):
        _reduce(desk, research, "空气质量站点小时数据")
        desk.decide(refused, "refuse", "用途与最小够用原则不符，可能损害第三方合法权益。", reason="harms_third_party")
    shown |= {"agreement_pending": research["id"], "refused": refused["id"]}

    with stage.days_ago(6):
        bank = desk.accept(
            desk.submit("gaoyuan", _BANK, "企业登记及变更信息（批量）", "单位参保情况", "企业纳税情况（普惠金融）")
        )
        market = next(case for case in bank["cases"] if desk.agencies[case["agency"]].number == 2)
    with stage.days_ago(2):
        stage.act("zhouhang", "case_decide", id=market["id"], verb="grant", opinion="同意开放，逐户授权查询。")
    shown["accepted"] = bank["id"]

    with stage.days_ago(3):
        beds = desk.submit("lijizhe", _PERSON, "养老机构床位空余数")
        points = [
            {"field": "scenario", "text": "请说明报道的载体和发布时间"},
            {"field": "safeguards", "text": "请写明数据存放位置"},
            {"field": "necessity", "text": "请逐项说明所申请数据项的必要性"},
        ]
        stage.act("zhaoyu", "application_correct", id=beds["id"], points=points)
        other = desk.submit("lijizhe", _PERSON | {"scenario": "了解网点布局。"}, "分区小时供水量")
        stage.act(
            "zhaoyu", "application_refuse", id=other["id"],
            answer="所述用途使用无条件开放的“供水营业网点”即可，请直接下载，无需申请。",
        )  # fmt: skip
    shown |= {"correction_requested": beds["id"], "not_accepted": other["id"]}

    with stage.days_ago(1, hour=15):
        gone = desk.submit("gaoyuan", _BANK, "单位参保情况")
        stage.act("gaoyuan", "application_withdraw", id=gone["id"], note="已并入另一申请")
    shown["withdrawn"] = gone["id"]
    with stage.days_ago(0, hour=9):
        shown["submitted"] = desk.submit("linxiao", _TRAVEL, "轨道交通进出站客流（15分钟）")["id"]
        shown["draft"] = desk.draft("linxiao", {"scenario": "节假日景区分流提示"}, "A级旅游景区实时客流与舒适度")["id"]
    return {"applications": shown, "key": first["key"], "grant": first["grant"]}


def _reduce(desk: _Desk, application: dict[str, Any], title: str) -> None:
    """Grants all columns of a table but its last."""
    dataset, agency = desk.datasets[title]
    shown = desk.stage.act(agency.who("reviewer"), "entry_show", id=agency.entries[title]["id"])
    desk.decide(
        application, "grant_reduced", "同意提供小时数据；数据状态与研究无关，不予提供。", reason="exceeds_minimum",
        items={dataset: [item["code"] for item in shown["items"]][:-1]},
    )  # fmt: skip
