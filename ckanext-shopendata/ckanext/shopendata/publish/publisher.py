"""Does the work of the outbox: publishes, conceals, withdraws, indexes.

A dataset's rows are in place before its package is; the package, the dataset's state, its event and the end of the
task are one transaction; Solr follows by a task of its own. Whatever dies in between is done again from the start.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import search
from ckan.types import Context

from ckanext.shopendata import audit, clock
from ckanext.shopendata.model import Agency, Dataset, Entry, Item, OpenList, OpenListItem, Resource, Task
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.classification import DatasetState, Tier, step
from ckanext.shopendata.policy.openlist import ListState
from ckanext.shopendata.policy.scope import Column, Scan
from ckanext.shopendata.publish import block, intake, loader, outbox, projection
from ckanext.shopendata.publish.gate import publishing

__all__ = ["HANDLERS", "reindex", "work"]

log = logging.getLogger(__name__)

NAME = "publisher"
#: Packages indexed with one commit of Solr's when all of them are.
_AT_ONCE = 100


def publish(tasks: Sequence[Task]) -> None:
    """Brings datasets to the public as their current list says, or up to date there."""
    ids = [task.id for task in tasks]
    datasets = sorted(task.object_id for task in tasks)  # whoever locks several datasets takes them in this order
    for dataset_id in datasets:
        if _load_tables(dataset_id):
            outbox.renew(*ids)
    user = tk.get_action("get_site_user")({"ignore_auth": True, "defer_commit": True}, {})["name"]
    for dataset_id in datasets:
        _publish(dataset_id, user)
    outbox.done(*ids)
    outbox.put("index", *datasets)
    model.Session.commit()


def conceal(tasks: Sequence[Task]) -> None:
    """Cleans up behind a block: out of the index; of what may no longer be public, rows and package too.

    The doors have refused since the block was committed; this is not what protects.
    """
    for task in tasks:
        dataset = model.Session.get_one(Dataset, task.object_id)
        if block.reason_of(dataset.id) is not None:
            search.index_for("Package").remove_dict({"id": dataset.id})
            withdrawn = dataset.state == DatasetState.WITHDRAWN.value and dataset.published_tier is not None
            # Whatever the block is for: somebody's suspension may stand in the place of a tightening's.
            if withdrawn or block.too_open(dataset):
                _tighten(dataset)
        outbox.done(task.id)
        model.Session.commit()


def withdraw(tasks: Sequence[Task]) -> None:
    """Takes datasets out of the public altogether."""
    for task in tasks:
        dataset = model.Session.get_one(Dataset, task.object_id, with_for_update=True)
        if dataset.published_tier is not None and _listing(dataset.id) is None:
            before = dataset.published_tier
            _purge(dataset)
            dataset = model.Session.get_one(Dataset, task.object_id, with_for_update=True)
            dataset.published_tier, dataset.updated_at = None, clock.now()
            if dataset.tier != Tier.CLOSED.value and dataset.state == DatasetState.PUBLISHED.value:
                dataset.state = DatasetState.DECIDED.value
            _event("dataset.withdraw", dataset, {"before": before})
        outbox.done(task.id)
        model.Session.commit()


def index(tasks: Sequence[Task]) -> None:
    """Makes the search index say what CKAN's tables say, with one commit of Solr's for all."""
    _index(task.object_id for task in tasks)
    outbox.done(*(task.id for task in tasks))
    model.Session.commit()


def reindex() -> int:
    """Makes the whole search index anew; returns how many packages were looked at.

    CKAN's own ``search-index rebuild`` stops at the first suspended dataset.
    """
    search.clear_all()
    keys = list(model.Session.scalars(sa.select(model.Package.id).where(model.Package.state == "active")))
    for start in range(0, len(keys), _AT_ONCE):
        _index(keys[start : start + _AT_ONCE])
        model.Session.expunge_all()
    return len(keys)


def _index(keys: Iterable[str]) -> None:
    solr = search.index_for("Package")
    for key in keys:
        package = model.Package.get(key)
        if package is None or package.state != "active" or block.blocked(key):
            solr.remove_dict({"id": key})
        else:
            context: Context = {"ignore_auth": True, "user": "", "use_cache": False}
            with publishing():
                logic.index_update_package(context, key, defer_commit=True)
    search.commit()


def tidy(tasks: Sequence[Task]) -> None:
    """Removes a table from where its dataset's tier no longer keeps it."""
    for task in tasks:
        resource = model.Session.get_one(Resource, task.object_id)
        if resource.location != "datastore":
            loader.drop_from_datastore(resource.id)
        if resource.location != "vault":
            with intake.connect() as vault:
                loader.drop_from_vault(vault, resource.id)
        outbox.done(task.id)
        model.Session.commit()


