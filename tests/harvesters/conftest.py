"""A source, agencies and records to synchronise."""

import json
import logging

import pytest
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestSource
from ckanext.shopendata import clock
from ckanext.shopendata.harvesters import runs, synchronise
from ckanext.shopendata.model import Agency


def agency(title, aliases=(), code=None):
    number = model.Session.query(Agency).count()
    row = Agency(
        name=f"agency-{number}", title=title, aliases=list(aliases), code=code, kind="administrative", level="city",
        created_at=clock.now(),
    )  # fmt: skip
    model.Session.add(row)
    model.Session.commit()
    return row.id


@pytest.fixture
def folder(tmp_path, ckan_config, monkeypatch):
    """The folder that catalogue files may lie in."""
    monkeypatch.setitem(ckan_config, "ckanext.shopendata.harvest.folder", str(tmp_path))
    return tmp_path


class Portal:
    """One source whose records a test writes, and what came of them."""

    def __init__(self, folder, mapping):
        self.file = folder / f"{mapping}.json"
        source = HarvestSource(
            url=str(self.file),
            type="shopendata_catalogue_file",
            title="source",
            config=json.dumps({"mapping": mapping}),
        )
        model.Session.add(source)
        model.Session.commit()
        self.id = source.id

    def deliver(self, records):
        self.file.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
        return self

    def sync(self, records=None, **options):
        if records is not None:
            self.deliver(records)
        held = runs.begin(self.id)
        assert held is not None
        return synchronise.run(held, **options)


def rows(table, **conditions):
    statement = sa.select(table.__table__).filter_by(**conditions)
    return [dict(row) for row in model.Session.execute(statement).mappings()]


@pytest.fixture
def said(monkeypatch):
    """Everything that is logged, whatever CKAN's configuration does with loggers."""
    lines = []

    def note(logger, level, message, args, **_):
        lines.append(f"{logger.name}: {message % args if args else message}")

    monkeypatch.setattr(logging.Logger, "isEnabledFor", lambda logger, level: True)
    monkeypatch.setattr(logging.Logger, "_log", note)
    return lines


@pytest.fixture
def make_portal(clean_db, folder):
    return lambda mapping: Portal(folder, mapping)
