"""What a harvest source is configured with: a small JSON object without secrets."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields

from ckan.plugins import toolkit as tk

from .rules import names

__all__ = ["Configuration", "read"]

#: Only variables made for this: no other secret of the process can be named as a source's.
_SECRET = re.compile(r"SHOPENDATA_SOURCE_[A-Z0-9_]{1,60}")
_LONGEST = 200


@dataclass(frozen=True)
class Configuration:
    """``secret`` is the name of the environment variable that holds it, never the secret."""

    mapping: str
    secret: str = ""
    app_id: str = ""
    allow_private: bool = False

    def as_json(self) -> str:
        """As it is stored."""
        return json.dumps(asdict(self), sort_keys=True)


def read(text: str) -> Configuration:
    """Raises ``ValueError`` with a message for the form."""
    try:
        given = json.loads(text or "")
    except ValueError:
        raise ValueError(tk._("The configuration must be a JSON object")) from None
    if not isinstance(given, dict):
        raise ValueError(tk._("The configuration must be a JSON object"))  # noqa: TRY004 - the form shows ValueError
    if unknown := sorted(set(given) - {field.name for field in fields(Configuration)}):
        raise ValueError(tk._("Unknown settings: {names}").format(names=", ".join(unknown)))
    if given.get("mapping") not in names():
        raise ValueError(tk._("mapping must be one of: {names}").format(names=", ".join(names())))
    secret = given.get("secret", "")
    if secret and not (isinstance(secret, str) and _SECRET.fullmatch(secret)):
        raise ValueError(
            tk._("secret must name an environment variable that begins with SHOPENDATA_SOURCE_, never hold the secret")
        )
    app_id = given.get("app_id", "")
    if not isinstance(app_id, str) or len(app_id) > _LONGEST:
        raise ValueError(tk._("app_id must be a short text"))
    if not isinstance(given.get("allow_private", False), bool):
        raise ValueError(tk._("allow_private must be true or false"))  # noqa: TRY004
    return Configuration(given["mapping"], secret or "", app_id, given.get("allow_private", False))
