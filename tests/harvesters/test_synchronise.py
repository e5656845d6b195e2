"""What a run does to entries, datasets, proposals and blocks; records of the sharing platform in a file."""

import datetime as dt
import hashlib
import json
import os
import random
import signal
import time
import uuid

import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.harvesters import fetch, runs, synchronise
from ckanext.shopendata.model import (
    Block,
    Dataset,
    Entry,
    HarvestRecord,
    HarvestRun,
    Item,
    Proposal,
    Resource,
    Task,
    audit,
)

from .conftest import agency, rows
from .samples import record

CONTENT = (Entry, Item, Dataset, Resource, Proposal, Block, HarvestRecord, Task)
#: What two runs of the same records may differ in.
PASSING = {"id", "created_at", "updated_at", "proposed_at", "seen_at", "run_id", "due_at", "blocked_at", "closed_at"}


@pytest.fixture
def portal(make_portal):
    portal = make_portal("sandbox")
    agency("甲局", ("甲",), "CODE1")
    agency("乙局", (), "CODE2")
    return portal


def many(number):
    return [
        record(resourceId=f"r{n}", resourceName=f"目录 {n}", resourceCode=f"307001/{n:06d}", openType=str(n % 2 + 1))
        for n in range(number)
    ]


def content(exact=True):
    """Everything in our tables."""
    return {
        table.__name__: sorted(
            repr({key: value for key, value in row.items() if exact or key not in PASSING}) for row in rows(table)
        )
        for table in CONTENT
    }


def only(table):
    (row,) = rows(table)
    return row


def put(table, **values):
    model.Session.execute(sa.update(table).values(**values))
    model.Session.commit()


def test_a_record_becomes_an_entry_with_everything(portal):
    summary = portal.sync([record()])
    assert summary.state == "done"
    entry, dataset, proposal, resource = only(Entry), only(Dataset), only(Proposal), only(Resource)
    assert (entry["state"], entry["source_state"], entry["guid"]) == ("harvested", "published", "r1")
    assert (dataset["state"], dataset["tier"], dataset["entry_id"]) == ("proposed", "undecided", entry["id"])
    assert dataset["name"].startswith("gong-jiao-xian-lu-yu-zhan-dian-")
    assert (proposal["tier"], proposal["proposed_by"], proposal["reasons"]) == ("conditional", None, ["timeliness"])
    assert proposal["conditions"] == "限于申请载明的用途"
    assert resource["dataset_id"] == dataset["id"]
    assert [row["code"] for row in sorted(rows(Item), key=lambda row: row["position"])] == ["line_code", "line_name"]
    assert [(row["kind"], row["object_id"]) for row in rows(Task)] == [("fetch", entry["id"])]


def test_twice_changes_nothing(portal):
    portal.sync([record(), record(resourceId="r9", openType="?"), record(resourceId="r8", secretFlag="1")])
    before = content()
    summary = portal.sync()
    assert content() == before
    assert (summary.counters["unchanged"], summary.counters["changed"], summary.counters["refused"]) == (1, 0, 1)
    assert summary.counters["quarantined"] == {"tier_unknown": 1}


def test_a_change_reaches_only_what_the_source_delivers(portal):
    first = record(hasData=False)
    del first["acquisition"]
    portal.sync([first])
    put(Entry, acquisition_method="produced", state="confirmed", division="填写")
    changed = record(hasData=False, abstract="新", division="", consentScope=None)
    del changed["acquisition"]
    summary = portal.sync([changed])
    entry = only(Entry)
    assert (summary.counters["changed"], entry["abstract"]) == (1, "新")
    assert (entry["acquisition_method"], entry["state"], entry["division"]) == ("produced", "confirmed", "填写")
    assert only(Dataset)["notes"] == "新"
    assert not rows(Task)


def test_new_rows_are_fetched_when_the_source_says_that_they_changed(portal):
    portal.sync([record()])
    put(Task, done_at=dt.datetime.now(dt.timezone.utc))
    portal.sync([record(abstract="新")])
    assert len(rows(Task)) == 1
    portal.sync([record(abstract="新", modified="2023-07-01")])
    assert sorted(row["done_at"] is None for row in rows(Task)) == [False, True]