def retire(tasks: Sequence[Task]) -> None:
    """Gives the packages of a body that has ended to its successor, and takes its organization away."""
    user = tk.get_action("get_site_user")({"ignore_auth": True, "defer_commit": True}, {})["name"]
    for task in tasks:
        agency = model.Session.get_one(Agency, task.object_id)
        rows = sa.select(model.Package.id).where(model.Package.owner_org == agency.id, model.Package.state == "active")
        packages = list(model.Session.scalars(rows))
        for key in packages:
            _hand_over(key, user)
        model.Session.flush()
        group = model.Group.get(agency.id)
        if group is not None and group.state == "active":
            with publishing():
                tk.get_action("organization_delete")({"ignore_auth": True, "user": user}, {"id": agency.id})
        outbox.put("index", *packages)
        outbox.done(task.id)
        model.Session.commit()


def _hand_over(package_id: str, user: str) -> None:
    """Moves a package to the organization of its dataset's agency; its dates stay."""
    package, dataset = model.Package.get(package_id), model.Session.get(Dataset, package_id)
    if package is None or dataset is None:
        raise LookupError(f"package {package_id} is none of ours: it keeps its organization from ending")
    modified = package.metadata_modified
    owner = {"id": package_id, "organization_id": model.Session.get_one(Entry, dataset.entry_id).agency_id}
    with publishing():
        tk.get_action("package_owner_org_update")({"ignore_auth": True, "user": user, "defer_commit": True}, owner)
    package.metadata_modified = modified


#: Kind of task -> its handler and how many it takes at once, in the order in which they are looked for. Other plugins
#: of the distribution add theirs.
HANDLERS: dict[str, tuple[outbox.Handler, int]] = {
    "conceal": (conceal, 10),
    "withdraw": (withdraw, 10),
    "publish": (publish, 50),
    "index": (index, 200),
    "tidy": (tidy, 10),
    "retire": (retire, 1),
}


def work() -> int:
    """Does one round; returns how many tasks were taken."""
    return outbox.work(HANDLERS)


def _listing(dataset_id: str) -> tuple[OpenList, OpenListItem] | None:
    """The place of a dataset on its agency's current list."""
    row = model.Session.execute(
        sa.select(OpenList, OpenListItem)
        .join(OpenListItem, OpenListItem.list_id == OpenList.id)
        .where(OpenListItem.dataset_id == dataset_id, OpenList.state == ListState.PUBLISHED.value)
    ).first()
    return (row[0], row[1]) if row else None


def _publishable(dataset: Dataset) -> OpenList | None:
    """The list by which a dataset may be public now: it names the decision that stands, and nothing blocks it."""
    listing = _listing(dataset.id)
    if listing is None or listing[1].decision_id != dataset.decision_id:
        return None
    if not Tier.read(dataset.tier).has_public_metadata:
        return None
    if dataset.state not in {DatasetState.LISTED.value, DatasetState.PUBLISHED.value}:
        return None
    return listing[0]


def _place(tier: str | None) -> str | None:
    """Where the rows of what is public as this tier lie."""
    return {Tier.UNCONDITIONAL.value: "datastore", Tier.CONDITIONAL.value: "vault"}.get(tier or "")


