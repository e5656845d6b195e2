"""A sharing platform as a source of catalogue records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from ..configuration import Configuration
from ..connectors import Unreadable

__all__ = ["SharingPlatform", "connect"]


class SharingPlatform:
    """All records of a platform, page by page."""

    def __init__(self, client: Any, failure: type[Exception]) -> None:
        self._client, self._failure = client, failure

    def records(self) -> Iterator[Any]:
        """All of them; raises :class:`Unreadable`."""
        try:
            for page in self._client.catalogue():
                yield from page
        except self._failure as error:
            raise Unreadable(str(error)) from None


def connect(url: str, configuration: Configuration) -> SharingPlatform:
    """The platform at ``url``; the secret is in the environment variable that the configuration names."""
    secret = os.environ.get(configuration.secret, "") if configuration.secret else ""
    if not secret:
        raise Unreadable("the source's secret is not set in this process's environment")
    # The protocol's implementation is loaded where it is spoken: web processes never fetch.
    client = import_module(".client", __package__).SharingPlatformClient
    failure = import_module("..errors", __package__).HarvestError
    try:
        opened = client(url, configuration.app_id, secret, allow_private=configuration.allow_private)
    except failure as error:
        raise Unreadable(str(error)) from None
    return SharingPlatform(opened, failure)
