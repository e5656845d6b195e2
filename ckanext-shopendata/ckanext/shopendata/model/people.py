"""Agencies and who holds which role."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import key, moment, text, words

__all__ = ["Agency", "RoleHolding"]


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
    granted_by: Mapped[text]
    granted_at: Mapped[moment]
    until: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    revoked_by: Mapped[text | None]
