"""One published conditional dataset with canaries in its vault table, keys for it and for another, and an application.

The application has no Redis: everything about keys must work without.
"""

import contextlib
import datetime as dt
import json
import secrets as randomness
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ckanext.shopendata.gateway.app import create_app
from ckanext.shopendata.gateway.settings import GatewaySettings
from ckanext.shopendata.policy import key as keys
from ckanext.shopendata.policy.scope import vault_table
from psycopg import sql
from psycopg.types.json import Jsonb

from stack import databases, secrets

NOW = dt.datetime.now(dt.timezone.utc)
DAY = dt.timedelta(days=1)

#: Column -> (item type, SQL type, mask the source proposes).
COLUMNS = {
    "owner": ("text", "text", "none"),
    "phone": ("text", "text", "phone"),
    "id_card": ("text", "text", "none"),
    "income": ("decimal", "numeric", "none"),
    "district": ("text", "text", "none"),
    "visits": ("int", "bigint", "none"),
    "price": ("decimal", "numeric", "none"),
    "day": ("date", "date", "none"),
    "moment": ("datetime", "timestamp", "none"),
    "clock": ("time", "time", "none"),
    "open": ("bool", "boolean", "none"),
    "digits": ("text", "text", "none"),
    "hidden": ("text", "text", "none"),
    "dropped": ("text", "text", "none"),
}
GRANTED = [code for code in COLUMNS if code not in ("hidden", "dropped")]
DISTRICTS = ["黄浦区", "徐汇区", "静安区", "崇明区"]
ROWS = 24

#: Nothing of these may stand in any answer.
CANARIES = ("CANARY", "13812", "199003", "7654321", "崇明区", "静安区")


def row(number):
    """One row of the vault; rows of the last two districts are outside the grant or the dataset."""
    return {
        "_id": number,
        "owner": f"欧CANARY{number:03d}",
        "phone": f"1381234{number:04d}",
        "id_card": f"310101199003{number:06d}",
        "income": f"7654321.{number:02d}" if number else None,
        "district": DISTRICTS[number % 4],
        "visits": number * 10**15 if number else None,
        "price": f"{number}.10",
        "day": dt.date(2024, 1, 1) + number * DAY,
        "moment": dt.datetime(2024, 1, 1, 8) + number * DAY,  # noqa: DTZ001 - as stored
        "clock": dt.time(number % 24, 30),
        "open": bool(number % 2),
        "digits": f"{number:03d}_%",
        "hidden": f"CANARY-hidden-{number}",
        "dropped": f"CANARY-dropped-{number}",
    }


READABLE = [row(number) for number in range(ROWS) if number % 4 < 2]


@dataclass
class World:
    """What the tests talk about, and how they change it for a moment."""

    stack: object
    pepper: str
    key: str = ""
    other_key: str = ""
    grant: str = field(default_factory=lambda: str(uuid.uuid4()))
    datasets: dict = field(default_factory=dict)  # tier -> dataset id
    resources: dict = field(default_factory=dict)  # tier -> resource id

    @property
    def dataset(self):
        return self.datasets["conditional"]

    @property
    def resource(self):
        return self.resources["conditional"]

    @property
    def kid(self):
        return keys.read(self.key).kid

    def rows(self, dataset="", resource="", what="rows"):
        return f"/gateway/v1/datasets/{dataset or self.dataset}/resources/{resource or self.resource}/{what}"

    @contextlib.contextmanager
    def change(self, table, key, value, **changes):
        """Rows of a table with other values, until the block ends."""
        names = sql.SQL(", ").join(sql.Identifier(name) for name in changes)
        where = sql.SQL("WHERE {} = %s").format(sql.Identifier(key))
        with databases.connect(self.stack, "ckan") as ckan:
            before = ckan.execute(
                sql.SQL("SELECT {} FROM {} {}").format(names, sql.Identifier(table), where), [value]
            ).fetchone()
            update = sql.SQL("UPDATE {} SET ({}) = ROW({}) {}").format(
                sql.Identifier(table), names, sql.SQL(", ").join([sql.Placeholder()] * len(changes)), where
            )
            ckan.execute(update, [*map(stored, changes.values()), value])
            try:
                yield
            finally:
                ckan.execute(update, [*map(stored, before), value])

    @contextlib.contextmanager
    def blocked(self):
        """The conditional dataset, suspended."""
        block = str(uuid.uuid4())
        with databases.connect(self.stack, "ckan") as ckan:
            insert(
                ckan, "shopendata_block", id=block, dataset_id=self.dataset, reason="leak", note="", blocked_by="x",
                blocked_at=NOW,
            )  # fmt: skip
            try:
                yield
            finally:
                ckan.execute("DELETE FROM shopendata_block WHERE id = %s", [block])