def _load_tables(dataset_id: str) -> bool:
    """Scans and loads what has come in since; commits the resources' rows, unseen by CKAN. Tells if it did."""
    dataset = model.Session.get_one(Dataset, dataset_id)
    wanted = _place(dataset.tier)
    delivered = [(one, one.original_id) for one in _resources(dataset_id) if one.original_id]
    if not delivered or wanted is None or _publishable(dataset) is None:
        return False
    items = sa.select(Item).where(Item.entry_id == dataset.entry_id).order_by(Item.position)
    columns = dataset.opened(model.Session.scalars(items))
    stale = [(one.id, original) for one, original in delivered if not _up_to_date(one, wanted, columns)]
    row_filter = dict(dataset.row_filter)
    for resource_id, original in stale:
        model.Session.commit()  # loading takes its time: no transaction of CKAN's waits for it
        with intake.connect() as vault, intake.connect() as target:
            table = loader.measure(vault, original, columns)
            count = None
            if wanted == "vault":
                count = loader.into_vault(vault, target, resource_id, table)
                # Before the block of a tightening ends: its cleaning up may be late.
                loader.drop_from_datastore(resource_id)
            elif table.scan is Scan.PASSED:
                count = loader.into_datastore(vault, resource_id, table, row_filter)
        _loaded(resource_id, table, wanted, count)
    return bool(stale)


def _up_to_date(resource: Resource, location: str | None, columns: Sequence[Column]) -> bool:
    """Whether these columns of what was delivered last, masked like this, are what is loaded there."""
    loaded = {(column["code"], column["mask"]) for column in resource.columns}
    here = (resource.loaded_original_id, resource.location) == (resource.original_id, location)
    return here and loaded == {(column.code, column.mask.value) for column in columns}


def _loaded(resource_id: str, table: loader.Table, location: str, count: int | None) -> None:
    """Notes what the scan found and where the rows lie now; without a count none were loaded."""
    resource = model.Session.get_one(Resource, resource_id)
    resource.scan = table.scan.value
    resource.findings = [
        {"column": code, "kind": kind, "rows": rows} for (code, kind), rows in sorted(table.findings.items())
    ]
    if count is None:
        # The metadata may be public; not a row before the scan has passed (DESIGN 3).
        log.warning("resource %s: the scan found what may not open", resource_id)
    else:
        resource.columns = [
            {"code": c.code, "name": c.name, "type": c.type, "unit": c.unit, "mask": c.mask.value}
            for c in table.columns
        ]
        resource.row_count, resource.loaded_original_id, resource.loaded_at = count, table.original, clock.now()
        resource.location = location
    model.Session.commit()


def _publish(dataset_id: str, user: str) -> None:
    dataset = model.Session.get_one(Dataset, dataset_id, with_for_update=True)
    version = _publishable(dataset)
    if version is None:
        _clear(dataset)
        return
    if block.reason_of(dataset_id) not in {None, "tightened"}:
        return
    entry = model.Session.get_one(Entry, dataset.entry_id)
    now, before = clock.now(), dataset.published_tier
    dataset.first_published_at = dataset.first_published_at or now
    dataset.published_at = now
    resources = [resource.id for resource in _resources(dataset.id)]
    package = projection.package(_facts(dataset, entry, version), tk.config["ckan.site_url"].rstrip("/"))
    exists = model.Package.get(dataset.id) is not None
    context: Context = {
        "ignore_auth": True,
        "user": user,
        "defer_commit": True,
        "return_id_only": True,
    }
    with publishing():
        tk.get_action("package_update" if exists else "package_create")(context, package)
        # Previews of tables: CKAN makes by itself only those that need no table.
        views = {"package": package, "create_datastore_views": True}
        tk.get_action("package_create_default_resource_views")({**context}, views)
    if _place(dataset.tier) != "datastore":
        # Previews of a table that was open before.
        model.Session.execute(sa.delete(model.ResourceView).where(model.ResourceView.resource_id.in_(resources)))
    if before not in {None, dataset.tier}:
        outbox.put("tidy", *resources)
    stored = model.Package.get(dataset.id)
    if stored is not None:
        stored.metadata_created = _naive(dataset.first_published_at or now)
        stored.metadata_modified = _naive(now)
    dataset.state = step(DatasetState(dataset.state), "publish").value
    dataset.published_tier, dataset.updated_at = dataset.tier, now
    block.lift(dataset.id, NAME, "tightened")
    _event("dataset.publish", dataset, {"before": before, "after": dataset.tier, "list": version.version})
    model.Session.flush()


