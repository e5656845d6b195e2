"""What can go wrong between another catalogue and ours, by how much of a run it costs."""

from __future__ import annotations


class HarvestError(Exception):
    """Base of all of them; the message names addresses and ids, never contents or secrets."""


class SourceError(HarvestError):
    """The whole source is unreachable or not to be trusted: the run ends, nothing it said so far counts as complete."""


class TransportError(SourceError):
    """A connection failed or an answer broke off; trying again may help."""


class AddressError(SourceError):
    """An address that must not be fetched. Trying again never helps."""


class MissingError(HarvestError):
    """The source has no such record, or no rows for it; the rest of the source is not affected."""
