"""The gateway's settings: its own environment, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["GatewaySettings"]


@dataclass(frozen=True)
class GatewaySettings:
    """Where rows, keys and counters are, what proves a key, and by which address clients reach the portal."""

    vault_url: str = field(repr=False)
    access_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    key_pepper: str = field(repr=False)
    site_url: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> GatewaySettings:
        """Raises ``KeyError`` for a missing variable: the gateway does not start half configured."""
        return cls(
            vault_url=environ["SHOPENDATA_VAULT_URL"],
            access_url=environ["SHOPENDATA_ACCESS_URL"],
            redis_url=environ["SHOPENDATA_REDIS_URL"],
            key_pepper=environ["SHOPENDATA_KEY_PEPPER"],
            site_url=environ["SHOPENDATA_SITE_URL"],
        )
