"""Tables of the portal, one module an aggregate; all migrations lie in ``migration/``."""

from ckanext.shopendata.model import audit
from ckanext.shopendata.model.account import Account, Link
from ckanext.shopendata.model.application import Application, Case, RequestedDataset
from ckanext.shopendata.model.catalogue import Dataset, Entry, Item, Resource
from ckanext.shopendata.model.classification import Decision, Proposal, SignOff
from ckanext.shopendata.model.credential import CodeDevice, CredentialReset, tries
from ckanext.shopendata.model.grant import AccessKey, Grant
from ckanext.shopendata.model.harvest import HarvestRecord, HarvestRun
from ckanext.shopendata.model.identity import Identity
from ckanext.shopendata.model.notice import Notice, NoticePreference
from ckanext.shopendata.model.openlist import OpenList, OpenListItem
from ckanext.shopendata.model.organisation import Member, Organisation, Proof
from ckanext.shopendata.model.people import (
    Agency,
    Delegation,
    Division,
    Person,
    RoleHolding,
    RoleRequest,
    StandIn,
)
from ckanext.shopendata.model.personal import Erasure
from ckanext.shopendata.model.publication import Block, Task
from ckanext.shopendata.model.session import sessions

__all__ = [
    "AccessKey",
    "Account",
    "Agency",
    "Application",
    "Block",
    "Case",
    "CodeDevice",
    "CredentialReset",
    "Dataset",
    "Decision",
    "Delegation",
    "Division",
    "Entry",
    "Erasure",
    "Grant",
    "HarvestRecord",
    "HarvestRun",
    "Identity",
    "Item",
    "Link",
    "Member",
    "Notice",
    "NoticePreference",
    "OpenList",
    "OpenListItem",
    "Organisation",
    "Person",
    "Proof",
    "Proposal",
    "RequestedDataset",
    "Resource",
    "RoleHolding",
    "RoleRequest",
    "SignOff",
    "StandIn",
    "Task",
    "audit",
    "sessions",
    "tries",
]
