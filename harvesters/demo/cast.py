"""Who plays: the people of the demonstration."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

__all__ = ["APPLICANTS", "PORTAL", "Person", "staff"]


@dataclass
class Person:
    """An account: its name, what it is called, its roles (word, agency) and, once made, what it signs in with."""

    name: str
    title: str
    roles: list[tuple[str, str | None]] = field(default_factory=list)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    totp: str = field(default="", repr=False)  #: secret of the device for codes; who holds a role has one

    @property
    def number(self) -> str:
        """An invented number of an identity document: people with roles are known by theirs."""
        return f"DEMO{self.name.upper().replace('-', '')}"


#: Roles in the whole portal. The first two come from the console; together they give all others.
PORTAL = (
    ("shenan", "沈安", "security_administrator"),
    ("fangyu", "方瑜", "security_administrator"),
    ("guojian", "郭建", "operator"),
    ("shenji", "审计员", "auditor"),
    ("zhaoyu", "赵宇", "intake_officer"),
    ("qianwei", "钱蔚", "catalogue_checker"),
)

#: Citizens, companies and researchers.
APPLICANTS = (
    ("linxiao", "林晓"),
    ("gaoyuan", "高原"),
    ("xulaoshi", "许老师"),
    ("lijizhe", "李记者"),
)

#: The market authority's people have names (DESIGN's words: data administrator, reviewer, signer); the others are named
#: after agency and office.
_NAMED = {2: (("wangmin", "王敏"), ("zhouhang", "周航"), ("hejing", "何静"))}
_OFFICES = (("data_administrator", "数据管理员"), ("reviewer", "审核人"), ("signer", "负责人"))


def staff(number: int, agency: str, short: str) -> dict[str, Person]:
    """The three people of an agency, by role."""
    named = _NAMED.get(number)
    people = {}
    for place, (role, office) in enumerate(_OFFICES):
        name, title = named[place] if named else (f"danwei{number:02}-{role.split('_')[0]}", f"{short}{office}")
        people[role] = Person(name, title, [(role, agency)])
    return people
