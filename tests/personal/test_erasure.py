"""What is held about a person is shown to them, and goes when they ask for it, as far as the law allows."""

import json
import re

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import audit
from ckanext.shopendata.model import AccessKey, Person
from ckanext.shopendata.model import audit as chain
from ckanext.shopendata.policy import personal
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.personal import ACTS, HELD, Fate
from ckanext.shopendata.publish import publisher

from stack import databases
from tests import factories
from tests.factories import Agency, call, granted, person
from tests.people.conftest import refusal
from tests.sweep import stores

#: The person whose data go, by everything that could tell of them.
NAME, FULL, MAIL, PHONE, CONTACT = (
    "weixiaoyan",
    "魏晓燕CANARY",
    "wei.xiaoyan@example.org",
    "13912345678",
    "魏晓燕联系人",
)
COLUMNS = [("code", "编号", "text", "none")]


def drain():
    while publisher.work():
        pass


@pytest.fixture
def world(clean_db, clean_index, with_request_context, loader_environment):
    made = type("World", (), {})()
    for name in ("ana", "ben"):
        person(name, "security_administrator")
    person("operator", "operator")
    made.centre, made.intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
    made.agency = Agency("operator", "traffic", "上海市交通委员会")
    made.entry = made.agency.entry("公交车辆实时到站信息", "conditional", COLUMNS, [["1"]])
    made.agency.open(made.centre, made.entry)
    drain()
    person(NAME)
    root = {"ignore_auth": True, "user": ""}
    tk.get_action("user_patch")(root, {"id": NAME, "fullname": FULL, "email": MAIL, "about": f"电话 {PHONE}"})
    made.id = model.User.get(NAME).id
    made.form = factories.FORM | {"contact_name": CONTACT, "contact_phone": PHONE}
    return made


@pytest.fixture
def applied(world, monkeypatch):
    """An active grant with a live key, a token, a draft."""
    monkeypatch.setattr(factories, "FORM", world.form)
    grant = granted(NAME, world.intake, world.agency, world.entry[1])
    world.key = call("key_create", NAME, grant=grant["id"])
    call("application_save", NAME, datasets=[world.entry[1]], form=world.form)
    tk.get_action("api_token_create")({"ignore_auth": True, "user": ""}, {"user": NAME, "name": "t"})
    call("preference_save", NAME, modes={}, language="en")
    return world


def everywhere(test_stack, words):
    """Tables of all databases, the index and Redis, in which one of the words stands."""
    found = {}
    for database in databases.DATABASES:
        with databases.connect(test_stack, database) as connection:
            question = (
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            )
            for (name,) in connection.execute(question).fetchall():
                rows = [row for (row,) in connection.execute(f"SELECT t::text FROM {name} t")]
                if hits := {word for word in words for row in rows if word in row}:
                    found[name] = hits
    for place, where, content in [*stores.index(), *stores.memory()]:
        if hits := {word for word in words if word in str(content)}:
            found[f"{place} {where}"] = hits
    return found


class TestShown:
    def test_everything_but_what_opens_something(self, applied):
        shown = call("personal_data_show", NAME)
        held = {one["table"]: one for one in shown["held"]}
        assert held["user"]["rows"][0]["email"] == MAIL
        assert {one["form"].get("contact_phone") for one in held["shopendata_application"]["rows"]} == {PHONE}
        assert held["shopendata_access_key"]["count"] == 1
        assert held["api_token"]["rows"][0]["name"] == "t"
        assert {one["verb"] for one in shown["events"]} >= {"application.submit", "key.create"}
        for secret in ("password", "apikey", "reset_key", "mac", "token_hash", "digest"):
            assert f'"{secret}"' not in json.dumps(shown, ensure_ascii=False)
        kid = model.Session.scalar(sa.select(AccessKey.kid))
        assert kid in str(shown)

    def test_nothing_of_others(self, applied):
        person("neighbour")
        shown = str(call("personal_data_show", "neighbour"))
        for word in (NAME, MAIL, PHONE, CONTACT):
            assert word not in shown

    def test_every_column_that_names_an_account_is_decided_on(self):
        """A new table says here what becomes of its rows about people."""
        named = re.compile(
            r"(user|recipient|applicant|holder|account|substitute|stead|member|invited)_id$|_by$|_by_\w+$"
        )
        known = {(one.table, column) for one in HELD for column in one.columns}
        known |= {(table, column) for table, columns in ACTS.items() for column in columns}
        there = {
            (table.name, column.name)
            for table in tk.BaseModel.metadata.tables.values()
            if table.name.startswith("shopendata_") and table.schema is None
            for column in table.columns
            if named.search(column.name)
        }
        # Days and accounts of others' machines are no account.
        assert there - known - {("shopendata_dataset", "review_by"), ("shopendata_decision", "review_by")} == set()
        assert known - there <= {
            (one.table, column) for one in HELD for column in one.columns if "shopendata" not in one.table
        }


