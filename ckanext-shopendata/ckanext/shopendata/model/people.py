"""Agencies with their divisions, who is which person, and who holds which role."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import flag, key, moment, text, words

__all__ = ["Agency", "Delegation", "Division", "Person", "RoleHolding", "RoleRequest", "StandIn"]


class Agency(tk.BaseModel):
    """What CKAN's organization does not know of a public body. Its identifier is the organization's."""

    __tablename__ = "shopendata_agency"

    id: Mapped[key]
    name: Mapped[text] = mapped_column(unique=True)  #: the organization's name in addresses
    title: Mapped[text] = mapped_column(unique=True)
    code: Mapped[text | None] = mapped_column(unique=True)  #: unified social credit code
    aliases: Mapped[words] = mapped_column(default=list)  #: other titles under which sources know it
    kind: Mapped[text]  #: administrative | institution | utility | central | district
    level: Mapped[text]  #: city | district
    parent_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_agency.id"))
    contact: Mapped[text] = mapped_column(default="")
    created_at: Mapped[moment]
    former_codes: Mapped[words] = mapped_column(default=list)  #: codes of the bodies merged into it
    successor_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_agency.id"))
    dissolved_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Division(tk.BaseModel):
    """内设机构: a division of an agency, and how to reach it."""

    __tablename__ = "shopendata_division"
    __table_args__ = (sa.UniqueConstraint("agency_id", "title"),)

    id: Mapped[key]
    agency_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_agency.id"))
    title: Mapped[text]
    contact_name: Mapped[text] = mapped_column(default="")
    contact_phone: Mapped[text] = mapped_column(default="")
    changed_by: Mapped[text]
    changed_at: Mapped[moment]


class Person(tk.BaseModel):
    """Which person an account is: two accounts with one digest are one pair of eyes.

    Only one account of a person may hold roles (``staff``).
    """

    __tablename__ = "shopendata_person"
    __table_args__ = (
        sa.Index("ux_shopendata_person_staff", "digest", unique=True, postgresql_where=sa.text("staff")),
        sa.Index("ix_shopendata_person_digest", "digest"),
    )

    user_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    digest: Mapped[text]  #: policy.role.digest of the number; the number itself is nowhere
    staff: Mapped[flag]
    verified_by: Mapped[text]
    verified_at: Mapped[moment]


class RoleRequest(tk.BaseModel):
    """A role asked for by one person, which another has to confirm. It gives nothing."""

    __tablename__ = "shopendata_role_request"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_role_request_open",
            "user_id",
            "role",
            sa.text("coalesce(agency_id, '')"),
            unique=True,
            postgresql_where=sa.text("state = 'requested'"),
        ),
    )

    id: Mapped[key]
    user_id: Mapped[text] = mapped_column(index=True)
    role: Mapped[text]  #: a value of policy.people.Role
    agency_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_agency.id"))
    until: Mapped[moment]
    reason: Mapped[text]
    digest: Mapped[text]  #: of the number that the requester has read
    state: Mapped[text]  #: policy.role.RequestState
    requested_by: Mapped[text]
    requested_at: Mapped[moment]
    closed_by: Mapped[text | None]
    closed_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))


class RoleHolding(tk.BaseModel):
    """A role that somebody holds in an agency, or in the whole portal (no agency)."""

    __tablename__ = "shopendata_role_holding"
    __table_args__ = (
        sa.Index(
            "ux_shopendata_role_holding_live",
            "user_id",
            "role",
            sa.text("coalesce(agency_id, '')"),
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[key]
    user_id: Mapped[text] = mapped_column(index=True)
    role: Mapped[text]  #: a value of policy.people.Role
    agency_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_agency.id"))
    granted_by: Mapped[text]  #: who asked for it, or the console
    confirmed_by: Mapped[text | None]  #: none: the console gave it
    granted_at: Mapped[moment]
    until: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_by: Mapped[text | None]
    ending: Mapped[text] = mapped_column(default="")  #: policy.role.Ending, once it has ended
    ending_note: Mapped[text] = mapped_column(default="")


class Delegation(tk.BaseModel):
    """代理: somebody acts in the stead of a holder for a while. It ends with the holding."""

    __tablename__ = "shopendata_delegation"

    id: Mapped[key]
    holding_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_role_holding.id"), index=True)
    substitute_id: Mapped[text] = mapped_column(index=True)
    begins_at: Mapped[moment]
    ends_at: Mapped[moment]
    reason: Mapped[text]
    created_at: Mapped[moment]
    ended_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_by: Mapped[text | None]


class StandIn(tk.BaseModel):
    """Who acted on an object in whose stead: both have acted, as one pair of eyes, for as long as the object lives."""

    __tablename__ = "shopendata_stand_in"

    object_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    account_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    stead_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
