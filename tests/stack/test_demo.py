"""What `make portal` says of the demonstration."""

from dataclasses import replace

import pytest
from ckanext.shopendata import demonstration

from stack import demo


@pytest.fixture
def elsewhere(test_stack, clean_db, tmp_path):
    """The test stack with a folder of its own."""
    return replace(test_stack, values={**test_stack.values, "SHOPENDATA_VAR": str(tmp_path)})


def test_an_interrupted_demonstration_is_not_called_left_out(elsewhere):
    assert demo.told(elsewhere) == "none"
    demonstration.mark()
    assert "make reset" in demo.told(elsewhere)
    demo.report(elsewhere).touch()
    assert "live key" in demo.told(elsewhere)
