"""What the actions of CKAN 2.12, its datastore and ckanext-harvest read, and of which kind it is.

An entry lists every parameter that the action's code reads, whether documented or not. Most names mean the same in all
actions (:data:`COMMON`); an entry repeats a name with a kind where it does not. The tests compare the table with the
actions of the running portal and with their documentation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ckanext.shopendata.hardening.action_types import (
    ADDRESS,
    ANYTHING,
    BOOLEAN,
    DATE,
    EMPTY,
    FILTERS,
    INTEGER,
    LONG,
    MISSING,
    NATURAL,
    OBJECT,
    OBJECT_OF_TEXTS,
    OBJECTS,
    REPEATED,
    SCALAR,
    SORT,
    TEXT,
    TEXT_OR_TEXTS,
    TEXTS,
    TIMESTAMP,
    TOO_LONG,
    UPLOAD,
    Kind,
    Wrong,
    as_json,
    as_json_object,
    given,
    one_of,
    or_empty,
    with_members,
)

#: Truth values of forms: an empty field is "no".
_FLAG = or_empty(BOOLEAN)
_JSON_OBJECT = replace(OBJECT, read=as_json)
_JSON_TEXTS = replace(given(TEXT_OR_TEXTS), read=as_json)

_RELATIONS = (
    *("depends_on", "dependency_of", "derives_from", "has_derivation"),
    *("links_to", "linked_from", "child_of", "parent_of"),
)
#: Seconds.
_CENTURY = 100 * 366 * 24 * 60 * 60
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MEMBER_TYPES = one_of("package", "user", "group", none=[""])
_OWNER_TYPES = one_of("user", "package", "resource", "organization", "group")


def _names(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


#: Names that mean the same in nearly all actions.
COMMON: Mapping[str, Kind] = {
    **_names(
        TEXT,
        "capacity definition email entity_id entity_type full_text group_id group_type guid harvest_object_id id id2 "
        "job_id jti key lang_code language location method name name_or_id object object_type org_id organization_id "
        "owner_id owner_type package_id permission q query records_format resource_id rettype role source_id status "
        "storage subject task_type term term_translation token type url user user_id username view_type vocabulary_id",
    ),
    **_names(NATURAL, "limit offset page start rows"),
    **_names(
        BOOLEAN,
        "all_fields create_datastore_views include_dataset_count include_datasets include_extras include_followers "
        "include_groups include_member_count include_num_followers include_password_hash include_plugin_data "
        "include_deleted include_drafts include_plugin_extras include_private include_site_user include_users "
        "only_active only_current only_to_run return_last_job_status use_default_schema",
    ),
    **_names(
        _FLAG,
        "am_member available_only defer_commit delete_fields distinct dry_run force if_exists ignore_self "
        "include_deleted_records include_fields_schema include_meta include_next_page include_records include_total "
        "keep_current or_replace pin plain private run with_apitoken",
    ),
    **_names(SCALAR, "calculate_record_count comment description title notes"),
    "upload": UPLOAD,
    "image_upload": UPLOAD,
}

_EXTRAS = with_members(given(OBJECTS), "key", id=TEXT, key=SCALAR, deleted=_FLAG)
_TAGS = with_members(given(OBJECTS), name=SCALAR, vocabulary_id=TEXT)
_RELATIONSHIPS = with_members(given(OBJECTS), id=TEXT, subject=TEXT, object=TEXT, type=TEXT, comment=SCALAR)

_RESOURCE: dict[str, Kind] = {
    **_names(TEXT, "id package_id format url_type"),
    **_names(SCALAR, "cache_url description hash mimetype mimetype_inner name resource_type"),
    **_names(DATE, "cache_last_updated created last_modified"),
    "size": or_empty(LONG),
    "url": ADDRESS,
    "upload": UPLOAD,
}
_RESOURCES = with_members(given(OBJECTS), **_RESOURCE)
_PACKAGE: dict[str, Kind] = {
    **_names(TEXT, "id name owner_org state type"),
    **_names(SCALAR, "author author_email license_id maintainer maintainer_email notes title url version"),
    "private": _FLAG,
    "metadata_modified": TIMESTAMP,
    "plugin_data": OBJECT,
    "tag_string": TEXT_OR_TEXTS,
    "extras": _EXTRAS,
    "groups": with_members(given(OBJECTS), id=TEXT, name=TEXT, title=SCALAR),
    "relationships_as_object": _RELATIONSHIPS,
    "relationships_as_subject": _RELATIONSHIPS,
    "resources": _RESOURCES,
    "tags": _TAGS,
}
_HARVEST_SOURCE = _PACKAGE | {
    **_names(TEXT, "config frequency source_type"),
    "url": ADDRESS,
    "extras": with_members(given(OBJECTS), "key", id=TEXT, key=SCALAR, value=TEXT, deleted=_FLAG),
}
_GROUP: dict[str, Kind] = {
    **_names(TEXT, "approval_status id name state type"),
    **_names(SCALAR, "description image_display_url title"),
    "image_upload": UPLOAD,
    "image_url": ADDRESS,
    "extras": _EXTRAS,
    "groups": with_members(given(OBJECTS), name=TEXT, capacity=TEXT),
    "packages": with_members(given(OBJECTS), id=TEXT, name=TEXT, title=SCALAR),
    "users": with_members(given(OBJECTS), name=TEXT, capacity=TEXT),
}
_USER: dict[str, Kind] = {
    **_names(TEXT, "about email id name password password_hash state"),
    **_names(SCALAR, "fullname image_display_url"),
    **_names(_FLAG, "activity_streams_email_notifications sysadmin"),
    "image_upload": UPLOAD,
    "image_url": ADDRESS,
    "plugin_extras": or_empty(OBJECT),
}
_VIEW: dict[str, Kind] = {
    **_names(TEXT, "id resource_id view_type"),
    **_names(SCALAR, "date_format description image_url title"),
    **_names(_FLAG, "filterable responsive"),
    **_names(TEXT_OR_TEXTS, "filter_fields filter_values"),
    "ellipsis_length": NATURAL,
}
_TASK: dict[str, Kind] = {
    **_names(TEXT, "entity_id entity_type error id key state task_type value"),
    "last_updated": or_empty(DATE),
}
_TRANSLATION = _names(SCALAR, "lang_code term term_translation")
_SETTINGS = _names(
    SCALAR,
    "ckan.site_about ckan.site_custom_css ckan.site_description ckan.site_intro_text ckan.site_logo ckan.site_title "
    "ckan.site_url ckan.theme clear_logo_upload",
) | {"logo_upload": UPLOAD}
_SHOW_GROUP = (
    "id include_dataset_count include_datasets include_extras include_followers include_groups include_member_count "
    "include_users"
)
_LIST_GROUPS = _SHOW_GROUP + " all_fields limit offset type"
_LIST_GROUPS_KINDS = {"q": given(TEXT), "sort": SORT, "order_by": SORT}
_TAG_SEARCH = "limit offset vocabulary_id"
_TAG_SEARCH_KINDS = _names(TEXT_OR_TEXTS, "q query") | {"fields": given(OBJECT_OF_TEXTS)}
_FIELDS = with_members(OBJECTS, id=SCALAR, type=TEXT, info=OBJECT)
_TRIGGERS = with_members(OBJECTS, function=TEXT, when=TEXT, for_each=TEXT)
_JOB = Kind(TEXT.message, lambda value: isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9_-]*", value)))


@dataclass(frozen=True)
class Reads:
    """What an action reads."""

    kinds: Mapping[str, Kind]
    #: Parameters without which CKAN fails instead of refusing.
    required: Collection[str] = ()
    #: The same for everybody but administrators, for whom CKAN does not look further.
    required_of_users: Collection[str] = ()
    #: The kind of a parameter whose name the caller makes up.
    kind_of: Callable[[str], Kind] = field(default=lambda name: ANYTHING)
    #: What the parameters have to be to each other.
    together: Callable[[Mapping[str, Any]], Iterator[tuple[str, Wrong]]] = field(default=lambda data: iter(()))
    takes_file: bool = False

    def wrong(self, data: Mapping[str, Any], sysadmin: bool = False) -> Iterator[tuple[str, Wrong]]:
        """What is wrong with the data of a call, each with the parameter's name."""
        for name in self.required if sysadmin else (*self.required, *self.required_of_users):
            if data.get(name) is None:
                yield name, Wrong(MISSING)
        for name, value in data.items():
            kind = self.kinds[name] if name in self.kinds else self.kind_of(name)
            for found in kind.wrong(value):
                yield name, found
        yield from self.together(data)


