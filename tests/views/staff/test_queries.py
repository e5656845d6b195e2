"""The queries behind the staff's pages, called as actions."""

from uuid import uuid4

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckanext.shopendata.model import Application


class TestDesk:
    def test_it_shows_what_waits_for_each_role(self, world, submitted, act):
        assert act("desk_show", "intake")["intake"] == 1
        case = act("application_accept", "intake", id=submitted["id"])["cases"][0]
        assert act("desk_show", "intake")["intake"] == 0
        assert act("desk_show", "traffic-reviewer")["cases"] == {"in_review": 1}
        assert act("desk_show", "market-reviewer")["cases"] == {}
        assert act("desk_show", "traffic-reviewer")["catalogue"] == {"decide": 1}
        act("case_decide", "traffic-reviewer", id=case["id"], verb="grant", opinion="同意")
        assert act("desk_show", "traffic-signer")["agreements"] == [case["id"]]
        assert act("desk_show", "traffic-reviewer")["agreements"] == []
        version = act("openlist_compile", "traffic-administrator", agency="traffic")
        assert [one["id"] for one in act("desk_show", "traffic-signer")["lists"]] == [version["id"]]
        for name in ("citizen", "root", "market-signer"):
            shown = act("desk_show", name)
            assert (shown["intake"], shown["cases"], shown["agreements"], shown["lists"]) == (None, {}, [], []), name

    def test_a_case_shows_its_own_agency_only(self, world, accepted, act):
        shown = act("case_show", "traffic-reviewer", id=accepted["id"])
        assert [item["masked"] for item in shown["datasets"][0]["items"]] == [False, False, True]
        for name in ("citizen", "root", "market-reviewer"):
            with pytest.raises(tk.ObjectNotFound):
                act("case_show", name, id=accepted["id"])

    def test_what_is_not_on_the_list_is_for_its_staff(self, world, act):
        assert [one["why"] for one in act("openlist_excluded", "traffic-signer", agency="traffic")] == ["undecided"]
        for name in ("citizen", "root", "market-signer"):
            with pytest.raises(tk.NotAuthorized):
                act("openlist_excluded", name, agency="traffic")


class TestSaving:
    def test_a_token_makes_one_application(self, world, act):
        token = str(uuid4())
        first = act("application_save", "citizen", token=token, form={"product": "甲"})
        second = act("application_save", "citizen", token=token, form={"product": "乙"}, datasets=[world.name])
        assert (first["id"], second["id"], second["number"]) == (token, token, first["number"])
        with pytest.raises(tk.ObjectNotFound):
            act("application_save", "neighbour", token=token)
        assert act("application_save", "citizen", id=token, datasets=[])["datasets"] == []
        assert model.Session.query(Application).count() == 1

    @pytest.mark.parametrize("wrong", ["no-uuid", "", 5])
    def test_a_wrong_token_is_refused(self, world, act, wrong):
        with pytest.raises(tk.ValidationError):
            act("application_save", "citizen", token=wrong)

    def test_text_that_cannot_be_stored_is_refused(self, world, act):
        with pytest.raises(tk.ValidationError):
            act("application_save", "citizen", form={"product": "a\0b"})
