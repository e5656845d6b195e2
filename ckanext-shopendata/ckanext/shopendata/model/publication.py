"""What is to be published, and what is suspended."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import json_object, key, moment, number, text

__all__ = ["Block", "Task"]


class Task(tk.BaseModel):
    """The outbox: work that follows from a committed change and is repeated until it is done.

    One kind of work waits once for one object, however often it is asked for.
    """

    __tablename__ = "shopendata_task"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_task_waiting",
            "kind",
            "object_id",
            unique=True,
            postgresql_where=sa.text("done_at IS NULL AND leased_until IS NULL"),
        ),
        sa.Index("ix_shopendata_task_due", "due_at", postgresql_where=sa.text("done_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[text]  #: a key of publish.publisher.HANDLERS or notices.deliver.HANDLERS
    object_id: Mapped[text] = mapped_column(index=True)
    payload: Mapped[json_object] = mapped_column(default=dict)
    created_at: Mapped[moment]
    due_at: Mapped[moment]
    attempts: Mapped[number] = mapped_column(default=0)
    leased_until: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    done_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    error: Mapped[text] = mapped_column(default="")


class Block(tk.BaseModel):
    """暂停开放: every door reads these rows, and nothing else is needed to refuse (DESIGN invariant 7)."""

    __tablename__ = "shopendata_block"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_block_standing", "dataset_id", unique=True, postgresql_where=sa.text("lifted_at IS NULL")
        ),
    )

    id: Mapped[key]
    dataset_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_dataset.id"))
    reason: Mapped[text]
    note: Mapped[text] = mapped_column(default="")
    blocked_by: Mapped[text]
    blocked_at: Mapped[moment]
    lifted_by: Mapped[text | None]
    lifted_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
