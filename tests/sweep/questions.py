"""What is asked: every address and every action, by every identifier that could lead somewhere.

Left out, because it can make no difference:

- an address or action that the inventory calls off answers before anything is looked up, and so does what is for staff
  when a stranger asks: both get one identifier of each kind;
- an action's first parameter gets the identifiers of the kind that its name speaks of, and two of every other kind; a
  stranger tries all of them with everything that is public. Its other parameters, and what writes in CKAN, which is
  gated, get one of each kind; so do most actions when somebody asks who has neither a role nor an application;
- CKAN's actions for staff are tried by the editor, who may most of all who ask;
- of the people who are signed in, the editor opens every page, the others those of datasets and people;
- what a person may do with their own papers (withdraw, make or revoke a key) is not done.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from urllib.parse import urlencode

import sqlalchemy as sa
from ckan import logic, model
from ckanext.shopendata.hardening import action_table, inventory
from ckanext.shopendata.model import OpenList
from ckanext.shopendata.policy.visibility import Place
from werkzeug.routing import BuildError


@dataclass(frozen=True)
class Question:
    """One request, and the place at which its answer is met."""

    place: Place
    path: str
    method: str = "GET"
    body: str | None = None
    headers: tuple = ()

    @property
    def sent(self):
        """All that was sent: what stands in here proves nothing in the answer."""
        return f"{self.path} {self.body or ''}"


#: Places of pages by endpoint or address, of actions by name: the first beginning that fits.
PAGES = (
    ("datastore.", Place.OPEN_TABLE), ("datatablesview.", Place.OPEN_TABLE),
    ("feeds.", Place.SEARCH), ("dataset.search", Place.SEARCH),
    ("home.", Place.SEARCH), ("shopendata_theme.home", Place.SEARCH), ("organization.index", Place.SEARCH),
    ("organization.read", Place.SEARCH), ("group.index", Place.SEARCH), ("group.read", Place.SEARCH),
    ("/open-list", Place.OPEN_LIST), ("/catalogue", Place.DESK), ("/applications", Place.DESK), ("/desk", Place.DESK),
    ("/audit", Place.DESK),
    ("/work", Place.DESK), ("/agencies", Place.DESK), ("/organisations", Place.DESK), ("/security", Place.DESK),
    ("", Place.PAGE),
)  # fmt: skip
ACTIONS = (
    ("datastore_", Place.OPEN_TABLE), ("shopendata_openlist_", Place.OPEN_LIST), ("shopendata_agency_", Place.PAGE),
    ("shopendata_", Place.DESK), ("user_", Place.PAGE), ("package_search", Place.SEARCH),
    ("package_list", Place.SEARCH), ("package_autocomplete", Place.SEARCH), ("current_package_list", Place.SEARCH),
    ("group_package_show", Place.SEARCH),
    ("", Place.PAGE),
)  # fmt: skip

#: Our actions -> the parameters that take an identifier, and what else the call needs to be looked at.
OURS = {
    "agency_change": (("id", "parent"), {}),
    "agency_create": (("parent",), {"title": "x", "kind": "administrative", "level": "city"}),
    "agency_list": ((), {}),
    "agency_show": (("id",), {}),
    "agreement_confirm": (("id",), {}),
    "application_accept": (("id",), {}),
    "application_correct": (("id",), {"points": [{"field": "form", "text": "x"}]}),
    "application_lapse": (("id",), {}),
    "application_list": ((), {}),
    "application_refuse": (("id",), {"answer": "x"}),
    "application_save": (("datasets", "id", "organisation"), {}),
    "application_show": (("id",), {}),
    "application_submit": (("id",), {}),
    "application_withdraw": (("id",), {}),
    "case_decide": (("id",), {"verb": "grant", "opinion": "x"}),
    "case_extend": (("id",), {"days": 5, "reason": "x"}),
    "case_list": ((), {}),
    "case_show": (("id",), {}),
    "dataset_decide": (("ids",), {}),
    "desk_show": ((), {}),
    "dataset_propose": (("ids",), {"tier": "unconditional"}),
    "dataset_resume": (("id",), {"note": "x"}),
    "dataset_suspend": (("id",), {"reason": "other", "note": "x"}),
    "entry_check": (("ids",), {}),
    "entry_complete": (("ids",), {"acquisition_method": "direct", "reason": "x"}),
    "entry_confirm": (("ids",), {}),
    "entry_list": (("agency", "q"), {}),
    "entry_reject": (("ids",), {"reason": "duplicate"}),
    "entry_return": (("ids",), {"note": "x"}),
    "entry_show": (("id",), {}),
    "erasure_approve": (("id",), {}),
    "erasure_ask": (("note",), {}),
    "erasure_list": ((), {}),
    "erasure_refuse": (("id",), {"reason": "x"}),
    "erasure_withdraw": (("id",), {}),
    "personal_data_show": ((), {}),
    "event_export": (("object", "actor"), {}),
    "event_list": (("object", "actor"), {}),
    "event_show": (("id",), {}),
    "grant_list": ((), {}),
    "grant_resume": (("id",), {"note": "x"}),
    "grant_revoke": (("id",), {"note": "x"}),
    "grant_show": (("id",), {}),
    "grant_suspend": (("id",), {"note": "x"}),
    "key_create": (("grant",), {}),
    "key_revoke": (("kid",), {}),
    "openlist_compile": (("agency",), {}),
    "openlist_discard": (("id",), {}),
    "openlist_excluded": (("agency",), {}),
    "openlist_list": (("agency",), {}),
    "openlist_publish": (("id",), {}),
    "openlist_show": (("agency", "id"), {}),
    "openlist_sign": (("id",), {}),
    "openlist_work": (("agency",), {}),
    "redaction_ask": (("event",), {"reason": "x"}),
    "redaction_confirm": (("id",), {}),
    "redaction_list": ((), {}),
    "redaction_refuse": (("id",), {"reason": "x"}),
    "preference_save": (("language",), {}),
    "preference_show": ((), {}),
    "account_mail": ((), {"mail": "sweep@example.org", "password": "x"}),
    "account_mail_confirm": (("token",), {}),
    "account_save": ((), {}),
    "account_show": ((), {}),
    "account_verify": (("user",), {"number": "SWEEP0001"}),
    "invitation_accept": (("token",), {}),
    "invitation_show": (("token",), {}),
    "invitation_withdraw": (("id",), {}),
    "member_change": (("id",), {"functions": ["agent"]}),
    "member_end": (("id",), {}),
    "member_invite": (("organisation",), {"mail": "sweep@example.org", "functions": ["agent"]}),
    "organisation_close": (("id",), {}),
    "organisation_create": (("code",), {"kind": "enterprise", "name": "x"}),
    "organisation_list": ((), {}),
    "organisation_return": (("id",), {"version": 1, "reasons": "x"}),
    "organisation_save": (("id",), {}),
    "organisation_show": (("id",), {}),
    "organisation_submit": (("id",), {}),
    "organisation_take_back": (("id",), {}),
    "organisation_verify": (("id",), {"version": 1}),
    "organisation_take_over": (("id",), {"version": 1}),
    "proof_add": (("organisation",), {"name": "x.pdf", "content": "JVBERi0xLjQK"}),
    "proof_remove": (("id",), {}),
    "proof_show": (("id",), {}),
    "agency_dissolve": (("id",), {"reason": "x"}),
    "agency_merge": (("id", "into"), {"reason": "x"}),
    "agency_rename": (("id",), {"title": "x", "reason": "x"}),
    "delegation_create": (("holding", "substitute"), {"until": "2030-01-01", "reason": "x"}),
    "delegation_end": (("id",), {}),
    "delegation_list": ((), {}),
    "division_list": (("agency",), {}),
    "division_remove": (("agency", "id"), {}),
    "division_save": (("agency",), {"title": "x"}),
    "credential_ask": (("user",), {"reason": "x"}),
    "credential_confirm": (("id",), {}),
    "credential_decline": (("id",), {}),
    "credential_list": ((), {}),
    "role_confirm": (("id",), {"number": "SWEEP0001"}),
    "role_decline": (("id",), {}),
    "role_list": (("user", "agency"), {}),
    "role_request": (("user", "agency"), {"role": "reviewer", "number": "SWEEP0001"}),
    "role_request_list": ((), {}),
    "role_revoke": (("id",), {}),
}
#: They would change the world.
NOT_ASKED_BY_ITS_OWNER = {"shopendata_application_withdraw", "shopendata_key_create", "shopendata_key_revoke"}

#: What shows one thing.
TRIED_BY_ALL = {
    "datastore_search", "package_show", "resource_show", "shopendata_application_show", "shopendata_entry_show",
    "shopendata_grant_show", "shopendata_key_create", "shopendata_openlist_show", "user_show",
}  # fmt: skip
#: Parameters of CKAN's actions that name something.
NAMING = {
    "group_id", "guid", "harvest_object_id", "id", "id2", "job_id", "key", "name", "name_or_id", "object", "org_id",
    "organization_id", "owner_id", "owner_org", "package_id", "q", "query", "resource_id", "source_id", "subject",
    "user", "user_id", "username",
}  # fmt: skip
#: What their beginning speaks of.
KINDS = {
    "api_token": "people", "current_package": "datasets", "dataset": "datasets", "datastore": "tables",
    "group": "agencies", "organization": "agencies", "package": "datasets", "resource": "tables",
    "shopendata_agency": "agencies", "shopendata_agreement": "papers", "shopendata_application": "papers",
    "shopendata_case": "papers", "shopendata_dataset": "datasets", "shopendata_entry": "entries",
    "shopendata_erasure": "papers", "shopendata_event": "papers", "shopendata_redaction": "papers",
    "shopendata_grant": "papers", "shopendata_key": "papers", "shopendata_openlist": "lists",
    "shopendata_role": "people", "user": "people",
}  # fmt: skip


class Identifiers:
    """Everything by which something of the world could be asked for, by kind."""

    def __init__(self, world):
        datasets = world.datasets.values()
        texts = {(one.field, one.dataset): one.text for one in reversed(world.canaries.texts.values())}
        lists = list(model.Session.scalars(sa.select(OpenList.id)))
        agencies = [name for one in (world.agency, world.elsewhere) for name in (one.id, one.name)]
        people = [world.alice, world.bob, world.agency.administrator, world.agency.reviewer, world.centre]
        self.by_kind = {
            "datasets": [name for one in datasets for name in (one.id, one.name)],
            "tables": [name for one in datasets for name in (one.resource, one.vault_table)],
            "entries": [one.entry for one in datasets] + [texts["entry_guid", one.key] for one in datasets],
            "words": [texts[field, one.key] for one in datasets for field in ("title", "entry_title", "code")],
            "agencies": agencies,
            "lists": [*lists, *agencies],
            "people": [*people, *(model.User.get(name).id for name in people)],
            "papers": [text for text, one in world.canaries.texts.items()
                       if one.field in ("application", "case", "grant", "kid")],
            "views": [*model.Session.scalars(sa.select(model.ResourceView.id)), *(one.resource for one in datasets)],
        }  # fmt: skip
        rows = sa.select(model.ResourceView.resource_id, model.ResourceView.id).order_by(model.ResourceView.id)
        self.views_of = dict(model.Session.execute(rows).all())
        self.everything = list(dict.fromkeys(itertools.chain(*self.by_kind.values())))

    def views(self, resource):
        """A view of the resource's own and one of another's, as far as there are any."""
        others = (view for owner, view in self.views_of.items() if owner != resource)
        return [view for view in (self.views_of.get(resource), next(others, None)) if view]

    @property
    def few(self):
        """One of each kind, of what is closed where there is a choice."""
        return list(dict.fromkeys(names[8 if len(names) > 8 else 0] for names in self.by_kind.values()))

    def mostly(self, kind):
        """All of one kind, two of each other."""
        some = [name for other, names in self.by_kind.items() if other != kind for name in names[6:8]]
        return list(dict.fromkeys([*self.by_kind.get(kind, ()), *some]))


def _place(table, name):
    return next(place for beginning, place in table if name.startswith(beginning))


def routes(app, world, who):
    """GET of every rule (POST where that is all), for one person; a stranger's also by HEAD and OPTIONS."""
    known, pages = Identifiers(world), inventory.classes("pages")
    thorough = who in ("", world.editor)
    adapter = app.flask_app.url_map.bind("")
    for rule in app.flask_app.url_map.iter_rules():
        if rule.endpoint in ("api.action", "static", "webassets.index"):
            continue
        kind = pages.get(rule.endpoint, "off")
        shallow = kind == "off" or (kind == "staff" and not who)
        by_all = rule.endpoint in ("dataset.read", "dataset.search", "resource.read", "user.read")
        if not (thorough or by_all or rule.endpoint.startswith("shopendata_application.")):
            continue
        method = "GET" if "GET" in rule.methods else "POST"
        if method == "POST" and kind == "staff" and who:
            continue  # a form's: without its token it is refused
        paths = set()
        for values in _arguments(world, known, rule, shallow):
            try:
                paths.add(adapter.build(rule.endpoint, values | (rule.defaults or {}), method=method))
            except BuildError:
                continue
        by_address = rule.rule.startswith(tuple(start for start, _ in PAGES if start[:1] == "/"))
        name = rule.rule if by_address else rule.endpoint
        place = _place(PAGES, name)
        for number, path in enumerate(sorted(paths)):
            yield Question(place, path, method)
            if not who and number < 1:
                yield from (Question(place, path, other) for other in ("HEAD", "OPTIONS"))


