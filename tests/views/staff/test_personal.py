"""My data by HTTP: nobody sees, erases or approves what is not theirs."""

import json

import pytest
from ckan import model
from ckanext.shopendata.model import Erasure

from tests.factories import person


@pytest.fixture
def people(world, app):
    with app.flask_app.test_request_context():
        for name in ("ana", "ben"):
            person(name, "security_administrator")
    return world


def state():
    model.Session.rollback()
    return [(one.state, one.answer) for one in model.Session.query(Erasure)]


def key():
    return model.Session.query(Erasure).one().id


def test_strangers_go_to_the_log_in(people, browse):
    for path in ("/my-data", "/my-data/export.json", "/my-data/requests"):
        assert "/user/login" in browse().get(path).headers["Location"]


def test_ones_own_data_can_be_taken_along(people, browse):
    page = browse("citizen").get("/my-data")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "我的信息" in page.text
    answer = browse("citizen").get("/my-data/export.json")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=my-data-")
    held = {one["table"]: one["rows"] for one in json.loads(answer.text)["held"]}
    assert held["user"][0]["email"] == "citizen@example.org"
    assert "neighbour" not in answer.text


def test_asking_takes_a_second_look_and_can_be_taken_back(people, browse):
    mine = browse("citizen")
    asked = mine.post("/my-data/erasure", note="不再使用")
    assert "确定注销账号吗" in asked.text
    assert state() == []
    assert mine.post("/my-data/erasure", note="不再使用", confirmed="yes").status_code == 302
    assert state() == [("asked", "")]
    assert "撤回申请" in mine.get("/my-data").text
    assert mine.post("/my-data/erasure", confirmed="yes").status_code == 409
    assert browse("neighbour").post(f"/my-data/erasure/{key()}/withdraw").status_code == 404
    assert state() == [("asked", "")]
    assert mine.post(f"/my-data/erasure/{key()}/withdraw").status_code == 302
    assert state() == [("withdrawn", "")]


def test_only_security_administrators_decide(people, browse):
    browse("citizen").post("/my-data/erasure", note="我要<b>注销</b>", confirmed="yes")
    for name in ("citizen", "neighbour", people.agency.reviewer, people.root):
        assert browse(name).get("/my-data/requests").status_code == 403
        for verb in ("approve", "refuse"):
            done = browse(name).post(f"/my-data/requests/{key()}/{verb}", confirmed="yes", reason="x")
            assert done.status_code == 403
    assert state() == [("asked", "")]
    page = browse("ana").get("/my-data/requests").text
    assert "我要&lt;b&gt;注销&lt;/b&gt;" in page
    assert browse("ana").post(f"/my-data/requests/{key()}/refuse", reason="").status_code == 409
    assert browse("ana").post(f"/my-data/requests/{key()}/refuse", reason="请先终止授权").status_code == 302
    assert "请先终止授权" in browse("citizen").get("/my-data").text


def test_approving_ends_the_session_of_the_person(people, browse):
    mine = browse("citizen")
    mine.post("/my-data/erasure", confirmed="yes")
    assert "确定删除此人的个人信息吗" in browse("ana").post(f"/my-data/requests/{key()}/approve").text
    assert state() == [("asked", "")]
    assert mine.get("/my-data").status_code == 200
    assert browse("ana").post(f"/my-data/requests/{key()}/approve", confirmed="yes").status_code == 302
    assert state() == [("done", "")]
    assert "/user/login" in mine.get("/my-data").headers["Location"]
    page = browse("ana").get("/my-data/requests").text
    assert "citizen@" not in page
    assert browse("ana").post(f"/my-data/requests/{key()}/approve", confirmed="yes").status_code == 409
