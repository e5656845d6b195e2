"""A mask is a mask: what the loader veils in Python and what the gateway veils in SQL look the same."""

import pytest
from ckanext.shopendata.gateway.query import _MASKS
from ckanext.shopendata.policy.scope import Mask, veil
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from stack import databases

texts = st.text("0123456789.-+ 王小明Xx", max_size=20)


@pytest.fixture(scope="module")
def vault():
    from stack import settings as stack_settings

    with databases.connect(stack_settings.read("test"), "vault") as connection:
        yield connection


@pytest.mark.parametrize("mask", [Mask.NONE, Mask.FIRST_CHAR, Mask.PHONE, Mask.IDENTITY, Mask.BAND])
def test_python_and_sql_veil_alike(vault, mask):
    expression = sql.SQL(_MASKS[mask].replace("{0}", "v.x"))

    @settings(max_examples=200, deadline=None)
    @given(st.lists(texts, min_size=20, max_size=60))
    def check(values):
        query = sql.SQL("SELECT {} FROM unnest(%s::text[]) WITH ORDINALITY v(x, n) ORDER BY n").format(expression)
        assert [row[0] for row in vault.execute(query, (values,))] == [veil(value, mask) for value in values]

    check()