def stored(value):
    return Jsonb(value) if isinstance(value, dict) or (isinstance(value, list) and any(
        isinstance(one, dict) for one in value
    )) else value  # fmt: skip


def insert(connection, table, schema="public", **values):
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(schema, table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    connection.execute(statement, [stored(value) for value in values.values()])


@pytest.fixture(scope="package")
def world(test_stack):
    made = World(test_stack, secrets.read(Path(test_stack["SECRETS"]), "key_pepper"))
    with databases.connect(test_stack, "ckan") as ckan, databases.connect(test_stack, "vault") as vault:
        agency, entry, application = (str(uuid.uuid4()) for _ in range(3))
        try:
            catalogue(ckan, made, agency, entry)
            made.key = permit(ckan, made, application, agency, made.dataset, made.grant)
            made.other_key = permit(ckan, made, str(uuid.uuid4()), agency, made.datasets["other"], str(uuid.uuid4()))
            fill(vault, made)
            yield made
        finally:
            clean(ckan, vault, made, agency, entry)


def catalogue(ckan, made, agency, entry):
    insert(
        ckan, "shopendata_agency", id=agency, name=agency, title=agency, aliases=[], kind="institution", level="city",
        contact="", created_at=NOW,
    )  # fmt: skip
    empty = dict.fromkeys(
        ("abstract", "responsible_unit", "source_unit", "division", "consent_scope", "share_class", "share_reason",
         "share_basis", "frequency_note", "domain", "subject", "contact", "resource_form", "high_value", "address",
         "digest"), "",
    )  # fmt: skip
    insert(
        ckan, "shopendata_entry", id=entry, title="商户", agency_id=agency, update_frequency="daily", level="city",
        labels=[], formats=[], has_data=True, state="checked", source_state="published", created_at=NOW, updated_at=NOW,
        **empty,
    )  # fmt: skip
    for kind in ("conditional", "other", "undecided", "unconditional", "closed"):
        made.datasets[kind], made.resources[kind] = str(uuid.uuid4()), str(uuid.uuid4())
        tier = "conditional" if kind == "other" else kind
        insert(
            ckan, "shopendata_dataset", id=made.datasets[kind], entry_id=entry, name=f"gw-{made.datasets[kind][:8]}",
            title=f"{kind}商户", notes="", masks=Jsonb({"owner": "first_char", "income": "band", "dropped": "drop"}),
            row_filter=Jsonb({"district": DISTRICTS[:3]}), state="published", tier=tier, conditions="",
            published_tier=None if tier == "undecided" else tier, created_at=NOW, updated_at=NOW,
        )  # fmt: skip
        insert(
            ckan, "shopendata_decision", id=str(uuid.uuid4()), dataset_id=made.datasets[kind], tier=tier, reasons=[],
            bases=Jsonb([]), conditions="", note="", decided_by="x", decided_at=NOW,
        )  # fmt: skip
        columns = [
            {
                "code": code,
                "name": f"名称{code}",
                "type": kind_of,
                "unit": "元" if code == "price" else "",
                "mask": mask,
            }
            for code, (kind_of, _, mask) in COLUMNS.items()
        ]
        insert(
            ckan, "shopendata_resource", id=made.resources[kind], dataset_id=made.datasets[kind], position=0,
            name="商户表", columns=Jsonb(columns), row_count=ROWS, scan="passed", findings=Jsonb([]),
            location="datastore" if kind == "unconditional" else "vault", loaded_at=NOW,
        )  # fmt: skip


def permit(ckan, made, application, agency, dataset, grant):
    """An application, its case, a grant, and a key, which is returned."""
    insert(
        ckan, "shopendata_application", id=application, year=1900, sequence=int(uuid.uuid4().int % 10**9),
        applicant_id="x", state="decided", form=Jsonb({"contact": "CANARY"}), deficiencies=Jsonb([]), answer="",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    insert(
        ckan, "shopendata_case", id=application, application_id=application, agency_id=agency, state="granted",
        reason="", opinion="", created_at=NOW,
    )  # fmt: skip
    insert(
        ckan, "shopendata_grant", id=grant, case_id=application, dataset_id=dataset, holder_id="x", state="active",
        item_codes=[code for code in COLUMNS if code != "hidden"],
        row_filter=Jsonb({"district": [*DISTRICTS[:2], DISTRICTS[3]]}),
        masks=Jsonb({"id_card": "identity"}), purpose="研究", daily_quota=1000, valid_from=NOW - DAY,
        valid_until=NOW + DAY, created_at=NOW,
    )  # fmt: skip
    key = keys.mint(randomness.choice)
    insert(
        ckan, "shopendata_access_key", kid=key.kid, grant_id=grant, mac=keys.seal(key, made.pepper), pepper_version=1,
        hint=key.hint, created_by="x", custodian_id="x", created_at=NOW, expires_at=NOW + DAY, revoke_reason="",
    )  # fmt: skip
    return key.text


def fill(vault, made):
    # As the loader, whose tables the gateway may read.
    vault.execute("SET ROLE vault_loader")
    for kind in ("conditional", "other"):
        table = sql.Identifier("vault", vault_table(made.resources[kind]))
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(code), sql.SQL(kind_of)) for code, (_, kind_of, _) in COLUMNS.items()
        )
        vault.execute(sql.SQL("CREATE TABLE {} (_id bigint PRIMARY KEY, {})").format(table, columns))
        for number in range(ROWS):
            insert(vault, vault_table(made.resources[kind]), "vault", **row(number))


