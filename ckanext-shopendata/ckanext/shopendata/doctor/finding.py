"""What a check found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: The configuration that a check judges.
Config = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check. ``detail`` is what was seen; it never holds a secret."""

    code: str
    ok: bool
    wrong: str
    remedy: str
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """A question with a yes or no; ``wrong`` says what a no means, ``remedy`` what to do then."""

    code: str
    holds: Callable[..., bool]
    wrong: str
    remedy: str

    def found(self, *subject: Any) -> Finding:
        """Asks; a question that cannot be answered counts as a no (unknown means unsafe)."""
        try:
            ok, detail = bool(self.holds(*subject)), ""
        except Exception as error:
            ok, detail = False, f"could not be checked: {type(error).__name__}"
        return Finding(self.code, ok, self.wrong, self.remedy, detail)
