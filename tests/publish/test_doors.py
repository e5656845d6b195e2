"""What is suspended answers at no door, however much of it there is."""

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.shopendata import clock
from ckanext.shopendata.model import Block, Dataset

from tests.factories import Agency, person


def test_a_search_still_answers_after_a_whole_catalogue_was_tightened(clean_db, clean_index, publisher):
    """Solr takes 1,024 clauses in one query; one decision may tighten more datasets than that."""
    person("operator", "operator")
    agency = Agency("operator", "traffic", "上海市交通委员会")
    entry, _ = agency.entry("目录")
    shown = publisher.dataset(owner_org=agency.id)["id"]
    hidden = publisher.dataset(owner_org=agency.id)["id"]
    ids = [hidden, *(f"00000000-0000-4000-8000-{number:012}" for number in range(1100))]
    now = clock.now()
    common = {"entry_id": entry, "title": "x", "notes": "", "tier": "conditional", "state": "decided",
              "created_at": now, "updated_at": now}  # fmt: skip
    model.Session.execute(sa.insert(Dataset), [common | {"id": key, "name": f"n-{key}"} for key in ids])
    blocks = [{"dataset_id": key, "reason": "tightened", "blocked_by": "x", "blocked_at": now} for key in ids]
    model.Session.execute(sa.insert(Block), blocks)
    model.Session.commit()
    found = tk.get_action("package_search")({"user": ""}, {})
    assert [package["id"] for package in found["results"]] == [shown]
