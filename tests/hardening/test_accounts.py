"""An administrator of the portal cannot become somebody who decides (DESIGN invariant 4)."""

import ckan.plugins.toolkit as tk
import pytest

from tests.factories import Agency, person


@pytest.fixture
def reviewer(clean_db, with_request_context):
    person("operator", "operator")
    person("root", sysadmin=True)
    person("citizen")
    return Agency("operator", "traffic", "上海市交通委员会").reviewer


def ask(action, caller, /, **data):
    return tk.get_action(action)({"user": caller}, data)


def test_nobody_makes_a_token_for_another(reviewer):
    for owner in (reviewer, "citizen"):
        with pytest.raises(tk.NotAuthorized):
            ask("api_token_create", "root", user=owner, name="x")
    for owner in ("root", reviewer):
        assert ask("api_token_create", owner, user=owner, name="x")["token"]


@pytest.mark.parametrize("action", ["user_update", "user_patch"])
def test_nobody_changes_the_account_of_who_holds_a_role(reviewer, action):
    changed = {"password": "another-horse-10", "email": "thief@example.org", "name": reviewer}
    with pytest.raises(tk.NotAuthorized):
        ask(action, "root", **changed, id=reviewer)
    with pytest.raises(tk.NotAuthorized):  # an address is verified first: account_mail
        ask(action, reviewer, id=reviewer, name=reviewer, email="own@example.org", old_password="correct-horse-9")
    own = {"id": reviewer, "name": reviewer, "email": f"{reviewer}@example.org", "password": "another-horse-10"}
    for known in ({}, {"old_password": "guessed-horse-8"}):
        with pytest.raises(tk.ValidationError):
            ask(action, reviewer, **own, **known)
    ask(action, reviewer, **own, old_password="correct-horse-9")
    ask(action, "root", id="citizen", name="citizen", email="new@example.org")