def _arguments(world, known, rule, shallow):
    """Values for the parts of an address: a dataset with its own table, and one with another's."""
    datasets = list(world.datasets.values())
    if shallow:
        datasets = datasets[1:2] + datasets[4:5]
    fixed = {"ver": 3, "lang": "zh_Hans_CN", "filename": "x.csv", "token": "x", "storage_name": "resources",
             "path": "dataset/", "location": "x", "version": "1"}  # fmt: skip
    names = sorted(rule.arguments - set(fixed))
    fixed = {name: value for name, value in fixed.items() if name in rule.arguments}
    if not names:
        yield fixed
    elif "resource_id" in names:
        for one in datasets:
            ways = ((one.id, one.resource), (one.name, one.resource), (world.datasets["open"].id, one.resource))
            for dataset, resource in ways if "id" in names else (("", one.resource), ("", one.vault_table)):
                given = fixed | {"id": dataset, "resource_id": resource}
                if "view_id" not in names:
                    yield given
                if "view_id" in names or rule.endpoint == "resource.read":
                    yield from (given | {"view_id": view} for view in known.views(resource))
    else:
        kind = {"group": "agencies", "organization": "agencies", "user": "people", "feeds": "agencies",
                "datatablesview": "views"}.get(rule.endpoint.split(".")[0], "datasets")  # fmt: skip
        chosen = known.by_kind[kind]
        for value in [*chosen[:2], *chosen[-2:]] if shallow else chosen:
            yield fixed | dict.fromkeys(names, value)