def clean(ckan, vault, made, agency, entry):
    vault.execute("RESET ROLE")
    for resource in made.resources.values():
        vault.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("vault", vault_table(resource))))
    datasets = list(made.datasets.values())
    grants = "SELECT id FROM shopendata_grant WHERE dataset_id = ANY(%s)"
    ckan.execute(f"DELETE FROM shopendata_access_key WHERE grant_id IN ({grants})", [datasets])
    for table in ("grant", "block", "decision", "resource"):
        ckan.execute(f"DELETE FROM shopendata_{table} WHERE dataset_id = ANY(%s)", [datasets])
    ckan.execute("DELETE FROM shopendata_case WHERE agency_id = %s", [agency])
    ckan.execute("DELETE FROM shopendata_application WHERE year = 1900")
    ckan.execute("DELETE FROM shopendata_dataset WHERE entry_id = %s", [entry])
    ckan.execute("DELETE FROM shopendata_entry WHERE id = %s", [entry])
    ckan.execute("DELETE FROM shopendata_agency WHERE id = %s", [agency])


def url(stack, role, database):
    password = secrets.read(Path(stack["SECRETS"]), role)
    return f"postgresql://{role}:{password}@{stack['POSTGRES_HOST']}:{stack['POSTGRES_PORT']}/{database}"


@pytest.fixture(scope="package")
def settings(test_stack, world):
    return GatewaySettings(
        vault_url=url(test_stack, "vault_gateway", "vault"),
        access_url=url(test_stack, "ckan_gateway", "ckan"),
        redis_url="redis://127.0.0.1:9/1",
        key_pepper=world.pepper,
        site_url="http://portal.test",
    )


@pytest.fixture(scope="package")
def gateway(settings):
    """A client of the application."""
    return create_app(settings).test_client()


@pytest.fixture(scope="package")
def get(gateway, world):
    """GET with the key, parameters as an address carries them; every answer is looked over for canaries."""

    def call(path="", key=None, headers=None, **parameters):
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        headers = headers if headers is not None else {"X-Access-Key": key or world.key}
        answer = gateway.get(path or world.rows(), query_string=sent, headers=headers)
        asked = json.dumps(sent, ensure_ascii=False)
        assert not [canary for canary in CANARIES if canary in answer.text and canary not in asked]
        return answer

    return call


@pytest.fixture(scope="package")
def post(gateway, world):
    """POST to CKAN's address, like ``get``."""

    def call(key=None, headers=None, **parameters):
        headers = headers if headers is not None else {"Authorization": key or world.key}
        body = {"resource_id": world.resource} | parameters
        answer = gateway.post("/gateway/api/3/action/datastore_search", data=json.dumps(body), headers=headers)
        asked = json.dumps(parameters, ensure_ascii=False)
        assert not [canary for canary in CANARIES if canary in answer.text and canary not in asked]
        return answer

    return call


@pytest.fixture(scope="session")
def readable():
    """The rows that the key's grant and its dataset leave, as stored."""
    return READABLE


@pytest.fixture(scope="session")
def granted():
    return GRANTED
