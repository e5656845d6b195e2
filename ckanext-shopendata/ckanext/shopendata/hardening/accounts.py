"""Who belongs to an organization is told to its own people: strangers have no use for names of accounts.

CKAN hides them by default, and shows them to whoever asks with ``include_users``.

Nobody gets at the credentials of those who hold a role (DESIGN invariant 4): CKAN lets administrators make tokens for
anybody, and set anybody's password and address; so does its command line. The rule hangs on the actions, because
administrators and ``ignore_auth`` pass permissions unasked, and on the account's row itself, because the command line
asks no action. Whoever changes their own password or address has to know the current password, whichever way they come.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import authz, model
from ckan.types import (
    Action,
    AuthFunction,
    AuthResult,
    ChainedAction,
    ChainedAuthFunction,
    Context,
    DataDict,
    FlattenDataDict,
    FlattenErrorDict,
    FlattenKey,
)
from sqlalchemy import event
from sqlalchemy.engine import Connection

from ckanext.shopendata import audit
from ckanext.shopendata.logic import eyes, notice, password, presence
from ckanext.shopendata.logic.command import as_error, holdings_of
from ckanext.shopendata.logic.messages import message
from ckanext.shopendata.model import RoleHolding, sessions
from ckanext.shopendata.policy.audit import Event
from ckanext.shopendata.policy.refusal import Refused

__all__ = ["auth_functions", "chained_actions", "install", "validators", "without_users"]

#: Words by which a call sets a password.
_PASSWORDS = ("password", "password1", "password_hash")


def install() -> None:
    """Guards the rows of accounts against whatever asks no action."""
    if not event.contains(model.User, "before_update", _guard):
        event.listen(model.User, "before_update", _guard)


def chained_actions() -> dict[str, ChainedAction]:
    """What ``IActions`` asks for; lists of organizations show each by these, ``user_patch`` goes through its own."""
    return {
        "api_token_create": own_tokens,
        "group_show": without_users,
        "organization_show": without_users,
        "user_update": own_credentials,
    }


def validators() -> dict[str, Any]:
    """What ``IValidators`` asks for: CKAN's rule for passwords becomes ours, in every one of its forms and actions."""
    return {"user_password_validator": strong_password}


def strong_password(key: FlattenKey, data: FlattenDataDict, errors: FlattenErrorDict, context: Context) -> None:
    """A password that is not too easy to guess (policy.credential). None given is another rule's matter."""
    given = data.get(key)
    if given is tk.missing or given == "":
        return
    if not isinstance(given, str):
        errors[("password",)].append(tk._("Please enter text"))
        return
    account = context.get("user_obj")
    names = [data.get((name,)) or getattr(account, name, None) for name in ("name", "fullname", "email")]
    try:
        password.check_new(given, *(name for name in names if isinstance(name, str)))
    except Refused as refused:
        errors[("password",)].append(message(refused))


@tk.chained_action
def own_credentials(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Changes an account; its password or address only for who knows the current password (``old_password``).

    Others pass, as far as CKAN lets them, for accounts without a role.
    """
    owner, actor = model.User.get(data_dict.get("id")), model.User.get(context.get("user"))
    changed = _changes(owner, data_dict) if owner else []
    if not changed or owner is None:
        return next_action(context, data_dict)
    if actor is None or actor.id != owner.id or context.get("reset_password"):
        if holdings_of(owner.id):
            raise tk.NotAuthorized(_by_two())
        return next_action(context, data_dict)
    try:
        password.check_current(owner, str(data_dict.get("old_password") or ""))
    except Refused as refused:
        raise as_error(refused) from refused
    with password.changing():
        result = next_action(context, data_dict)
    happened = Event(verb="account.password", object_type="account", object_id=owner.id, actor=owner.id,
                     body={"changed": changed})  # fmt: skip
    notice.tell("account.password", owner.id, owner.id, occurrence=audit.record(happened)[0])
    model.Session.commit()
    return result


@tk.chained_action
def own_tokens(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Makes a token, for holders of roles by themselves only, and never by another token: that would never end."""
    owner = model.User.get(data_dict.get("user"))
    if owner is not None and owner.name != context.get("user") and holdings_of(owner.id):
        raise tk.NotAuthorized(tk._("Access denied"))
    if presence.carries_token():
        raise tk.NotAuthorized(tk._("A token cannot make tokens: please sign in to the portal"))
    return next_action(context, data_dict)


def _by_two() -> str:
    return tk._("The credentials of people who hold a role are replaced by two people")


def _changes(owner: model.User, data: DataDict) -> list[str]:
    """What a call would change of that by which an account is entered."""
    changed = ["password"] if any(data.get(name) for name in _PASSWORDS) else []
    return changed + (["email"] if "email" in data and data["email"] != owner.email else [])


def _guard(mapper: Any, connection: Connection, user: model.User) -> None:
    """Before a row of an account is written: refuses what nobody may change, and ends log-ins by the old password."""
    columns = model.User.__table__.c  # type: ignore[attr-defined]
    written: Any = sa.inspect(user)
    if not any(written.attrs[name].history.has_changes() for name in ("_password", "email")):
        return
    was = connection.execute(sa.select(columns.password, columns.email).where(columns.id == user.id)).one()
    new_password, new_address = was.password != user.password, was.email != user.email
    allowed = password.allowed()
    if allowed == "renew" or not (new_password or new_address):
        return
    held = sa.select(RoleHolding.id).where(RoleHolding.user_id == user.id, *eyes.held_now()).limit(1)
    if allowed != "change" and connection.scalar(held):
        raise tk.NotAuthorized(_by_two())
    if new_password:
        others = sa.and_(sessions.c.user_id == user.id, sessions.c.token_hash != presence.own_session())
        connection.execute(sa.delete(sessions).where(others))


@tk.chained_action
@tk.side_effect_free
def without_users(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """The group or organization, with its people for those who belong to it and for administrators."""
    user = context.get("user")
    inside = context.get("ignore_auth") or authz.has_user_permission_for_group_or_org(data_dict.get("id"), user, "read")
    return next_action(context, data_dict if inside else {**data_dict, "include_users": False})


def auth_functions() -> dict[str, ChainedAuthFunction]:
    """What ``IAuthFunctions`` asks for; ``user_patch`` goes through ``user_update``."""
    return {"api_token_create": own_token, "user_update": own_account}


@tk.chained_auth_function
@tk.auth_sysadmins_check
def own_token(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Makes tokens for oneself only: with another's one would be that person."""
    owner = model.User.get((data_dict or {}).get("user"))
    if owner is None or owner.name != context.get("user"):
        return {"success": False, "msg": tk._("Access denied")}
    return next_auth(context, data_dict or {})


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
@tk.auth_sysadmins_check
def own_account(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Changes one's own account, but for its address; administrators also those of people who hold no role."""
    actor, owner = model.User.get(context.get("user")), model.User.get((data_dict or {}).get("id"))
    if actor is not None and actor.sysadmin and owner is not None:
        return {"success": actor.id == owner.id or not holdings_of(owner.id), "msg": tk._("Access denied")}
    if owner is not None and (data_dict or {}).get("email", owner.email) != owner.email:
        return {"success": False, "msg": tk._("Please change the mail address in your profile: it is verified there")}
    return next_auth(context, data_dict or {})
