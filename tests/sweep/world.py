"""One world for all questions: a dataset of every tier and stage, a canary in every field of every one.

Everything is done by the actions that people use; only what a harvester would deliver is written into the tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckan.tests import helpers
from ckanext.shopendata import clock
from ckanext.shopendata.model import AccessKey, Case, Dataset, Entry, HarvestRecord, HarvestRun, Item, Resource
from ckanext.shopendata.policy.classification import Tier
from ckanext.shopendata.policy.visibility import Identity, Stage
from ckanext.shopendata.publish import intake, loader, publisher

from tests import factories
from tests.factories import call, person
from tests.sweep.canaries import Canaries, Planted

#: Key -> what it is when everything is done.
DATASETS = {
    "open": (Tier.UNCONDITIONAL, Stage.PUBLISHED),
    "cond": (Tier.CONDITIONAL, Stage.PUBLISHED),
    "other": (Tier.CONDITIONAL, Stage.PUBLISHED),
    "undec": (Tier.UNDECIDED, Stage.UNDECIDED),
    "closed": (Tier.CLOSED, Stage.DECIDED),
    "ready": (Tier.UNCONDITIONAL, Stage.DECIDED),
    "susp": (Tier.UNCONDITIONAL, Stage.SUSPENDED),
    "suspc": (Tier.CONDITIONAL, Stage.SUSPENDED),
    "gone": (Tier.CLOSED, Stage.WITHDRAWN),
    "gonec": (Tier.CLOSED, Stage.WITHDRAWN),
}
#: What each is decided as at first, where that is not what it is in the end.
AT_FIRST = {"gone": "unconditional", "gonec": "conditional"}

#: Columns of Entry that hold a closed set of words, a reference or a date; all other texts get a canary.
_ENTRY_FIXED = {"id", "source_id", "agency_id", "title", "update_frequency", "acquisition_method", "state",
                "source_state"}  # fmt: skip
#: Columns of Entry that the public meets under another name than ``entry_*``.
_ENTRY_PUBLIC = {"code", "division", "domain", "level", "contact", "high_value"}


class World:
    """What the questions are about, who asks them, and what may be answered."""

    def __init__(self):
        self.canaries = Canaries()
        self.datasets = {}
        self.headers = {}  # person -> headers
        self.tokens = {}

    def identity(self, who, key):
        """What somebody is to a dataset. Callers of the gateway are named by the dataset of their key."""
        dataset = self.datasets[key]
        if who in self.datasets:
            return Identity.KEY if who == key else Identity.OTHER_KEY
        if who == dataset.applicant:
            return Identity.APPLICANT
        if who in self.applicants:
            return Identity.OTHER_KEY
        return {"": Identity.ANONYMOUS, self.editor: Identity.OTHER_AGENCY}.get(who, Identity.REGISTERED)

    @property
    def applicants(self):
        return {dataset.applicant for dataset in self.datasets.values()} - {""}

    @property
    def people(self):
        """Who asks CKAN; nobody in particular first."""
        return tuple(self.headers)


def build(world):
    """Makes a world in empty databases."""
    person("operator", "operator")
    world.centre, world.intake = person("checker", "catalogue_checker"), person("intake", "intake_officer")
    world.agency = factories.Agency("operator", f"zq{world.canaries.run}agency", "甲局")
    world.elsewhere = factories.Agency("operator", "elsewhere", "乙局")
    world.citizen, world.alice, world.bob = person("citizen"), person("alice"), person("bob")
    world.editor = person("editor", ("data_administrator", "elsewhere"), ("reviewer", "elsewhere"))
    helpers.call_action("organization_member_create", id="elsewhere", username="editor", role="editor")
    for key, (tier, stage) in DATASETS.items():
        _deliver(world, Planted(key, tier, stage))
    _decide(world)
    _apply(world)
    _suspend_and_close(world)
    _know_identifiers(world)
    for name in ("", world.citizen, world.editor, world.alice, world.bob):
        token = name and helpers.call_action("api_token_create", {"user": name}, user=name, name="sweep")["token"]
        world.headers[name] = {"Authorization": token} if token else {}


def drain():
    """Does all the publisher's work."""
    while publisher.work():
        pass


