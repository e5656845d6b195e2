"""How programs read the portal's data."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import Blueprint

__all__ = ["developers"]

developers = Blueprint("shopendata_developers", __name__)


@developers.get("/developers")
def index() -> str:
    """Explains both ways: open tables, and conditional ones with an access key."""
    return tk.render("shopendata/developers.html", {"site_url": tk.config["ckan.site_url"].rstrip("/")})
