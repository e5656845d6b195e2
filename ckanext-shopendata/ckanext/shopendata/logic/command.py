"""What all actions share: who acts, one transaction a command, and the policy's refusals as CKAN's errors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.logic import validate
from ckan.types import Context, DataDict
from sqlalchemy.dialects.postgresql import insert

from ckanext.shopendata import audit, maintenance
from ckanext.shopendata.logic import eyes, presence
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.model import Agency, Delegation, RoleHolding, StandIn
from ckanext.shopendata.policy import people
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["Actor", "command", "events", "found", "lock", "query", "transaction"]

Row = TypeVar("Row")

#: Refusals that say who may, rather than what: answered with 403.
_FORBIDDEN = {
    "acted_before",
    "code_needed",
    "decided_here",
    "invitation_for_other",
    "not_an_agent",
    "not_permitted",
    "own_account",
    "own_application",
    "own_event",
    "own_list",
    "own_organisation",
    "own_proposal",
    "own_request",
    "own_role",
    "own_substitute",
}


@dataclass(frozen=True)
class Actor:
    """Who acts: the account and the roles it holds now. Being an administrator is not a role."""

    id: str
    name: str
    holdings: tuple[people.Holding, ...] = field(default=())

    @functools.cached_property
    def eyes(self) -> people.Eyes:
        """Account and person, and those for whom, or who for them, acts now: what four eyes compare."""
        return eyes.now_of(self.id)

    def require(self, verb: str, agency: str | None = None) -> str:
        """The role by which the actor may; raises :class:`Refused`.

        To decide the actor has to be there in person (``code_needed``): this is the one place that asks.
        """
        role = people.require(self.holdings, verb, agency).value
        if verb in people.DECISIONS:
            presence.require(self.id)
        return role

    def require_inside(self, verb: str, agency: str) -> str:
        """As :meth:`require`, for what strangers may not even know of: to them it does not exist."""
        try:
            return self.require(verb, agency)
        except Refused:
            known = self.agencies("entry.read")
            if known is not None and agency not in known:
                found(None)
            raise

    def agencies(self, verb: str) -> set[str] | None:
        """The agencies in which the actor may do ``verb``; ``None``: everywhere."""
        able = [held for held in self.holdings if held.role in people.roles_for(verb)]
        return None if any(not held.role.of_agency for held in able) else {held.agency for held in able if held.agency}


def actor_of(context: Context) -> Actor:
    """The person behind a context. Raises ``NotAuthorized`` when nobody is signed in."""
    user = model.User.get(context.get("user") or "")
    if user is None or user.state != "active":
        raise tk.NotAuthorized(tk._("Please sign in first"))
    return Actor(user.id, user.name, holdings_of(user.id))


def holdings_of(user_id: str) -> tuple[people.Holding, ...]:
    """The roles that somebody has now, own ones and those used in somebody's stead.

    An unknown word in the table is none. A substitute without a role of their own in the same place is none any more.
    """
    rows = sa.select(RoleHolding.role, RoleHolding.agency_id).where(RoleHolding.user_id == user_id, *eyes.held_now())
    own = _known((role, agency, None) for role, agency in model.Session.execute(rows))
    if not own:
        return ()
    places = {held.agency for held in own}
    columns = (RoleHolding.role, RoleHolding.agency_id, RoleHolding.user_id)
    lent = eyes.live_delegations().where(Delegation.substitute_id == user_id).with_only_columns(*columns)
    instead = [held for held in _known(model.Session.execute(lent)) if held.agency in places]
    return tuple(_with_bodies_below([*own, *instead]))


def _known(rows: Iterable[Any]) -> list[people.Holding]:
    words = {role.value: role for role in people.Role}
    return [people.Holding(words[role], agency, stead) for role, agency, stead in rows if role in words]


def _with_bodies_below(held: list[people.Holding]) -> list[people.Holding]:
    """A district's authority is that of the bodies below the district too."""
    districts = [one for one in held if one.role is people.Role.DISTRICT_AUTHORITY]
    if not districts:
        return held
    rows = sa.select(Agency.id, Agency.parent_id).where(Agency.parent_id.in_([one.agency for one in districts]))
    below = model.Session.execute(rows).all()
    return held + [
        people.Holding(one.role, agency, one.stead)
        for one in districts
        for agency, parent in below
        if parent == one.agency
    ]


def command(schema: Callable[[], Any]) -> Callable[[Callable[[Actor, DataDict], Any]], Any]:
    """An action that changes state. It gets the actor and validated input; all it did is committed, or nothing is."""
    return _action(schema, commits=True)


def query(schema: Callable[[], Any]) -> Callable[[Callable[[Actor, DataDict], Any]], Any]:
    """An action for signed-in people that only reads."""
    return _action(schema, commits=False)


@contextmanager
def transaction(*, commits: bool = True) -> Iterator[None]:
    """All that is done inside is committed, or nothing is; the policy's refusals leave as CKAN's errors.

    Raises :class:`maintenance.UnderMaintenance` where something is to be changed while the portal is read-only.
    """
    try:
        if commits:
            maintenance.refuse_write()
        yield
        if commits:
            model.Session.commit()
    except Refused as refused:
        model.Session.rollback()
        raise as_error(refused) from refused
    except Exception:
        model.Session.rollback()
        raise


def _action(schema: Callable[[], Any], *, commits: bool) -> Callable[[Callable[[Actor, DataDict], Any]], Any]:
    def decorate(function: Callable[[Actor, DataDict], Any]) -> Any:
        @validate(schema)
        @functools.wraps(function)
        def run(context: Context, data_dict: DataDict) -> Any:
            tk.check_access(f"shopendata_{function.__name__}", context, data_dict)
            with transaction(commits=commits):
                return function(actor_of(context), data_dict)

        if not commits:
            run.side_effect_free = True
        return run

    return decorate


def as_error(refused: Refused) -> Exception:
    """The error that CKAN's interfaces answer with."""
    if problems := refused.details.get("fields"):
        return tk.ValidationError({name: [message(Refused(code))] for name, code in dict(problems).items()})  # type: ignore[call-overload]
    text = message(refused)
    if refused.code in _FORBIDDEN:
        return tk.NotAuthorized(text)
    return tk.ValidationError({refused.field or "message": [text], "code": [refused.code]})


def lock(*names: str) -> None:
    """One command at a time on each of these, until the transaction ends; always in the same order."""
    for name in sorted(set(names)):
        model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def found(row: Row | None) -> Row:
    """The row, or ``ObjectNotFound``."""
    if row is None:
        raise tk.ObjectNotFound(tk._("Not found"))
    return row


def events(
    verb: str, kind: str, actor: Actor, role: str, happened: Iterable[tuple[str, str | None, dict[str, Any]]]
) -> None:
    """Appends one event an object: (object id, agency, body).

    Who acts in somebody's stead is named with them, and the two have acted on the object as one.
    """
    recorded, stood_in = [], []
    for key, agency, body in happened:
        steads = sorted(people.steads(actor.holdings, role, agency)) if role else []
        said = body | {"in_stead_of": steads} if steads else body
        recorded.append(
            Event(verb=verb, object_type=kind, object_id=key, actor=actor.id, role=role, agency=agency, body=said)
        )
        stood_in += [{"object_id": key, "account_id": actor.id, "stead_id": stead} for stead in steads]
    audit.record(*recorded)
    if stood_in:
        model.Session.execute(insert(StandIn).values(stood_in).on_conflict_do_nothing())
