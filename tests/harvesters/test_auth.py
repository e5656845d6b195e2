"""Harvest sources are for administrators: an editor must not make the server fetch an address of his choice."""

import ckan.authz as authz
import ckan.model as model
import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories, helpers
from ckanext.harvest.logic import auth
from ckanext.shopendata.harvesters.auth import GUARDED


def test_every_permission_of_ckanext_harvest_is_guarded():
    """A new one in an upgrade fails here until somebody decides about it."""
    import pkgutil
    from importlib import import_module

    asked = set()
    for module in pkgutil.iter_modules(auth.__path__):
        functions = vars(import_module(f"{auth.__name__}.{module.name}"))
        asked |= {
            name
            for name, value in functions.items()
            if name.startswith("harvest") and getattr(value, "__module__", "").startswith(auth.__name__)
        }
    assert asked == set(GUARDED)


@pytest.mark.usefixtures("clean_db", "clean_index")
class TestHarvestPermissions:
    def test_nobody_but_administrators(self):
        editor = factories.User()
        factories.Organization(users=[{"name": editor["name"], "capacity": "admin"}])
        for user in ("", editor["name"]):
            for name in GUARDED:
                context = {"user": user, "model": model, "auth_user_obj": model.User.get(user)}
                assert authz.is_authorized(name, context, {"id": "any"})["success"] is False, (user, name)

    def test_an_administrator_may(self):
        context = {"user": factories.Sysadmin()["name"], "ignore_auth": False}
        assert helpers.call_action("harvest_source_list", context) == []

    def test_an_editor_cannot_name_an_address_to_fetch(self):
        editor = factories.User()
        owner = factories.Organization(users=[{"name": editor["name"], "capacity": "admin"}])
        context = {"user": editor["name"], "ignore_auth": False}
        source = {
            "name": "planted", "title": "planted", "url": "http://169.254.169.254/", "source_type": "ckan",
            "owner_org": owner["id"],
        }  # fmt: skip
        for action, fields in (("harvest_source_create", {}), ("package_create", {"type": "harvest"})):
            with pytest.raises(tk.NotAuthorized):
                helpers.call_action(action, dict(context), **source, **fields)

    def test_no_stock_harvester_is_offered(self):
        context = {"user": factories.Sysadmin()["name"], "ignore_auth": False}
        offered = {harvester["name"] for harvester in helpers.call_action("harvesters_info_show", context)}
        assert offered == {"shopendata_sharing_platform", "shopendata_catalogue_file"}