def test_rows_that_change_twice_in_a_day_are_fetched_twice(portal):
    portal.sync([record(modified="2023-06-01T08:00:00+08:00")])
    put(Task, done_at=dt.datetime.now(dt.timezone.utc))
    portal.sync([record(modified="2023-06-01T15:00:00+08:00")])
    assert sorted(row["done_at"] is None for row in rows(Task)) == [False, True]
    before = content()
    early, late = (record(modified=f"2023-06-01T{hour}:00:00+08:00") for hour in ("11", "15"))
    for repeats in ([early, late], [late, early]):
        portal.sync(repeats)
        assert content() == before


def test_items_follow(portal):
    portal.sync([record()])
    items = record()["items"]
    portal.sync([record(items=[items[1] | {"seq": 1, "sensitivity": "personal"}])])
    item = only(Item)
    assert (item["code"], item["sensitivity"], item["position"]) == ("line_name", "personal", 1)


def decided(tier, **more):
    put(Proposal, closed_at=dt.datetime.now(dt.timezone.utc))
    put(Dataset, tier=tier, state="published", published_tier=tier, **more)


def test_a_looser_declaration_only_proposes(portal):
    portal.sync([record()])
    decided("conditional")
    portal.sync([record(openType="1", openReason="")])
    dataset = only(Dataset)
    assert (dataset["tier"], dataset["state"], dataset["published_tier"]) == ("conditional", "published", "conditional")
    assert [row["tier"] for row in rows(Proposal) if row["closed_at"] is None] == ["unconditional"]
    assert not rows(Block)


def test_a_stricter_declaration_suspends_once(portal):
    portal.sync([record(openType="1")])
    decided("unconditional")
    portal.sync([record(openType="3", openReason="涉及商业秘密")])
    block, dataset = only(Block), only(Dataset)
    assert (block["dataset_id"], block["reason"], block["blocked_by"]) == (dataset["id"], "source_tightened", "source")
    assert (dataset["tier"], dataset["state"]) == ("unconditional", "suspended")
    # Lifted by people who know better: the next change of something else does not suspend it again.
    put(Block, lifted_at=dt.datetime.now(dt.timezone.utc))
    portal.sync([record(openType="3", openReason="涉及商业秘密", abstract="新")])
    assert len(rows(Block)) == 1


@pytest.mark.parametrize("state", ["decided", "listed"])
@pytest.mark.parametrize("change", [{"openType": "3"}, {"state": "revoked"}, {"secretFlag": "1"}])
def test_what_is_on_its_way_to_the_public_is_held_back(portal, state, change):
    portal.sync([record(openType="1")])
    put(Proposal, closed_at=dt.datetime.now(dt.timezone.utc))
    put(Dataset, tier="unconditional", state=state)
    portal.sync([record(openType="1") | change])
    assert len(rows(Block)) == 1
    assert only(Dataset)["state"] == "suspended"


def test_a_revocation_outlasts_a_tightening(portal):
    """Whose block ends with the next list; a suspension ends when people say so."""
    portal.sync([record(openType="1")])
    decided("unconditional")
    put(Dataset, tier="conditional", state="decided")
    model.Session.execute(sa.insert(Block).values(
        id="b", dataset_id=only(Dataset)["id"], reason="tightened", note="", blocked_by="reviewer",
        blocked_at=dt.datetime.now(dt.timezone.utc),
    ))  # fmt: skip
    model.Session.commit()
    portal.sync([record(openType="1", state="revoked")])
    assert (only(Block)["reason"], only(Dataset)["state"]) == ("tightened", "suspended")


