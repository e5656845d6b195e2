"""``ckan shopendata people``: accounts and roles, from the console of the machine."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
import click
from ckan import model
from ckan.cli import user as user_commands

from ckanext.shopendata.logic.action.people import install
from ckanext.shopendata.logic.command import holdings_of, transaction
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.logic.password import check_new
from ckanext.shopendata.model import Agency
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["check_setpass", "people"]

_setpass = user_commands.set_password.callback


def check_setpass() -> None:
    """Holds ``ckan user setpass`` to the rule for passwords: it writes the row and asks no form and no action."""
    user_commands.set_password.callback = _checked_setpass


def _checked_setpass(username: str, password: str | None) -> None:
    account = model.User.get(username)
    given = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        if account is not None:
            check_new(given, account.name, account.fullname, account.email)
        _setpass(username, given)  # type: ignore[misc]
    except Refused as refused:
        raise click.ClickException(refused.code.replace("_", " ")) from None
    except tk.NotAuthorized as error:
        model.Session.rollback()
        raise click.ClickException(str(error)) from None


@click.group(short_help="Accounts and roles.")
def people() -> None:
    """Accounts and roles."""


@people.command("grant")
@click.argument("user")
@click.option(
    "--number", prompt=True, hide_input=True, help="Of the person's identity document; asked for if not given."
)
@click.pass_context
def grant_role(ctx: click.Context, user: str, number: str) -> None:
    """Makes an account one of the first two security administrators, who give all other roles together.

    The event says that it came from the console.
    """
    with ctx.meta["flask_app"].test_request_context():
        try:
            with transaction():
                given = install(user, number)
        except (tk.NotAuthorized, tk.ValidationError) as error:
            if not isinstance(refused := error.__cause__, Refused):
                raise
            raise click.ClickException(message(refused)) from None
        except tk.ObjectNotFound:
            raise click.ClickException(f"there is no account {user}") from None
    click.echo(f"{given['user']}: {given['role']}")


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
            stead = model.User.get(held.stead) if held.stead else None
            instead = f", in the stead of {stead.name}" if stead else ""
            click.echo(held.role.value + (f" ({agency.name})" if agency else "") + instead)
