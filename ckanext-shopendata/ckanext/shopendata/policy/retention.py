"""What is kept how long, why, and what ends it: one row for each kind of record.

A minimum comes from a law; a portal may keep longer, never shorter. What has no minimum here is not deleted by any
program: its period is that of the agency's own schedule for its archive (归档范围和保管期限), and its end is a recorded
disposal or, for personal data in an event, a redaction.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

__all__ = ["KINDS", "NOTICE_DAYS", "Kept", "RecordKind", "expired", "kept_days"]


class RecordKind(Enum):
    """Kinds of records that differ in how long they are kept."""

    ACCESS_LOG = "access_log"  # 网络日志: who asked for which address, when
    LOGIN_SESSION = "login_session"
    LINK = "link"  # one-time links that were mailed, with the address
    NOTICE = "notice"  # what was mailed to whom; what happened is an event
    EVENT = "event"  # the audit chain's links and the events' columns
    DECISION = "decision"  # 认定、审核、受理: contents of events about datasets, lists, applications, grants
    ACCOUNT = "account"  # contents of events about roles and accounts
    ANCHOR = "anchor"


@dataclass(frozen=True)
class Kept:
    """``minimum``: days, of the law in ``source``; ``None``: no program deletes it. ``ends`` says what does."""

    kind: RecordKind
    minimum: int | None
    source: str
    ends: str


#: Days for which it can be seen that a notice was sent: longer than any time limit runs.
NOTICE_DAYS = 400

_ARCHIVE = (
    "《中华人民共和国档案法》(2020) 第十三、十四条; 《机关文件材料归档范围和文书档案保管期限规定》(国家档案局令第8号): "
    "permanent (永久), 30 or 10 years"
)

KINDS: tuple[Kept, ...] = (
    Kept(
        RecordKind.ACCESS_LOG,
        183,
        "《中华人民共和国网络安全法》(2016 text) 第二十一条第三项: network logs, not less than six months",
        "the sealer deletes whole days older than ckanext.shopendata.audit.access_log_days",
    ),
    Kept(
        RecordKind.LOGIN_SESSION, 0, "no duty to keep", "its end: the row goes with the log-in (hardening/sessions.py)"
    ),
    Kept(RecordKind.LINK, 0, "no duty to keep", "a day after it is over (logic/link.py)"),
    Kept(RecordKind.NOTICE, 0, "no duty to keep", f"{NOTICE_DAYS} days, by the notifier; before that with its account"),
    Kept(RecordKind.EVENT, None, "GB/T 22239-2019 8.1.4.3: audit records are protected and backed up", "nothing"),
    Kept(RecordKind.DECISION, None, _ARCHIVE, "nothing but a redaction by two people"),
    Kept(RecordKind.ACCOUNT, None, "GB/T 22239-2019 8.1.4.3", "nothing: not even a redaction"),
    Kept(RecordKind.ANCHOR, None, "as the events that they prove", "nothing"),
)


def kept_days(kind: RecordKind, wished: int) -> int:
    """The days that a kind is kept. Raises ``ValueError`` for fewer than the law wants, or where no program deletes."""
    minimum = next(one.minimum for one in KINDS if one.kind is kind)
    if minimum is None:
        raise ValueError(f"{kind.value} is deleted by no program")
    if wished < minimum:
        raise ValueError(f"{kind.value} has to be kept for at least {minimum} days, not {wished}")
    return wished


def expired(day: dt.date, today: dt.date, kept: int) -> bool:
    """Whether what was written on ``day`` has been kept for ``kept`` full days."""
    return (today - day).days > kept
