"""A catalogue in one JSON file below the folder that the operator allows."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ckanext.shopendata import config

from ..configuration import Configuration
from ..connectors import Unreadable

__all__ = ["CatalogueFile", "connect"]

#: Real catalogues of a city have a few megabytes.
_LARGEST = 100 * 1024 * 1024


class CatalogueFile:
    """One JSON array of records."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> Iterable[Any]:
        """All of them; raises :class:`Unreadable`."""
        try:
            # Opened once and looked at then: nobody can put another file in its place in between.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, encoding="utf-8-sig") as file:
                about = os.fstat(descriptor)
                if not stat.S_ISREG(about.st_mode) or about.st_size > _LARGEST:
                    raise Unreadable("not a file, or larger than 100 MB")
                records = json.load(file)
        except OSError as error:
            raise Unreadable(f"cannot read the file: {error.strerror}") from None
        except (ValueError, RecursionError):
            raise Unreadable("the file is no JSON") from None
        if not isinstance(records, list):
            raise Unreadable("the file is no JSON array")
        return records

    def table(self, guid: str) -> None:
        """A catalogue in a file has no rows."""


def connect(url: str, configuration: Configuration) -> CatalogueFile:
    """The file that ``url`` names: ``file:///…`` or a path, both below the allowed folder."""
    del configuration
    parts = urlsplit(url)
    if parts.scheme not in {"", "file"} or parts.netloc:
        raise Unreadable("the address must be a path or file:///path")
    folder = config.harvest_folder()
    if not folder:
        raise Unreadable("ckanext.shopendata.harvest.folder is not set: no file may be read")
    allowed = Path(folder).resolve()
    path = (allowed / unquote(parts.path if parts.scheme else url)).resolve()
    if not path.is_relative_to(allowed) or path == allowed:
        raise Unreadable("the file lies outside ckanext.shopendata.harvest.folder")
    return CatalogueFile(path)
