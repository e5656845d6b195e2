"""Deletes notices that are as old as nobody asks after."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.model import Notice
from ckanext.shopendata.policy.retention import NOTICE_DAYS

__all__ = ["forget"]


def forget() -> None:
    """Deletes what is over and has been kept long enough; what still waits stays, however old. Commits."""
    over = clock.now() - dt.timedelta(days=NOTICE_DAYS)
    model.Session.execute(sa.delete(Notice).where(Notice.created_at < over, Notice.state != "waiting"))
    model.Session.commit()
