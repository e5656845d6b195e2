"""The write gate: CKAN's datasets are projections of the catalogue, so only the publisher writes them.

Every action of CKAN, its DataStore and ckanext-harvest that writes one refuses unless it runs inside
:func:`publishing`. The gate is chained to the actions and not to their permissions, because administrators and
``ignore_auth`` pass permissions unasked; it hangs on a context variable and not on CKAN's context, because CKAN drops
what it does not know when one action calls another. A new thread or process starts outside.

Harvest sources are datasets to CKAN and go through; permissions keep them for administrators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Action, ChainedAction, Context, DataDict

#: To CKAN a harvest source is a dataset of this type.
SOURCE_TYPE = "harvest"

_open: ContextVar[bool] = ContextVar("shopendata_publishing", default=False)


class NotPublishing(tk.NotAuthorized):
    """A projection was to be written outside of :func:`publishing`; CKAN answers 403 with the message."""

    def __init__(self) -> None:
        super().__init__(
            tk._("Datasets are written through the catalogue. Change the entry there, or use the shopendata_* actions")
        )


@contextmanager
def publishing() -> Iterator[None]:
    """Opens the gate for this thread (and task) until the block ends, for nested calls as well.

    Only the publisher opens it. A test looks for others.
    """
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


def is_publishing() -> bool:
    """Whether this code runs inside :func:`publishing`."""
    return _open.get()


def chained_actions() -> dict[str, ChainedAction]:
    """The gate before each action that it guards, for ``IActions``."""
    return (
        {name: _gate(_anything) for name in CLOSED}
        | {"package_create": _gate(_new_dataset, opens=True)}
        | {name: _gate(_dataset, opens=True) for name in OPEN_TO_SOURCES}
        | {name: _gate(_membership) for name in MEMBERSHIPS}
        | {name: _gate(_datasets_of_group) for name in GROUPS}
        | {name: _gate(_group_with_datasets) for name in GROUP_ENDINGS}
    )


def _gate(writes: Callable[[DataDict], bool], opens: bool = False) -> ChainedAction:
    """A chained action that refuses calls which write a projection.

    What it lets through may ``open`` the gate: a source's own update calls actions that are closed, such as the one
    that moves it to its organization.
    """

    @tk.chained_action
    def gate(next_action: Action, context: Context, data_dict: DataDict) -> Any:
        if not is_publishing() and writes(data_dict):
            raise NotPublishing
        with publishing() if opens else nullcontext():
            return next_action(context, data_dict)

    return gate


def _anything(data_dict: DataDict) -> bool:
    return True


def _new_dataset(data_dict: DataDict) -> bool:
    return data_dict.get("type") != SOURCE_TYPE


def _dataset(data_dict: DataDict) -> bool:
    """Whether what is named, as CKAN looks it up, is no harvest source. What type it is to become does not count.

    CKAN keeps a dataset's type for ever, so nothing becomes a source or stops being one.
    """
    name = data_dict.get("id") or data_dict.get("name")
    package = model.Package.get(name) if isinstance(name, str) else None
    return package is None or package.type != SOURCE_TYPE


def _membership(data_dict: DataDict) -> bool:
    """Whether it is a dataset's, as CKAN finds the class of what joins or leaves."""
    return str(data_dict.get("object_type")).title() == "Package"


def _datasets_of_group(data_dict: DataDict) -> bool:
    """Whether the call changes which datasets a group has; repeating them, as ``group_patch`` does, changes none."""
    packages = data_dict.get("packages")
    if packages is None:
        return False
    named = {model.Package.get(package.get("id") or package.get("name")) for package in packages}
    return {package.id for package in named if package} != _members(data_dict.get("id"))


def _group_with_datasets(data_dict: DataDict) -> bool:
    return bool(_members(data_dict.get("id")))


def _members(group_id: Any) -> set[str]:
    """Ids of the datasets in a group or organization that are not deleted."""
    group = model.Group.get(group_id) if isinstance(group_id, str) else None
    if group is None:
        return set()
    rows = (
        model.Session.query(model.Package.id)
        .join(model.Member, model.Member.table_id == model.Package.id)
        .filter(model.Member.group_id == group.id, model.Member.state == "active", model.Package.state != "deleted")
    )
    return {row.id for row in rows}


#: What writes a projection whatever it is given.
CLOSED = (
    "bulk_update_delete",
    "bulk_update_private",
    "bulk_update_public",
    "datastore_create",
    "datastore_delete",
    "datastore_function_create",
    "datastore_function_delete",
    "datastore_records_delete",
    "datastore_run_triggers",
    "datastore_upsert",
    "file_create",
    "file_delete",
    "file_ownership_transfer",
    "file_pin",
    "file_register",
    "file_rename",
    "file_unpin",
    "harvest_source_clear",
    "harvest_source_index_clear",
    "package_collaborator_create",
    "package_collaborator_delete",
    "package_create_default_resource_views",
    "package_owner_org_update",
    "package_relationship_create",
    "package_relationship_delete",
    "package_relationship_update",
    "package_resource_reorder",
    "package_revise",
    "resource_create",
    "resource_create_default_resource_views",
    "resource_delete",
    "resource_patch",
    "resource_update",
    "resource_view_clear",
    "resource_view_create",
    "resource_view_delete",
    "resource_view_reorder",
    "resource_view_update",
    "tag_create",
    "tag_delete",
    "vocabulary_create",
    "vocabulary_delete",
    "vocabulary_update",
)
#: The same, but harvest sources may be written (and created).
OPEN_TO_SOURCES = ("dataset_purge", "package_delete", "package_patch", "package_update")
#: Closed for memberships of datasets.
MEMBERSHIPS = ("member_create", "member_delete")
#: Closed for calls that name other datasets than the group has.
GROUPS = ("group_create", "group_update", "organization_create", "organization_update")
#: Closed for groups that have datasets, which would lose them.
GROUP_ENDINGS = ("group_delete", "group_purge", "organization_delete", "organization_purge")
#: All of them.
GATED = frozenset(("package_create", *CLOSED, *OPEN_TO_SOURCES, *MEMBERSHIPS, *GROUPS, *GROUP_ENDINGS))
