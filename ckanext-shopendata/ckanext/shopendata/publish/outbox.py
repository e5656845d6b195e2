"""The outbox: what has to follow from a committed change, until it is done.

A worker leases a task, does it, and marks it done in the same transaction as the last of its effects; one that dies
leaves its lease to run out. So every task may be done twice, and its handler has to bear that.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from ckanext.shopendata import maintenance
from ckanext.shopendata.model import Task

__all__ = [
    "Backlog",
    "Handler",
    "backlog",
    "done",
    "failed",
    "in_hand",
    "lease",
    "now",
    "put",
    "renew",
    "waiting",
    "work",
]

log = logging.getLogger(__name__)

Handler = Callable[[Sequence[Task]], None]

#: How long a worker may be silent. Long tasks renew.
LEASE = dt.timedelta(seconds=120)
#: Waiting time after the first failure; it doubles up to the longest.
FIRST, LONGEST = dt.timedelta(seconds=2), dt.timedelta(minutes=10)


def now() -> dt.datetime:
    """The worker's time, and not the demonstration's: work is due when it can be done."""
    return dt.datetime.now(dt.timezone.utc)


def put(kind: str, *object_ids: str, payload: dict[str, Any] | None = None, due_at: dt.datetime | None = None) -> None:
    """Asks for work, now or not before ``due_at``; an equal task that waits is enough, and is due when this is.

    The caller commits. Until then nobody takes a waiting task either: it would be done before the change that it has
    to follow.
    """
    asked = now()
    rows = [
        {
            "kind": kind, "object_id": key, "payload": payload or {}, "created_at": asked, "due_at": due_at or asked,
            "attempts": 0, "error": "",
        }
        for key in sorted(set(object_ids))
    ]  # fmt: skip
    if rows:
        statement = insert(Task).values(rows)
        statement = statement.on_conflict_do_update(
            index_elements=["kind", "object_id"],
            index_where=sa.and_(Task.done_at.is_(None), Task.leased_until.is_(None)),
            set_={"due_at": statement.excluded.due_at},
        )
        model.Session.execute(statement)


def lease(kinds: Iterable[str], limit: int = 1) -> list[Task]:
    """Takes due tasks, oldest first, none during maintenance; commits. Nobody else gets them before the lease ends."""
    if maintenance.pauses():
        model.Session.rollback()
        return []
    moment = now()
    free = sa.or_(Task.leased_until.is_(None), Task.leased_until < moment)
    wanted = (
        sa.select(Task)
        .where(Task.done_at.is_(None), Task.due_at <= moment, free, Task.kind.in_(list(kinds)))
        .order_by(Task.due_at, Task.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    tasks = list(model.Session.scalars(wanted))
    for task in tasks:
        task.leased_until = moment + LEASE
        task.attempts += 1
    model.Session.commit()
    return tasks


def renew(*task_ids: int) -> None:
    """A sign of life of a worker in long tasks; commits."""
    model.Session.execute(sa.update(Task).where(Task.id.in_(task_ids)).values(leased_until=now() + LEASE))
    model.Session.commit()


def done(*task_ids: int) -> None:
    """Marks tasks done; the caller commits, with their last effect."""
    model.Session.execute(sa.update(Task).where(Task.id.in_(task_ids)).values(done_at=now(), error=""))


def failed(task_id: int, error: str) -> None:
    """Puts a task back, to be tried again later; commits."""
    task = model.Session.get_one(Task, task_id)
    wait = min(FIRST * 2 ** min(task.attempts - 1, 20), LONGEST)
    task.error, task.due_at, task.leased_until = error[:2000], now() + wait, None
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


@dataclass(frozen=True)
class Backlog:
    """What waits of one kind: how many tasks, and since when the oldest could have been done."""

    kind: str
    number: int
    since: dt.datetime | None


def backlog(kinds: Iterable[str]) -> list[Backlog]:
    """Kinds with tasks that are not done. One that is due later by itself does not age; one that failed does."""
    since = sa.func.min(sa.case((Task.attempts > 0, Task.created_at), (Task.due_at <= now(), Task.due_at)))
    rows = (
        sa.select(Task.kind, sa.func.count(), since)
        .where(Task.done_at.is_(None), Task.kind.in_(list(kinds)))
        .group_by(Task.kind)
        .order_by(Task.kind)
    )
    return [Backlog(*row) for row in model.Session.execute(rows)]


def in_hand() -> int:
    """How many tasks workers hold now."""
    held = sa.and_(Task.done_at.is_(None), Task.leased_until > now())
    return model.Session.scalar(sa.select(sa.func.count()).select_from(Task).where(held)) or 0


def work(handlers: Mapping[str, tuple[Handler, int]]) -> int:
    """Does one round of these kinds of work, in their order; returns how many tasks were taken.

    ``handlers``: kind -> its handler and how many tasks it takes at once. A batch that fails is tried again one by one.
    """
    taken = 0
    for kind, (handler, size) in list(handlers.items()):
        tasks = lease([kind], size)
        taken += len(tasks)
        if not tasks:
            continue
        ids = [task.id for task in tasks]
        if not _attempt(handler, ids) and len(ids) > 1:
            for key in ids:
                _attempt(handler, [key])
    return taken


def _attempt(handler: Handler, ids: Sequence[int]) -> bool:
    try:
        tasks = [model.Session.get_one(Task, key) for key in ids]
        handler(tasks)
    except Exception as error:
        model.Session.rollback()
        log.warning("%s failed for %s tasks: %s", handler.__name__, len(ids), error, exc_info=len(ids) == 1)
        if len(ids) == 1:
            failed(ids[0], f"{type(error).__name__}: {error}")
        return False
    finally:
        model.Session.remove()
    return True
