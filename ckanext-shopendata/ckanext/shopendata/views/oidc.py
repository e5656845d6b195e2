"""Signing in by an account of an OpenID provider, where the operator has named one (OpenID Connect Core 1.0, PKCE).

Authlib draws state, nonce and code verifier, keeps them in the visitor's signed cookie, and checks the ID token's
signature, issuer, audience, nonce and times. A log-in made so is like any other: decisions still ask for a code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from ckan.types import Response
from ckan.views.user import next_page_or_default, regenerate_session, rotate_token
from flask import Blueprint, abort, current_app, request, session
from joserfc.errors import JoseError

from ckanext.shopendata import config
from ckanext.shopendata.logic import identity
from ckanext.shopendata.views.common import Failed, answer, attempt, back_to

__all__ = ["pages"]

pages = Blueprint("shopendata_oidc", __name__, url_prefix="/oidc")

#: What the visitor's session keeps on the way: where to go afterwards, which account asked to be linked, the language.
_NEXT, _ASKER, _LANGUAGE = "shopendata_oidc_next", "shopendata_oidc_asker", "shopendata_oidc_language"
#: Seconds for each question to the provider.
_PATIENCE = 10


@pages.before_request
def configured() -> None:
    """Without a provider these are addresses like any other that does not exist."""
    if not config.oidc_issuer():
        abort(404)


@pages.errorhandler(Failed)
def refused(failed: Failed) -> Response:
    """What the provider or the rules did not let happen, on a page of its own."""
    return answer("oidc/refused.html", failed=failed)


@pages.get("/begin")
def begin() -> Response:
    """Goes to the provider; ``link``: for the account that has just said so."""
    if not request.args.get("link"):
        session.pop(_ASKER, None)
    return _go(request.args.get("came_from", ""))


@pages.post("/link")
def link() -> Response:
    """Before an account is linked to the one that is signed in: asks for its password.

    The way on is a link: where forms may lead is said in the policy for contents, and the provider is not there.
    """
    _with_password(identity.confirm)
    session[_ASKER] = tk.current_user.id
    return answer("oidc/continue.html")


@pages.get("/return")
def returned() -> Response:
    """Comes back from the provider, which knows one address: the reader's language is that in which they left."""
    if (language := session.pop(_LANGUAGE, tk.h.lang())) != tk.h.lang():
        return tk.redirect_to("shopendata_oidc.returned", locale=language, **request.args.to_dict())
    asker, wanted = session.pop(_ASKER, None), session.pop(_NEXT, "")
    if asker is not None and (not tk.current_user.is_authenticated or tk.current_user.id != asker):
        abort(403)
    try:
        told = _client().authorize_access_token().get("userinfo") or {}
        user = attempt(identity.came_back, told, asker)
    except (AuthlibBaseError, JoseError, requests.RequestException, ValueError) as error:
        current_app.logger.warning("the provider of identities did not answer as it should: %s", type(error).__name__)
        said = tk._("The sign-in could not be completed. Please begin again; it ends when it takes too long.")
        raise Failed(502, {"message": [said]}) from error
    if asker is not None:
        return back_to("shopendata_account.index", tk._("The account is linked."))
    regenerate_session()
    tk.login_user(user)
    rotate_token()
    return next_page_or_default(wanted)


@pages.post("/unlink")
def unlink() -> Response:
    """Ends it; asks for the password, which is then the only way in."""
    _with_password(identity.end)
    return back_to("shopendata_account.index", tk._("The account is not linked any more."))


def _go(wanted: str) -> Response:
    session[_NEXT] = wanted if wanted and tk.h.url_is_local(wanted) else ""
    session[_LANGUAGE] = tk.h.lang()
    try:
        return _client().authorize_redirect(tk.h.url_for("shopendata_oidc.returned", qualified=True, locale="default"))
    except (AuthlibBaseError, requests.RequestException, ValueError) as error:
        current_app.logger.warning("the provider of identities cannot be reached", exc_info=True)
        said = tk._("The other portal cannot be reached at the moment. You can sign in with your password.")
        raise Failed(502, {"message": [said]}) from error


def _with_password(function: Callable[[str, str], Any]) -> None:
    """For who is signed in and shows with the password that it is them."""
    if not tk.current_user.is_authenticated:
        abort(403)
    attempt(function, tk.current_user.id, request.form.get("password", ""))


def _client() -> Any:
    """The provider, as Authlib knows it; what it says of itself is fetched at the first question and kept."""
    known = current_app.extensions.get("shopendata_oidc")
    if known is None:
        secret = config.oidc_secret()
        known = OAuth(current_app).register(
            "shopendata_oidc",
            server_metadata_url=config.oidc_issuer().rstrip("/") + "/.well-known/openid-configuration",
            client_id=config.oidc_client(),
            client_secret=secret or None,
            client_kwargs={
                "scope": config.oidc_scope(),
                "code_challenge_method": "S256",
                "timeout": _PATIENCE,
                **({} if secret else {"token_endpoint_auth_method": "none"}),
            },
        )
        current_app.extensions["shopendata_oidc"] = known
    return known
