"""Sends what waits: every notice once, whatever dies in between.

A try is written down before it begins. What the server has not taken is tried again until it is; a try of which
nobody knows how it ended (killed, cut off) is repeated once, with the same Message-ID, and then left alone.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import mailer
from ckan.model.types import make_uuid
from flask_babel import force_locale

from ckanext.shopendata.interfaces import IMessenger
from ckanext.shopendata.logic import side
from ckanext.shopendata.logic.command import holdings_of
from ckanext.shopendata.logic.notice import preference
from ckanext.shopendata.model import AccessKey, Application, Case, Grant, Link, Notice, Organisation, Task
from ckanext.shopendata.notices import letters, mail, words
from ckanext.shopendata.policy import notice as policy
from ckanext.shopendata.policy.notice import Mode
from ckanext.shopendata.publish import outbox

__all__ = ["HANDLERS", "work"]

log = logging.getLogger(__name__)

#: Tries of which nobody knows how they ended, before a mail is left alone.
IN_DOUBT = 2
#: How long a mail is tried that the server says it will never take: it may be the server's settings that are wrong.
GIVE_UP = dt.timedelta(days=3)


def notice(tasks: Sequence[Task]) -> None:
    """Mails single notices."""
    for task in tasks:
        row = model.Session.get(Notice, task.object_id, with_for_update=True)
        _deliver(task, _wanted([row] if row is not None and row.state == "waiting" else []), _letter)


def letter(tasks: Sequence[Task]) -> None:
    """Mails one-time links, and what stands in their place for who has an account."""
    for task in tasks:
        row = model.Session.get(Link, task.object_id, with_for_update=True)
        live = row is not None and row.state == "waiting" and row.ended_at is None
        _deliver(task, [row] if live else [], letters.letter)


def digest(tasks: Sequence[Task]) -> None:
    """Mails each recipient what has come together; what a broken try held goes first, and alone."""
    for task in tasks:
        wanted = sa.select(Notice).where(
            Notice.recipient_id == task.object_id, Notice.state == "waiting", Notice.mode == Mode.DIGEST.value
        )
        rows = list(model.Session.scalars(wanted.order_by(Notice.created_at, Notice.id).with_for_update()))
        begun = next((row.mail_id for row in rows if row.mail_id), "")
        batch = [row for row in rows if row.mail_id == begun]
        if len(batch) < len(rows):
            outbox.put("digest", task.object_id)
        _deliver(task, _wanted(batch), _letter)


def message(tasks: Sequence[Task]) -> None:
    """Hands notices to other ways of reaching people."""
    for task in tasks:
        row = model.Session.get(Notice, task.object_id)
        if row is not None and not _obstacle(row):
            with _language(row.recipient_id):
                text, link = words.sentence(row.moment, row.data), words.link(row.moment, row.object_id, row.data)
                for plugin in p.PluginImplementations(IMessenger):
                    plugin.send(row.recipient_id, row.id, _subject([row]), text, link)
        outbox.done(task.id)
        model.Session.commit()


#: One at a time: a slow server must not use up the lease of those behind.
HANDLERS: dict[str, tuple[outbox.Handler, int]] = {
    "notice": (notice, 1),
    "digest": (digest, 1),
    "letter": (letter, 1),
    "message": (message, 1),
}


def work() -> int:
    """Does one round; returns how many tasks were taken."""
    return outbox.work(HANDLERS)


def _deliver(task: Task, batch: list[Any], write: Callable[[list[Any], str], dict[str, Any]]) -> None:
    """``batch``: rows for one mailbox, of a kind that has the columns of a letter."""
    if batch and batch[0].begun >= IN_DOUBT:
        _end(batch, "unconfirmed", "tried twice, and nobody knows whether it was sent")
        batch = []
    if not batch:
        outbox.done(task.id)
        model.Session.commit()
        return
    if not mail.configured():
        raise mail.NotTaken("no mail server is configured")
    written = write(batch, batch[0].mail_id or make_uuid())
    ids, key, kind = [row.id for row in batch], task.id, type(batch[0])
    _begin(batch, written)
    try:
        address, headers = written["recipient_email"], letters.headers(written["id"])
        mailer.mail_recipient("", address, written["subject"], written["body"], headers=headers)
    except mail.NotTaken as error:
        rows = _again(kind, ids)
        for row in rows:
            row.begun -= 1
        if not isinstance(error, mail.Rejected) or rows[0].created_at > outbox.now() - GIVE_UP:
            model.Session.commit()
            raise
        _end(rows, "failed", str(error))
    else:
        _end(_again(kind, ids), "sent", "")
    outbox.done(key)
    model.Session.commit()


def _begin(batch: list[Any], written: dict[str, Any]) -> None:
    """Writes the try down before it is made; commits. Whatever can go wrong without the server has happened before."""
    for row in batch:
        row.mail_id, row.begun = written["id"], row.begun + 1
    model.Session.commit()


def _again(kind: Any, ids: list[str]) -> list[Any]:
    return list(model.Session.scalars(sa.select(kind).where(kind.id.in_(ids)).with_for_update()))


def _letter(batch: list[Notice], mail_id: str) -> dict[str, Any]:
    """The mail for one person."""
    user = model.Session.get_one(model.User, batch[0].recipient_id)
    with _language(user.id):
        told = {
            "lines": [(words.sentence(r.moment, r.data), words.link(r.moment, r.object_id, r.data)) for r in batch],
            "site_title": tk.config["ckan.site_title"],
            "settings": tk.h.url_for("shopendata_work.preferences", qualified=True),
        }
        subject, body = _subject(batch), tk.render("emails/shopendata_notice.txt", told)
    return {"id": mail_id, "recipient_email": user.email or "", "subject": subject, "body": body}


def _subject(batch: list[Notice]) -> str:
    if len(batch) > 1:
        return tk._("{site}: {count} notices").format(site=tk.config["ckan.site_title"], count=len(batch))
    return words.sentence(batch[0].moment, batch[0].data)


def _wanted(batch: list[Notice]) -> list[Notice]:
    """Those that may and should still be sent; the others end here."""
    wanted = []
    for row in batch:
        if why := _obstacle(row):
            _end([row], "dropped", why)
        else:
            wanted.append(row)
    return wanted


def _end(batch: list[Any], state: str, why: str) -> None:
    for row in batch:
        row.state, row.why = state, why
        row.sent_at = outbox.now() if state == "sent" else None
    if state in {"failed", "unconfirmed"}:
        log.warning("%s letters %s: %s", len(batch), state, why)


def _obstacle(row: Notice) -> str:
    """Why a notice must not be sent now; empty: it may."""
    user = model.Session.get(model.User, row.recipient_id)
    if user is None or user.state != "active" or not user.email:
        return "the account is gone or has no address"
    moment = policy.MOMENTS.get(row.moment)
    about = _object(moment, row.object_id, row.recipient_id) if moment else None
    if moment is None or about is None:
        return "what it is about is gone"
    owner, state, agency, due = about
    if not policy.entitled(moment, row.recipient_id, owner, holdings_of(row.recipient_id), agency):
        return "it is not the recipient's matter any more"
    changed = row.moment.endswith((".near", ".over", ".overseen")) and due != row.occurrence
    return "it is settled" if changed or (moment.states and state not in moment.states) else ""


def _object(moment: policy.Moment, key: str, recipient: str) -> tuple[str, str, str | None, str] | None:
    """Owner, state, agency and last day of what a notice is about; ``None``: it does not exist any more."""
    session = model.Session
    if moment.kind == "organisation":
        organisation = session.get(Organisation, key)
        owner = recipient if side.functions_of(recipient, key) else ""
        return organisation and (owner, organisation.state, None, "")
    if moment.kind == "application":
        row = session.get(Application, key)
        return row and (row.applicant_id, row.state, None, _iso(row.due_on))
    if moment.kind == "case":
        case = session.get(Case, key)
        if case is None:
            return None
        confirmed = case.confirmed_by_provider if moment.verb else case.confirmed_by_applicant
        state = "confirmed" if confirmed else case.state
        owner = session.get_one(Application, case.application_id).applicant_id
        return owner, state, case.agency_id, _iso(case.due_on)
    if moment.kind == "account":
        return key, "", None, ""
    grant = _grant(moment.kind, key)
    agency = session.get_one(Case, grant.case_id).agency_id if grant and moment.verb else None
    return grant and (grant.holder_id, grant.state, agency, "")


def _grant(kind: str, key: str) -> Grant | None:
    """An access right, or that of a key which is not revoked."""
    if kind != "key":
        return model.Session.get(Grant, key)
    held = model.Session.get(AccessKey, key)
    return model.Session.get(Grant, held.grant_id) if held and held.revoked_at is None else None


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _language(user_id: str) -> AbstractContextManager[None]:
    return force_locale(preference(user_id).language or tk.config["ckan.locale_default"])