@pytest.mark.parametrize(
    ("said", "reason", "source_state"),
    [
        ({"state": "revoked"}, "source_revoked", "revoked"),
        ({"openType": "3"}, "source_tightened", "published"),
        ({"openType": "3", "resourceCode": "307001/000009"}, "source_tightened", "published"),
    ],
)
def test_another_fault_does_not_hide_what_suspends(portal, said, reason, source_state):
    portal.sync([record(openType="1"), record(resourceId="r2", resourceName="t", resourceCode="307001/000009")])
    model.Session.execute(sa.update(Dataset).where(Dataset.title != "t").values(
        tier="unconditional", published_tier="unconditional", state="published"
    ))  # fmt: skip
    model.Session.commit()
    fault = {} if "resourceCode" in said else {"updateCycle": "待定"}
    if not fault:
        said = said | {"provider": {"code": "CODE2", "name": "乙局"}}
    changed = [record(openType="1") | said | fault, record(resourceId="r2", resourceName="t",
               resourceCode="307001/000009")]  # fmt: skip
    summary = portal.sync(changed)
    assert sum(summary.counters["quarantined"].values()) == 1
    assert (only(Block)["reason"], summary.counters["blocks"]) == (reason, 1)
    assert rows(Entry, guid="r1")[0]["source_state"] == source_state
    put(Block, lifted_at=dt.datetime.now(dt.timezone.utc))
    portal.sync()
    assert len(rows(Block)) == 1


def test_a_stricter_declaration_suspends_what_people_made_of_the_entry(portal):
    """The default dataset may be gone: others of the entry stand in public all the same."""
    portal.sync([record(openType="1", hasData=False)])
    model.Session.execute(sa.delete(Proposal))
    put(Dataset, id="another", tier="unconditional", state="published", published_tier="unconditional")
    portal.sync([record(openType="3", openReason="涉及商业秘密", hasData=False)])
    assert (only(Block)["dataset_id"], only(Dataset)["state"]) == ("another", "suspended")
    assert rows(Proposal) == []


def test_a_decision_against_the_declaration_stands(portal):
    portal.sync([record(openType="2")])
    decided("unconditional")
    portal.sync([record(openType="2", abstract="新")])
    assert not rows(Block)
    assert all(row["closed_at"] for row in rows(Proposal))


@pytest.mark.parametrize("state", ["revoked", "closed"])
def test_a_revocation_suspends(portal, state):
    portal.sync([record(openType="1")])
    decided("unconditional")
    summary = portal.sync([record(openType="1", state=state)])
    assert only(Block)["reason"] == "source_revoked"
    assert (only(Entry)["source_state"], summary.counters["blocks"]) == (state, 1)
    assert (only(Dataset)["tier"], only(Dataset)["state"]) == ("unconditional", "suspended")
    portal.sync()
    assert len(rows(Block)) == 1


def test_only_published_records_become_entries(portal):
    summary = portal.sync([record(state="created"), record(resourceId="r2", resourceName="t", state="revoked")])
    assert (rows(Entry), summary.counters["not_published"]) == ([], 2)
    portal.sync([record()])
    assert only(Entry)["guid"] == "r1"


def test_a_declaration_taken_back_takes_its_proposal_along(portal):
    portal.sync([record()])
    portal.sync([record(openType="0")])
    assert only(Dataset)["state"] == "undecided"
    assert only(Proposal)["closed_at"] is not None


def test_a_persons_proposal_stays(portal):
    portal.sync([record()])
    put(Proposal, proposed_by="somebody", tier="closed")
    portal.sync([record(openType="1")])
    assert only(Proposal)["tier"] == "closed"


def test_what_disappears_is_marked_and_comes_back(portal):
    portal.sync(many(3))
    summary = portal.sync(many(2))
    assert summary.counters["missing"] == 1
    assert [row["missing_since"] is not None for row in rows(Entry, guid="r2")] == [True]
    assert rows(Entry, guid="r2")[0]["source_state"] == "missing"
    assert portal.sync().counters["missing"] == 0
    portal.sync(many(3))
    assert {row["source_state"] for row in rows(Entry)} == {"published"}
    assert {row["missing_since"] for row in rows(Entry)} == {None}


def test_a_mass_disappearance_is_not_believed(portal):
    portal.sync(many(500))
    before = content()
    summary = portal.sync(many(449))
    assert (summary.state, summary.error) == ("failed", "mass_disappearance: 51 of 500")
    assert content() == before
    assert portal.sync(many(451)).counters["missing"] == 49


