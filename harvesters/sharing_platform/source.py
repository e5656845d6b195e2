"""A sharing platform as a source of catalogue records and tables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import Any

from ..configuration import Configuration
from ..connectors import Delivered, Unreadable
from ..errors import HarvestError, MissingError
from .client import RowPage, SharingPlatformClient

__all__ = ["SharingPlatform", "connect"]


class SharingPlatform:
    """One platform, read page by page."""

    def __init__(self, client: SharingPlatformClient) -> None:
        self._client = client

    def records(self) -> Iterator[Any]:
        """All of them; raises :class:`Unreadable`."""
        try:
            for page in self._client.catalogue():
                yield from page
        except HarvestError as error:
            raise Unreadable(str(error)) from None

    def table(self, guid: str) -> Delivered | None:
        """The rows that the platform has for a record; raises :class:`Unreadable`."""
        pages = self._client.rows(guid)
        try:
            first = next(pages)
        except MissingError:
            return None
        except HarvestError as error:
            raise Unreadable(str(error)) from None
        return Delivered(first.columns, _rows(chain([first], pages)))


def _rows(pages: Iterator[RowPage]) -> Iterator[list[Any]]:
    try:
        for page in pages:
            yield from page.rows
    except HarvestError as error:
        raise Unreadable(str(error)) from None


def connect(url: str, configuration: Configuration) -> SharingPlatform:
    """The platform at ``url``; the secret is in the environment variable that the configuration names."""
    secret = os.environ.get(configuration.secret, "") if configuration.secret else ""
    if not secret:
        raise Unreadable("the source's secret is not set in this process's environment")
    try:
        client = SharingPlatformClient(url, configuration.app_id, secret, allow_private=configuration.allow_private)
    except HarvestError as error:
        raise Unreadable(str(error)) from None
    return SharingPlatform(client)
