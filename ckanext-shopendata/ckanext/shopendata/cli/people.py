"""``ckan shopendata people``: accounts and roles, from the console of the machine."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import click
from ckan import model

from ckanext.shopendata.logic.action.people import CONSOLE, grant
from ckanext.shopendata.logic.command import holdings_of
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.model import Agency
from ckanext.shopendata.policy.people import Role
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["people"]


@click.group(short_help="Accounts and roles.")
def people() -> None:
    """Accounts and roles."""


@people.command("grant")
@click.argument("user")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--agency", help="Name of the agency, for the roles of agencies.")
@click.pass_context
def grant_role(ctx: click.Context, user: str, role: str, agency: str | None) -> None:
    """Gives an account a role. The event says that it came from the console."""
    with ctx.meta["flask_app"].test_request_context():
        try:
            given = grant(CONSOLE, CONSOLE, user, role, agency)
            model.Session.commit()
        except Refused as refused:
            raise click.ClickException(message(refused)) from None
        except tk.ObjectNotFound:
            raise click.ClickException(f"there is no account {user}, or no agency {agency}") from None
    click.echo(f"{given['user']}: {given['role']}" + (f" ({given['agency']})" if given["agency"] else ""))


@people.command("roles")
@click.argument("user")
@click.pass_context
def roles(ctx: click.Context, user: str) -> None:
    """Shows the roles that an account holds."""
    with ctx.meta["flask_app"].test_request_context():
        account = model.User.get(user)
        if account is None:
            raise click.ClickException(f"there is no account {user}")
        for held in holdings_of(account.id):
            agency = model.Session.get(Agency, held.agency) if held.agency else None
            click.echo(held.role.value + (f" ({agency.name})" if agency else ""))
