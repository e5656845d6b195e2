"""Where each value may appear: field by tier, stage, who asks, and place. What no row allows is forbidden.

The sweep (tests/sweep) plants a value of its own in every field and asks every door for it: what a row allows has to be
there, everything else has to be absent. What the publisher may tell CKAN, and what an open list may say, are checked
against the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy.classification import Tier

__all__ = ["FIELDS", "ROWS", "Identity", "Place", "Row", "Stage", "may_appear", "public_fields"]


class Stage(Enum):
    """How far a dataset has come, as the public meets it."""

    UNDECIDED = "undecided"
    DECIDED = "decided"  # not on a published list
    PUBLISHED = "published"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"  # was public; closed or taken off the list since


class Identity(Enum):
    """Who asks, as seen from one dataset."""

    ANONYMOUS = "anonymous"
    REGISTERED = "registered"
    OTHER_AGENCY = "other agency"  # data administrator and reviewer there, and editor of its organization
    APPLICANT = "applicant"  # signed in; has a grant of the dataset
    OTHER_KEY = "other key"  # holds a grant and a key of another dataset
    KEY = "key"  # shows a key of the dataset


class Place(Enum):
    """Where a value can be met: what answers requests, then what is stored."""

    PAGE = "page"  # dataset, resource, organization and other pages; the actions that show one thing
    SEARCH = "search"  # search, lists, facets, feeds, autocompletion
    OPEN_LIST = "open list"
    OPEN_TABLE = "open table"  # rows of the DataStore: dump, datastore_search, previews
    GATEWAY = "gateway"
    DESK = "desk"  # entries, applications, cases, grants
    INDEX = "index"  # Solr's documents and terms
    TABLES = "tables"  # CKAN's and ckanext-harvest's tables
    STORE = "store"  # the DataStore's tables
    ELSEWHERE = "elsewhere"  # files below the storage folder, Redis, logs


@dataclass(frozen=True)
class Row:
    """Allows each of ``fields`` in every combination of the others."""

    fields: frozenset[str]
    tiers: frozenset[Tier]
    stages: frozenset[Stage]
    identities: frozenset[Identity]
    places: frozenset[Place]

    def allows(self, field: str, tier: Tier, stage: Stage, identity: Identity, place: Place) -> bool:
        """Whether this row has the combination."""
        return (
            field in self.fields
            and tier in self.tiers
            and stage in self.stages
            and identity in self.identities
            and place in self.places
        )


def _row(
    fields: Iterable[str],
    tiers: Iterable[Tier],
    stages: Iterable[Stage],
    identities: Iterable[Identity],
    places: Iterable[Place],
) -> Row:
    return Row(frozenset(fields), frozenset(tiers), frozenset(stages), frozenset(identities), frozenset(places))


_OPEN = (Tier.UNCONDITIONAL, Tier.CONDITIONAL)
_UNCONDITIONAL, _CONDITIONAL = (Tier.UNCONDITIONAL,), (Tier.CONDITIONAL,)
_PUBLISHED = (Stage.PUBLISHED,)
#: Suspension refuses at the doors; what lies behind them waits for its end.
_KEPT = (Stage.PUBLISHED, Stage.SUSPENDED)
#: A published version of an open list is a document: it says for ever what it said.
_LISTED = (Stage.PUBLISHED, Stage.SUSPENDED, Stage.WITHDRAWN)
_EVERYBODY = tuple(Identity)
_STORED = (Place.INDEX, Place.TABLES)

#: What describes a public dataset.
_DESCRIPTION = (
    "id", "name", "title", "notes", "organization", "tier", "labels", "code", "domain", "frequency", "high_value",
    "level", "division", "contact", "issued", "modified", "open_list", "table_id", "table_name", "table_modified",
)  # fmt: skip
_ON_LIST = (
    "id", "name", "title", "notes", "organization", "tier", "code", "domain", "frequency", "high_value", "division",
    "contact", "open_list", "item_name", "ungranted_item_name", "formats", "planned", "first_opened",
)  # fmt: skip
_COLUMNS = ("item_code", "item_name", "item_unit")
_VALUES = ("row", "masked_row")
_PAPERS = (
    "application", "case", "grant", "kid", "form", "purpose", "opinion", "id", "name", "title", "conditions",
    "table_id",
    *_COLUMNS, "ungranted_item_code", "ungranted_item_name", "ungranted_item_unit",
)  # fmt: skip
_SIGNED_IN = (Identity.REGISTERED, Identity.OTHER_AGENCY, Identity.APPLICANT, Identity.OTHER_KEY)

ROWS = (
    _row(_DESCRIPTION, _OPEN, _PUBLISHED, _EVERYBODY, (Place.PAGE, Place.SEARCH, Place.INDEX)),
    _row(_DESCRIPTION, _OPEN, _KEPT, _EVERYBODY, (Place.TABLES,)),
    _row(("conditions",), _CONDITIONAL, _PUBLISHED, _EVERYBODY, (Place.PAGE, Place.SEARCH, Place.INDEX)),
    _row(("conditions",), _CONDITIONAL, _KEPT, _EVERYBODY, (Place.TABLES,)),
    _row(_ON_LIST, _OPEN, _LISTED, _EVERYBODY, (Place.OPEN_LIST,)),
    # What is closed now stood on the list as what it was.
    _row((*_ON_LIST, "conditions"), (Tier.CLOSED,), (Stage.WITHDRAWN,), _EVERYBODY, (Place.OPEN_LIST,)),
    _row(("conditions",), _CONDITIONAL, _LISTED, _EVERYBODY, (Place.OPEN_LIST,)),
    # Rows of unconditional datasets.
    _row(
        (*_COLUMNS, *_VALUES, "table_id", "table_row_count"), _UNCONDITIONAL, _PUBLISHED, _EVERYBODY,
        (Place.OPEN_TABLE,),
    ),
    _row((*_COLUMNS, "table_row_count"), _UNCONDITIONAL, _PUBLISHED, _EVERYBODY, (Place.PAGE,)),
    _row(("table_row_count",), _UNCONDITIONAL, _PUBLISHED, _EVERYBODY, (Place.SEARCH, Place.INDEX)),
    _row(("table_row_count",), _UNCONDITIONAL, _KEPT, _EVERYBODY, (Place.TABLES,)),
    _row((*_COLUMNS, *_VALUES, "table_id", "table_row_count"), _UNCONDITIONAL, _KEPT, _EVERYBODY, (Place.STORE,)),
    # Rows of conditional ones: nobody but who shows a key.
    _row(
        (*_COLUMNS, *_VALUES, "id", "name", "title", "table_id", "table_name", "table_row_count", "grant"),
        _CONDITIONAL, _PUBLISHED, (Identity.KEY,), (Place.GATEWAY,),
    ),
    # A suspended dataset's key is told so, with the grant that it belongs to.
    _row(("purpose",), _CONDITIONAL, _PUBLISHED, (Identity.KEY,), (Place.GATEWAY,)),
    _row(("grant",), _CONDITIONAL, _KEPT, (Identity.KEY,), (Place.GATEWAY,)),
    # The applicant's own papers, with the dictionary of what was applied for; they outlive the dataset.
    _row(_PAPERS, _CONDITIONAL, _LISTED, (Identity.APPLICANT,), (Place.DESK,)),
    _row(_PAPERS, (Tier.CLOSED,), (Stage.WITHDRAWN,), (Identity.APPLICANT,), (Place.DESK,)),
    # What can be applied for, on the form.
    _row(("name", "title"), _CONDITIONAL, _PUBLISHED, _SIGNED_IN, (Place.DESK,)),
    # Accounts of an agency's people: known to who is signed in, and to CKAN.
    _row(
        ("staff",), Tier, Stage, _SIGNED_IN, (Place.PAGE,),
    ),
    _row(("staff",), Tier, Stage, _EVERYBODY, (Place.TABLES,)),
)  # fmt: skip

#: Fields that no row allows anywhere: what the staff, the sources and the loader know. Here so that they are named.
INTERNAL = frozenset(
    (
        "entry_id", "entry_title", "entry_abstract", "entry_responsible_unit", "entry_source_unit",
        "entry_acquisition_method", "entry_consent_scope", "entry_share_class", "entry_share_reason",
        "entry_share_basis", "entry_frequency_note", "entry_subject", "entry_resource_form", "entry_address",
        "entry_guid", "entry_digest", "entry_acquisition_reason", "item_description", "item_sensitivity",
        "proposal_note", "proposal_basis", "decision_note", "decision_basis", "signoff", "review_by", "block_note",
        "row_filter", "raw_value", "filtered_row", "dropped_row", "dropped_item_code", "dropped_item_name",
        "undeclared_row", "ungranted_row", "original_id",
        "scan_finding", "vault_table", "harvest_value", "harvest_error", "key", "key_mac",
    )
)  # fmt: skip

#: Every field that the table knows.
FIELDS = frozenset[str]().union(INTERNAL, *(row.fields for row in ROWS))


def may_appear(field: str, tier: Tier, stage: Stage, identity: Identity, place: Place) -> bool:
    """Whether a value of ``field`` may be met there by them; no row, no."""
    return any(row.allows(field, tier, stage, identity, place) for row in ROWS)


def public_fields(place: Place) -> frozenset[str]:
    """Fields of published datasets that anybody may meet at a place."""
    return frozenset(
        field
        for field in FIELDS
        if any(may_appear(field, tier, Stage.PUBLISHED, Identity.ANONYMOUS, place) for tier in _OPEN)
    )
