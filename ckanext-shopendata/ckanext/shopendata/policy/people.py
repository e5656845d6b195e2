"""Roles, and the one table that says who may do what.

Whoever may not, may not: administrators of the portal have no role by being administrators (DESIGN invariant 4).
How a role comes and goes stands in :mod:`ckanext.shopendata.policy.role`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy.refusal import Refused

__all__ = [
    "DECISIONS",
    "EXCLUSIVE",
    "PERMISSIONS",
    "Eyes",
    "Holding",
    "Role",
    "check_exclusions",
    "eyes",
    "require",
    "roles_for",
]

#: Who looks: all accounts and persons that count as one pair of eyes. A bare name is an account of its own.
Eyes = frozenset[str]


class Role(Enum):
    """角色 (DESIGN 3). Those of an agency are held in that agency, the others in the whole portal."""

    DATA_ADMINISTRATOR = "data_administrator"  # 单位数据管理员
    DIVISION_CONTACT = "division_contact"  # 处室联系人
    REVIEWER = "reviewer"  # 单位审核人
    SECRECY_REVIEWER = "secrecy_reviewer"  # 单位保密审查人
    SIGNER = "signer"  # 单位负责人
    DISTRICT_AUTHORITY = "district_authority"  # 区级主管部门: sees its district and the bodies below it
    INTAKE_OFFICER = "intake_officer"  # 大数据中心受理员
    CATALOGUE_CHECKER = "catalogue_checker"  # 大数据中心目录审核员
    PROVISIONER = "provisioner"  # 大数据中心开通员: sees what was granted, decides nothing
    SUPERVISING_AUTHORITY = "supervising_authority"  # 市政府办公厅: 监督
    PROMOTING_AUTHORITY = "promoting_authority"  # 经信部门: 推进, 评估
    EXPERT = "expert"  # 专家
    OPERATOR = "operator"  # 平台运维员: configures, decides nothing
    VENDOR_OPERATOR = "vendor_operator"  # 厂商运维员: less
    SECURITY_ADMINISTRATOR = "security_administrator"  # 安全管理员: accounts and roles, decides nothing
    AUDITOR = "auditor"  # 审计员: reads everything, changes nothing

    @property
    def of_agency(self) -> bool:
        """Whether it is held in one agency."""
        return self in _OF_AGENCY


_OF_AGENCY = frozenset(
    {
        Role.DATA_ADMINISTRATOR,
        Role.DIVISION_CONTACT,
        Role.REVIEWER,
        Role.SECRECY_REVIEWER,
        Role.SIGNER,
        Role.DISTRICT_AUTHORITY,
    }
)


@dataclass(frozen=True)
class Holding:
    """A role somebody has now; ``agency`` is ``None`` for the whole portal.

    ``stead``: the account of the holder in whose stead (代为) it is used; ``None``: one's own.
    """

    role: Role
    agency: str | None = None
    stead: str | None = None


_STAFF = frozenset({Role.DATA_ADMINISTRATOR, Role.REVIEWER, Role.SIGNER})
_OFFICE = _STAFF | {Role.DIVISION_CONTACT, Role.SECRECY_REVIEWER}
_CENTRE = frozenset({Role.INTAKE_OFFICER, Role.CATALOGUE_CHECKER})
_ABOVE = frozenset({Role.SUPERVISING_AUTHORITY, Role.DISTRICT_AUTHORITY})

#: Verb -> the roles that may. A role of an agency reaches that agency's objects only. Expert and vendor operator have
#: no verb yet: they may nothing.
PERMISSIONS: dict[str, frozenset[Role]] = {
    "agency.create": frozenset({Role.OPERATOR}),
    "agency.change": frozenset({Role.OPERATOR}),
    "agency.rename": frozenset({Role.OPERATOR}),
    "agency.merge": frozenset({Role.OPERATOR}),
    "agency.dissolve": frozenset({Role.OPERATOR}),
    "division.change": frozenset({Role.DATA_ADMINISTRATOR}),
    "division.read": _OFFICE | _CENTRE | _ABOVE | {Role.AUDITOR},
    "account.verify": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.request": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.confirm": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.decline": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.revoke": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.list": frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}),
    "erasure.decide": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "credential.ask": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "credential.confirm": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "credential.decline": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "credential.read": frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}),
    "event.read": frozenset({Role.AUDITOR}),
    "event.export": frozenset({Role.AUDITOR}),
    "redaction.ask": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "redaction.confirm": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "redaction.read": frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}),
    "entry.read": _OFFICE | _CENTRE | _ABOVE | {Role.PROMOTING_AUTHORITY, Role.AUDITOR},
    "entry.confirm": frozenset({Role.DATA_ADMINISTRATOR}),
    "entry.complete": frozenset({Role.DATA_ADMINISTRATOR}),
    "entry.reject": frozenset({Role.DATA_ADMINISTRATOR, Role.CATALOGUE_CHECKER}),
    "entry.check": frozenset({Role.CATALOGUE_CHECKER}),
    "entry.return": frozenset({Role.CATALOGUE_CHECKER}),
    "dataset.propose": frozenset({Role.DATA_ADMINISTRATOR}),
    "dataset.decide": frozenset({Role.REVIEWER}),
    "dataset.suspend": frozenset({Role.DATA_ADMINISTRATOR, Role.REVIEWER, Role.CATALOGUE_CHECKER}),
    "dataset.resume": frozenset({Role.REVIEWER}),
    "openlist.compile": frozenset({Role.DATA_ADMINISTRATOR}),
    "openlist.sign": frozenset({Role.SIGNER, Role.DATA_ADMINISTRATOR}),
    "openlist.publish": frozenset({Role.REVIEWER, Role.SIGNER}),
    "openlist.discard": frozenset({Role.DATA_ADMINISTRATOR}),
    "organisation.verify": frozenset({Role.INTAKE_OFFICER}),
    "organisation.read": frozenset({Role.INTAKE_OFFICER, Role.AUDITOR}),
    "application.intake": frozenset({Role.INTAKE_OFFICER}),
    "application.read": frozenset({Role.INTAKE_OFFICER, Role.SUPERVISING_AUTHORITY, Role.AUDITOR}),
    "case.read": _STAFF | _ABOVE | {Role.SECRECY_REVIEWER, Role.INTAKE_OFFICER, Role.AUDITOR},
    "case.decide": frozenset({Role.REVIEWER}),
    "case.extend": frozenset({Role.SIGNER}),  # 经本机关负责人批准
    "agreement.confirm": frozenset({Role.SIGNER}),
    # What is over its time limit is seen by these too.
    "intake.oversee": frozenset({Role.CATALOGUE_CHECKER}),
    "case.oversee": frozenset({Role.SIGNER}),
    "grant.read": _STAFF | {Role.PROVISIONER, Role.SUPERVISING_AUTHORITY, Role.AUDITOR},
    "grant.suspend": frozenset({Role.REVIEWER}),
    "grant.resume": frozenset({Role.REVIEWER}),
    "grant.revoke": frozenset({Role.REVIEWER}),
}

#: Decision verbs (DESIGN 3): what opens, closes or ends something for others, binds the agency, gives or takes power,
#: or destroys a content. They need the holder's own session and a code typed in it a short while ago; a token never
#: does (policy.credential). What prepares, asks, checks, declines or reads is none, nor is intake, which does not
#: decide, nor the operator's work on agencies.
DECISIONS = frozenset(
    {
        "erasure.decide",
        "role.confirm",
        "role.revoke",
        "credential.confirm",
        "redaction.confirm",
        "dataset.decide",
        "dataset.suspend",
        "dataset.resume",
        "openlist.sign",
        "openlist.publish",
        "case.decide",
        "case.extend",
        "agreement.confirm",
        "grant.suspend",
        "grant.resume",
        "grant.revoke",
    }
)

#: Who looks after the machine or the accounts, and so could make a second pair of eyes.
_GUARDS = frozenset({Role.OPERATOR, Role.VENDOR_OPERATOR, Role.SECURITY_ADMINISTRATOR})
#: Whose judgement counts in a case or on a list.
_JUDGES = frozenset({Role.REVIEWER, Role.SECRECY_REVIEWER, Role.SIGNER, Role.EXPERT})
#: Who takes in and opens access for all agencies: does not decide (DESIGN 3).
_HANDS = frozenset({Role.INTAKE_OFFICER, Role.PROVISIONER})


def _pairs(one: Iterable[Role], other: Iterable[Role]) -> frozenset[frozenset[Role]]:
    both = frozenset(other)
    return frozenset(frozenset({a, b}) for a in one for b in both if a is not b)


#: Pairs that one person may not hold together, wherever (三权分立): guards judge nothing and are not each other, the
#: auditor has no part in what is audited.
EXCLUSIVE: frozenset[frozenset[Role]] = (
    _pairs(_GUARDS, _JUDGES)
    | _pairs({Role.SECURITY_ADMINISTRATOR}, {Role.OPERATOR, Role.VENDOR_OPERATOR})
    | _pairs(_HANDS, _JUDGES)
    | _pairs({Role.AUDITOR}, Role)
)


def require(holdings: Iterable[Holding], verb: str, agency: str | None = None) -> Role:
    """The role by which somebody may do ``verb`` to something of ``agency``; raises :class:`Refused` ``not_permitted``.

    ``agency`` is ``None`` for what belongs to no agency. One's own roles go before those used in somebody's stead.
    """
    for holding in sorted(holdings, key=lambda held: (held.stead is not None, held.role.value)):
        if holding.role in PERMISSIONS[verb] and reaches(holding, agency):
            return holding.role
    raise Refused("not_permitted", verb=verb)


def reaches(holding: Holding, agency: str | None) -> bool:
    """Whether a role extends to something of ``agency``."""
    return not holding.role.of_agency or (agency is not None and holding.agency == agency)


def steads(holdings: Iterable[Holding], role: str, agency: str | None) -> frozenset[str]:
    """In whose stead (accounts) somebody acts who acts by ``role``; nobody's where it is one's own."""
    able = [held for held in holdings if held.role.value == role and (agency is None or reaches(held, agency))]
    if any(held.stead is None for held in able):
        return frozenset()
    return frozenset(held.stead for held in able if held.stead)


def roles_for(verb: str) -> frozenset[Role]:
    """Who may do ``verb`` at all."""
    return PERMISSIONS[verb]


def eyes(*who: str | Iterable[str] | None) -> Eyes:
    """All of these as one pair of eyes. Whoever shares an account or a person with them is the same."""
    return frozenset(
        name for one in who if one is not None for name in ((one,) if isinstance(one, str) else one) if name
    )


def check_exclusions(role: Role, held: Iterable[Holding]) -> None:
    """Whether ``role`` goes together with the roles somebody has; raises :class:`Refused`."""
    for other in held:
        if frozenset({other.role, role}) in EXCLUSIVE:
            raise Refused("roles_exclude_each_other", "role", held=other.role.value)


def check_place(role: Role, agency: str | None) -> None:
    """Whether a role can be held there; raises :class:`Refused`."""
    if role.of_agency and agency is None:
        raise Refused("agency_missing", "agency")
    if not role.of_agency and agency is not None:
        raise Refused("role_of_portal", "agency")