def _reading():
    """Actions that change nothing."""
    return {name for name, one in logic._actions.items() if getattr(one, "side_effect_free", False)}


def parameters(name):
    """The parameters of an action that take an identifier, and what else it needs."""
    if name.startswith("shopendata_"):
        return OURS[name.removeprefix("shopendata_")]
    reads = action_table.ACTIONS.get(name)
    naming = set(reads.kinds) & NAMING if reads else {"id"}
    names = sorted(naming, key=lambda one: (one not in ("id", "resource_id"), one))
    flags = {}
    if getattr(logic._actions[name], "side_effect_free", False) and reads:
        flags = {flag: True for flag in reads.kinds if flag.startswith("include_") or flag == "all_fields"}
    return (tuple(names), flags)


def actions(world, who):
    """Every action by every identifier, for one person, as POST; what only reads also by GET."""
    known, classes = Identifiers(world), inventory.classes("actions")
    logic.get_action("package_show")
    for name in sorted(classes):
        kind, place = classes[name], _place(ACTIONS, name)
        if name not in logic._actions or (who and name in NOT_ASKED_BY_ITS_OWNER):
            continue
        if who not in ("", world.editor) and kind in ("staff", "off") and not name.startswith("shopendata_"):
            continue
        about = next((one for start, one in KINDS.items() if name.startswith(start)), "datasets")
        names, more = ((), {}) if kind == "off" else parameters(name)
        if kind == "off" or (kind == "staff" and not who):
            values = [world.datasets["closed"].id]
            names = names or ("id",)
        elif not who:
            values = known.everything
        else:
            few = who in (world.citizen, world.bob) and name not in TRIED_BY_ALL
            values = known.few if few else known.mostly(about)
        if who and kind == "staff" and not name.startswith("shopendata_") and name not in _reading():
            names, values = names[:1], known.few
        path = f"/api/3/action/{name}"
        yield Question(place, path, "POST", json.dumps(more))
        for number, parameter in enumerate(names):
            for value in values if number == 0 else known.few:
                given = [value] if parameter in ("ids", "datasets") else value
                yield Question(place, path, "POST", json.dumps({**more, parameter: given}))
        if not who and kind in ("metadata", "data") and names:
            parameter = "id" if "id" in names else names[0]
            yield from (
                Question(place, f"{path}?{urlencode({parameter: value})}") for value in known.by_kind["datasets"]
            )


