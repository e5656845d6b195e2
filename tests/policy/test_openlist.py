import json
from dataclasses import replace

import pytest
from ckanext.shopendata.policy import openlist
from ckanext.shopendata.policy.catalogue import Acquisition, EntryState
from ckanext.shopendata.policy.classification import DatasetState, Tier
from ckanext.shopendata.policy.openlist import Candidate

AGENCY = {"id": "a", "name": "traffic", "title": "交通委", "contact": ""}
LISTED = Candidate(
    dataset="1", decision="d1", name="one", code="307001/000001", title="一", abstract="", items=("线路",),
    domain="道路交通", tier=Tier.UNCONDITIONAL, reasons=(), conditions="", formats=("CSV",), frequency="daily",
    high_value="", first_opened="", planned="", division="", contact="", state=DatasetState.DECIDED,
    entry_state=EntryState.CHECKED, acquisition=Acquisition.DIRECT,
)  # fmt: skip
EXCLUDED = {
    "undecided": [{"tier": Tier.UNDECIDED}] + [{"state": DatasetState(state)} for state in (
        "undecided", "proposed", "unit_review", "special_review", "superseded", "withdrawn",
    )],
    "closed": [{"tier": Tier.CLOSED}],
    "suspended": [{"state": DatasetState.SUSPENDED}, {"suspended": True}],
    "not_checked": [{"entry_state": state} for state in EntryState if state is not EntryState.CHECKED],
    "acquisition_unknown": [{"acquisition": None}],
    "obtained_negotiated": [{"acquisition": Acquisition.NEGOTIATED}],
    "obtained_shared_in": [{"acquisition": Acquisition.SHARED_IN}],
}  # fmt: skip


@pytest.mark.parametrize(("code", "change"), [(code, change) for code, all_ in EXCLUDED.items() for change in all_])
def test_what_keeps_a_dataset_off_the_list(code, change):
    assert openlist.exclusion(replace(LISTED, **change)) == code


@pytest.mark.parametrize("state", [DatasetState.DECIDED, DatasetState.LISTED, DatasetState.PUBLISHED])
@pytest.mark.parametrize("tier", [Tier.UNCONDITIONAL, Tier.CONDITIONAL])
def test_what_is_on_it(state, tier):
    assert openlist.exclusion(replace(LISTED, state=state, tier=tier)) is None


def compiled(*candidates):
    return openlist.compile_list(AGENCY, 2026, 1, "2026-03-01", candidates)


def test_the_body_names_the_open_ones_and_numbers_the_rest():
    secret = replace(LISTED, dataset="2", title="个体出行记录", tier=Tier.CLOSED, reasons=("personal_privacy",))
    unknown = replace(LISTED, dataset="3", title="掘路信息", state=DatasetState.PROPOSED)
    conditional = replace(
        LISTED, dataset="4", title="到站", tier=Tier.CONDITIONAL, conditions="接口", high_value="urgent"
    )
    body, listed = compiled(LISTED, secret, unknown, conditional)
    assert [candidate.dataset for candidate in listed] == ["4", "1"]
    text = openlist.canonical(body)
    assert "个体出行记录" not in text
    assert "掘路信息" not in text
    assert body["foot"] == {
        "total": 4, "unconditional": 1, "conditional": 1,
        "closed": {"personal_privacy": 1}, "excluded": {"undecided": 1},
    }  # fmt: skip
    assert [(row["position"], row["delivery"]) for row in body["items"]] == [(1, "interface"), (2, "download")]
    assert body["version"] == "2026.1"


def test_the_order_of_the_candidates_does_not_show():
    others = [replace(LISTED, dataset=str(n), title=f"第{n}", code=f"c{n % 3}") for n in range(9)]
    one, other = compiled(*others)[0], compiled(*reversed(others))[0]
    assert openlist.digest(openlist.canonical(one)) == openlist.digest(openlist.canonical(other))


def test_one_character_changes_the_digest():
    text = openlist.canonical(compiled(LISTED)[0])
    assert json.loads(text) == compiled(LISTED)[0]
    assert openlist.digest(text) != openlist.digest(text.replace("线路", "线咯"))
