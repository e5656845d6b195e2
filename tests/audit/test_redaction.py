"""Erasing a content: two people, a reason, events of its own; and the chain holds."""

import psycopg
import pytest
from ckan import model
from ckan.plugins import toolkit as tk
from ckanext.shopendata.model.audit import events, payloads

from tests.audit.test_sealer import happen
from tests.factories import call, person

REASON = "个人信息保护法第四十七条；当事人 2026-11-20 书面请求"


@pytest.fixture
def people(clean_db, app, record):
    with app.flask_app.test_request_context():
        yield {
            "guard": person("guard", "security_administrator"),
            "second": person("second", "security_administrator"),
            "auditor": person("auditor", "auditor"),
            "citizen": person("citizen"),
            "root": person("root", sysadmin=True),
        }


@pytest.fixture
def event(people, seal):
    """A sealed event that somebody else caused."""
    happen(2)
    key = happen(1, actor="alice")[0]
    happen(2)
    seal()
    return key


def body(key):
    model.Session.rollback()
    return model.Session.execute(payloads.select().where(payloads.c.event_id == key)).one().body


def refused(code, action, who, **data):
    with pytest.raises(tk.ValidationError) as raised:
        call(action, who, **data)
    assert raised.value.error_dict["code"] == [code]


def verbs(kind):
    return list(model.Session.scalars(events.select().with_only_columns(events.c.verb).where(
        events.c.object_type == kind).order_by(events.c.seq)))  # fmt: skip


class TestTwoPeople:
    def test_one_asks_another_confirms_and_the_chain_holds(self, event, seal, check):
        before = check()
        asked = call("redaction_ask", "guard", event=event, reason=REASON)
        seal()
        assert body(event), "nothing is erased before it is confirmed"
        call("redaction_confirm", "second", id=asked["id"])
        assert body(event), "nor before that is sealed"
        seal()
        assert body(event) is None
        place = next(found[1] for found in check() if found[0] == "redacted")
        assert [found for found in check() if found not in before] == [("redacted", place, None)]
        shown = call("event_show", "auditor", id=event)
        assert shown["erased"]
        assert shown["faults"] == []
        assert (shown["redaction"]["asked_by"], shown["redaction"]["answered_by"]) == ("guard", "second")
        assert shown["redaction"]["reason"] == REASON
        assert verbs("event") == ["redaction.ask"]
        assert verbs("redaction") == ["redaction.confirm"]

    def test_nobody_puts_another_content_in_its_place(self, event, seal, as_role):
        asked = call("redaction_ask", "guard", event=event, reason=REASON)
        call("redaction_confirm", "second", id=asked["id"])
        seal()
        with pytest.raises(psycopg.errors.UniqueViolation):
            as_role("ckan_web").execute("INSERT INTO audit.payload VALUES (%s, 's', '{}')", (event,))
        refused("already_erased", "redaction_ask", "guard", event=event, reason=REASON)

    def test_declined_or_taken_back_nothing_happens(self, event, seal):
        for who in ("second", "guard"):
            asked = call("redaction_ask", "guard", event=event, reason=REASON)
            call("redaction_refuse", who, id=asked["id"], reason="保存期未满")
            refused("already_answered", "redaction_confirm", "second", id=asked["id"])
            refused("already_answered", "redaction_refuse", "second", id=asked["id"], reason="x")
        seal()
        assert body(event)

    def test_what_cannot_be(self, event, seal):
        with pytest.raises(tk.NotAuthorized):
            call("redaction_confirm", "guard", id=call("redaction_ask", "guard", event=event, reason=REASON)["id"])
        refused("already_asked", "redaction_ask", "second", event=event, reason=REASON)
        refused("not_sealed", "redaction_ask", "guard", event=happen(1)[0], reason=REASON)
        with pytest.raises(tk.ObjectNotFound):
            call("redaction_ask", "guard", event="nobody", reason=REASON)
        with pytest.raises(tk.ValidationError):
            call("redaction_ask", "guard", event=event, reason=" ")
        with pytest.raises(tk.ObjectNotFound):
            call("redaction_confirm", "second", id=event)

    def test_nobody_erases_what_they_did(self, people, seal):
        guard = model.User.get("guard").id
        own = happen(1, actor=guard)[0]
        seal()
        with pytest.raises(tk.NotAuthorized):
            call("redaction_ask", "guard", event=own, reason=REASON)
        asked = call("redaction_ask", "second", event=own, reason=REASON)
        with pytest.raises(tk.NotAuthorized):
            call("redaction_confirm", "guard", id=asked["id"])

    @pytest.mark.parametrize("verb", ["role.grant", "redaction.refuse"])
    def test_what_lasts(self, people, seal, verb):
        key = happen(1, verb=verb)[0]
        seal()
        refused("not_erasable", "redaction_ask", "guard", event=key, reason=REASON)

    @pytest.mark.parametrize("who", ["auditor", "citizen", "root"])
    def test_others_have_no_part_in_it(self, event, who):
        asked = call("redaction_ask", "guard", event=event, reason=REASON)
        for verb, more in (("ask", {"event": event, "reason": "x"}), ("confirm", {"id": asked["id"]}),
                           ("refuse", {"id": asked["id"], "reason": "x"})):  # fmt: skip
            with pytest.raises(tk.NotAuthorized):
                call(f"redaction_{verb}", who, **more)

    def test_who_confirms_is_told_no_content(self, event):
        call("redaction_ask", "guard", event=event, reason=REASON)
        shown = call("redaction_list", "second")
        assert shown[0]["event"]["fields"] == ["number", "时间"]
        assert "body" not in shown[0]["event"]
        assert (shown[0]["own"], call("redaction_list", "guard")[0]["own"]) == (False, True)


class TestTheDatabaseDecidesAlike:
    """A web process gone bad can append events. It cannot make the sealer erase what two people did not name."""

    @pytest.mark.parametrize(
        ("asker", "confirmer", "wanted", "verb", "kind"),
        [
            ("eve", "eve", "alice", "test.write", "event"),
            ("alice", "eve", "alice", "test.write", "event"),
            ("eve", "alice", "alice", "test.write", "event"),
            ("eve", "mallory", "alice", "role.grant", "event"),
            ("eve", "mallory", "alice", "redaction.ask", "event"),
            ("eve", "mallory", "alice", "test.write", "dataset"),
        ],
    )
    def test_forged_events_erase_nothing(self, seal, check, asker, confirmer, wanted, verb, kind):
        key = happen(1, actor=wanted, verb=verb, object_type="x")[0]
        ask = happen(1, actor=asker, verb="redaction.ask", object_type=kind, object_id=key)[0]
        happen(1, actor=confirmer, verb="redaction.confirm", object_type="redaction", object_id=ask)
        seal()
        assert body(key)
        assert check() == []

    def test_a_confirmation_before_its_asking(self, seal, database):
        key, confirm = happen(1)[0], None
        ask_id = "00000000-0000-4000-8000-000000000000"
        confirm = happen(1, actor="carol", verb="redaction.confirm", object_type="redaction", object_id=ask_id)[0]
        seal()
        database.execute(
            "INSERT INTO audit.event (id, at, actor, role, verb, object_type, object_id, request_id, digest) "
            "VALUES (%s, now(), 'bob', '', 'redaction.ask', 'event', %s, '-', 'x')",
            (ask_id, key),
        )
        seal()
        database.execute("SELECT seal.erase(%s)", (confirm,))
        assert body(key)
