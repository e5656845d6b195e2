"""One-time links by mail: written down here, sent by the notifier, opened once."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid

from ckanext.shopendata import clock, config
from ckanext.shopendata.model import Link
from ckanext.shopendata.policy import credential
from ckanext.shopendata.policy import link as policy
from ckanext.shopendata.policy.link import Purpose
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.publish import outbox

__all__ = ["asked", "end", "forget", "network", "opened", "secret", "send"]


def send(purpose: Purpose, mail: str, language: str, **about: object) -> Link:
    """Writes a link and its letter down; the caller commits.

    ``mail``: policy.link.address; ``about``: other columns.
    """
    key, now = make_uuid(), clock.now()
    link = Link(
        id=key,
        purpose=purpose.value,
        mail=mail,
        digest=policy.digest(secret(key)),
        language=language,
        created_at=now,
        expires_at=now + _term(purpose),
        **{"asked_from": "", "functions": [], "ending": "", "state": "waiting", "why": "", "mail_id": "", "begun": 0}
        | about,
    )
    model.Session.add(link)
    model.Session.flush()
    outbox.put("letter", key)
    return link


def secret(key: str) -> str:
    """What the letter carries: it can be written again, after a broken try, and is stored nowhere."""
    return policy.token(key, tk.config["SECRET_KEY"])


def opened(token: str, *purposes: Purpose, lock: bool = True) -> Link:
    """The link that a token opens; raises ``Refused`` ``link_dead`` for all that do not, whatever the reason."""
    wanted = sa.select(Link).where(
        Link.digest == policy.digest(token), Link.purpose.in_([purpose.value for purpose in purposes])
    )
    wanted = wanted.execution_options(populate_existing=True)
    link = model.Session.scalar(wanted.with_for_update() if lock else wanted)
    if link is None:
        raise Refused("link_dead")
    policy.check_live(link.ended_at, link.expires_at, clock.now())
    return link


def end(link: Link, how: str) -> None:
    """``how``: used, withdrawn or replaced. The caller commits."""
    link.ended_at, link.ending = clock.now(), how


def asked(*which: sa.ColumnElement[bool], window: dt.timedelta = policy.WINDOW) -> int:
    """How many such links were asked for lately."""
    rows = sa.select(sa.func.count()).select_from(Link).where(Link.created_at > clock.now() - window, *which)
    return model.Session.scalar(rows) or 0


def forget() -> None:
    """Addresses of strangers do not stay: links go a day after they are over. The caller commits."""
    model.Session.execute(sa.delete(Link).where(Link.expires_at < clock.now() - dt.timedelta(days=1)))


def network(address: str) -> str:
    """A network address as it is stored: a keyed hash, good for counting and nothing else."""
    return hmac.new(tk.config["SECRET_KEY"].encode(), f"network\n{address}".encode(), hashlib.sha256).hexdigest()


def _term(purpose: Purpose) -> dt.timedelta:
    if purpose is Purpose.INVITE:
        return dt.timedelta(days=config.invitation_days())
    lasts = {Purpose.FORGOTTEN: credential.FORGOTTEN_LASTS, Purpose.RESET: credential.RESET_LASTS}
    return lasts.get(purpose) or dt.timedelta(hours=config.registration_hours())