def _deliver(world, dataset):
    """An entry as a harvester leaves it, with rows in the intake."""
    key = dataset.key
    plant = lambda field, what="": world.canaries.plant(key, field, what)  # noqa: E731 - said forty times
    code = {"shown": plant("item_code"), "masked": plant("item_code", "maskedcode"), "district": "district"}
    # The last column of what is applied for is not granted.
    kept = "ungranted_" if key in ("cond", "other", "suspc") else ""
    code |= {"dropped": plant("dropped_item_code"), "kept": plant(f"{kept}item_code", "ungrantedcode")}
    columns = [
        (code["shown"], plant("item_name"), "text", "none"),
        (code["masked"], plant("item_name", "maskedname"), "text", "first_char"),
        (code["district"], plant("item_name", "districtname"), "text", "none"),
        (code["dropped"], plant("dropped_item_name"), "text", "drop"),
        (code["kept"], plant(f"{kept}item_name", "ungrantedname"), "text", "none"),
    ]
    district = plant("row", "district")
    rows = [
        [plant("row"), "王" + plant("raw_value"), district, plant("dropped_row"), plant(f"{kept}row", "ungranted")],
        [plant("filtered_row"), "李" + plant("filtered_row", "filteredraw"), plant("filtered_row", "filtereddistrict"),
         plant("filtered_row", "filtereddropped"), plant("filtered_row", "filteredungranted")],
    ]  # fmt: skip
    texts = [column.name for column in sa.inspect(Entry).columns if isinstance(column.type, sa.Text)]
    fields = {
        name: plant(name if name in _ENTRY_PUBLIC else f"entry_{name}") for name in texts if name not in _ENTRY_FIXED
    }
    fields |= {"labels": [plant("labels")], "formats": ["CSV"], "source_id": "planted"}
    dataset.entry, dataset.id = world.agency.entry(plant("entry_title"), None, columns, rows, **fields)
    stored = model.Session.get_one(Dataset, dataset.id)
    stored.name = dataset.name = plant("name")
    stored.title, stored.notes = plant("title"), plant("notes")
    stored.row_filter = {code["district"]: [district, plant("row_filter")]}
    items = model.Session.scalars(sa.select(Item).where(Item.entry_id == dataset.entry))
    for number, item in enumerate(items):
        place = "xyzuvw"[number]
        unit = {code["dropped"]: "dropped_item_name", code["kept"]: f"{kept}item_unit"}.get(item.code, "item_unit")
        item.unit = plant(unit, f"unit{place}")
        item.description = plant("item_description", f"description{place}")
        item.sensitivity = plant("item_sensitivity", f"sensitivity{place}")
    resource = model.Session.scalars(sa.select(Resource).where(Resource.dataset_id == dataset.id)).one()
    resource.name, dataset.resource = plant("table_name"), resource.id
    if key == "undec":
        now = clock.now()
        model.Session.add(
            HarvestRun(id=plant("harvest_error", "run"), source_id="planted", state="failed",
                       error=plant("harvest_error"), created_at=now)
        )  # fmt: skip
        model.Session.add(
            HarvestRecord(source_id="planted", guid=plant("entry_guid", "recordguid"), digest="", outcome="refused",
                          value=plant("harvest_value"), run_id="planted", seen_at=now)
        )  # fmt: skip
    model.Session.commit()
    world.datasets[key] = dataset


def _decide(world):
    """Confirmed, proposed, decided, listed, published; the undecided is only proposed, the ready decided last."""
    plant, datasets = world.canaries.plant, world.datasets
    administrator, entries = world.agency.administrator, [one.entry for one in datasets.values()]
    call("entry_confirm", administrator, ids=entries)
    why = plant("open", "entry_acquisition_reason")
    call("entry_complete", administrator, ids=entries, acquisition_method="direct", reason=why)
    call("entry_check", world.centre, ids=entries)
    for key, dataset in datasets.items():
        tier = AT_FIRST.get(key, "closed" if dataset.tier is Tier.UNDECIDED else dataset.tier.value)
        reasons = {"conditional": ["timeliness"], "closed": ["personal_privacy"]}.get(tier, [])
        grounds = {"reasons": reasons, "note": plant(key, "proposal_note")}
        if reasons:
            grounds["bases"] = [{**factories.BASES[0], "rule": plant(key, "proposal_basis")}]
        if tier == "conditional":
            grounds["conditions"] = plant(key, "conditions")
        call("dataset_propose", administrator, ids=[dataset.id], tier=tier, **grounds)
        if key not in ("undec", "ready"):
            _decide_one(world, key, tier, grounds)
    world.agency.publish_list()
    drain()
    _decide_one(world, "ready", "unconditional", {})


