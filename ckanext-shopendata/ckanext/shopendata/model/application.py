"""Applications for conditional datasets, and their cases."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import json_list, json_object, key, moment, number, text, words

__all__ = ["Application", "Case", "RequestedDataset"]


class Application(tk.BaseModel):
    """申请: one form, for datasets of one or several agencies."""

    __tablename__ = "shopendata_application"
    __table_args__ = (sa.UniqueConstraint("year", "sequence"),)

    id: Mapped[key]
    year: Mapped[number]
    sequence: Mapped[number]  #: the year's running number
    applicant_id: Mapped[text] = mapped_column(index=True)  #: who applies, or the agent in charge
    organisation_id: Mapped[text | None] = mapped_column(sa.ForeignKey("shopendata_organisation.id"), index=True)
    state: Mapped[text] = mapped_column(index=True)  #: policy.application.State
    form: Mapped[json_object] = mapped_column(default=dict)  #: answers by field (policy.application.FORM)
    deficiencies: Mapped[json_list] = mapped_column(default=list)  #: 补正: field, what to hand in; all at once
    answer: Mapped[text] = mapped_column(default="")  #: why it was not accepted
    created_at: Mapped[moment]
    updated_at: Mapped[moment]
    submitted_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    accepted_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    clock: Mapped[json_object | None]  #: policy.workdays.Clock of its intake
    due_on: Mapped[dt.date | None] = mapped_column(
        index=True
    )  #: last day of whoever has to act; none: none, or unknown

    @property
    def number(self) -> str:
        """What people call it by: year and running number."""
        return f"{self.year}-{self.sequence:06d}"


class Case(tk.BaseModel):
    """办件: the part of an application that one agency decides."""

    __tablename__ = "shopendata_case"
    __table_args__ = (
        # Ended ones of a body that was merged into the agency stand beside its own.
        sa.Index(
            "ux_shopendata_case_open",
            "application_id",
            "agency_id",
            unique=True,
            postgresql_where=sa.text("state NOT IN ('active', 'refused', 'withdrawn', 'lapsed')"),
        ),
    )

    id: Mapped[key]
    application_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_application.id"))
    agency_id: Mapped[text] = mapped_column(sa.ForeignKey("shopendata_agency.id"), index=True)
    state: Mapped[text] = mapped_column(index=True)  #: policy.application.CaseState
    reason: Mapped[text] = mapped_column(default="")  #: code, when refused or reduced
    opinion: Mapped[text] = mapped_column(default="")
    decided_by: Mapped[text | None]
    decided_at: Mapped[dt.datetime | None] = mapped_column(sa.DateTime(timezone=True))
    confirmed_by_applicant: Mapped[text | None]
    confirmed_by_provider: Mapped[text | None]
    created_at: Mapped[moment]
    clock: Mapped[json_object | None]  #: policy.workdays.Clock of the decision, then of the agreement
    extension_reason: Mapped[text] = mapped_column(default="")
    due_on: Mapped[dt.date | None] = mapped_column(index=True)  #: as an application's


class RequestedDataset(tk.BaseModel):
    """One dataset of an application, with the items asked for and granted (none: all)."""

    __tablename__ = "shopendata_requested_dataset"

    application_id: Mapped[str] = mapped_column(
        sa.ForeignKey("shopendata_application.id", ondelete="CASCADE"), primary_key=True
    )
    dataset_id: Mapped[str] = mapped_column(sa.ForeignKey("shopendata_dataset.id"), primary_key=True)
    item_codes: Mapped[words | None]
    granted_codes: Mapped[words | None]
