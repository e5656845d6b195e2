"""The record of events for its readers, and erasing what an event is about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import audit, clock
from ckanext.shopendata.audit import files, stored
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.model import Agency
from ckanext.shopendata.model.audit import events, links
from ckanext.shopendata.policy import redaction
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.chain import Check, Record, instant
from ckanext.shopendata.policy.refusal import Refused

__all__ = [
    "event_export",
    "event_list",
    "event_show",
    "redaction_ask",
    "redaction_confirm",
    "redaction_list",
    "redaction_refuse",
]

#: Events in one extract; the whole record comes from the console.
MOST = 10_000

_FILTERS: dict[str, Any] = {
    "object_type": s.maybe(s.filled),
    "object": s.maybe(s.filled),
    "actor": s.maybe(s.filled),
    "verb": s.maybe(s.filled),
    "since": s.maybe(s.date),
    "until": s.maybe(s.date),
}


@c.query(s.listing(**_FILTERS))
def event_list(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """Events, newest first, without their contents; for auditors.

    :param object: identifier of what the event is about; ``object_type`` its kind
    :param actor: name or identifier of an account, or the name of a process (console, harvest, publisher)
    :param verb: one verb, or its beginning with a dot at the end (``dataset.``)
    :param since: first day, in China; ``until`` the last one
    :returns: ``count`` (never more than 10000 are counted), ``results``
    """
    actor.require("event.read")
    rows = _filtered(stored.selection(), data)
    count = model.Session.scalar(
        sa.select(sa.func.count()).select_from(_filtered(sa.select(events.c.seq), data).limit(MOST).subquery())
    )
    page = rows.order_by(events.c.seq.desc()).limit(data["limit"]).offset(data["offset"])
    return {"count": count, "results": _shown([stored.of_row(row) for row in model.Session.execute(page)])}


@c.query(s.fields(id=s.filled))
def event_show(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """One event with its content, and whether both are what was sealed; for auditors.

    :returns: the event; ``body`` (none once it was erased), ``erased``, ``faults`` (words of policy.chain.Fault),
        ``earlier`` and ``later`` (the events on the same object next to it), ``redaction`` (who asked, who answered)
    """
    actor.require("event.read")
    record = c.found(_record(data["id"]))
    columns = c.found(record.columns)
    body = record.payload.body if record.payload else None
    same = [events.c.object_type == columns.object_type, events.c.object_id == columns.object_id]
    beside = sa.select(events.c.id).where(*same).limit(1)
    return _shown([record])[0] | {
        "seq": columns.seq,
        "request_id": columns.request_id,
        "digest": columns.digest,
        "link": vars(record.link) if record.link else None,
        "body": body,
        "erased": body is None,
        "faults": [one.fault.value for one in Check(whole=False).run([record]) if not one.fault.harmless],
        "earlier": model.Session.scalar(beside.where(events.c.seq < columns.seq).order_by(events.c.seq.desc())),
        "later": model.Session.scalar(beside.where(events.c.seq > columns.seq).order_by(events.c.seq)),
        "redaction": next(iter(_redactions(columns.id)), None),
    }


@c.command(s.fields(**_FILTERS))
def event_export(actor: c.Actor, data: DataDict) -> dict[str, Any]:
    """An extract of at most 10000 events with contents, oldest first: lines as ``ckan shopendata audit export`` writes.

    That somebody took it, and by which filter, is an event itself.

    :returns: ``count``; ``more``: whether the filter fits more than that; ``lines``
    """
    role = actor.require("event.export")
    rows = _filtered(stored.selection(), data).order_by(links.c.position.nulls_last(), events.c.seq).limit(MOST + 1)
    records = [stored.of_row(row) for row in model.Session.execute(rows)]
    more, records = len(records) > MOST, records[:MOST]
    made_at = instant(clock.now())
    lines = list(files.lines(records, portal=tk.config["ckan.site_url"], made_at=made_at, whole=False))
    wanted = {name: str(value) for name, value in data.items()}
    c.events("event.export", "audit", actor, role, [("-", None, {"filter": wanted, "count": len(records)})])
    return {"count": len(records), "more": more, "lines": lines}


@c.command(s.fields(event=s.filled, reason=s.filled))
def redaction_ask(actor: c.Actor, data: DataDict) -> dict[str, str]:
    """Asks for the content of an event to be erased; another person has to confirm.

    :param event: identifier of the event
    :param reason: which law or request wants it; it is kept, so it must not repeat what is to be erased
    """
    role = actor.require("redaction.ask")
    return {"id": _ask(actor, role, data["event"], data["reason"]), "event": data["event"]}


def ask_if_possible(actor: c.Actor, role: str, event: str, reason: str) -> bool:
    """As :func:`redaction_ask`, for an action that erases more than one; tells whether the event may be erased."""
    try:
        _ask(actor, role, event, reason)
    except Refused:
        return False
    return True


def _ask(actor: c.Actor, role: str, event: str, reason: str) -> str:
    columns, record = _locked(event)
    redaction.check_ask(
        actor.id,
        verb=columns.verb,
        by=columns.actor,
        sealed=record.link is not None,
        erased=record.payload is None or record.payload.body is None,
        pending=any(not one["answer"] for one in _redactions(columns.id)),
    )
    return _happened(actor, role, redaction.ASK, columns.id, {"reason": reason})


@c.command(s.fields(id=s.filled))
def redaction_confirm(actor: c.Actor, data: DataDict) -> dict[str, str]:
    """Confirms what somebody else asked: the sealer erases the content as soon as this is sealed, and for good."""
    role = actor.require("redaction.confirm")
    asked, columns, record = _asked(data["id"])
    redaction.check_confirm(
        actor.id,
        asked_by=asked.actor,
        by=columns.actor,
        sealed=record.link is not None,
        answered=_answered(asked.id),
    )
    _happened(actor, role, redaction.CONFIRM, asked.id, {"event": columns.id})
    return {"event": columns.id}


@c.command(s.fields(id=s.filled, reason=s.filled))
def redaction_refuse(actor: c.Actor, data: DataDict) -> dict[str, str]:
    """Declines what somebody asked, or takes back what one asked oneself."""
    role = actor.require("redaction.confirm")
    asked, columns, _ = _asked(data["id"])
    redaction.check_refuse(answered=_answered(asked.id))
    body = {"event": columns.id, "reason": data["reason"]}
    _happened(actor, role, redaction.REFUSE, asked.id, body)
    return {"event": columns.id}


@c.query(s.fields())
def redaction_list(actor: c.Actor, data: DataDict) -> list[dict[str, Any]]:
    """What was asked to be erased, newest first, at most 200; contents are not shown, only the names of their fields.

    :returns: ``id``, ``event`` (its columns, ``fields``), ``asked_by``, ``asked_at``, ``reason``, ``answer`` (confirm,
        refuse or none), ``answered_by``, ``answered_at``, ``erased``, ``own`` (the caller may not confirm)
    """
    actor.require("redaction.read")
    shown = _redactions()
    wanted = stored.selection().where(events.c.id.in_([one["event"] for one in shown]))
    records = {row.event_id: stored.of_row(row) for row in model.Session.execute(wanted)}
    for one in shown:
        record = records[one["event"]]
        body = record.payload.body if record.payload else None
        one["own"] = actor.id in (one.pop("asked_by_id"), record.columns.actor if record.columns else "")
        one |= {"event": _shown([record])[0] | {"fields": sorted(body or ())}, "erased": body is None}
    return shown


def _filtered(rows: sa.Select[Any], data: DataDict) -> sa.Select[Any]:
    if data.get("object"):
        rows = rows.where(events.c.object_id == data["object"])
    if data.get("object_type"):
        rows = rows.where(events.c.object_type == data["object_type"])
    if name := data.get("actor"):
        user = model.User.get(name)
        rows = rows.where(events.c.actor == (user.id if user else name))
    if verb := data.get("verb"):
        whole = not verb.endswith(".")
        rows = rows.where(events.c.verb == verb if whole else events.c.verb.startswith(verb, autoescape=True))
    if data.get("since"):
        rows = rows.where(events.c.at >= _midnight(data["since"]))
    if data.get("until"):
        rows = rows.where(events.c.at < _midnight(data["until"] + dt.timedelta(days=1)))
    return rows


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), clock.ZONE)


def _shown(records: list[Record]) -> list[dict[str, Any]]:
    """Events with the names of people and agencies."""
    columns = [record.columns for record in records if record.columns]
    people = _names(model.User.id, model.User.name, {one.actor for one in columns})
    titles = _names(Agency.id, Agency.title, {one.agency for one in columns if one.agency})
    return [
        {
            "id": one.columns.id, "at": one.columns.at, "actor": people.get(one.columns.actor, one.columns.actor),
            "actor_id": one.columns.actor, "role": one.columns.role,
            "agency": titles.get(one.columns.agency or "", one.columns.agency), "verb": one.columns.verb,
            "object_type": one.columns.object_type, "object": one.columns.object_id,
            "position": one.link.position if one.link else None,
            "sealed_at": one.link.sealed_at if one.link else None,
        }
        for one in records if one.columns
    ]  # fmt: skip


def _names(key: Any, name: Any, wanted: set[str]) -> dict[str, str]:
    return {one: called for one, called in model.Session.execute(sa.select(key, name).where(key.in_(wanted)))}


def _record(event: str) -> Record | None:
    row = model.Session.execute(stored.selection().where(events.c.id == event)).first()
    return stored.of_row(row) if row else None


def _locked(event: str) -> tuple[Any, Record]:
    """An event, and nobody else asks or answers about it meanwhile: rows of the record cannot be locked."""
    c.lock(f"redaction:{event}")
    record = c.found(_record(event))
    return c.found(record.columns), record


def _asked(key: str) -> tuple[Any, Any, Record]:
    row = c.found(
        model.Session.execute(sa.select(events).where(events.c.id == key, events.c.verb == redaction.ASK)).first()
    )
    return row, *_locked(row.object_id)


def _answered(key: str) -> bool:
    answers = events.c.verb.in_((redaction.CONFIRM, redaction.REFUSE))
    mine = sa.select(events.c.id).where(events.c.object_type == "redaction", events.c.object_id == key, answers)
    return model.Session.scalar(mine.limit(1)) is not None


def _redactions(event: str | None = None) -> list[dict[str, Any]]:
    """Askings with their answers, newest first."""
    rows = stored.selection().where(events.c.verb == redaction.ASK).order_by(events.c.seq.desc()).limit(200)
    if event:
        rows = rows.where(events.c.object_type == "event", events.c.object_id == event)
    asked = [stored.of_row(row) for row in model.Session.execute(rows)]
    keys = [one.columns.id for one in asked if one.columns]
    answers = sa.select(events).where(
        events.c.object_type == "redaction",
        events.c.object_id.in_(keys),
        events.c.verb.in_((redaction.CONFIRM, redaction.REFUSE)),
    )
    by_key = {row.object_id: row for row in model.Session.execute(answers)}
    known = {one.columns.actor for one in asked if one.columns} | {row.actor for row in by_key.values()}
    people = _names(model.User.id, model.User.name, known)
    return [_redaction(one, by_key.get(one.columns.id), people) for one in asked if one.columns]


def _redaction(asked: Record, answer: Any, people: dict[str, str]) -> dict[str, Any]:
    columns, body = c.found(asked.columns), (asked.payload.body if asked.payload else None) or {}
    return {
        "id": columns.id,
        "event": columns.object_id,
        "reason": body.get("reason", ""),
        "asked_by": people.get(columns.actor, columns.actor),
        "asked_by_id": columns.actor,
        "asked_at": columns.at,
        "answer": answer.verb.rpartition(".")[2] if answer else None,
        "answered_by": people.get(answer.actor, answer.actor) if answer else None,
        "answered_at": instant(answer.at) if answer else None,
    }


def _happened(actor: c.Actor, role: str, verb: str, key: str, body: dict[str, str]) -> str:
    kind = "event" if verb == redaction.ASK else "redaction"
    event = Event(verb=verb, object_type=kind, object_id=key, actor=actor.id, role=role, body=body)
    return audit.record(event)[0]
