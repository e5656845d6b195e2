"""On what a source rests the tier that it declares: the pre-filled half of a proposal. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ckanext.shopendata.policy.classification import Basis, Tier

from .rules import Rules, pack

__all__ = ["Grounds", "grounds"]

_RULE = re.compile(r"《(?P<rule>[^》]+)》(?P<article>[^《》]*)")


@dataclass(frozen=True)
class Grounds:
    """Reasons are codes of the pack. What the source says and the pack does not know stands in ``note``."""

    reasons: tuple[str, ...] = ()
    bases: tuple[tuple[str, str, str], ...] = ()  #: rule, article, kind
    conditions: str = ""
    note: str = ""


def grounds(rules: Rules, tier: Tier, said: Mapping[str, str]) -> Grounds:
    """Grounds for ``tier`` from the source's texts (``reason``, ``basis``, ``conditions``, each optional)."""
    if tier is Tier.UNDECIDED:
        return Grounds()
    chosen = pack(rules.profile)
    by_label = {chosen.reason_labels[code].zh: code for code, reason in chosen.reasons.items() if reason.tier is tier}
    reason, conditions = said.get("reason", ""), said.get("conditions", "")
    known = by_label.get(reason)
    if tier is Tier.CONDITIONAL:
        conditions = conditions or chosen.default_conditions.zh
    return Grounds(
        reasons=(known,) if known else (),
        bases=_bases(rules, said.get("basis", "")),
        conditions=conditions if tier is Tier.CONDITIONAL else "",
        note="" if known else reason,
    )


def _bases(rules: Rules, text: str) -> tuple[tuple[str, str, str], ...]:
    """Those of the pack by their label; else every title in 《》 with the article behind it."""
    plain = re.sub("[《》]", "", text)
    for basis, label in pack(rules.profile).bases:
        if label.zh == plain:
            return ((basis.rule, basis.article, basis.kind),)
    return tuple(
        tuple(asdict(Basis(found["rule"], found["article"].strip(" ，、；。"), _kind(found["rule"]))).values())
        for found in _RULE.finditer(text)
    )


def _kind(rule: str) -> str:
    """What Chinese titles say of their rank: 法 is a law, 条例 a regulation; 办法, 规定 and others are lower rules."""
    if rule.endswith("法") and not rule.endswith("办法"):
        return "law"
    return "regulation" if rule.endswith("条例") else "rule"
