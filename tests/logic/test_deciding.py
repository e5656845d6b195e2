"""Four eyes on tiers and lists, and what happens while somebody else acts at the same moment."""

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata.logic.action import application as applications
from ckanext.shopendata.logic.action import openlist as openlists
from ckanext.shopendata.model import Case, Dataset, Item
from ckanext.shopendata.model.audit import events, payloads
from sqlalchemy.exc import OperationalError

from tests.factories import BASES, CONDITIONS, FORM, call, hold


def code(refused):
    return refused.value.error_dict["code"]


def can_be_locked(kind, key):
    """Whether somebody else could lock this row now."""
    with model.meta.engine.connect() as other:
        try:
            other.execute(sa.select(kind.id).where(kind.id == key).with_for_update(nowait=True))
        except OperationalError:
            return False
    return True


def bodies(verb):
    rows = sa.select(events.c.object_type, payloads.c.body).join(payloads, payloads.c.event_id == events.c.id)
    return [tuple(row) for row in model.Session.execute(rows.where(events.c.verb == verb).order_by(events.c.seq))]


def test_nobody_opens_more_without_another_persons_proposal(world):
    _, dataset = world.conditional
    with pytest.raises(tk.ValidationError) as refused:
        call("dataset_decide", world.agency.reviewer, ids=[dataset], tier="unconditional")
    assert code(refused) == ["not_proposed"]
    grounds = {"reasons": ["timeliness"], "bases": BASES, "conditions": "随便用"}
    with pytest.raises(tk.ValidationError) as refused:
        call("dataset_decide", world.agency.reviewer, ids=[dataset], tier="conditional", **grounds)
    assert code(refused) == ["not_proposed"]
    call("dataset_propose", world.agency.administrator, ids=[dataset], tier="conditional", **grounds)
    with pytest.raises(tk.ValidationError) as refused:
        call("dataset_decide", world.agency.reviewer, ids=[dataset], tier="unconditional")
    assert code(refused) == ["not_proposed"]
    assert model.Session.get(Dataset, dataset).tier == "conditional"
    call("dataset_decide", world.agency.reviewer, ids=[dataset])
    assert model.Session.get(Dataset, dataset).conditions == "随便用"


def test_less_than_was_proposed_may_be_decided(world):
    entry, dataset = world.agency.entry("道路掘路施工信息", "unconditional", [])
    call("entry_confirm", world.agency.administrator, ids=[entry])
    call(
        "dataset_decide", world.agency.reviewer, ids=[dataset], tier="conditional", reasons=["timeliness"],
        bases=BASES, conditions=CONDITIONS,
    )  # fmt: skip
    assert model.Session.get(Dataset, dataset).tier == "conditional"


class TestList:
    def test_its_datasets_cannot_be_decided_while_it_is_published(self, world, monkeypatch):
        check, seen = openlists._check_unchanged, []

        def checked(*about):
            seen.append(can_be_locked(Dataset, world.open[1]))
            check(*about)

        monkeypatch.setattr(openlists, "_check_unchanged", checked)
        world.agency.publish_list()
        assert seen == [False]

    def test_other_items_than_were_signed_are_not_published(self, world):
        version = call("openlist_compile", world.agency.administrator, agency="traffic")
        call("openlist_sign", world.agency.signer, id=version["id"])
        entry, _ = world.open
        assert model.Session.query(Item).filter_by(entry_id=entry).update({"mask": "first_char"})
        model.Session.commit()
        with pytest.raises(tk.ValidationError) as refused:
            call("openlist_publish", world.agency.reviewer, id=version["id"])
        assert code(refused) == ["list_changed"]

    def test_a_signer_who_also_keeps_the_data_signs_what_another_compiled(self, world):
        hold(world.agency.signer, "data_administrator", "traffic")
        model.Session.commit()
        version = call("openlist_compile", world.agency.administrator, agency="traffic")
        assert call("openlist_sign", world.agency.signer, id=version["id"])["state"] == "filed"

    def test_nobody_signs_online_what_they_compiled(self, world):
        hold(world.agency.signer, "data_administrator", "traffic")
        model.Session.commit()
        version = call("openlist_compile", world.agency.signer, agency="traffic")
        with pytest.raises(tk.NotAuthorized):
            call("openlist_sign", world.agency.signer, id=version["id"])


class TestCase:
    @pytest.fixture
    def case(self, world):
        application = call("application_save", world.citizen, datasets=[world.conditional[1]], form=FORM)
        call("application_submit", world.citizen, id=application["id"])
        return call("application_accept", world.intake, id=application["id"])["cases"][0]

    def test_deciding_and_withdrawing_lock_in_the_same_order(self, world, case, monkeypatch):
        locked, seen = applications._locked, []

        def watched(key):
            seen.append(can_be_locked(Case, case["id"]))
            return locked(key)

        monkeypatch.setattr(applications, "_locked", watched)
        call("case_decide", world.agency.reviewer, id=case["id"], verb="grant", opinion="同意")
        call("agreement_confirm", world.agency.signer, id=case["id"])
        assert seen == [True, True]

    def test_the_record_tells_what_was_granted_and_how_a_case_began_and_ended(self, world, case):
        codes = {world.conditional[1]: ["stop_code"]}
        call(
            "case_decide", world.agency.reviewer, id=case["id"], verb="grant_reduced", reason="exceeds_minimum",
            opinion="部分同意", items=codes,
        )  # fmt: skip
        application = model.Session.get(Case, case["id"]).application_id
        call("application_withdraw", world.citizen, id=application, note="不再需要")
        assert bodies("case.decide")[-1][1]["items"] == codes
        assert bodies("case.open")[-1] == ("case", {"application": application})
        assert bodies("case.withdraw")[-1] == (
            "case", {"before": "agreement_pending", "application": application, "note": "不再需要"},
        )  # fmt: skip

    def test_every_dataset_of_the_case_is_named_when_less_is_granted(self, world, case):
        for items in ({}, {world.conditional[1]: []}):
            with pytest.raises(tk.ValidationError):
                call(
                    "case_decide", world.agency.reviewer, id=case["id"], verb="grant_reduced",
                    reason="exceeds_minimum", opinion="部分同意", items=items,
                )  # fmt: skip
        assert model.Session.get(Case, case["id"]).state == "in_review"

    @pytest.mark.parametrize("codes", [5, [5], {"y": 1}])
    def test_other_types_are_refused(self, world, case, codes):
        with pytest.raises(tk.ValidationError):
            call(
                "case_decide", world.agency.reviewer, id=case["id"], verb="grant_reduced", reason="exceeds_minimum",
                opinion="x", items={world.conditional[1]: codes},
            )  # fmt: skip

    def test_so_they_are_in_documents(self, world):
        with pytest.raises(tk.ValidationError):
            call(
                "dataset_decide", world.agency.reviewer, ids=[world.open[1]],
                document={"number": 5, "signer": ["x"], "signed_on": "2026-01-01"},
            )  # fmt: skip
