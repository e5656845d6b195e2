"""The real Shanghai catalogue, whole."""

import json
from collections import Counter

import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.model import Dataset, Entry, HarvestRecord, Proposal, Task, audit

from .conftest import agency, rows


@pytest.fixture
def portal(make_portal, shanghai_catalogue):
    records = json.loads(shanghai_catalogue.read_text(encoding="utf-8"))
    portal = make_portal("shanghai").deliver(records)
    for title in sorted({record["数据提供方"] for record in records}):
        agency(title)
    return portal


def test_the_whole_catalogue(portal):
    before = model.Session.execute(sa.select(sa.func.count()).select_from(audit.events)).scalar()
    summary = portal.sync()
    counters = summary.counters
    assert summary.state == "done_with_errors"
    assert (counters["read"], counters["new"], counters["unchanged"]) == (4494, 2228, 0)
    assert (counters["repeats_exact"], counters["repeats_differing"], counters["held"]) == (2260, 6, 1)
    assert counters["quarantined"] == {}
    assert len(rows(Entry)) == len(rows(HarvestRecord)) == 2228
    datasets = rows(Dataset)
    assert Counter(row["state"] for row in datasets) == {"proposed": 2227, "undecided": 1}
    assert {row["tier"] for row in datasets} == {"undecided"}
    assert Counter(row["tier"] for row in rows(Proposal)) == {"unconditional": 1479, "conditional": 748}
    assert all(row["conditions"] for row in rows(Proposal, tier="conditional"))
    assert not rows(Task)
    after = model.Session.execute(sa.select(sa.func.count()).select_from(audit.events)).scalar()
    assert after == before + 1


def test_twice_changes_nothing(portal):
    portal.sync()
    tables = (Entry, Dataset, Proposal, HarvestRecord)
    before = [sorted(map(repr, rows(table))) for table in tables]
    statements = []
    engine = model.Session.get_bind()

    def note(conn, cursor, statement, *rest):
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        summary = portal.sync()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert summary.counters["unchanged"] == 2228
    assert (summary.counters["new"], summary.counters["changed"]) == (0, 0)
    assert before == [sorted(map(repr, rows(table))) for table in tables]
    written = {statement.split()[1 if statement.startswith("UPDATE") else 2] for statement in statements
               if statement.startswith(("INSERT", "UPDATE", "DELETE"))}  # fmt: skip
    assert written <= {"shopendata_harvest_run", "audit.event", "audit.payload"}
