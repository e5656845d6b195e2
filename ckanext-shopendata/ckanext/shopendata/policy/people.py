"""Roles, and the one table that says who may do what.

Whoever may not, may not: administrators of the portal have no role by being administrators (DESIGN invariant 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ckanext.shopendata.policy.refusal import Refused

__all__ = ["PERMISSIONS", "Holding", "Role", "require", "roles_for"]


class Role(Enum):
    """角色 (DESIGN 3). Those of an agency are held in that agency, the others in the whole portal."""

    DATA_ADMINISTRATOR = "data_administrator"  # 单位数据管理员
    REVIEWER = "reviewer"  # 单位审核人
    SIGNER = "signer"  # 单位负责人
    INTAKE_OFFICER = "intake_officer"  # 大数据中心受理员
    CATALOGUE_CHECKER = "catalogue_checker"  # 大数据中心目录审核员
    OPERATOR = "operator"  # 平台运维员: configures, decides nothing
    SECURITY_ADMINISTRATOR = "security_administrator"  # 安全管理员: accounts and roles, decides nothing
    AUDITOR = "auditor"  # 审计员: reads everything, changes nothing

    @property
    def of_agency(self) -> bool:
        """Whether it is held in one agency."""
        return self in {Role.DATA_ADMINISTRATOR, Role.REVIEWER, Role.SIGNER}


@dataclass(frozen=True)
class Holding:
    """A role somebody holds now; ``agency`` is ``None`` for the whole portal."""

    role: Role
    agency: str | None = None


_STAFF = frozenset({Role.DATA_ADMINISTRATOR, Role.REVIEWER, Role.SIGNER})
_CENTRE = frozenset({Role.INTAKE_OFFICER, Role.CATALOGUE_CHECKER})

#: Verb -> the roles that may. A role of an agency reaches that agency's objects only.
PERMISSIONS: dict[str, frozenset[Role]] = {
    "agency.create": frozenset({Role.OPERATOR}),
    "role.grant": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.revoke": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "role.list": frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}),
    "event.read": frozenset({Role.AUDITOR}),
    "event.export": frozenset({Role.AUDITOR}),
    "redaction.ask": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "redaction.confirm": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "redaction.read": frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}),
    "entry.read": _STAFF | _CENTRE | {Role.AUDITOR},
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
    "application.intake": frozenset({Role.INTAKE_OFFICER}),
    "application.read": frozenset({Role.INTAKE_OFFICER, Role.AUDITOR}),
    "case.read": _STAFF | {Role.INTAKE_OFFICER, Role.AUDITOR},
    "case.decide": frozenset({Role.REVIEWER}),
    "case.extend": frozenset({Role.SIGNER}),  # 经本机关负责人批准
    "agreement.confirm": frozenset({Role.SIGNER}),
    # What is over its time limit is seen by these too.
    "intake.oversee": frozenset({Role.CATALOGUE_CHECKER}),
    "case.oversee": frozenset({Role.SIGNER}),
    "grant.read": _STAFF | {Role.AUDITOR},
    "grant.suspend": frozenset({Role.REVIEWER}),
    "grant.resume": frozenset({Role.REVIEWER}),
    "grant.revoke": frozenset({Role.REVIEWER}),
}

#: Pairs that one person may not hold together, wherever (三权分立).
EXCLUSIVE = (
    frozenset({Role.OPERATOR, Role.SECURITY_ADMINISTRATOR}),
    frozenset({Role.OPERATOR, Role.AUDITOR}),
    frozenset({Role.SECURITY_ADMINISTRATOR, Role.AUDITOR}),
    *(frozenset({apart, Role.REVIEWER}) for apart in (Role.OPERATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR)),
    *(frozenset({apart, Role.SIGNER}) for apart in (Role.OPERATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR)),
)


def require(holdings: Iterable[Holding], verb: str, agency: str | None = None) -> Role:
    """The role by which somebody may do ``verb`` to something of ``agency``; raises :class:`Refused` ``not_permitted``.

    ``agency`` is ``None`` for what belongs to no agency.
    """
    for holding in sorted(holdings, key=lambda held: held.role.value):
        reaches = not holding.role.of_agency or (agency is not None and holding.agency == agency)
        if holding.role in PERMISSIONS[verb] and reaches:
            return holding.role
    raise Refused("not_permitted", verb=verb)


def roles_for(verb: str) -> frozenset[Role]:
    """Who may do ``verb`` at all."""
    return PERMISSIONS[verb]


def check_grant(role: Role, agency: str | None, held: Iterable[Holding], grantor: str, holder: str) -> None:
    """Whether ``grantor`` may give ``holder`` a role; raises :class:`Refused`."""
    if grantor == holder:
        raise Refused("own_role", "user")
    if role.of_agency and agency is None:
        raise Refused("agency_missing", "agency")
    if not role.of_agency and agency is not None:
        raise Refused("role_of_portal", "agency")
    for other in held:
        if frozenset({other.role, role}) in EXCLUSIVE:
            raise Refused("roles_exclude_each_other", "role", held=other.role.value)
