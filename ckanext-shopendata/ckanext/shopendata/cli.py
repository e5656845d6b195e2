"""``ckan shopendata ...``: the operator's commands. Other plugins of the distribution add their groups to it."""

from __future__ import annotations

import os

import click

from ckanext.shopendata import installation

__all__ = ["shopendata"]


@click.group(short_help="ShopenData: the open data portal.")
def shopendata() -> None:
    """ShopenData: the open data portal."""


@shopendata.command()
@click.option("--admin", required=True, help="Name of the first administrator's account.")
def prepare(admin: str) -> None:
    """Compiles bundles and translations and makes the first account.

    The account's password is taken from SHOPENDATA_ADMIN_PASSWORD; an existing account is left as it is.
    """
    installation.build_front_end()
    if installation.ensure_admin(admin, os.environ["SHOPENDATA_ADMIN_PASSWORD"]):
        click.echo(f"account {admin} made")
