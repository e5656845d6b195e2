"""Who may write datasets: the publisher, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["is_publishing", "publishing"]

_publishing: ContextVar[bool] = ContextVar("shopendata_publishing", default=False)


@contextmanager
def publishing() -> Iterator[None]:
    """Lets the block write datasets, resources, views and tables."""
    token = _publishing.set(True)
    try:
        yield
    finally:
        _publishing.reset(token)


def is_publishing() -> bool:
    """Whether the publisher is at work here."""
    return _publishing.get()