def test_a_revocation_counts_even_then(portal):
    portal.sync(many(500))
    decided("unconditional")
    revoked = record(
        resourceId="r0", resourceName="目录 0", resourceCode="307001/000000", openType="1", state="revoked"
    )
    summary = portal.sync([revoked])
    assert summary.state == "failed"
    assert only(Block)["reason"] == "source_revoked"
    assert {row["source_state"] for row in rows(Entry)} == {"published"}


def test_a_database_that_goes_away_leaves_the_run_to_the_next(portal, monkeypatch):
    portal.deliver(many(3))
    held = runs.begin(portal.id)

    def gone(*_):
        raise sa.exc.OperationalError("INSERT CANARY", {"title": "CANARY"}, Exception())

    with monkeypatch.context() as broken:
        broken.setattr(synchronise.writing, "write", gone)
        with pytest.raises(synchronise.DatabaseGone) as error:
            synchronise.run(held)
    assert "CANARY" not in str(error.value)
    model.Session.rollback()
    assert only(HarvestRun)["state"] == "running"


def test_a_fault_of_ours_ends_the_run_and_says_nothing_of_records(portal, monkeypatch, said):
    portal.deliver(many(3))
    held = runs.begin(portal.id)

    def broken(*_):
        raise RuntimeError("CANARY")

    monkeypatch.setattr(synchronise.writing, "write", broken)
    assert synchronise.run(held).state == "failed"
    run = only(HarvestRun)
    assert (run["error"], run["counters"].get("new", 0)) == ("internal_error: RuntimeError", 0)
    assert "CANARY" not in repr(said)
    assert "RuntimeError" in repr(said)


def test_a_dry_run_of_a_worker_writes_its_counters_only(portal):
    portal.deliver(many(3))
    held = runs.lease(runs.plan(portal.id, dry=True))
    summary = synchronise.run(held)
    assert (summary.counters["new"], rows(Entry), rows(HarvestRecord)) == (3, [], [])


def test_an_unreadable_source_changes_nothing(portal):
    portal.sync(many(3))
    before = content()
    portal.file.write_text('[{"resourceId": "r1"')
    summary = portal.sync()
    assert (summary.state, summary.error) == ("failed", "the file is no JSON")
    assert content() == before


def test_no_file_outside_the_folder(portal, tmp_path_factory):
    outside = tmp_path_factory.mktemp("elsewhere") / "c.json"
    outside.write_text("[]")
    link = portal.file.with_name("link.json")
    link.symlink_to(outside)
    for url in (str(outside), f"file://{outside}", str(link), "../x.json", "http://127.0.0.1/x.json", "file://host/x"):
        model.Session.execute(sa.text("UPDATE harvest_source SET url = :url"), {"url": url})
        model.Session.commit()
        assert portal.sync().state == "failed"


def test_a_dry_run_writes_nothing_and_tells(portal):
    portal.sync(many(3))
    portal.deliver([many(3)[0] | {"abstract": "新"}, *many(2)[1:]])
    before, seen = content(), len(rows(HarvestRun))
    found = synchronise.compare(portal.id)
    model.Session.rollback()
    assert content() == before
    assert len(rows(HarvestRun)) == seen
    assert sorted((step.kind, step.guid) for step in found.steps) == [("changed", "r0"), ("missing", "r2")]
    assert found.steps[0].differences == [("abstract", "线路和站点。", "新")]


class Killed(BaseException):
    """As if the process had ended here."""


@pytest.mark.parametrize("batches", [1, 2])
def test_a_run_killed_between_batches_is_done_by_the_next_worker(portal, monkeypatch, batches):
    monkeypatch.setattr(synchronise, "_BATCH", 100)
    records = [*many(350), record(resourceId="bad", openType="?"), record(resourceId="x", secretFlag="1")]
    portal.deliver(records)
    held = runs.begin(portal.id)

    def kill(number):
        if number == batches:
            raise Killed

    with pytest.raises(Killed):
        synchronise.run(held, after_batch=kill)
    model.Session.rollback()
    assert len(rows(Entry)) < 350
    assert runs.lease(held.run_id) is None
    expire(held.run_id)
    again = runs.lease(held.run_id)
    summary = synchronise.run(again)
    resumed = content(exact=False)
    assert (summary.counters["new"], summary.counters["unchanged"], summary.counters["attempts"]) == (350, 0, 2)
    assert len(rows(Entry)) == len(rows(Dataset)) == len(rows(Proposal)) == len(rows(Task)) == 350
    # Whoever thought to hold it still cannot write any more.
    with pytest.raises(runs.LeaseLost):
        synchronise.run(held)
    model.Session.rollback()
    for table in reversed(CONTENT):
        model.Session.execute(sa.delete(table))
    model.Session.commit()
    portal.sync()
    assert content(exact=False) == resumed


