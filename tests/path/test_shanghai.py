"""The real Shanghai catalogue through every station, as a script of its agencies' staff would take it."""

import json
import time
from collections import Counter

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckanext.harvest.model import HarvestSource
from ckanext.shopendata.harvesters import runs, synchronise
from ckanext.shopendata.model import Dataset, Entry
from ckanext.shopendata.publish import outbox, publisher

from tests.factories import BASES, call, hold, person

STAFF = ("data_administrator", "reviewer", "signer")


class Rates:
    """How long each station took."""

    def __init__(self):
        self.lines = []

    def station(self, name, count, work):
        started = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - started
        self.lines.append(
            {"station": name, "count": count, "seconds": round(seconds, 2), "rate": round(count / seconds)}
        )
        return result


@pytest.fixture
def registered(clean_db, clean_index, with_request_context, loader_environment, shanghai_catalogue, monkeypatch):
    """The catalogue's 56 providers as agencies, and one person for each office, who holds it in all of them."""
    records = json.loads(shanghai_catalogue.read_text(encoding="utf-8"))
    monkeypatch.setitem(tk.config, "ckanext.shopendata.harvest.folder", str(shanghai_catalogue.parent))
    person("operator", "operator")
    person("checker", "catalogue_checker")
    for title in sorted({record["数据提供方"] for record in records}):
        call("agency_create", "operator", title=title, kind="administrative", level="city")
    for office in STAFF:
        person(office.replace("_", "-"))
        for agency in call("agency_list", ""):
            hold(office.replace("_", "-"), office, agency["id"])
    model.Session.commit()
    source = HarvestSource(
        url=str(shanghai_catalogue), type="shopendata_catalogue_file", title="上海", config='{"mapping": "shanghai"}'
    )
    model.Session.add(source)
    model.Session.commit()
    return source.id


def drain():
    while publisher.work():
        pass


def publish_lists(agencies):
    for agency in agencies:
        version = call("openlist_compile", "data-administrator", agency=agency["name"])
        call("openlist_sign", "signer", id=version["id"])
        call("openlist_publish", "reviewer", id=version["id"])


def test_every_station(registered, test_stack, capsys):
    rates = Rates()
    run = rates.station("synchronise", 4494, lambda: synchronise.run(runs.begin(registered)))
    assert (run.counters["read"], run.counters["new"], run.counters["held"]) == (4494, 2228, 1)

    ids = list(model.Session.scalars(sa.select(Entry.id)))
    reason = "来源目录未提供获取方式；各单位确认为依法履职直接采集"
    rates.station("confirm", 2228, lambda: call("entry_confirm", "data-administrator", ids=ids))
    rates.station("complete", 2228, lambda: call(
        "entry_complete", "data-administrator", ids=ids, acquisition_method="direct", reason=reason))  # fmt: skip
    rates.station("check", 2228, lambda: call("entry_check", "checker", ids=ids))

    proposed = list(model.Session.scalars(sa.select(Dataset.id).where(Dataset.state == "proposed")))
    document = {"title": "存量认定", "number": "示例〔2026〕1号", "signer": "负责人", "signed_on": "2026-03-01"}
    decided = rates.station("decide", 2227, lambda: call(
        "dataset_decide", "reviewer", ids=proposed, document=document, reasons=["security_capability"], bases=BASES,
        review_by=["2027-12-01", "2028-12-01", "2029-12-01"]))  # fmt: skip
    assert decided["changed"] == 2227
    tiers = Counter(model.Session.scalars(sa.select(Dataset.tier)))
    assert tiers == {"unconditional": 1479, "conditional": 748, "undecided": 1}

    agencies = call("agency_list", "")
    assert len(agencies) == 56
    rates.station("list", 56, lambda: publish_lists(agencies))
    lists = call("openlist_list", "")
    assert sum(one["count"] for one in lists) == 2227
    assert sum(one["foot"]["excluded"].get("undecided", 0) for one in lists) == 1

    rates.station("publish and index", 2227, drain)
    assert outbox.waiting(publisher.HANDLERS) == 0
    search.commit()
    found = tk.get_action("package_search")({"user": ""}, {"rows": 0, "facet.field": ["tier"], "facet.limit": -1})
    assert found["count"] == 2227
    counted = {item["name"]: item["count"] for item in found["search_facets"]["tier"]["items"]}
    assert counted == {"unconditional": 1479, "conditional": 748}
    in_tables = model.Session.scalar(sa.select(sa.func.count()).where(model.Package.type == "dataset"))
    assert in_tables == 2227
    (test_stack.var / "shanghai.json").write_text(json.dumps(rates.lines, indent=2))
    with capsys.disabled():
        print(
            "".join(f"\n  {line['station']:18} {line['count']:5} in {line['seconds']:7.2f} s" for line in rates.lines)
        )
