"""Who counts as whom: the accounts and persons that are one pair of eyes (DESIGN invariant 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from ckan import model

from ckanext.shopendata import clock
from ckanext.shopendata.model import (
    Agency,
    Application,
    Delegation,
    Member,
    Organisation,
    Person,
    RoleHolding,
    StandIn,
)
from ckanext.shopendata.policy import credit_code
from ckanext.shopendata.policy.people import Eyes

__all__ = ["acted", "all_acted", "live_delegations", "members_of", "now_of", "of", "side_of"]


def of(*accounts: str | None) -> Eyes:
    """The accounts with the persons behind them. A person has one digest, whatever the account."""
    ids = {account for account in accounts if account}
    persons = sa.select(Person.digest).where(Person.user_id.in_(ids))
    return frozenset(ids | {f"person:{one}" for one in model.Session.scalars(persons)}) if ids else frozenset()


def now_of(account: str) -> Eyes:
    """An account that acts now: also those in whose stead it acts, and who acts in its stead."""
    linked = live_delegations().where(sa.or_(Delegation.substitute_id == account, RoleHolding.user_id == account))
    pairs = model.Session.execute(linked.with_only_columns(Delegation.substitute_id, RoleHolding.user_id))
    return of(account, *(one for pair in pairs for one in pair))


def acted(account: str | None, object_id: str) -> Eyes:
    """Who acted on an object when this account did: with those in whose stead it was."""
    return all_acted({object_id: account})[object_id]


def all_acted(accounts: Mapping[str, str | None]) -> dict[str, Eyes]:
    """As :func:`acted` for many: object -> account."""
    ids = {account for account in accounts.values() if account}
    rows = sa.select(StandIn).where(StandIn.object_id.in_(accounts), StandIn.account_id.in_(ids))
    steads: dict[tuple[str, str], set[str]] = {}
    for row in model.Session.scalars(rows):
        steads.setdefault((row.object_id, row.account_id), set()).add(row.stead_id)
    who = {key: {account, *steads.get((key, account), ())} if account else set() for key, account in accounts.items()}
    everybody = set().union(*who.values())
    persons = dict(
        model.Session.execute(sa.select(Person.user_id, Person.digest).where(Person.user_id.in_(everybody))).all()  # type: ignore[arg-type]
    )
    return {
        key: frozenset(names | {f"person:{persons[name]}" for name in names if name in persons})
        for key, names in who.items()
    }


def live_delegations() -> sa.Select:
    """Delegations in force with their holdings, whose holder still has account and role."""
    now = clock.now()
    return (
        sa.select(Delegation, RoleHolding)
        .join(RoleHolding, RoleHolding.id == Delegation.holding_id)
        .join(model.User, model.User.id == RoleHolding.user_id)
        .where(
            Delegation.begins_at <= now,
            Delegation.ends_at > now,
            Delegation.ended_at.is_(None),
            model.User.state == "active",
            *held_now(),
        )
    )


def held_now() -> tuple[sa.ColumnElement[bool], ...]:
    """What makes a holding one that counts now."""
    return (
        RoleHolding.revoked_at.is_(None),
        sa.or_(RoleHolding.until.is_(None), RoleHolding.until > clock.now()),
    )


def side_of(application: Application) -> Eyes:
    """Everybody who stands on the applicant's side of an application, or has since it was begun.

    Whoever applies, the members of the organisation, and who belongs to anything with its credit code: leaving while a
    case runs makes nobody a stranger to it, joining makes somebody one of them at once.
    """
    organisation = model.Session.get(Organisation, application.organisation_id or "")
    codes = {application.form.get("credit_code", ""), organisation.code if organisation else ""}
    return of(application.applicant_id) | members_of(codes, application.created_at, application.organisation_id)


def members_of(codes: Iterable[str], since: dt.datetime, organisation_id: str | None = None) -> Eyes:
    """Who belongs to the organisation, or to anything with one of these unified social credit codes, since ``since``.

    Whoever applies under a code, who is a member of an organisation with it, and, where it is an agency's, who holds or
    held a role there.
    """
    wanted = {credit_code.plain(code) for code in codes} - {""}
    if not wanted and organisation_id is None:
        return frozenset()
    form_code = Application.form["credit_code"].astext
    same = sa.func.regexp_replace(sa.func.upper(sa.func.normalize(form_code, sa.text("NFKC"))), "[^0-9A-Z]", "", "g")
    applicants = model.Session.scalars(sa.select(Application.applicant_id).where(same.in_(wanted)).distinct())
    with_code = sa.select(Organisation.id).where(Organisation.code.in_(wanted))
    inside = sa.or_(Member.organisation_id.in_(with_code), Member.organisation_id == (organisation_id or ""))
    stayed = sa.or_(Member.ended_at.is_(None), Member.ended_at > since)
    acting = model.Session.scalars(sa.select(Member.user_id).where(inside, stayed).distinct())
    return of(*applicants, *acting, *_staff_of(wanted, since))


def _staff_of(wanted: set[str], since: dt.datetime) -> Iterable[str]:
    agencies = [
        agency_id
        for agency_id, code, former in model.Session.execute(sa.select(Agency.id, Agency.code, Agency.former_codes))
        if wanted & {credit_code.plain(one) for one in (code or "", *former)}
    ]
    if not agencies:
        return ()
    ended = sa.or_(RoleHolding.revoked_at.is_(None), RoleHolding.revoked_at > since)
    expired = sa.or_(RoleHolding.until.is_(None), RoleHolding.until > since)
    held = sa.select(RoleHolding.user_id).where(RoleHolding.agency_id.in_(agencies), ended, expired)
    return model.Session.scalars(held)