def test_kill_9_at_any_moment(portal, monkeypatch):
    """A thousand records; the worker dies again and again. In the end: a clean run's content, nothing lost or twice."""
    monkeypatch.setattr(synchronise, "_BATCH", 50)
    monkeypatch.setattr(runs, "_ATTEMPTS", 100)
    portal.deliver(many(1000))
    held = runs.begin(portal.id)
    dice, deaths, sizes = random.Random(9), 0, []
    for _ in range(20):
        model.Session.remove()
        child = os.fork()
        if not child:
            try:
                model.meta.engine.dispose(close=False)
                # Slowly, so that deaths fall between batches as well as into them.
                synchronise.run(held, after_batch=lambda number: time.sleep(0.1))
            finally:
                os._exit(0)
        time.sleep(dice.uniform(0.5, 2.5))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        deaths += os.WIFSIGNALED(status)
        (run,) = rows(HarvestRun)
        sizes.append(len(rows(Entry)))
        if run["finished_at"]:
            break
        expire(held.run_id)
        held = runs.lease(held.run_id)
    else:
        synchronise.run(held)
    assert deaths > 1
    assert len(set(sizes)) > 1, sizes
    (run,) = rows(HarvestRun)
    assert (run["state"], run["counters"]["new"], run["counters"]["read"]) == ("done", 1000, 1000)
    killed = content(exact=False)
    assert {name: len(found) for name, found in killed.items()} == {
        "Entry": 1000, "Item": 2000, "Dataset": 1000, "Resource": 1000, "Proposal": 1000, "Block": 0,
        "HarvestRecord": 1000, "Task": 1000,
    }  # fmt: skip
    for table in reversed(CONTENT):
        model.Session.execute(sa.delete(table))
    model.Session.commit()
    portal.sync()
    assert content(exact=False) == killed


def expire(run_id):
    model.Session.execute(
        sa.update(HarvestRun)
        .where(HarvestRun.id == run_id)
        .values(leased_until=dt.datetime(2000, 1, 1, tzinfo=dt.timezone.utc))
    )
    # Uncommitted on purpose: the stack's own worker must not take it first.
    model.Session.flush()


def test_a_run_that_ends_its_worker_again_and_again_is_given_up(portal):
    portal.deliver(many(1))
    held = runs.begin(portal.id)
    model.Session.execute(sa.update(HarvestRun).values(counters={"attempts": 5}))
    expire(held.run_id)
    assert runs.lease(held.run_id) is None
    assert (only(HarvestRun)["state"], only(HarvestRun)["error"]) == ("failed", "too_many_attempts")


def test_one_run_of_a_source_at_a_time(portal):
    portal.deliver(many(1))
    assert runs.begin(portal.id) is not None
    assert runs.begin(portal.id) is None
    assert len(rows(HarvestRun)) == 1


def everywhere(word):
    """Tables of any schema in which a text stands."""
    tables = model.Session.execute(
        sa.text("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'audit')")
    ).scalars()
    return [
        table
        for table in tables.all()
        if model.Session.execute(
            sa.text(f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text LIKE :word)"), {"word": f"%{word}%"}
        ).scalar()
    ]


def test_nothing_of_a_state_secret_is_anywhere(portal, said):
    # Events cannot be deleted, by tests neither: a word of this run.
    canary = f"CANARY{uuid.uuid4().hex}"
    secret = record(resourceId=f"id-{canary}", resourceName=f"涉密{canary}", abstract=canary, secretFlag="1")
    summary = portal.sync([record(), secret])
    assert summary.counters["refused"] == 1
    # Before we look for it: every statement is logged here.
    assert said
    assert canary not in repr(said)
    assert everywhere(canary) == []
    (row,) = rows(HarvestRecord, outcome="refused")
    assert row["guid"] == f"refused:{hashlib.sha256(f'id-{canary}'.encode()).hexdigest()[:32]}"
    assert (row["value"], row["digest"], row["entry_id"]) == ("", "", None)
    happened = model.Session.execute(
        sa.select(audit.events.c.verb).where(audit.events.c.object_id == row["guid"])
    ).scalars()
    assert happened.all() == ["harvest.refuse"]
    portal.sync()
    assert len(rows(HarvestRecord, outcome="refused")) == 1


