"""The connectors, behind one small protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from .configuration import Configuration

__all__ = ["TYPES", "Delivered", "Source", "Unreadable", "connect"]


class Unreadable(Exception):  # noqa: N818 - an answer about a source
    """The source cannot be read whole: the run ends, and what came so far counts for nothing.

    Its message is shown to administrators: addresses and numbers, never contents or secrets.
    """


@dataclass(frozen=True)
class Delivered:
    """A table as its source delivers it; reading the rows may raise :class:`Unreadable`."""

    columns: list[str]
    rows: Iterable[list[Any]]


class Source(Protocol):
    """Another catalogue."""

    def records(self) -> Iterable[Any]:
        """All records as they are there. Raises :class:`Unreadable`."""
        ...

    def table(self, guid: str) -> Delivered | None:
        """The rows of one record; ``None`` when the source has none for it. Raises :class:`Unreadable`."""
        ...


#: Type of a harvest source -> module whose ``connect(url, configuration)`` makes a :class:`Source`.
TYPES = {
    "shopendata_sharing_platform": "sharing_platform.source",
    "shopendata_catalogue_file": "catalogue_file.source",
}


def connect(type_: str, url: str, configuration: Configuration) -> Source:
    """Opens a source. Raises :class:`Unreadable`."""
    if type_ not in TYPES:
        raise Unreadable(f"no connector for {type_}")
    module = import_module(f".{TYPES[type_]}", __package__)
    opened: Callable[[str, Configuration], Source] = module.connect
    return opened(url, configuration)
