"""The real catalogue in two Solr cores, ours and one with CKAN's own schema, and a way to put single documents."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from unittest import mock

import ckan.model as model
import pysolr
import pytest
from ckan.common import config
from ckan.logic import get_action, index_update_package
from ckanext.shopendata.publish import publishing

BATCH = 100


@dataclass(frozen=True)
class Entry:
    """A dataset of the catalogue: all of it that is indexed."""

    title: str
    notes: str


class Cores(NamedTuple):
    """Addresses of two Solr cores: ours, and the one beside it that has CKAN's own schema."""

    ours: str
    stock: str

    def connections(self) -> list[pysolr.Solr]:
        return [pysolr.Solr(url, timeout=60) for url in self]

    def empty(self) -> None:
        for core in self.connections():
            core.delete(q="*:*", commit=True)


@pytest.fixture(scope="session")
def cores() -> Cores:
    ours = config["solr_url"].rstrip("/")
    return Cores(ours, ours.rpartition("/")[0] + "/stock")


class Both:
    """Takes what CKAN wants to index and sends it to both cores, so that both hold the very same documents."""

    def __init__(self, cores: Cores) -> None:
        self.cores = cores
        self.documents: list[dict[str, Any]] = []

    def add(self, docs: list[dict[str, Any]], commit: bool) -> None:
        assert not commit
        self.documents += docs
        if len(self.documents) >= BATCH:
            self.send()

    def send(self) -> None:
        if not self.documents:
            return
        for core in self.cores.connections():
            core.add(self.documents, commit=False)
        self.documents = []

    def commit(self) -> None:
        self.send()
        for core in self.cores.connections():
            core.commit()


@pytest.fixture(scope="session")
def entries(shanghai_catalogue) -> list[Entry]:
    """The catalogue without its repetitions."""
    distinct: dict[tuple[str, str], Entry] = {}
    for row in json.loads(shanghai_catalogue.read_text(encoding="utf-8")):
        distinct.setdefault((row["数据集名称"], row["数据提供方"]), Entry(row["数据集名称"], row["摘要"] or ""))
    return list(distinct.values())


@pytest.fixture(scope="module")
def catalogue(cores: Cores, entries: list[Entry], reset_db: Callable[[], None]) -> Iterator[dict[str, Entry]]:
    """The catalogue as CKAN datasets, by id: created through the action layer, then indexed in both cores."""
    reset_db()
    cores.empty()
    context = {"ignore_auth": True, "user": get_action("get_site_user")({"ignore_auth": True}, {})["name"]}
    get_action("organization_create")(dict(context), {"name": "agency"})
    ids = []
    numbered = enumerate(entries)
    while batch := list(itertools.islice(numbered, BATCH)):
        for number, entry in batch:
            # Deferred creation returns only the id; without return_id_only CKAN would roll the batch back.
            deferred = {**context, "defer_commit": True, "return_id_only": True}
            dataset = {"name": f"entry-{number}", "owner_org": "agency", "title": entry.title, "notes": entry.notes}
            with publishing():
                ids.append(get_action("package_create")(deferred, dataset))
        model.repo.commit()
    both = Both(cores)
    with mock.patch("ckan.lib.search.index.make_connection", return_value=both):
        for identifier in ids:
            index_update_package(dict(context), identifier, defer_commit=True)
    both.commit()
    model.Session.remove()
    yield dict(zip(ids, entries, strict=True))
    reset_db()
    cores.empty()


@pytest.fixture
def put(cores: Cores) -> Iterator[Callable[..., str]]:
    """Puts a document straight into our core, with a dataset's fields as given, and returns its id."""
    core, ids = cores.connections()[0], (f"put-{number}" for number in itertools.count())

    def put(**fields: Any) -> str:
        identifier = next(ids)
        frame = {"index_id": identifier, "id": identifier, "name": identifier, "site_id": config["ckan.site_id"]}
        frame |= {"state": "active", "capacity": "public", "permission_labels": ["public"]}
        core.add([frame | {"entity_type": "package", "dataset_type": "dataset"} | fields], commit=True)
        return identifier

    yield put
    core.delete(q="id:put-*", commit=True)
