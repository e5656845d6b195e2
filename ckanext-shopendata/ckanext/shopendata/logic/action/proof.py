"""Proofs of who an organisation is: files that only its members and the data centre's intake can read."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from typing import Any

import ckan.plugins.toolkit as tk
import magic
import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.logic import side
from ckanext.shopendata.logic.action.organisation import as_dict, event, move, own, proofs
from ckanext.shopendata.model import Organisation, Proof
from ckanext.shopendata.policy import organisation as policy
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["proof_add", "proof_remove", "proof_show"]


def _base64(value: Any) -> bytes:
    try:
        return base64.b64decode(s.filled(value), validate=True)
    except (binascii.Error, ValueError):
        raise tk.Invalid(tk._("Please give the file's content in Base64")) from None


@c.command(s.fields(organisation=s.filled, name=s.filled, content=_base64))
def proof_add(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Adds a file. A verified organisation is then to be verified anew.

    :param content: the file in Base64: PDF, JPEG or PNG, as its content shows; the name decides nothing
    """
    organisation = own(actor, data["organisation"], "organisation.change")
    content = data["content"]
    _check_uploads(organisation.id)
    kind = magic.from_buffer(content[:4096], mime=True)
    policy.check_proof(len(content), kind, len(proofs(organisation.id)))
    before = organisation.state
    move(organisation, "change")
    proof = Proof(
        organisation_id=organisation.id,
        name=policy.file_name(data["name"], kind),
        kind=kind,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        content=content,
        uploaded_by=actor.id,
        uploaded_at=clock.now(),
    )
    model.Session.add(proof)
    model.Session.flush()
    body = {"before": before, "proof": proof.id, "digest": proof.digest, "size": proof.size}
    event("proof.add", actor, "", organisation, body)
    return as_dict(organisation, actor)


@c.command(s.fields(id=s.filled))
def proof_remove(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Takes a file away. One that the data centre may have read is kept, and shown no more."""
    found = c.found(model.Session.get(Proof, data["id"]))
    organisation = own(actor, found.organisation_id, "organisation.change")
    proof = c.found(model.Session.get(Proof, data["id"], with_for_update=True, populate_existing=True))
    if proof.removed_at is not None:
        c.found(None)
    before = organisation.state
    move(organisation, "change")
    if proof.submitted_at is None:
        model.Session.delete(proof)
    else:
        proof.removed_at = clock.now()
    model.Session.flush()
    event("proof.remove", actor, "", organisation, {"before": before, "proof": proof.id, "digest": proof.digest})
    return as_dict(organisation, actor)


@c.query(s.fields(id=s.filled))
def proof_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One file, for the organisation's members and for the intake while it is shown to them.

    :returns: ``name``, ``kind`` (its type), ``content`` (Base64)
    """
    proof = c.found(model.Session.get(Proof, data["id"]))
    organisation = model.Session.get_one(Organisation, proof.organisation_id)
    if proof.removed_at is not None:
        c.found(None)
    if not side.functions_of(actor.id, organisation.id):
        _require_intake(actor, proof)
    return {"name": proof.name, "kind": proof.kind, "content": base64.b64encode(proof.content).decode()}


def _require_intake(actor: c.Actor, proof: Proof) -> None:
    """The intake reads what was handed in; to others, and before that, there is no such file."""
    try:
        actor.require("organisation.verify")
    except Refused:
        c.found(None)
    if proof.submitted_at is None:
        c.found(None)


def _check_uploads(organisation_id: str) -> None:
    lately = Proof.uploaded_at > clock.now() - dt.timedelta(days=1)
    rows = sa.select(sa.func.count()).select_from(Proof).where(Proof.organisation_id == organisation_id, lately)
    if (model.Session.scalar(rows) or 0) >= policy.PROOFS_A_DAY:
        raise Refused("proofs_a_day", "proof", limit=policy.PROOFS_A_DAY)