def _reads(names: str = "", kinds: Mapping[str, Kind] | None = None, required: str = "", **options: Any) -> Reads:
    own = {name: COMMON[name] for name in names.split()} | dict(kinds or {})
    options.setdefault("takes_file", UPLOAD in own.values())
    return Reads(own, required.split(), **options)


def _same(actions: str, reads: Reads) -> dict[str, Reads]:
    return dict.fromkeys(actions.split(), reads)


def _lifetime(data: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """CKAN adds the lifetime of a token to the time of day, after it has stored the token."""
    factors = [data.get("expires_in"), data.get("unit")]
    if all(map(NATURAL.accepts, factors)) and math.prod(int(factor or 0) for factor in factors) > _CENTURY:
        yield "expires_in", Wrong(TOO_LONG)


def _sound_resources(data: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """What CKAN loses or mixes up in the resources of a dataset; some of it spoils the dataset for good."""
    resources = data.get("resources")
    if not resources or not OBJECTS.accepts(resources):
        return
    ids = [str(item["id"]) for item in resources if item.get("id")]
    if len(set(ids)) < len(ids):
        yield "resources", Wrong(REPEATED)
    for position, item in enumerate(resources):
        if all(value is None for name, value in item.items() if name not in ("package_id", "position", "state")):
            yield "resources", Wrong(EMPTY, (position,))


def _any_of(*names: str) -> Callable[[Mapping[str, Any]], Iterator[tuple[str, Wrong]]]:
    def together(data: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
        if not any(data.get(name) for name in names):
            yield names[0], Wrong(MISSING)

    return together


def _revised(name: str) -> Kind:
    """The kind of ``update__resources__0__url`` and the like; ``match__`` and unknown paths may be anything."""
    prefix, *path = name.split("__")
    kind = _PACKAGE.get(path[0], ANYTHING) if prefix == "update" and path else ANYTHING
    if len(path) > 1 and path[1:] != ["extend"]:
        kind = with_members(OBJECT, **kind.members) if len(path) == 2 else kind.members.get(path[2], ANYTHING)
    return replace(kind, read=as_json)


#: Functions that ckanext-harvest exports by accident: they take other arguments than an action.
NOT_ACTIONS = frozenset(
    [
        "InactiveSource",
        "get_mail_extra_vars",
        "prepare_error_mail",
        "prepare_summary_mail",
        "send_error_email",
        "send_mail",
        "send_summary_email",
    ]
)

_ID = _reads("id")

ACTIONS: Mapping[str, Reads] = {
    # Datasets
    **_same(
        "am_following_dataset dataset_followee_count dataset_followee_list dataset_follower_count "
        "dataset_follower_list dataset_purge follow_dataset package_delete unfollow_dataset",
        _ID,
    ),
    **_same("bulk_update_delete bulk_update_private bulk_update_public", _reads("org_id", {"datasets": given(TEXTS)})),
    "current_package_list_with_resources": _reads("limit offset page"),
    "package_autocomplete": _reads("limit", {"q": SCALAR}),
    "package_collaborator_create": _reads("id user_id capacity"),
    "package_collaborator_delete": _reads("id user_id"),
    "package_collaborator_list": _reads("id capacity"),
    "package_collaborator_list_for_user": _reads("id capacity"),
    "package_create": _reads(
        # CKAN looks for a suitable preview and needs an address for that.
        kinds={**_PACKAGE, "resources": with_members(given(OBJECTS), "url", **_RESOURCE)},
        together=_sound_resources,
    ),
    **_same("package_patch package_update", _reads(kinds=_PACKAGE, together=_sound_resources)),
    "package_create_default_resource_views": _reads(
        "create_datastore_views",
        {"package": with_members(OBJECT, "id", id=TEXT, resources=_RESOURCES)},
        required="package",
    ),
    "package_list": _reads("limit offset"),
    "package_owner_org_update": _reads("id organization_id"),
    **_same(
        "package_relationship_create package_relationship_delete package_relationship_update",
        _reads("id subject object comment", {"type": one_of(*_RELATIONS)}),
    ),
    "package_relationships_list": _reads("id id2", {"rel": one_of("relationships", *_RELATIONS)}),
    **_same("package_resource_reorder resource_view_reorder", _reads("id", {"order": given(TEXTS)})),
    "package_revise": _reads(
        kinds={
            "match": with_members(_JSON_OBJECT, id=TEXT, name=TEXT),
            "match__id": replace(TEXT, read=as_json),
            "match__name": replace(TEXT, read=as_json),
            "update": with_members(_JSON_OBJECT, **_PACKAGE),
            "filter": _JSON_TEXTS,
            "include": _JSON_TEXTS,
        },
        kind_of=_revised,
        takes_file=True,
    ),
    "package_search": _reads(
        "start include_deleted include_drafts include_private use_default_schema",
        {
            **_names(SCALAR, "q fq sort qf df bf boost tie defType mm facet"),
            "extras": given(OBJECT),
            "facet.field": replace(TEXTS, read=as_json),
            "facet.limit": or_empty(INTEGER),
            "facet.mincount": NATURAL,
            "fl": TEXT_OR_TEXTS,
            "fq_list": given(TEXTS),
            "rows": or_empty(NATURAL),
            "wt": one_of("json"),
        },
    ),
    "package_show": _reads("id name_or_id use_default_schema include_plugin_data"),
    # Resources, their views and files
    **_same("resource_create resource_patch resource_update", _reads(kinds=_RESOURCE)),
    "resource_create_default_resource_views": _reads(
        "create_datastore_views",
        {
            "resource": with_members(OBJECT, "id", "package_id", **_RESOURCE),
            "package": with_members(OBJECT, "id", id=TEXT, resources=_RESOURCES),
        },
        required="resource",
    ),
    **_same("resource_delete resource_show resource_view_delete resource_view_list resource_view_show", _ID),
    "resource_search": _reads(
        "limit offset",
        {
            "fields": OBJECT,
            "query": TEXT_OR_TEXTS,
            "order_by": one_of(
                *[
                    "cache_last_updated",
                    "cache_url",
                    "created",
                    "description",
                    "format",
                    "hash",
                    "id",
                    "last_modified",
                    "metadata_modified",
                ],
                *[
                    "mimetype",
                    "mimetype_inner",
                    "name",
                    "package_id",
                    "position",
                    "resource_type",
                    "size",
                    "state",
                    "url",
                    "url_type",
                ],
            ),
        },
    ),
    "resource_view_clear": _reads(kinds={"view_types": TEXTS}),
    "resource_view_create": _reads(kinds=_VIEW),
    "resource_view_update": _reads(kinds=_VIEW, required_of_users=["resource_id"]),
    "file_create": _reads("name storage upload"),
    **_same("file_delete file_pin file_show file_unpin", _ID),
    "file_owner_scan": _reads(
        "owner_id",
        {
            "owner_type": _OWNER_TYPES,
            **_names(or_empty(NATURAL), "start rows"),
            "sort": Kind(TEXT_OR_TEXTS.message, lambda value: isinstance(value, (str, list))),
        },
    ),
    "file_ownership_transfer": _reads("id owner_id force pin", {"owner_type": _OWNER_TYPES}),
    "file_register": _reads("location storage"),
    "file_rename": _reads("id name"),
    # Rows
    "datastore_create": _reads(
        "resource_id id force delete_fields include_records calculate_record_count",
        {
            **_names(TEXT_OR_TEXTS, "aliases primary_key"),
            "fields": _FIELDS,
            "indexes": Kind(TEXT_OR_TEXTS.message, lambda value: value is None or isinstance(value, (str, list))),
            "records": OBJECTS,
            "resource": with_members(OBJECT, **_RESOURCE),
            "triggers": _TRIGGERS,
        },
    ),
    **_same(
        "datastore_delete datastore_records_delete",
        _reads(
            "resource_id id force include_deleted_records calculate_record_count",
            {"filters": Kind(FILTERS.message, lambda value: OBJECT.accepts(value) and FILTERS.accepts(value))},
        ),
    ),
    "datastore_function_create": _reads(
        "name or_replace rettype definition",
        {"arguments": with_members(given(OBJECTS), argname=TEXT, argtype=TEXT, argmode=TEXT)},
    ),
    "datastore_function_delete": _reads("name if_exists"),
    "datastore_info": _reads("resource_id id include_meta include_fields_schema"),
    "datastore_run_triggers": _reads("resource_id", required="resource_id"),
    "datastore_search": _reads(
        "resource_id id full_text distinct plain language include_total records_format include_next_page",
        {
            **_names(or_empty(NATURAL), "limit offset"),
            **_names(TEXT_OR_TEXTS, "fields sort"),
            "filters": replace(FILTERS, read=as_json),
            "q": Kind(
                OBJECT_OF_TEXTS.message,
                lambda value: SCALAR.accepts(value) or OBJECT_OF_TEXTS.accepts(value),
                read=as_json_object,
            ),
        },
    ),
    "datastore_upsert": _reads(
        "resource_id id force include_records method calculate_record_count dry_run", {"records": OBJECTS}
    ),
    # Groups and organizations
    **_same(
        "am_following_group follow_group group_delete group_followee_count group_followee_list group_follower_count "
        "group_follower_list group_purge organization_delete organization_followee_count organization_followee_list "
        "organization_follower_count organization_follower_list organization_purge unfollow_group",
        _ID,
    ),
    **_same("group_autocomplete organization_autocomplete", _reads("limit", {"q": given(TEXT)}, required="q")),
    **_same(
        "group_patch group_update organization_create organization_patch organization_update", _reads(kinds=_GROUP)
    ),
    "group_create": _reads(
        kinds={
            **_GROUP,
            "type": Kind(TEXT.message, lambda value: TEXT.accepts(value) and value != "organization"),
        },
    ),
    "group_list": _reads(_LIST_GROUPS, {**_LIST_GROUPS_KINDS, "groups": TEXT_OR_TEXTS}),
    "organization_list": _reads(_LIST_GROUPS, {**_LIST_GROUPS_KINDS, "organizations": TEXT_OR_TEXTS}),
    "group_list_authz": _reads("am_member available_only include_dataset_count include_member_count"),
    "organization_list_for_user": _reads("id permission include_dataset_count include_member_count"),
    **_same("group_member_create organization_member_create", _reads("id username role", required="id")),
    **_same("group_member_delete organization_member_delete", _reads("id username user_id", required="id")),
    "group_package_show": _reads("id", {"limit": or_empty(NATURAL)}),
    **_same("group_show organization_show", _reads(_SHOW_GROUP)),
    "member_create": _reads("id object", {"object_type": _MEMBER_TYPES, "capacity": given(TEXT)}),
    "member_delete": _reads("id object", {"object_type": _MEMBER_TYPES}),
    "member_list": _reads("id object_type capacity"),
    "member_roles_list": _reads("group_type"),
    # Users
    **_same(
        "am_following_user follow_user followee_count unfollow_user user_delete user_followee_count "
        "user_followee_list user_follower_count user_follower_list",
        _ID,
    ),
    "api_token_create": _reads(
        "name user", {**_names(NATURAL, "expires_in unit"), "plugin_extras": or_empty(OBJECT)}, together=_lifetime
    ),
    "api_token_list": _reads("user user_id"),
    "api_token_revoke": _reads("jti token"),
    "followee_list": _reads("id q"),
    "user_autocomplete": _reads("limit ignore_self", {"q": SCALAR}),
    "user_create": _reads("with_apitoken", _USER),
    "user_invite": _reads("email group_id role", required="group_id"),
    "user_list": _reads(
        "all_fields email include_site_user",
        {
            "q": TEXT,
            "order_by": one_of(
                *[
                    "about",
                    "created",
                    "display_name",
                    "edits",
                    "email",
                    "fullname",
                    "id",
                    "name",
                    "number_created_packages",
                    "state",
                ],
                "sysadmin",
                none=[""],
            ),
        },
    ),
    **_same("user_patch user_update", _reads(kinds=_USER)),
    "user_show": _reads("id include_datasets include_num_followers include_password_hash include_plugin_extras"),
    # Tags, vocabularies and formats
    "format_autocomplete": _reads("limit", {"q": SCALAR}),
    **_same("tag_autocomplete tag_search", _reads(_TAG_SEARCH, _TAG_SEARCH_KINDS)),
    "tag_create": _reads("name vocabulary_id"),
    "tag_delete": _reads("id vocabulary_id"),
    "tag_list": _reads(_TAG_SEARCH, {"q": TEXT, "query": TEXT, "all_fields": _FLAG, "fields": given(OBJECT_OF_TEXTS)}),
    "tag_show": _reads("id vocabulary_id include_datasets"),
    **_same("vocabulary_create vocabulary_update", _reads("id name", {"tags": _TAGS})),
    **_same("vocabulary_delete vocabulary_show", _ID),
    # The site
    **_same("config_option_list license_list status_show vocabulary_list", _reads()),
    "config_option_show": _reads("key"),
    "config_option_update": _reads(kinds=_SETTINGS),
    "get_site_user": _reads("defer_commit"),
    "help_show": _reads("name"),
    **_same("job_cancel job_show", _reads(kinds={"id": _JOB})),
    "job_clear": _reads(kinds={"queues": TEXTS}),
    "job_list": _reads(kinds={"queues": TEXTS, "limit": INTEGER, "ids_only": _FLAG}),
    "task_status_delete": _ID,
    "task_status_show": _reads("id entity_id task_type key"),
    "task_status_update": _reads(kinds=_TASK, required="value"),
    "task_status_update_many": _reads(kinds={"data": with_members(OBJECTS, "value", **_TASK)}, required="data"),
    "term_translation_show": _reads(kinds={"terms": TEXT_OR_TEXTS, "lang_codes": given(TEXT_OR_TEXTS)}),
    "term_translation_update": _reads(kinds=_TRANSLATION),
    "term_translation_update_many": _reads(kinds={"data": with_members(OBJECTS, **_TRANSLATION)}),
    # ckanext-harvest
    "harvest_abort_failed_jobs": _reads(
        kinds={"life_span": INTEGER, "include": TEXT, "exclude": TEXT}, required="life_span"
    ),
    **_same("harvest_get_notifications_recipients", _reads("source_id", required="source_id")),
    "harvest_job_abort": _reads("id source_id", together=_any_of("id", "source_id")),
    "harvest_job_create": _reads("source_id run", required="source_id"),
    "harvest_job_create_all": _reads("run only_active only_to_run organization_id return_last_job_status"),
    "harvest_job_list": _reads("source_id status", required_of_users=["source_id"]),
    "harvest_job_report": _ID,
    "harvest_job_show": _reads("id", {"attr": one_of("id", "source_id", "status", none=[None])}),
    "harvest_jobs_run": _reads("source_id"),
    "harvest_log_list": _reads(
        kinds={
            "level": one_of(*_LEVELS, *map(str.lower, _LEVELS)),
            **_names(given(or_empty(NATURAL)), "limit offset"),
            "per_page": or_empty(NATURAL),
        },
    ),
    "harvest_object_create": _reads(
        "guid job_id source_id package_id", {"content": SCALAR, "state": SCALAR, "extras": OBJECT}, required="job_id"
    ),
    "harvest_object_list": _reads("source_id only_current"),
    "harvest_object_show": _reads(
        "id",
        {
            "dataset_id": TEXT,
            "attr": one_of("guid", "harvest_job_id", "harvest_source_id", "id", "package_id", none=[None]),
        },
    ),
    "harvest_objects_import": _reads("source_id guid harvest_object_id package_id"),
    **_same("harvest_source_create harvest_source_patch harvest_source_update", _reads(kinds=_HARVEST_SOURCE)),
    **_same(
        "harvest_send_job_to_gather_queue harvest_source_clear harvest_source_delete harvest_source_index_clear "
        "harvest_source_reindex",
        _reads("id", required="id"),
    ),
    "harvest_source_job_history_clear": _reads("id keep_current", required="id"),
    "harvest_source_list": _reads("organization_id return_last_job_status only_active only_to_run"),
    "harvest_source_show": _reads("id name_or_id url include_plugin_data use_default_schema"),
    "harvest_source_show_status": _reads("id", required="id"),
    "harvest_sources_job_history_clear": _reads("keep_current"),
    **_same("harvest_sources_reindex harvesters_info_show", _reads()),
}
