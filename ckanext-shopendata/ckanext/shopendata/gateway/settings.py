"""The gateway's settings: its own environment, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GatewaySettings:
    """Where the vault and the counters are, and by which address clients reach the portal."""

    vault_url: str
    redis_url: str
    site_url: str

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> GatewaySettings:
        """Raises ``KeyError`` for a missing variable: the gateway does not start half configured."""
        return cls(environ["SHOPENDATA_VAULT_URL"], environ["SHOPENDATA_REDIS_URL"], environ["SHOPENDATA_SITE_URL"])
