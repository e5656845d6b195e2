"""The table of what may appear where: nothing by default, and nothing reaches the public that has no row."""

import ast
from dataclasses import fields
from itertools import product
from pathlib import Path

import pytest
from ckanext.shopendata.policy import openlist
from ckanext.shopendata.policy.classification import DatasetState, Tier
from ckanext.shopendata.policy.visibility import (
    FIELDS,
    INTERNAL,
    ROWS,
    Identity,
    Place,
    Stage,
    may_appear,
    public_fields,
)

PROJECTION = Path(__file__).resolve().parents[2] / "ckanext-shopendata/ckanext/shopendata/publish/projection.py"
STORED = {Place.INDEX, Place.TABLES, Place.STORE}


def attributes(name):
    """Names of a dataclass's fields, read from the source: publish/ needs CKAN to be imported."""
    for node in ast.parse(PROJECTION.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return {one.target.id for one in node.body if isinstance(one, ast.AnnAssign)}
    raise LookupError(name)


def test_what_has_no_row_is_forbidden():
    for tier, stage, identity, place in product(Tier, Stage, Identity, Place):
        assert not may_appear("nothing_of_the_kind", tier, stage, identity, place)
        for field in INTERNAL:
            assert not may_appear(field, tier, stage, identity, place)


@pytest.mark.parametrize("stage", [Stage.UNDECIDED, Stage.DECIDED])
def test_nothing_of_a_dataset_is_anywhere_before_it_is_published(stage):
    for field, tier, identity, place in product(FIELDS - {"staff"}, Tier, Identity, Place):
        assert not may_appear(field, tier, stage, identity, place), (field, tier, identity, place)


@pytest.mark.parametrize("tier", [Tier.CLOSED, Tier.UNDECIDED])
def test_a_closed_dataset_is_on_old_lists_and_in_old_papers_only(tier):
    for field, stage, identity, place in product(FIELDS - {"staff"}, Stage, Identity, Place):
        if may_appear(field, tier, stage, identity, place):
            assert (tier, stage) == (Tier.CLOSED, Stage.WITHDRAWN)
            assert place is Place.OPEN_LIST or (place is Place.DESK and identity is Identity.APPLICANT)


def test_rows_of_a_conditional_dataset_are_at_the_gateway_for_its_key_alone():
    for field, stage, identity, place in product(("row", "masked_row"), Stage, Identity, Place):
        allowed = may_appear(field, Tier.CONDITIONAL, stage, identity, place)
        assert allowed == (stage is Stage.PUBLISHED and identity is Identity.KEY and place is Place.GATEWAY)


def test_a_suspended_dataset_answers_nowhere_but_on_its_list_and_in_its_papers():
    for field, tier, identity, place in product(FIELDS - {"staff"}, Tier, Identity, set(Place) - STORED):
        if may_appear(field, tier, Stage.SUSPENDED, identity, place):
            assert place in {Place.OPEN_LIST, Place.DESK} or (field, place) == ("grant", Place.GATEWAY)


def test_the_stages_are_those_of_a_dataset():
    assert {stage.value for stage in Stage} <= {state.value for state in DatasetState}


def test_internal_fields_have_no_row():
    assert not INTERNAL & {field for row in ROWS for field in row.fields}


def test_the_publisher_tells_ckan_public_fields_only():
    facts = attributes("Facts")
    assert len(facts) > 15
    assert facts - {"tables"} <= public_fields(Place.PAGE)
    assert {f"table_{name}" for name in attributes("TableFacts")} <= public_fields(Place.PAGE)


def test_an_open_list_says_public_fields_only():
    #: What the compilation reads to decide whether a dataset stands on the list, and does not print.
    unprinted = {"decision", "reasons", "state", "entry_state", "acquisition", "suspended"}
    names = {"dataset": "id", "abstract": "notes", "items": "item_name"}
    printed = {names.get(one.name, one.name) for one in fields(openlist.Candidate)} - unprinted
    assert printed <= public_fields(Place.OPEN_LIST)
