"""The connectors, behind one small protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Protocol

from .configuration import Configuration

__all__ = ["TYPES", "Source", "Unreadable", "connect"]


class Unreadable(Exception):  # noqa: N818 - an answer about a source
    """The source cannot be read whole: the run ends, and what came so far counts for nothing.

    Its message is shown to administrators: addresses and numbers, never contents or secrets.
    """


class Source(Protocol):
    """Another catalogue."""

    def records(self) -> Iterable[Any]:
        """All records as they are there. Raises :class:`Unreadable`."""
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
