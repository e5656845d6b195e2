from datetime import date

import pytest
from ckanext.shopendata.policy import application
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.workdays import Clock, Mark, Standing

FORM = {
    "applicant_kind": "natural_person", "applicant_name": "李记者", "contact_name": "李记者",
    "contact_phone": "021",
    "purpose": "media", "scenario": "报道", "necessity": "逐项", "safeguards": "本机",
    "months": "3", "calls_per_day": "9",
}  # fmt: skip


def test_a_complete_form_lacks_nothing():
    assert application.deficiencies(FORM) == {}


def test_everything_missing_is_told_at_once():
    assert set(application.deficiencies({})) == {field.name for field in application.FORM if field.required}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"applicant_kind": "legal_person"}, {"credit_code": "missing"}),
        ({"applicant_kind": "robot"}, {"applicant_kind": "unknown"}),
        ({"months": "0"}, {"months": "out_of_range"}),
        ({"months": "３"}, {"months": "out_of_range"}),
        ({"calls_per_day": "-1", "scenario": ""}, {"calls_per_day": "out_of_range", "scenario": "missing"}),
    ],
)
def test_what_is_wrong_is_named_by_field(change, found):
    assert application.deficiencies(FORM | change) == found


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"no_such": "x"}, "field_unknown"),
        ({"scenario": ["x"]}, "field_not_text"),
        ({"scenario": True}, "field_not_text"),
        ({"scenario": "长" * 2001}, "field_too_long"),
    ],
)
def test_what_no_form_can_hold(form, code):
    with pytest.raises(Refused) as refused:
        application.clean(form)
    assert refused.value.code == code


def test_nobody_decides_on_their_own_application_or_twice():
    application.check_case_decider("reviewer", "applicant", ["other"])
    for decider, acted, code in (("applicant", [], "own_application"), ("reviewer", ["reviewer"], "acted_before")):
        with pytest.raises(Refused, match=code):
            application.check_case_decider(decider, "applicant", acted)


def test_an_application_lapses_when_its_period_is_over():
    clock = Clock(date(2026, 3, 2), 15)
    application.check_lapse(clock.standing(date(2026, 3, 24)))
    with pytest.raises(Refused, match="correction_period_runs"):
        application.check_lapse(clock.standing(date(2026, 3, 23)))
    with pytest.raises(Refused, match="calendar_missing"):
        application.check_lapse(Standing(Mark.UNKNOWN, missing=2027))