def _facts(dataset: Dataset, entry: Entry, version: OpenList) -> projection.Facts:
    tables = tuple(
        projection.TableFacts(
            resource.id,
            resource.name,
            # Rows that lie elsewhere are those that the scan kept from moving.
            resource.row_count if resource.location == _place(dataset.tier) else None,
            _naive(resource.loaded_at).isoformat() if resource.loaded_at else "",
        )
        for resource in _resources(dataset.id)
    )
    return projection.Facts(
        id=dataset.id,
        name=dataset.name,
        title=dataset.title,
        notes=dataset.notes,
        organization=entry.agency_id,
        tier=dataset.tier,
        conditions=dataset.conditions,
        labels=tuple(entry.labels),
        code=entry.code or "",
        domain=entry.domain,
        frequency=entry.update_frequency,
        high_value=entry.high_value,
        level=entry.level,
        division=entry.division,
        contact=entry.contact,
        issued=entry.issued.isoformat() if entry.issued else "",
        modified=entry.modified.isoformat() if entry.modified else "",
        open_list=version.version,
        tables=tables,
    )


def _resources(dataset_id: str) -> list[Resource]:
    rows = sa.select(Resource).where(Resource.dataset_id == dataset_id).order_by(Resource.position, Resource.id)
    return list(model.Session.scalars(rows))


def _clear(dataset: Dataset) -> None:
    """Removes what was loaded for a publication that a decision overtook; what stands in public keeps its rows."""
    kept = _place(dataset.published_tier)
    for resource in _resources(dataset.id):
        if kept != "datastore":
            loader.drop_from_datastore(resource.id)
        with intake.connect() as vault:
            if kept != "vault":
                loader.drop_from_vault(vault, resource.id)
            if resource.location not in {None, kept}:
                resource.loaded_original_id = None
                resource.location = kept if kept == "vault" and loader.lies_in_vault(vault, resource.id) else None


def _tighten(dataset: Dataset) -> None:
    """The rows leave the DataStore; what is closed or withdrawn leaves CKAN altogether (DESIGN invariant 1)."""
    if dataset.tier == Tier.CLOSED.value or dataset.state == DatasetState.WITHDRAWN.value:
        _purge(dataset)
        model.Session.execute(sa.update(Dataset).where(Dataset.id == dataset.id).values(published_tier=None))
    else:
        for resource in _resources(dataset.id):
            if resource.location == "datastore":
                resource.location, resource.loaded_original_id = None, None
            loader.drop_from_datastore(resource.id)


def _purge(dataset: Dataset) -> None:
    """Package, index document and tables of a dataset; in this order, so that nothing points to what is gone."""
    dataset_id, resources = dataset.id, [resource.id for resource in _resources(dataset.id)]
    if model.Package.get(dataset_id) is not None:
        with publishing():
            tk.get_action("dataset_purge")({"ignore_auth": True, "user": ""}, {"id": dataset_id})
        # CKAN keeps tags that no dataset has any more.
        unused = ~sa.exists().where(model.PackageTag.tag_id == model.Tag.id)
        orphans = sa.delete(model.Tag).where(model.Tag.vocabulary_id.is_(None), unused)
        model.Session.execute(orphans, execution_options={"synchronize_session": False})
    else:
        search.index_for("Package").remove_dict({"id": dataset_id})
    with intake.connect() as vault:
        for resource_id in resources:
            loader.drop_from_datastore(resource_id)
            loader.drop_from_vault(vault, resource_id)
    model.Session.execute(
        sa.update(Resource)
        .where(Resource.dataset_id == dataset_id)
        .values(location=None, loaded_original_id=None, row_count=None)
    )


def _naive(moment: dt.datetime) -> dt.datetime:
    """An instant as CKAN keeps it: in UTC, without saying so, whatever zone the database's session speaks in."""
    return moment.astimezone(dt.timezone.utc).replace(tzinfo=None)


def _event(verb: str, dataset: Dataset, body: dict[str, Any]) -> None:
    audit.record(Event(verb=verb, object_type="dataset", object_id=dataset.id, actor=NAME, body=body))
