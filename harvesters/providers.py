"""Who provides a record: agencies by credit code, title or alias. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Known", "Providers"]


@dataclass(frozen=True)
class Known:
    """An agency of ours, as far as sources can name it."""

    id: str
    title: str
    code: str = ""
    aliases: tuple[str, ...] = ()
    former_codes: tuple[str, ...] = ()  #: of bodies merged into it, and its own of former days


@dataclass(frozen=True)
class Providers:
    """Finds agencies. A credit code is the stronger sign; one that we know nothing of falls back to the name."""

    by_code: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, agencies: Iterable[Known]) -> Providers:
        """From all agencies. A title goes before another's alias; an alias that two have finds neither."""
        by_code: dict[str, str] = {}
        aliases: dict[str, set[str]] = {}
        titles: dict[str, str] = {}
        for agency in agencies:
            titles[agency.title] = agency.id
            by_code |= {code: agency.id for code in (agency.code, *agency.former_codes) if code}
            for alias in agency.aliases:
                aliases.setdefault(alias, set()).add(agency.id)
        plain = {alias: next(iter(ids)) for alias, ids in aliases.items() if len(ids) == 1}
        return cls(by_code, plain | titles)

    def find(self, name: str, code: str = "") -> str | None:
        """The agency's identifier; none where code and name contradict each other, or are both unknown."""
        by_code, by_name = self.by_code.get(code), self.by_name.get(name)
        if by_code and by_name and by_code != by_name:
            return None
        return by_code or by_name
