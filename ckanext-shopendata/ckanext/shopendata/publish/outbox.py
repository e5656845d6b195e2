"""The outbox: what has to follow from a committed change, until it is done.

A worker leases a task, does it, and marks it done in the same transaction as the last of its effects; one that dies
leaves its lease to run out. So every task may be done twice, and its handler has to bear that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from ckanext.shopendata.model import Task

__all__ = ["done", "failed", "lease", "put", "waiting"]

#: How long a worker may be silent. Long tasks renew.
LEASE = dt.timedelta(seconds=120)
#: Waiting time after the first failure; it doubles up to the longest.
FIRST, LONGEST = dt.timedelta(seconds=2), dt.timedelta(minutes=10)


def put(kind: str, *object_ids: str, payload: dict[str, Any] | None = None) -> None:
    """Asks for work; an equal task that waits already is enough, and waits no longer. The caller commits.

    Until then nobody takes that task either: it would be done before the change that it has to follow.
    """
    # Not the demonstration's clock: work is due in the worker's time.
    now = dt.datetime.now(dt.timezone.utc)
    rows = [
        {
            "kind": kind, "object_id": key, "payload": payload or {}, "created_at": now, "due_at": now, "attempts": 0,
            "error": "",
        }
        for key in sorted(set(object_ids))
    ]  # fmt: skip
    if rows:
        asked = insert(Task).values(rows)
        asked = asked.on_conflict_do_update(
            index_elements=["kind", "object_id"],
            index_where=sa.and_(Task.done_at.is_(None), Task.leased_until.is_(None)),
            set_={"due_at": asked.excluded.due_at},
        )
        model.Session.execute(asked)


def lease(kinds: Iterable[str], limit: int = 1) -> list[Task]:
    """Takes due tasks, oldest first; commits. Nobody else gets them before the lease ends."""
    now = dt.datetime.now(dt.timezone.utc)
    free = sa.or_(Task.leased_until.is_(None), Task.leased_until < now)
    wanted = (
        sa.select(Task)
        .where(Task.done_at.is_(None), Task.due_at <= now, free, Task.kind.in_(list(kinds)))
        .order_by(Task.due_at, Task.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    tasks = list(model.Session.scalars(wanted))
    for task in tasks:
        task.leased_until = now + LEASE
        task.attempts += 1
    model.Session.commit()
    return tasks


def renew(*task_ids: int) -> None:
    """A sign of life of a worker in long tasks; commits."""
    until = dt.datetime.now(dt.timezone.utc) + LEASE
    model.Session.execute(sa.update(Task).where(Task.id.in_(task_ids)).values(leased_until=until))
    model.Session.commit()


def done(*task_ids: int) -> None:
    """Marks tasks done; the caller commits, with their last effect."""
    now = dt.datetime.now(dt.timezone.utc)
    model.Session.execute(sa.update(Task).where(Task.id.in_(task_ids)).values(done_at=now, error=""))


def failed(task_id: int, error: str) -> None:
    """Puts a task back, to be tried again later; commits."""
    task = model.Session.get_one(Task, task_id)
    wait = min(FIRST * 2 ** min(task.attempts - 1, 20), LONGEST)
    task.error, task.due_at, task.leased_until = error[:2000], dt.datetime.now(dt.timezone.utc) + wait, None
    try:
        model.Session.commit()
    except IntegrityError:
        # The same work was asked for again meanwhile: that task will do it.
        model.Session.rollback()
        done(task_id)
        model.Session.commit()


def waiting(kinds: Iterable[str] | None = None) -> int:
    """How many tasks are not done."""
    open_ones = sa.select(sa.func.count()).select_from(Task).where(Task.done_at.is_(None))
    if kinds is not None:
        open_ones = open_ones.where(Task.kind.in_(list(kinds)))
    return model.Session.scalar(open_ones) or 0
