"""How roles come and go."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan
from ckanext.shopendata import clock
from ckanext.shopendata.model import Person, RoleHolding, RoleRequest, audit

from tests.factories import call, number, person
from tests.people.conftest import appoint, bodies, happened, holding, refusal


class TestGiven:
    def test_one_asks_and_another_confirms(self, world):
        asked = call("role_request", "ana", user="citizen", role="reviewer", agency="traffic", number="31-01 01x")
        assert asked["state"] == "requested"
        assert call("role_list", "citizen", user="citizen") == []
        assert [one["id"] for one in call("role_request_list", "ben")] == [asked["id"]]
        given = call("role_confirm", "ben", id=asked["id"], number="310101X")
        assert (given["role"], given["agency"], given["state"]) == ("reviewer", "traffic", "live")
        assert (given["requested_by"], given["confirmed_by"]) == ("ana", "ben")
        assert call("role_request_list", "ben") == []
        ids = {name: model.User.get(name).id for name in ("ana", "ben", "citizen")}
        assert bodies("role.request")[0]["actor"] == ids["ana"]
        said = bodies("role.confirm")[0]
        assert (said["actor"], said["role"]) == (ids["ben"], "security_administrator")
        assert (said["body"]["user"], said["body"]["requested_by"]) == (ids["citizen"], ids["ana"])

    def test_the_number_is_kept_nowhere(self, world):
        secret = "31010119900101123X"
        asked = call("role_request", "ana", user="citizen", role="expert", number=secret)
        call("role_confirm", "ben", id=asked["id"], number=secret)
        kept = [model.Session.query(kind).all() for kind in (Person, RoleRequest, RoleHolding)]
        everything = str([[vars(row) for row in rows] for rows in kept]) + str(
            model.Session.execute(sa.select(audit.payloads.c.body)).all()
        )
        assert secret not in everything

    def test_a_declined_request_gives_nothing(self, world):
        asked = call("role_request", "ana", user="citizen", role="expert", number="310101X")
        assert call("role_decline", "ana", id=asked["id"], reason="误填")["state"] == "declined"
        assert refusal("role_confirm", "ben", id=asked["id"], number="310101X") == "not_in_this_state"
        assert call("role_list", "citizen", user="citizen") == []

    def test_a_role_is_asked_for_once(self, world):
        data = {"user": "citizen", "role": "expert", "number": "310101X"}
        call("role_request", "ana", **data)
        assert refusal("role_request", "ben", **data) == "requested_already"
        with clock.at(clock.now() + dt.timedelta(days=15)):
            call("role_request", "ben", **data)

    def test_two_confirm_at_once_and_one_does(self, world, app):
        person("cid", "security_administrator")
        asked = call("role_request", "ana", user="citizen", role="expert", number="310101X")

        def confirm(name):
            with app.flask_app.test_request_context():
                try:
                    return bool(call("role_confirm", name, id=asked["id"], number="310101X"))
                except tk.ValidationError:
                    return False
                finally:
                    model.Session.remove()

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(confirm, ["ben", "cid"])) == [False, True]
        assert len(call("role_list", "citizen", user="citizen")) == 1


class TestTerm:
    def test_it_ends_by_itself(self, world):
        day = clock.today() + dt.timedelta(days=2)
        given = appoint("citizen", "catalogue_checker", until=day.isoformat())
        end = dt.datetime.combine(day, dt.time.max, tzinfo=clock.ZONE)
        assert dt.datetime.fromisoformat(given["until"]) == end
        call("entry_list", "citizen")
        with clock.at(dt.datetime.fromisoformat(given["until"])):
            assert refusal("entry_list", "citizen") == "not_permitted"
            shown = call("role_list", "citizen", user="citizen", state="all")
            assert [one["state"] for one in shown] == ["expired"]

    @pytest.mark.parametrize(("days", "code"), [(-1, "term_over"), (1200, "term_too_long")])
    def test_it_is_in_the_future_and_not_for_ever(self, world, days, code):
        until = (clock.today() + dt.timedelta(days=days)).isoformat()
        data = {"user": "citizen", "role": "expert", "number": "310101X", "until": until}
        assert refusal("role_request", "ana", **data) == code

    def test_it_is_renewed_without_a_gap_and_again_after_its_end(self, world):
        first = appoint("citizen", "catalogue_checker")
        asked = {"user": "citizen", "role": "catalogue_checker", "number": number("citizen")}
        assert refusal("role_request", "ana", **asked) == "already_holds"
        with clock.at(dt.datetime.fromisoformat(first["until"]) - dt.timedelta(days=30)):
            second = appoint("citizen", "catalogue_checker")
            states = {one["id"]: one["state"] for one in call("role_list", "ana", user="citizen", state="all")}
            assert states == {first["id"]: "renewed", second["id"]: "live"}
        with clock.at(dt.datetime.fromisoformat(second["until"]) + dt.timedelta(days=30)):
            person("cid", "security_administrator")
            person("dan", "security_administrator")
            again = call("role_request", "cid", **asked)
            third = call("role_confirm", "dan", id=again["id"], number=number("citizen"))
            states = {one["id"]: one["state"] for one in call("role_list", "cid", user="citizen", state="all")}
            assert (states[second["id"]], states[third["id"]]) == ("expired", "live")


class TestEnded:
    def test_one_person_ends_it_at_once(self, world):
        given = appoint("citizen", "catalogue_checker")
        call("role_revoke", "ben", id=given["id"], reason="调离")
        assert refusal("entry_list", "citizen") == "not_permitted"
        shown = call("role_list", "citizen", user="citizen", state="all")[0]
        assert (shown["state"], shown["ended_by"], shown["note"]) == ("revoked", "ben", "调离")
        before = happened()
        call("role_revoke", "ana", id=given["id"])
        assert happened() == before, "what has ended ends once"

    def test_everybody_gives_up_their_own_and_nobody_elses(self, world):
        mine = holding("traffic-signer", "signer")
        assert refusal("role_revoke", "traffic-reviewer", id=mine) == "not_permitted"
        call("role_revoke", "traffic-signer", id=mine)
        assert call("role_list", "traffic-signer", user="traffic-signer") == []

    def test_who_may_not_learns_nothing_of_others(self, world):
        assert refusal("role_list", "citizen", user="ana") == "not_permitted"
        assert refusal("role_list", "citizen", user="nobody-of-this-name") == "not_permitted"
        assert refusal("role_list", "citizen") == "not_permitted"
        assert refusal("role_request_list", "operator") == "not_permitted"
        assert refusal("role_revoke", "citizen", id="nothing") == "not_permitted"


class TestAccounts:
    def test_who_lost_an_account_starts_anew_and_the_old_one_has_no_role(self, world):
        old, ignore = model.User.get("traffic-signer"), {"ignore_auth": True, "user": ""}
        tk.get_action("user_delete")(ignore, {"id": old.id})
        asked = {"role": "expert", "number": number("traffic-signer")}
        made = call("role_request", "ana", user="citizen", **asked)
        call("role_confirm", "ben", id=made["id"], number=asked["number"])
        assert [one["role"] for one in call("role_list", "citizen", user="citizen")] == ["expert"]
        model.User.get(old.id).state = "active"
        model.Session.commit()
        assert call("role_list", "traffic-signer", user="traffic-signer") == []
        assert refusal("role_request", "ana", user="traffic-signer", **asked) == "person_has_account"


class TestConsole:
    def test_it_makes_two_security_administrators(self, clean_db, cli):
        for name in ("one", "two", "three"):
            person(name)
        for name in ("one", "two"):
            done = cli.invoke(ckan, ["shopendata", "people", "grant", name, "--number", f"NUMBER{name}"])
            assert done.exit_code == 0, done.output
            assert "security_administrator" in done.output
        third = cli.invoke(ckan, ["shopendata", "people", "grant", "three", "--number", "NUMBERthree"])
        assert third.exit_code == 1
        told = bodies("role.install")[:2]
        assert [event["actor"] for event in told] == ["console", "console"]
        assert {event["body"]["user"] for event in told} == {model.User.get(name).id for name in ("one", "two")}
        assert "NUMBER" not in str(told)

    def test_two_accounts_of_one_person_are_not_two(self, clean_db, cli):
        for name in ("one", "again"):
            person(name)
        first = cli.invoke(ckan, ["shopendata", "people", "grant", "one", "--number", "310101X"])
        second = cli.invoke(ckan, ["shopendata", "people", "grant", "again", "--number", "3101 01x"])
        assert (first.exit_code, second.exit_code) == (0, 1)
