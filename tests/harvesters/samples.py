"""Records of our own making."""

import copy
import datetime as dt

from ckanext.shopendata.harvesters.providers import Known, Providers

TODAY = dt.date(2026, 1, 1)
PROVIDERS = Providers.of([Known("a1", "甲局", "CODE1", ("甲",)), Known("a2", "乙局", "CODE2")])

_RECORD = {
    "resourceId": "r1",
    "resourceCode": "307001/000001",
    "resourceName": "公交线路与站点",
    "abstract": "线路和站点。",
    "provider": {"code": "CODE1", "name": "甲局"},
    "responsibleUnit": "甲局",
    "sourceUnit": "甲局",
    "division": "一处",
    "domain": "04",
    "updateCycle": "4",
    "shareType": "1",
    "shareReason": "",
    "shareBasis": "",
    "openType": "2",
    "openReason": "时效性较强",
    "openBasis": "《上海市公共数据和一网通办管理办法》第三十条",
    "openCondition": "限于申请载明的用途",
    "acquisition": "1",
    "consentScope": "",
    "level": "1",
    "labels": ["公交"],
    "contact": {"office": "一处", "phone": "0000"},
    "issued": "2020-01-01",
    "modified": "2023-06-01T08:00:00+08:00",
    "state": "published",
    "secretFlag": "0",
    "resourceForm": "table",
    "items": [
        {"seq": 1, "nameCn": "线路编号", "nameEn": "line_code", "type": "text", "length": 20, "unit": "", "key": True,
         "sensitivity": "none", "mask": "none", "description": ""},
        {"seq": 2, "nameCn": "线路名称", "nameEn": "line_name", "type": "text", "length": 20, "unit": "", "key": False,
         "sensitivity": "none", "mask": "none", "description": ""},
    ],
    "hasData": True,
    "rowCount": 5,
    "highValue": "",
    "related": "",
    "plannedOpen": "",
    "notice": "",
}  # fmt: skip


def record(**changes):
    """A good record of the sharing platform, changed."""
    return copy.deepcopy(_RECORD) | changes
