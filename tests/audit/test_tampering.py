"""What somebody does to the record: refused to the portal's roles, found where the machine's own keys were used."""

import json

import psycopg
import pytest
from ckanext.shopendata.audit import files, stored
from ckanext.shopendata.policy.chain import Anchor, Check

from tests.audit.test_sealer import happen

REFUSED = psycopg.errors.InsufficientPrivilege

CHANGES = (
    "UPDATE audit.event SET actor = 'x'",
    "DELETE FROM audit.event",
    "TRUNCATE audit.event CASCADE",
    "UPDATE audit.payload SET body = '{}'",
    "DELETE FROM audit.payload",
    "TRUNCATE audit.payload",
    "UPDATE seal.link SET position = -position",
    "DELETE FROM seal.link",
    "TRUNCATE seal.link",
    "ALTER TABLE audit.event DISABLE TRIGGER ALL",
    "DROP TABLE seal.link",
    "CREATE TABLE seal.x (a int)",
    "CREATE OR REPLACE FUNCTION seal.erase(confirmation text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "SET ROLE audit_owner",
)


@pytest.fixture
def ten(seal, tmp_path):
    """Ten sealed events, and the anchor of the last one."""
    happen(10)
    seal(anchors=tmp_path / "anchors")
    return files.anchors(tmp_path / "anchors")


class TestTheApplication:
    @pytest.mark.parametrize("role", ["ckan_web", "ckan_reader", "audit_sealer", "ckan_gateway"])
    def test_no_role_of_the_portal_changes_the_record(self, ten, as_role, role):
        connection = as_role(role)
        for statement in CHANGES:
            with pytest.raises(REFUSED):
                connection.execute(statement)

    @pytest.mark.parametrize("role", ["ckan_web", "ckan_reader", "ckan_gateway"])
    def test_only_the_sealer_links_and_erases(self, ten, as_role, role):
        connection = as_role(role)
        for statement in (
            "INSERT INTO seal.link SELECT position + 10, event_id || 'x', sealed_at, digest, 'x' FROM seal.link",
            "SELECT seal.erase('x')",
        ):
            with pytest.raises(REFUSED):
                connection.execute(statement)

    def test_the_sealer_sees_nothing_but_what_it_links(self, ten, as_role):
        connection = as_role("audit_sealer")
        for table in ("audit.event", "audit.payload", "public.shopendata_dataset", 'public."user"'):
            with pytest.raises(REFUSED):
                connection.execute(f"SELECT 1 FROM {table}")

    def test_nobody_writes_through_the_view(self, ten, as_role):
        for role in ("ckan_web", "audit_sealer"):
            for statement in ("INSERT INTO seal.waiting (id) VALUES ('x')", "DELETE FROM seal.waiting"):
                with pytest.raises((REFUSED, psycopg.errors.ObjectNotInPrerequisiteState)):
                    as_role(role).execute(statement)

    def test_numbers_are_not_chosen(self, ten, as_role):
        """An event with a number of its own choice could hide before others."""
        with pytest.raises(psycopg.errors.GeneratedAlways):
            as_role("ckan_web").execute(
                "INSERT INTO audit.event (seq, id, at, actor, role, verb, object_type, object_id, request_id, digest) "
                "VALUES (-1, 'x', now(), 'x', '', 'x', 'x', 'x', '-', 'x')"
            )

    def test_a_payload_has_one_place(self, ten, as_role):
        with pytest.raises(psycopg.errors.UniqueViolation):
            as_role("ckan_web").execute("INSERT INTO audit.payload SELECT id, 's', '{}' FROM audit.event LIMIT 1")