def test_what_becomes_secret_stops_at_once(portal):
    portal.sync([record(openType="1")])
    decided("unconditional")
    portal.sync([record(openType="1", secretFlag="1")])
    assert only(Block)["reason"] == "source_revoked"
    assert only(Entry)["source_state"] == "refused"


def test_what_a_quarantine_kept_goes_with_the_secret(portal):
    portal.sync([record(), record(resourceId="r9", openType="CANARYTIER")])
    portal.sync([record(), record(resourceId="r9", openType="CANARYTIER", secretFlag="1")])
    assert everywhere("CANARYTIER") == []
    assert [row["outcome"] for row in rows(HarvestRecord) if row["guid"] != "r1"] == ["refused"]


@pytest.mark.parametrize("change", [{"secretFlag": "1"}, {"state": "revoked"}])
def test_rows_of_what_was_taken_back_are_not_fetched(portal, monkeypatch, change):
    portal.sync([record()])
    portal.sync([record() | change])

    def connect(*_):
        raise AssertionError

    monkeypatch.setattr(fetch, "connect", connect)
    fetch.fetch(model.Session.query(Task).filter_by(kind="fetch").all())
    assert all(row["done_at"] for row in rows(Task, kind="fetch"))
    portal.sync([record()])
    assert sorted(row["done_at"] is None for row in rows(Task, kind="fetch")) == [False, True]


def test_a_decision_made_while_a_run_compares_is_not_undone(portal, monkeypatch):
    portal.sync([record(openType="0")])
    compare = synchronise.compare

    def decided_meanwhile(*arguments):
        found = compare(*arguments)
        put(Dataset, tier="closed", state="decided", title="人写的")
        return found

    monkeypatch.setattr(synchronise, "compare", decided_meanwhile)
    portal.sync([record(openType="1", resourceName="新名")])
    dataset = only(Dataset)
    assert (dataset["state"], dataset["tier"], dataset["title"]) == ("decided", "closed", "人写的")


def test_a_quarantined_record_is_named_by_its_value_alone(portal):
    portal.sync([record(openType="CANARYTIER", resourceName="CANARYTITLE")])
    row = only(HarvestRecord)
    assert (row["outcome"], row["reason"], row["field"], row["value"]) == (
        "quarantined", "tier_unknown", "tier", "CANARYTIER",
    )  # fmt: skip
    assert everywhere("CANARYTITLE") == []
    portal.sync([record()])
    assert (only(HarvestRecord)["outcome"], only(Entry)["title"]) == ("mapped", "公交线路与站点")


def test_nothing_of_an_abstract_with_broken_markup_is_kept(portal):
    summary = portal.sync([record(abstract="CANARYTEXT <![foo bar")])
    assert summary.counters["quarantined"] == {"abstract_malformed": 1}
    assert everywhere("CANARYTEXT") == []


def test_an_alias_maps_once_its_agency_is_registered(portal):
    portal.sync([record(provider={"name": "丙", "code": ""})])
    assert rows(Entry) == []
    agency("丙局", ("丙",))
    portal.sync()
    assert only(Entry)["agency_id"] == rows_of_agency("丙局")


def rows_of_agency(title):
    return model.Session.execute(sa.text("SELECT id FROM shopendata_agency WHERE title = :t"), {"t": title}).scalar()


def test_the_report_holds_counters_and_no_titles(portal):
    portal.sync([record(), record(abstract="CANARYB", modified="2023-06-02")])
    counters = only(HarvestRun)["counters"]
    assert counters["differing"] == {"r1": ["abstract", "modified"]}
    assert "公交" not in json.dumps(counters, ensure_ascii=False)