#: Fields of the index that are nobody's business, beside those of public extras.
PROBED = (
    "res_url", "data_dict", "validated_data_dict", "permission_labels", "capacity", "state", "creator_user_id",
    "index_id", "site_id", "entity_type", "text", "urls", "title_pinyin", "extras_tier", "res_extras_row_count", "name",
    "id", "organization", "tags", "tier", "data_domain", "update_frequency", "conditions", "contact", "division",
)  # fmt: skip


def search(world):
    """Raw parameters of the search, as pages, actions and feeds take them."""
    prefix = f"zq{world.canaries.run}"
    asked = []
    for field in PROBED:
        asked += [{"q": f"{field}:*"}, {"q": f"{field}:{prefix}*"}, {"fq": f"{field}:{prefix}*"},
                  {"fl": f'["{field}"]'}, {"facet.field": f'["{field}"]', "facet.limit": "-1"},
                  {"sort": f"{field} asc"}]  # fmt: skip
    asked += [
        {"fl": '["*"]'}, {"fl": '["*", "score"]'}, {"fl": '["[explain]"]'}, {"q": "*:*", "rows": "1000"},
        {"q": prefix}, {"q": f"{prefix}*"}, {"q": f"*{prefix}*"}, {"q": f"{prefix}~2"}, {"q": "*:* OR state:deleted"},
        {"fq": "state:*", "include_private": "true", "include_drafts": "true", "include_deleted": "true"},
        {"fq": "capacity:private"}, {"fq": "-capacity:public"}, {"fq": '+state:("active" OR "draft" OR "deleted")'},
        {"fq": "*:*) OR (*:*"}, {"q": "{!lucene}*:*"}, {"q": '_query_:"*:*"'}, {"q": '{!func}termfreq(text,"a")'},
        {"qf": "res_url permission_labels", "q": "http"}, {"use_default_schema": "true"}, {"fq": "entity_type:*"},
        {"bf": "ord(name)"}, {"sort": "termfreq(name,'a') desc"}, {"fq_list": '["state:deleted"]'}, {"wt": "xml"},
    ]  # fmt: skip
    for given in asked:
        yield Question(Place.SEARCH, f"/api/3/action/package_search?{urlencode(given)}")
        if "q" in given:
            yield Question(Place.SEARCH, f"/dataset/?{urlencode(given)}")
            yield Question(Place.SEARCH, f"/feeds/custom.atom?{urlencode(given)}")
    for field in PROBED:
        yield Question(Place.SEARCH, f"/dataset/?{field}={prefix}")
    for one in world.datasets.values():
        for given in ({"q": f'id:"{one.id}"'}, {"q": one.name}, {"fq": f'name:"{one.name}"'}):
            yield Question(Place.SEARCH, f"/api/3/action/package_search?{urlencode(given)}")
        for given in ({"filters": "{}"}, {"q": prefix}, {"fields": "_full_text"}, {"include_total": "true"}):
            query = urlencode({"resource_id": one.resource, **given})
            yield Question(Place.OPEN_TABLE, f"/api/3/action/datastore_search?{query}")
        for shape in ("csv", "json", "xml", "tsv"):
            yield Question(Place.OPEN_TABLE, f"/datastore/dump/{one.resource}?format={shape}")
    yield Question(Place.OPEN_TABLE, "/api/3/action/datastore_search?resource_id=_table_metadata")


