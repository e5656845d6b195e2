"""Proposals and decisions on tiers, singly or as a batch with one document (存量认定)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import eyes
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic.signoff import register
from ckanext.shopendata.model import Dataset, Decision, Entry, Item, Proposal
from ckanext.shopendata.policy.catalogue import EntryState
from ckanext.shopendata.policy.classification import (
    Basis,
    DatasetState,
    Tier,
    Verdict,
    check_decider,
    check_opening,
    step,
)
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.profile import profile
from ckanext.shopendata.publish import block

__all__ = ["dataset_decide", "dataset_propose"]

_GROUNDS = {
    "reasons": s.maybe(s.texts),
    "bases": s.maybe(s.objects),
    "conditions": s.maybe(s.text),
    "note": s.maybe(s.text),
}

#: Entries whose datasets may be decided on.
_CONFIRMED = {EntryState.CONFIRMED.value, EntryState.CHECKED.value}


@c.command(s.fields(ids=s.some, tier=s.tier, **_GROUNDS))
def dataset_propose(actor: c.Actor, data: DataDict) -> dict[str, int]:
    """Proposes a tier for datasets; an open proposal of theirs is replaced. All or none.

    :param tier: unconditional, conditional, closed
    :param reasons: codes of the pack; conditional and closed need one
    :param bases: ``{"rule", "article", "kind"}``: which law; conditional and closed need one
    :param conditions: published conditions of opening, of conditional ones
    """
    pairs = _lock(data["ids"])
    role = _require(actor, "dataset.propose", pairs)
    verdict = _verdict(data["tier"], data)
    happened, now = [], clock.now()
    _close([dataset.id for dataset, _ in pairs], now)
    for dataset, entry in pairs:
        dataset.state = step(DatasetState(dataset.state), "propose").value
        dataset.updated_at = now
        model.Session.add(
            Proposal(
                dataset_id=dataset.id,
                tier=verdict.tier.value,
                reasons=list(verdict.reasons),
                bases=data.get("bases", []),
                conditions=verdict.conditions,
                note=data.get("note", ""),
                proposed_by=actor.id,
                proposed_at=now,
            )
        )
        happened.append((dataset.id, entry.agency_id, {"tier": verdict.tier.value, **_said(data)}))
    c.events("dataset.propose", "dataset", actor, role, happened)
    return {"changed": len(happened)}


@c.command(
    s.fields(ids=s.some, tier=s.maybe(s.tier), review_by=s.maybe(s.dates), document=s.maybe(s.each(s.text)), **_GROUNDS)
)
def dataset_decide(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """开放类型认定: decides the tier of datasets. All or none; nobody decides what they proposed.

    Less may be decided than was proposed, never more; without a proposal a decision can only tighten.

    :param tier: one tier for all; left out, each is decided as proposed, and what is given fills the proposal's gaps
    :param reasons, bases, conditions, note: as in a proposal
    :param review_by: days on which the decision is to be looked at again; several are dealt out in turn
    :param document: the signed document that several decisions rest on: ``title``, ``number``, ``signer``,
        ``signed_on``; without one the decision counts as confirmed online
    """
    pairs = _lock(data["ids"])
    role = _require(actor, "dataset.decide", pairs)
    proposals = _open_proposals([dataset.id for dataset, _ in pairs])
    proposers = eyes.all_acted({key: proposal.proposed_by for key, proposal in proposals.items()})
    signoff = register(actor, data.get("document"))
    reviews: Sequence[dt.date | None] = data.get("review_by") or [None]
    items = _items([entry.id for _, entry in pairs])
    happened, now = [], clock.now()
    for position, (dataset, entry) in enumerate(pairs):
        proposal = proposals.get(dataset.id)
        if entry.state not in _CONFIRMED:
            raise Refused("entry_not_confirmed", title=entry.title)
        if proposal is not None:
            check_decider(actor.eyes, proposers[dataset.id])
        verdict, bases = _decided(data, proposal)
        before = Tier.read(dataset.tier)
        check_opening(before, verdict.tier, Tier.read(proposal.tier) if proposal else None)
        dataset.state = step(DatasetState(dataset.state), "decide").value
        decision = Decision(
            id=make_uuid(),
            dataset_id=dataset.id,
            proposal_id=proposal.id if proposal else None,
            signoff_id=signoff.id,
            tier=verdict.tier.value,
            reasons=list(verdict.reasons),
            bases=bases,
            conditions=verdict.conditions,
            note=data.get("note", ""),
            review_by=reviews[position % len(reviews)],
            decided_by=actor.id,
            decided_at=now,
        )
        model.Session.add(decision)
        dataset.tier, dataset.decision_id = decision.tier, decision.id
        dataset.conditions, dataset.review_by, dataset.updated_at = decision.conditions, decision.review_by, now
        dataset.decided_items = items.get(entry.id)
        block.tighten(dataset, actor.id)
        body = {"before": before.value, "after": decision.tier, "decision": decision.id, "signoff": signoff.id}
        happened.append((dataset.id, entry.agency_id, body | _said(data)))
    _close([dataset.id for dataset, _ in pairs], now)
    c.events("dataset.decide", "dataset", actor, role, happened)
    return {"changed": len(happened), "signoff": signoff.id}


def _items(entry_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Entry -> its items as they are now, code -> mask; entries without items are not in it."""
    found: dict[str, dict[str, str]] = {}
    for item in model.Session.scalars(sa.select(Item).where(Item.entry_id.in_(entry_ids))):
        found.setdefault(item.entry_id, {})[item.code] = item.mask
    return found