def _decide_one(world, key, tier, grounds):
    plant = world.canaries.plant
    document = {
        "title": plant(key, "signoff", f"documenttitle{tier}"), "number": plant(key, "signoff", f"number{tier}"),
        "signer": plant(key, "signoff", f"signer{tier}"), "signed_on": str(clock.today()),
    }  # fmt: skip
    told = {name: grounds[name] for name in ("reasons", "conditions") if name in grounds}
    if grounds.get("bases"):
        told["bases"] = [{**factories.LAW[0], "rule": plant(key, "decision_basis", f"decisionbasis{tier}")}]
    note = plant(key, "decision_note", f"decisionnote{tier}")
    call("dataset_decide", world.agency.reviewer, ids=[world.datasets[key].id], tier=tier, note=note,
         document=document, **told)  # fmt: skip


def _apply(world):
    """Alice gets a key of two datasets, Bob one of another; each is granted less than was asked for."""
    for applicant, keys in ((world.alice, ("cond", "suspc")), (world.bob, ("other",))):
        owner = keys[0]
        form = factories.FORM | {
            name: world.canaries.plant(owner, "form", f"form{name}")
            for name in ("applicant_name", "contact_name", "contact_phone", "necessity", "safeguards", "product")
        }
        form["scenario"] = world.canaries.plant(owner, "purpose")
        wanted = [world.datasets[key].id for key in keys]
        application = call("application_save", applicant, datasets=wanted, form=form)
        call("application_submit", applicant, id=application["id"])
        case = call("application_accept", world.intake, id=application["id"])["cases"][0]
        granted = {
            key: [code for code in _codes(world.datasets[key]) if "ungranted" not in code and "dropped" not in code]
            for key in keys
        }
        call("case_decide", world.agency.reviewer, id=case["id"], verb="grant_reduced", reason="exceeds_minimum",
             opinion=world.canaries.plant(owner, "opinion"),
             items={world.datasets[key].id: codes for key, codes in granted.items()})  # fmt: skip
        call("agreement_confirm", applicant, id=case["id"])
        call("agreement_confirm", world.agency.signer, id=case["id"])
        for grant in call("grant_list", applicant):
            dataset = next(one for one in world.datasets.values() if one.id == grant["dataset"]["id"])
            dataset.applicant, dataset.grant = applicant, grant["id"]
            dataset.access_key = call("key_create", applicant, grant=grant["id"])["key"]
            world.canaries.add(dataset.access_key, "key", dataset.key)
            world.canaries.add(dataset.grant, "grant", dataset.key)
        world.canaries.add(application["id"], "application", owner)
        world.canaries.add(case["id"], "case", owner)


def _codes(dataset):
    rows = sa.select(Item.code).where(Item.entry_id == dataset.entry).order_by(Item.position)
    return list(model.Session.scalars(rows))


def _suspend_and_close(world):
    reviewer, plant = world.agency.reviewer, world.canaries.plant
    for key in ("susp", "suspc"):
        call("dataset_suspend", reviewer, id=world.datasets[key].id, reason="wrong_data", note=plant(key, "block_note"))
    for key in ("gone", "gonec"):
        _decide_one(world, key, "closed", {"reasons": ["law_forbids"], "bases": True})
    drain()


def _know_identifiers(world):
    """Identifiers tell that something is there."""
    add = world.canaries.add
    for key, dataset in world.datasets.items():
        resource = model.Session.get_one(Resource, dataset.resource)
        add(dataset.entry, "entry_id", key)
        add(dataset.id, "id", key)
        add(dataset.resource, "table_id", key)
        add(dataset.vault_table, "vault_table", key)
        if resource.original_id:
            add(resource.original_id, "original_id", key)
    for row in model.Session.scalars(sa.select(AccessKey)):
        key = next(one.key for one in world.datasets.values() if one.grant == row.grant_id)
        add(row.kid, "kid", key)
        add(row.mac.hex(), "key_mac", key)
    world.cases = list(model.Session.scalars(sa.select(Case.id)))
    for name in (world.agency.administrator, world.agency.reviewer, world.agency.signer):
        add(name, "staff", "open")
    model.Session.commit()


def forget(dataset):
    """Drops the tables of a dataset: emptying CKAN's own leaves those of the DataStore and the vault."""
    with intake.connect() as vault:
        loader.drop_from_datastore(dataset.resource)
        loader.drop_from_vault(vault, dataset.resource)