class TestAsking:
    def test_once_and_back_and_again(self, world):
        asked = call("erasure_ask", NAME, note="不再使用")
        assert refusal("erasure_ask", NAME) == "already_asked"
        assert refusal("erasure_withdraw", "operator", id=asked["id"]) == "NotFound"
        call("erasure_withdraw", NAME, id=asked["id"])
        assert refusal("erasure_withdraw", NAME, id=asked["id"]) == "not_in_this_state"
        call("erasure_ask", NAME)

    def test_who_holds_a_role_or_waits_for_an_answer_ends_that_first(self, world):
        assert refusal("erasure_ask", "ana") == "roles_held"
        made = call("application_save", NAME, datasets=[world.entry[1]], form=world.form)
        call("application_submit", NAME, id=made["id"])
        assert refusal("erasure_ask", NAME) == "matters_open"
        call("application_withdraw", NAME, id=made["id"])
        call("erasure_ask", NAME)

    def test_what_hangs_on_it_is_looked_at_again_when_it_is_decided(self, world):
        asked = call("erasure_ask", NAME)
        factories.hold(NAME, "reviewer", "traffic")
        model.Session.commit()
        assert refusal("erasure_approve", "ana", id=asked["id"]) == "roles_held"

    def test_nobody_decides_on_their_own(self, world):
        person("other")
        known = sa.select(Person.digest).where(Person.user_id == model.User.get("ana").id)
        digest = model.Session.scalar(known)
        other = model.User.get("other").id
        made = model.Session.get(Person, model.User.get("ana").id)
        model.Session.add(
            Person(user_id=other, digest=digest, staff=False, verified_by="x", verified_at=made.verified_at)
        )
        model.Session.commit()
        asked = call("erasure_ask", "other")
        assert refusal("erasure_approve", "ana", id=asked["id"]) == "own_request"
        assert refusal("erasure_approve", "operator", id=asked["id"]) == "not_permitted"
        call("erasure_approve", "ben", id=asked["id"])

    def test_a_refusal_says_why(self, world):
        asked = call("erasure_ask", NAME)
        call("erasure_refuse", "ana", id=asked["id"], reason="请先终止授权")
        assert call("personal_data_show", NAME)["erasure"]["answer"] == "请先终止授权"
        assert refusal("erasure_approve", "ana", id=asked["id"]) == "not_in_this_state"


