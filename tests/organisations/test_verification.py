"""Organisations and their proof: kept by members, verified or returned by the intake, unverified by any change."""

import base64
import io

import pytest
from ckan import model
from ckanext.shopendata.model import Organisation, Proof

from tests import factories
from tests.factories import PROOF, call, credit_code, join, organisation
from tests.organisations.conftest import NOBODY, at_once, happened, refusal

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6300010000"
                    "0500010d0a2db40000000049454e44ae426082")  # fmt: skip
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
STATES = ("unverified", "submitted", "returned", "verified")


def row(key):
    model.Session.rollback()
    return model.Session.get(Organisation, key)


def upload(browser, key, name, content):
    data = {"_csrf_token": browser.token, "proof": (io.BytesIO(content), name)}
    return browser.client.post(
        f"/organisations/{key}/proofs", data=data, content_type="multipart/form-data", follow_redirects=False
    )


def add(user, key, name="x.pdf", content=PROOF):
    return call("proof_add", user, organisation=key, name=name, content=base64.b64encode(content).decode())


FIELDS = {"kind": "enterprise", "name": "示例公司", "legal_representative": "林晓", "address": "示例路1号",
          "phone": "021-00001234"}  # fmt: skip


class TestPages:
    def test_from_form_to_verified(self, people, browse, mailbox, act):
        act("preference_save", "intake", modes={"work": "now"})
        ada, intake = browse("ada"), browse("intake")
        empty = ada.post("/organisations/new")
        assert (empty.status_code, empty.text.count('class="error-text"')) == (409, 2)
        bad = ada.post("/organisations/new", **FIELDS, code="91350100M000100Y44")
        assert (bad.status_code, "示例公司" in bad.text) == (409, True)
        made = ada.post("/organisations/new", **FIELDS, code=credit_code(7).lower())
        key = made.headers["Location"].rpartition("/")[2]
        assert (row(key).state, row(key).code) == ("unverified", credit_code(7))
        path, desk = f"/organisations/{key}", f"/desk/organisations/{key}"
        early = ada.post(path, **FIELDS, code=credit_code(7), intent="submit")
        assert (early.status_code, row(key).state) == (409, "unverified")
        assert 'href="#field-proof"' in early.text
        assert upload(ada, key, "执照.pdf", PROOF).status_code == 302
        assert ada.post(path, **FIELDS, code=credit_code(7), intent="submit").status_code == 302
        assert row(key).state == "submitted"
        told = mailbox("intake@example.org")
        assert len(told) == 1
        assert "示例公司" not in told[0].get_content(), "letters say nothing that strangers typed"
        assert desk in told[0].get_content()
        work = intake.get("/work").text
        assert (desk in work, "示例公司" in work) == (True, True)
        assert "示例公司" in intake.get("/desk/organisations").text
        page = intake.get(desk).text
        file = page.split(f"{desk}/proofs/")[1].split('"')[0]
        for browser, where in ((intake, desk), (ada, path)):
            answer = browser.get(f"{where}/proofs/{file}")
            assert answer.get_data() == PROOF
            assert answer.headers["Content-Disposition"].startswith("attachment")
            answer.headers["Content-Disposition"].encode("ascii")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert "no-store" in answer.headers["Cache-Control"]
        blank = intake.post(f"{desk}/return", version="1", reasons=" ")
        assert (blank.status_code, row(key).state) == (409, "submitted")
        asks = intake.post(f"{desk}/return", version="1", reasons="名称与执照不一致 <b>")
        assert (asks.status_code, row(key).state, "&lt;b&gt;" in asks.text) == (200, "submitted", True)
        intake.post(f"{desk}/return", version="1", reasons="名称与执照不一致", confirmed="yes")
        assert row(key).state == "returned"
        assert "名称与执照不一致" in ada.get(path).text
        assert path in ada.get("/work").text
        assert path in mailbox("ada@example.org")[-1].get_content()
        ada.post(path, **FIELDS, code=credit_code(7), intent="submit")
        asks = intake.post(f"{desk}/verify", version="2")
        assert (asks.status_code, row(key).state) == (200, "submitted")
        stale = intake.post(f"{desk}/verify", version="1", confirmed="yes")
        assert (stale.status_code, row(key).state) == (409, "submitted"), "what was read before is not this"
        assert intake.post(f"{desk}/verify", version="2", confirmed="yes").status_code == 302
        assert (row(key).state, row(key).verified_by) == ("verified", model.User.get("intake").id)
        assert path in mailbox("ada@example.org")[-1].get_content()
        asks = ada.post(path, **FIELDS | {"name": "另一公司"}, code=credit_code(7))
        assert (asks.status_code, row(key).state) == (200, "verified"), "asks before it gives the verification up"
        ada.post(path, **FIELDS | {"name": "另一公司"}, code=credit_code(7), confirmed="yes")
        assert row(key).state == "unverified"

    def test_strangers_and_other_members(self, people, browse, act):
        """To who does not belong to it there is no such organisation, no such file."""
        key, other = act_organisation(act, people, "ada"), act_organisation(act, people, "ben", number=2)
        act("organisation_submit", "ada", id=key)
        file = model.Session.query(Proof).filter_by(organisation_id=key).one().id
        path, desk = f"/organisations/{key}", f"/desk/organisations/{key}"
        posts = (f"{path}/take-back", f"{path}/close", f"{path}/proofs/{file}/remove", f"{path}/members", path)
        before = happened()
        for name in ("eve", "ben", people.agency.reviewer, people.root, people.centre):
            browser = browse(name)
            for where in (path, f"{path}/proofs/{file}", desk, f"{desk}/proofs/{file}"):
                assert browser.get(where).status_code == 404, (name, where)
            for where in posts:
                assert browser.post(where, confirmed="yes", mail="x@example.org").status_code == 404, (name, where)
            assert browser.post(f"{desk}/verify", version="1", confirmed="yes").status_code in {403, 404}
            assert browser.get("/desk/organisations").status_code == 403
        assert browse("ben").get(f"/organisations/{other}/proofs/{file}").status_code == 404
        assert browse("intake").get(path).status_code == 404, "the intake has a page of its own"
        assert browse("intake").post(f"{path}/close", confirmed="yes").status_code == 404
        stranger = browse()
        for where in (path, f"{path}/proofs/{file}", desk):
            assert "/user/login" in stranger.get(where).headers["Location"]
        assert happened() == before
        assert row(key).state == "submitted"

    def test_an_auditor_reads_but_opens_no_file(self, people, browse, act):
        with_auditor(act)
        key = act_organisation(act, people, "ada")
        act("organisation_submit", "ada", id=key)
        file = model.Session.query(Proof).filter_by(organisation_id=key).one().id
        page = browse("watcher").get(f"/desk/organisations/{key}")
        assert page.status_code == 200
        assert f"/proofs/{file}" not in page.text
        assert browse("watcher").get(f"/desk/organisations/{key}/proofs/{file}").status_code == 404
        assert (
            browse("watcher").post(f"/desk/organisations/{key}/verify", version="1", confirmed="yes").status_code == 403
        )
        assert row(key).state == "submitted"

    @pytest.mark.parametrize("path", ["/organisations", "/organisations/new", "/desk/organisations", "/profile"])
    def test_both_languages(self, people, browse, path):
        texts = [browse("intake").get(f"/{language}{path}").text for language in ("en", "zh_Hans_CN")]
        assert "rganisation" in texts[0]
        assert "单位" in texts[1]

    def test_forged_forms_are_refused(self, people, browse, act):
        key = act_organisation(act, people, "ada")
        for where in ("", "/take-back", "/close", "/members", "/proofs"):
            data = {"confirmed": "yes", "mail": "x@example.org"}
            assert browse("ada").client.post(f"/organisations/{key}{where}", data=data).status_code == 400
        assert row(key).state == "unverified"


