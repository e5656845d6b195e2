"""By whom else accounts are vouched for (OpenID Connect)."""

from __future__ import annotations

import sqlalchemy as sa
from ckan.plugins import toolkit as tk
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.shopendata.model.columns import moment, text

__all__ = ["Identity"]


class Identity(tk.BaseModel):
    """Somebody as a provider knows them, and their account here. An account has one at each provider."""

    __tablename__ = "shopendata_identity"
    __table_args__ = (sa.UniqueConstraint("issuer", "user_id"),)

    issuer: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    user_id: Mapped[text] = mapped_column(index=True)
    level: Mapped[text] = mapped_column(default="")  #: 实名等级, as said at the last sign-in
    linked_at: Mapped[moment]
    seen_at: Mapped[moment]