class TestErased:
    def test_nothing_names_the_person_but_what_the_law_keeps(self, applied, test_stack):
        words = {NAME, FULL, MAIL, PHONE, CONTACT}
        asked = call("erasure_ask", NAME, note=f"我是{FULL}，电话{PHONE}")
        before = everywhere(test_stack, words)
        assert {"public.shopendata_application", 'public."user"', "public.shopendata_erasure"} <= before.keys()
        done = call("erasure_approve", "ana", id=asked["id"])
        drain()
        kept = everywhere(test_stack, words)
        allowed = {f"public.{one.table}" for one in HELD if one.fate is Fate.KEPT and one.kept_as}
        assert kept.keys() <= allowed
        # The file of the application keeps who applied; the account behind it has no name.
        assert kept == {"public.shopendata_application": {CONTACT, PHONE}}
        assert {one["table"] for one in done["kept"]} >= {"shopendata_application", "shopendata_grant"}
        assert all(one["kept_as"] in ("decision", "account") for one in done["kept"])
        assert refusal("erasure_approve", "ana", id=asked["id"]) == "not_in_this_state"

    def test_the_account_is_closed(self, applied, portal_url):
        secret = applied.key["key"]
        asked = call("erasure_ask", NAME)
        call("erasure_approve", "ana", id=asked["id"])
        user = model.Session.get(model.User, applied.id)
        assert (user.state, user.email, user.fullname, user.sysadmin) == ("deleted", None, None, False)
        assert not user.validate_password("correct-horse-9")
        assert (
            model.Session.scalar(
                sa.select(sa.func.count()).select_from(AccessKey).where(AccessKey.revoked_at.is_(None))
            )
            == 0
        )
        with pytest.raises((tk.NotAuthorized, tk.ObjectNotFound)):
            call("personal_data_show", user.name)
        told = "SELECT count(*) FROM api_token WHERE user_id = :id"
        assert model.Session.scalar(sa.text(told), {"id": applied.id}) == 0
        # The address is free again.
        person("somebody")
        tk.get_action("user_patch")({"ignore_auth": True, "user": ""}, {"id": "somebody", "email": MAIL})
        assert secret

    def test_drafts_go_and_files_stay(self, applied):
        states = "SELECT state FROM shopendata_application WHERE applicant_id = :id ORDER BY state"
        assert list(model.Session.scalars(sa.text(states), {"id": applied.id})) == ["accepted", "draft"]
        call("erasure_approve", "ana", id=call("erasure_ask", NAME)["id"])
        assert list(model.Session.scalars(sa.text(states), {"id": applied.id})) == ["accepted"]

    def test_who_has_held_a_role_stays_one_pair_of_eyes(self, world):
        holding = factories.hold(NAME, "reviewer", "traffic")
        model.Session.commit()
        call("role_revoke", "ana", id=holding, reason="离职")
        call("erasure_approve", "ben", id=call("erasure_ask", NAME)["id"])
        assert model.Session.get(Person, world.id) is not None

    def test_contents_of_events_are_asked_to_be_erased_by_two(self, world, test_stack):
        """Those that name the person, decisions excepted."""
        with databases.connect(test_stack, "ckan") as ckan:
            ckan.execute("TRUNCATE seal.link, audit.payload, audit.event")
        body = {"address": MAIL}
        profile, decision = (
            audit.record(Event(verb=f"{kind}.change", object_type=kind, object_id="x", actor="y", role="", body=body))[
                0
            ]
            for kind in ("account", "application")
        )
        model.Session.commit()
        from tests.backup.conftest import seal

        seal(test_stack, None)
        done = call("erasure_approve", "ana", id=call("erasure_ask", NAME)["id"])
        assert done["asked"] == [profile]
        (asked,) = [one for one in call("redaction_list", "ben") if not one["answer"]]
        assert asked["event"]["id"] == profile
        assert MAIL not in asked["reason"]
        with pytest.raises(tk.NotAuthorized):
            call("redaction_confirm", "ana", id=asked["id"])
        seal(test_stack, None)
        call("redaction_confirm", "ben", id=asked["id"])
        seal(test_stack, None)
        left = "SELECT event_id FROM audit.payload WHERE body::text LIKE :word"
        assert list(model.Session.scalars(sa.text(left), {"word": f"%{MAIL}%"})) == [decision]

    def test_it_is_an_event_that_names_nobody(self, applied):
        call("erasure_approve", "ana", id=call("erasure_ask", NAME)["id"])
        rows = sa.select(chain.events.c.verb, chain.payloads.c.body).join(
            chain.payloads, chain.payloads.c.event_id == chain.events.c.id
        )
        rows = rows.where(chain.events.c.object_type == "erasure").order_by(chain.events.c.seq.desc()).limit(2)
        told = model.Session.execute(rows).all()
        assert [verb for verb, _ in told] == ["erasure.approve", "erasure.ask"]
        assert NAME not in str(told)


class TestTable:
    def test_what_is_kept_says_why(self):
        assert all((one.fate is Fate.KEPT) == (one.kept_as is not None) for one in HELD)

    def test_only_states_that_wait_lead_on(self):
        for state, verbs in personal.TRANSITIONS.items():
            assert bool(verbs) == (state is personal.ErasureState.ASKED)