def act_organisation(act, people, agent, number=1, intake=None):
    del people
    made = act("organisation_create", agent, **FIELDS, code=credit_code(number))["id"]
    act("proof_add", agent, organisation=made, name="执照.pdf", content=base64.b64encode(PROOF).decode())
    if intake:
        act("organisation_verify", intake, id=made, version=act("organisation_submit", agent, id=made)["version"])
    return made


def with_auditor(act):
    from ckan.tests import helpers

    from tests.factories import hold

    helpers.call_action("user_create", name="watcher", email="watcher@example.org", password="correct-horse-9")
    hold("watcher", "auditor")
    model.Session.commit()


class TestFiles:
    def test_attacks(self, people, browse, act):
        key = act_organisation(act, people, "ada")
        ada, there = browse("ada"), model.Session.query(Proof).count()
        for name, content in (
            ("licence.pdf", HTML), ("licence.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
            ("a.pdf", b"PK\x03\x04" + b"\0" * 60), ("a.pdf", b"MZ" + b"\0" * 200), ("a.pdf", b""), ("a.pdf", b"\0"),
            ("a.pdf", PROOF + b"0" * (5 * 1024 * 1024)), ("a.jpg", b"GIF89a" + b"\0" * 50),
            ("a.pdf", b"\xff\xfe<\0h\0t\0m\0l\0>\0"),
        ):  # fmt: skip
            answer = upload(ada, key, name, content)
            assert (answer.status_code, 'id="field-proof"' in answer.text) == (409, True), (name, content[:10])
        assert ada.post(f"/organisations/{key}/proofs").status_code == 409
        assert model.Session.query(Proof).count() == there
        assert upload(ada, key, "../../../etc/cron.d/x.html", PNG).status_code == 302
        model.Session.rollback()
        stored = model.Session.query(Proof).filter_by(kind="image/png").one()
        assert stored.name == "x.png"
        answer = ada.get(f"/organisations/{key}/proofs/{stored.id}")
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Disposition"] == "attachment; filename=x.png"

    def test_limits(self, people):
        key = organisation("ada")
        for _ in range(4):
            add("ada", key)
        assert refusal("proof_add", "ada", organisation=key, name="x", content=base64.b64encode(PROOF).decode()) == (
            "proof_too_many"
        )
        for _ in range(15):
            shown = call("organisation_show", "ada", id=key)["proofs"]
            call("proof_remove", "ada", id=shown[-1]["id"])
            add("ada", key)
        shown = call("organisation_show", "ada", id=key)["proofs"]
        call("proof_remove", "ada", id=shown[0]["id"])

    def test_what_the_intake_may_have_read_is_kept(self, people):
        key = organisation("ada", intake="intake")
        file = model.Session.query(Proof).one().id
        call("proof_remove", "ada", id=file)
        assert row(key).state == "unverified"
        assert call("organisation_show", "ada", id=key)["proofs"] == []
        assert model.Session.get(Proof, file).content == PROOF
        for who in ("ada", "intake"):
            assert refusal("proof_show", who, id=file) == "NotFound"
        assert refusal("organisation_submit", "ada", id=key) == "incomplete"

    def test_the_intake_reads_nothing_before_it_is_handed_in(self, people):
        organisation("ada")
        file = model.Session.query(Proof).one().id
        for who in ("intake", "eve", people.root, people.centre):
            assert refusal("proof_show", who, id=file) == "NotFound"


class TestRules:
    def test_each_change_of_what_was_proved_needs_verifying_again(self, people):
        key = organisation("ada", intake="intake")
        call("organisation_save", "ada", id=key, address="新地址", phone="021-00009999")
        assert row(key).state == "verified"
        for number, change in enumerate(
            ({"name": "另一公司"}, {"code": credit_code(9)}, {"kind": "social"}, {"legal_representative": "张三"})
        ):
            call("organisation_save", "ada", id=key, **change)
            assert row(key).state == "unverified"
            version = call("organisation_submit", "ada", id=key)["version"]
            assert version == number + 2
            call("organisation_verify", "second", id=key, version=version)
        add("ada", key)
        assert row(key).state == "unverified"

    def test_one_verified_organisation_for_one_code(self, people):
        organisation("ada", intake="intake")
        other = organisation("ben")
        call("organisation_submit", "ben", id=other)
        assert call("organisation_show", "intake", id=other)["same_code"] is True
        assert "same_code" not in call("organisation_show", "ben", id=other), "who else is here is not told"
        assert refusal("organisation_verify", "intake", id=other, version=1) == "code_taken"

    def test_two_people_verify_at_once(self, people, app):
        key = organisation("ada")
        call("organisation_submit", "ada", id=key)
        verify = [lambda who=who: call("organisation_verify", who, id=key, version=1) for who in ("intake", "second")]
        results = at_once(app, *verify)
        assert sum(isinstance(one, dict) for one in results) == 1, results
        assert row(key).state == "verified"

    def test_two_of_one_code_are_verified_at_once(self, people, app):
        keys = [organisation(who) for who in ("ada", "ben")]
        for who, key in zip(("ada", "ben"), keys, strict=True):
            call("organisation_submit", who, id=key)
        officers = zip(("intake", "second"), keys, strict=True)
        works = [lambda who=who, key=key: call("organisation_verify", who, id=key, version=1) for who, key in officers]
        results = at_once(app, *works)
        assert sum(isinstance(one, dict) for one in results) == 1, results
        assert sorted(row(key).state for key in keys) == ["submitted", "verified"]

    def test_verifying_and_taking_back_at_once(self, people, app):
        key = organisation("ada")
        call("organisation_submit", "ada", id=key)
        results = at_once(
            app,
            lambda: call("organisation_verify", "intake", id=key, version=1),
            lambda: call("organisation_take_back", "ada", id=key),
        )
        assert sum(isinstance(one, dict) for one in results) == 1, results

    def test_nobody_verifies_an_organisation_of_their_own(self, people):
        key = organisation("ada")
        join(key, "intake", "security", by="ada")
        call("organisation_submit", "ada", id=key)
        assert refusal("organisation_verify", "intake", id=key, version=1) == "own_organisation"
        assert not [one for one in call("desk_show", "intake")["work"] if one["kind"] == "verify_organisation"]
        mine = next(one["id"] for one in call("organisation_show", "intake", id=key)["members"] if one["me"])
        call("member_end", "intake", id=mine)
        assert refusal("organisation_verify", "intake", id=key, version=1) == "own_organisation", "nor one just left"
        call("organisation_verify", "second", id=key, version=1)

    def test_who_may_verify_at_all(self, people):
        key = organisation("ada")
        call("organisation_submit", "ada", id=key)
        for who in ("ada", "eve", people.root, people.centre, people.agency.reviewer, people.agency.signer):
            for action, more in (("organisation_verify", {}), ("organisation_return", {"reasons": "x"})):
                assert refusal(action, who, id=key, version=1, **more) == "not_permitted", (who, action)
        assert refusal("organisation_verify", "intake", id=NOBODY, version=1) == "NotFound"

    def test_what_is_handed_in_stands_still(self, people):
        key = organisation("ada")
        call("organisation_submit", "ada", id=key)
        file = model.Session.query(Proof).one().id
        given = {"id": key, "name": "另一公司"}
        content = base64.b64encode(PROOF).decode()
        assert refusal("organisation_save", "ada", **given) == "not_in_this_state"
        assert refusal("proof_remove", "ada", id=file) == "not_in_this_state"
        assert refusal("proof_add", "ada", organisation=key, name="x", content=content) == "not_in_this_state"
        assert refusal("organisation_submit", "ada", id=key) == "not_in_this_state"

    def test_not_more_in_preparation_than_somebody_needs(self, people):
        for number in range(5):
            organisation("ada", number)
        assert refusal("organisation_create", "ada", kind="other", name="x") == "too_many_organisations"
        call("organisation_close", "ada", id=call("organisation_list", "ada")["results"][0]["id"])
        call("organisation_create", "ada", kind="other", name="x")

    def test_closing(self, people):
        key = organisation("ada", intake="intake")
        call("application_save", "ada", organisation=key, datasets=[people.name], form=factories.FORM)
        assert refusal("organisation_close", "ada", id=key) == "organisation_busy"
        call("application_withdraw", "ada", id=call("application_list", "ada")["results"][0]["id"])
        call("organisation_close", "ada", id=key)
        assert refusal("organisation_show", "ada", id=key) == "NotFound"
        assert call("application_list", "ada")["count"] == 0
        organisation("ben", intake="intake")