def _decided(data: DataDict, proposal: Proposal | None) -> tuple[Verdict, list[dict[str, str]]]:
    """What the decision says: its own words, else the proposal's. The pack's rules hold for the whole."""
    tier = data.get("tier") or (proposal.tier if proposal else None)
    if tier is None:
        raise Refused("nothing_proposed", "tier")
    follows = proposal is not None and proposal.tier == tier
    merged = {
        "reasons": data.get("reasons") or (proposal.reasons if follows and proposal else []),
        "bases": data.get("bases") or (proposal.bases if follows and proposal else []),
        "conditions": data.get("conditions") or (proposal.conditions if follows and proposal else ""),
    }
    if tier == Tier.UNCONDITIONAL.value and proposal is not None and not follows:
        merged["conditions"] = ""
    return _verdict(tier, _fitting(tier, merged)), merged["bases"]


def _fitting(tier: str, merged: dict[str, Any]) -> dict[str, Any]:
    """In a batch of several tiers the grounds given are those of the tiers that need some."""
    if tier == Tier.UNCONDITIONAL.value:
        return merged | {"reasons": [], "conditions": ""}
    known = profile().reasons
    return merged | {
        "reasons": [code for code in merged["reasons"] if code not in known or known[code].tier.value == tier]
    }


def _verdict(tier: str, data: Any) -> Verdict:
    bases = tuple(
        Basis(one.get("rule", ""), one.get("article", ""), one.get("kind", "rule")) for one in data.get("bases", [])
    )
    verdict = Verdict(Tier(tier), tuple(data.get("reasons", [])), bases, data.get("conditions", ""))
    verdict.check(profile().reasons)
    return verdict


def _said(data: DataDict) -> dict[str, Any]:
    return {name: data[name] for name in ("reasons", "bases", "conditions", "note") if data.get(name)}


def _lock(ids: Sequence[str]) -> list[tuple[Dataset, Entry]]:
    wanted = (
        sa.select(Dataset, Entry)
        .join(Entry, Entry.id == Dataset.entry_id)
        .where(Dataset.id.in_(set(ids)))
        .order_by(Dataset.id)
        .with_for_update(of=Dataset)
    )
    pairs = [(dataset, entry) for dataset, entry in model.Session.execute(wanted)]
    if len(pairs) != len(set(ids)):
        c.found(None)
    return pairs


def _require(actor: c.Actor, verb: str, pairs: Sequence[tuple[Dataset, Entry]]) -> str:
    roles = {actor.require_inside(verb, agency) for agency in {entry.agency_id for _, entry in pairs}}
    return min(roles)


def _open_proposals(ids: Sequence[str]) -> dict[str, Proposal]:
    wanted = sa.select(Proposal).where(Proposal.dataset_id.in_(ids), Proposal.closed_at.is_(None))
    return {proposal.dataset_id: proposal for proposal in model.Session.scalars(wanted)}


def _close(ids: Sequence[str], now: dt.datetime) -> None:
    model.Session.execute(
        sa.update(Proposal).where(Proposal.dataset_id.in_(ids), Proposal.closed_at.is_(None)).values(closed_at=now)
    )
