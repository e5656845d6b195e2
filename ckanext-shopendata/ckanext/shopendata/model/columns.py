"""Column types that the tables share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import sqlalchemy as sa
from ckan.model.types import make_uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import mapped_column

__all__ = ["flag", "json_list", "json_object", "key", "moment", "number", "text", "words"]

#: A primary key: CKAN's kind of random identifier.
key = Annotated[str, mapped_column(sa.Text, primary_key=True, default=make_uuid)]
text = Annotated[str, mapped_column(sa.Text)]
#: An instant, with its zone.
moment = Annotated[dt.datetime, mapped_column(sa.DateTime(timezone=True))]
number = Annotated[int, mapped_column(sa.BigInteger)]
flag = Annotated[bool, mapped_column(sa.Boolean)]
#: A list of codes or labels.
words = Annotated[list[str], mapped_column(ARRAY(sa.Text))]
json_object = Annotated[dict[str, Any], mapped_column(JSONB)]
json_list = Annotated[list[Any], mapped_column(JSONB)]