class TestTheDatabasesOwner:
    """What only the machine's superuser can do is not prevented. It is found."""

    def test_nothing_was_done(self, ten, check):
        assert check(anchors=ten) == []

    def test_an_event_is_altered(self, ten, database, check):
        database.execute(
            "UPDATE audit.event SET actor = 'mallory' WHERE id = (SELECT event_id FROM seal.link WHERE position = 4)"
        )
        assert check() == [("altered", 4, None)]

    def test_a_content_is_altered(self, ten, database, check):
        database.execute(
            "UPDATE audit.payload SET body = body || '{\"number\": 99}' "
            "WHERE event_id = (SELECT event_id FROM seal.link WHERE position = 4)"
        )
        assert check() == [("payload_altered", 4, None)]

    def test_a_content_is_deleted(self, ten, database, check):
        database.execute(
            "DELETE FROM audit.payload WHERE event_id = (SELECT event_id FROM seal.link WHERE position = 4)"
        )
        assert check() == [("payload_missing", 4, None)]

    def test_an_event_is_deleted_with_its_link(self, ten, database, check):
        event = database.execute("DELETE FROM seal.link WHERE position = 4 RETURNING event_id").fetchone()[0]
        database.execute("DELETE FROM audit.payload WHERE event_id = %s", (event,))
        database.execute("DELETE FROM audit.event WHERE id = %s", (event,))
        assert check() == [("missing", 4, 4)]

    def test_an_event_is_deleted_and_its_link_left(self, ten, database, check):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            database.execute("DELETE FROM audit.event")
        database.execute("SET session_replication_role = replica")
        event = database.execute("SELECT event_id FROM seal.link WHERE position = 4").fetchone()[0]
        database.execute("DELETE FROM audit.event WHERE id = %s", (event,))
        database.execute("SET session_replication_role = origin")
        assert check() == [("missing", 4, None)]

    def test_two_events_change_places(self, ten, database, check):
        database.execute("SET session_replication_role = replica")
        one, other = (row[0] for row in database.execute(
            "SELECT event_id FROM seal.link WHERE position IN (4, 7) ORDER BY position").fetchall())  # fmt: skip
        database.execute("UPDATE seal.link SET event_id = 'x' WHERE position = 4")
        database.execute("UPDATE seal.link SET event_id = %s WHERE position = 7", (one,))
        database.execute("UPDATE seal.link SET event_id = %s WHERE position = 4", (other,))
        database.execute("SET session_replication_role = origin")
        assert check() == [("reordered", 4, None), ("reordered", 7, None)]

    def test_the_end_is_cut_off(self, ten, database, check):
        database.execute("DELETE FROM seal.link WHERE position > 7")
        database.execute(
            "DELETE FROM audit.payload WHERE event_id NOT IN (SELECT event_id FROM seal.link); "
            "DELETE FROM audit.event WHERE id NOT IN (SELECT event_id FROM seal.link)"
        )
        assert check(anchors=ten) == [("truncated", 8, 10)]
        assert check() == [], "nothing in the database knows: that is what anchors are for"

    def test_links_are_dropped_and_made_anew(self, ten, database, check, seal):
        """By somebody who has the sealer's rights too."""
        database.execute("DELETE FROM seal.link WHERE position > 3")
        database.execute("UPDATE audit.event SET actor = 'mallory' WHERE id NOT IN (SELECT event_id FROM seal.link)")
        assert seal() == 7
        assert check() == []
        assert check(anchors=ten) == [("rewritten", 10, None)]


class TestAnExport:
    @pytest.fixture
    def lines(self, ten):
        with stored.chain() as records:
            return list(files.lines(records, portal="http://x", made_at="2026", whole=True))

    def found(self, lines, **how):
        export = files.Export(lines)
        check = Check(whole=export.whole, **how)
        found = [(one.fault.value, one.position, one.last) for one in check.run(export.records())]
        return found, export, check

    def test_says_all_that_is_needed(self, lines, ten):
        found, export, check = self.found(lines, anchors=ten)
        assert found == []
        assert export.told == check.count == 10
        assert (
            export.end
            == Anchor(position=check.head.position, digest=check.head.digest)
            == Anchor(position=ten[-1].position, digest=ten[-1].digest)
        )
        assert json.loads(lines[3])["payload"]["body"] == {"number": 2, "时间": 1}

    def test_lines_that_are_altered_dropped_or_moved(self, lines):
        assert self.found([*lines[:4], lines[4].replace("alice", "bob"), *lines[5:]])[0] == [("altered", 4, None)]
        assert self.found([*lines[:4], *lines[5:]])[0] == [("missing", 4, 4)]
        assert self.found([*lines[:4], lines[5], lines[4], *lines[6:]])[0] == [("reordered", 4, None)]

    def test_an_end_that_is_cut_off(self, lines):
        found, export, _ = self.found(lines[:-4])
        assert found == []
        assert export.end is None, "which the command calls truncated"

    @pytest.mark.parametrize("line", ["", "{", "[]", '"x"', '{"columns": 1}', '{"columns": {"a": 1}, "link": null}'])
    def test_lines_that_are_none(self, lines, line):
        with pytest.raises(files.Broken):
            self.found([*lines[:3], line, *lines[3:]])
        with pytest.raises(files.Broken):
            self.found([line, *lines])

    def test_lines_after_the_last(self, lines):
        with pytest.raises(files.Broken, match="follows the last line"):
            self.found([*lines, lines[2]])
