"""Tells people of moments: writes notices with the change that they tell of; the notifier sends them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import insert

from ckanext.shopendata import clock
from ckanext.shopendata.interfaces import IMessenger
from ckanext.shopendata.logic.command import holdings_of
from ckanext.shopendata.model import Notice, NoticePreference, RoleHolding
from ckanext.shopendata.policy import notice as policy
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.notice import Mode
from ckanext.shopendata.publish import outbox

__all__ = ["holders", "preference", "tell", "tell_staff"]


def tell(moment: str, object_id: str, owner: str, *, occurrence: str = "", **data: Any) -> None:
    """Tells whom the matter belongs to; the caller commits.

    :param moment: a key of policy.notice.MOMENTS without a verb
    :param occurrence: which time it is that this happens to the object; the same one is told once
    :param data: what the text needs: numbers, days, names of agencies; plain JSON data
    """
    _write([owner], {"moment": moment, "object_id": object_id, "occurrence": occurrence, "data": data})


def tell_staff(
    moment: str,
    object_id: str,
    agency_id: str | None,
    owner: str,
    *,
    occurrence: str = "",
    without: Iterable[str] = (),
    **data: Any,
) -> None:
    """Tells everybody whose role makes it their work, but not its owner, nor ``without``; the caller commits."""
    verb = policy.MOMENTS[moment].verb or ""
    others = [
        user
        for user in sorted(set(holders(verb, agency_id)) - set(without))
        if policy.entitled(policy.MOMENTS[moment], user, owner, holdings_of(user), agency_id)
    ]
    _write(
        others,
        {
            "moment": moment, "object_id": object_id, "agency_id": agency_id, "occurrence": occurrence, "data": data,
        },
    )  # fmt: skip


def holders(verb: str, agency_id: str | None) -> list[str]:
    """Accounts that hold a role now by which they may do ``verb`` to something of the agency."""
    roles = people.roles_for(verb)
    everywhere = [role.value for role in roles if not role.of_agency]
    inside = [role.value for role in roles if role.of_agency]
    rows = (
        sa.select(RoleHolding.user_id)
        .join(model.User, model.User.id == RoleHolding.user_id)
        .where(
            model.User.state == "active",
            RoleHolding.revoked_at.is_(None),
            sa.or_(RoleHolding.until.is_(None), RoleHolding.until > clock.now()),
            sa.or_(
                RoleHolding.role.in_(everywhere),
                sa.and_(RoleHolding.role.in_(inside), RoleHolding.agency_id == agency_id),
            ),
        )
    )
    return list(model.Session.scalars(rows.distinct()))


def preference(user_id: str) -> NoticePreference:
    """How somebody wants to be told; the row is not in the table before it is added."""
    return model.Session.get(NoticePreference, user_id) or NoticePreference(
        user_id=user_id, modes={}, language="", updated_at=clock.now()
    )


def _write(recipients: Iterable[str], said: dict[str, Any]) -> None:
    group, now = policy.MOMENTS[said["moment"]].group, outbox.now()
    rows = []
    for recipient in recipients:
        mode = policy.mode_of(group, preference(recipient).modes)
        if mode is not Mode.OFF:
            fresh = {"id": make_uuid(), "state": "waiting", "why": "", "mail_id": "", "begun": 0, "created_at": now}
            rows.append(said | fresh | {"recipient_id": recipient, "mode": mode.value})
    if not rows:
        return
    new = insert(Notice).values(rows).on_conflict_do_nothing()
    messengers = bool(list(p.PluginImplementations(IMessenger)))
    for key, recipient, mode in model.Session.execute(new.returning(Notice.id, Notice.recipient_id, Notice.mode)):
        if mode == Mode.DIGEST.value:
            outbox.put("digest", recipient, due_at=policy.due(Mode.DIGEST, now))
        else:
            outbox.put("notice", key)
            if messengers:
                outbox.put("message", key)
