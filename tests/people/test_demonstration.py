"""The demonstration's people get their roles like everybody: by two people."""

from ckan import model
from ckanext.shopendata.harvesters.demo import applications, cast, scenes
from ckanext.shopendata.harvesters.demo.stage import Stage
from ckanext.shopendata.harvesters.sandbox.sample import Sample
from ckanext.shopendata.logic.action.people import install
from ckanext.shopendata.model import RoleHolding


def test_all_roles_but_the_first_two_are_given_by_two_people(clean_db, clean_index, with_request_context):
    stage = Stage()
    with stage.days_ago(120):
        agencies = scenes.make_people(stage, Sample())
    names = {user.id: user.name for user in model.Session.query(model.User)}
    held = model.Session.query(RoleHolding).all()
    given = {(names[one.user_id], one.role): (one.granted_by, one.confirmed_by) for one in held}
    first = [key for key, by in given.items() if by == ("console", None)]
    assert sorted(first) == [(name, "security_administrator") for name in sorted(("shenan", "fangyu"))]
    others = {by for key, by in given.items() if key not in first}
    assert {(names[one], names[other]) for one, other in others} == {("shenan", "fangyu")}
    assert len(given) == len(cast.PORTAL) + sum(len(agency.people) for agency in agencies)


def test_its_applicants_act_for_organisations_that_the_intake_has_verified(clean_db, clean_index, with_request_context):
    stage = Stage()
    with stage.days_ago(120):
        scenes.make_people(stage, Sample())
    with stage.days_ago(60):
        made = applications.register(stage)
    for account, key in made.items():
        shown = stage.act(account, "organisation_show", id=key)
        assert shown["state"] == "verified"
        assert [one["functions"] for one in shown["members"]] == [["agent"]]
    assert set(made) < {name for name, _ in cast.APPLICANTS}


def test_its_people_type_codes_to_decide(clean_db, with_request_context):
    stage = Stage()
    with stage.days_ago(120):
        for name, title, role in cast.PORTAL[:4]:
            stage.account(cast.Person(name, title, [(role, None)]))
        for name in ("shenan", "fangyu"):
            install(name, stage.people[name].number)
            model.Session.commit()
        assert all(one.totp for one in stage.people.values())
        assert "fangyu" not in stage.typed
        stage.appoint("guojian", "operator")
        first = stage.typed["fangyu"]
        stage.appoint("shenji", "auditor")
        assert stage.typed["fangyu"] == first, "asked once in a quarter of an hour"
    stage.account(cast.Person("linxiao", "林晓"))
    with stage.days_ago(80):
        stage.appoint("linxiao", "expert")
    assert stage.typed["fangyu"][1] > first[1]
    assert "shenan" not in stage.typed, "asking is no decision"