def variants(world):
    """The same pages said otherwise: languages, slashes, upper case, what the caller accepts; errors of all kinds."""
    accepts = ("application/json", "application/rdf+xml", "text/turtle", "*/*", "application/ld+json")
    for one in world.datasets.values():
        page, table = f"/dataset/{one.name}", f"/dataset/{one.id}/resource/{one.resource}"
        for path in (page, table):
            for changed in (f"/en{path}", f"{path}/", f"/zh_Hans_CN{path}", f"{path}?__no_cache__=1", f"{path}.rdf",
                            path.upper(), f"{path}//", f"{path}%00", f"{path}/x"):  # fmt: skip
                yield Question(Place.PAGE, changed)
        yield from (Question(Place.PAGE, page, "GET", None, (("Accept", kind),)) for kind in accepts)
        yield Question(Place.PAGE, f"/en/api/3/action/package_show?id={one.id}")
        yield Question(Place.PAGE, f"/api/3/action/package_show?id={one.id}&callback=x")
        yield Question(Place.PAGE, page, "DELETE")
        yield Question(Place.PAGE, f"/api/3/action/package_show?id={one.id}", "PUT")


def gateway(client, world, who):
    """Every address of the gateway for every pair of dataset and resource, and columns that are not the caller's."""
    del who
    datasets = list(world.datasets.values())
    for rule in client.application.url_map.iter_rules():
        if not rule.arguments:
            yield from (Question(Place.GATEWAY, rule.rule, method) for method in sorted(rule.methods))
            continue
        for one, other in itertools.product(datasets, datasets):
            for name in (one.id, one.name) if one is other else (one.id,):
                path = rule.rule.replace("<dataset>", name).replace("<resource>", other.resource)
                yield Question(Place.GATEWAY, path)
    for one in datasets:
        columns = [c.text for c in world.canaries.texts.values() if c.dataset == one.key and "item_code" in c.field]
        for path in ("/gateway/api/3/action/datastore_search", "/gateway/api/action/datastore_search"):
            yield Question(Place.GATEWAY, f"{path}?resource_id={one.resource}")
            yield Question(Place.GATEWAY, path, "POST", json.dumps({"resource_id": one.resource, "q": "zq"}))
        rows = f"/gateway/v1/datasets/{one.id}/resources/{one.resource}/rows"
        for column in [*columns, "district", "_id", "_raw"]:
            wishes = ({"sort": column}, {"fields": column}, {"filters": json.dumps({column: "x"})})
            yield from (Question(Place.GATEWAY, f"{rows}?{urlencode(wish)}") for wish in wishes)
