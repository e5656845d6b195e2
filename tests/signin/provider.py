"""An OpenID provider on loopback, made of Authlib's server. Who signs in there, and what is wrong with it, is set."""

import threading
import time
from dataclasses import dataclass, field

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "shopendata", "provider-secret-1"


class Client(ClientMixin):
    """The portal, as the provider knows it."""

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.endswith("/oidc/return")

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    """A code on its way."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    person: dict
    code_challenge: str
    code_challenge_method: str
    auth_time: int = field(default_factory=lambda: int(time.time()))

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return self.auth_time

    def get_acr(self):
        return self.person.get("acr")

    def get_amr(self):
        return None


class Provider:
    """``person``: the claims of who is signed in there; ``says``: what its tokens say otherwise than they should."""

    def __init__(self):
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.signs_with = self.key
        self.person = {
            "sub": "p-1",
            "name": "周同",
            "email": "zhoutong@example.org",
            "email_verified": True,
            "acr": "L3",
        }
        self.says = {}
        self.codes = {}
        self.server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def _server(self, app):
        provider = self

        class CodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012

            def save_authorization_code(self, code, request):
                asked = request.payload.data
                provider.codes[code] = Code(
                    code, request.payload.redirect_uri, request.payload.scope, asked.get("nonce"), request.user,
                    asked.get("code_challenge"), asked.get("code_challenge_method"),
                )  # fmt: skip

            def query_authorization_code(self, code, client):
                return provider.codes.get(code)

            def delete_authorization_code(self, authorization_code):
                provider.codes.pop(authorization_code.code, None)

            def authenticate_user(self, authorization_code):
                return authorization_code.person

        class Identity(OpenIDCode):
            def exists_nonce(self, nonce, request):
                return False

            def get_jwt_config(self, grant):
                return {"key": provider.signs_with.as_dict(private=True), "alg": "RS256", "exp": 600,
                        "iss": provider.says.get("iss", provider.issuer)}  # fmt: skip

            def generate_user_info(self, user, scope):
                return UserInfo(**user | {name: value for name, value in provider.says.items() if name != "iss"})

        made = AuthorizationServer(app, query_client=lambda key: Client() if key == CLIENT else None,
                                   save_token=lambda token, request: None)  # fmt: skip
        made.register_grant(CodeGrant, [Identity(require_nonce=True), CodeChallenge(required=True)])
        return made

    def _app(self):
        app = Flask("provider")
        server = self._server(app)

        @app.get("/.well-known/openid-configuration")
        def configuration():
            return jsonify(
                issuer=self.issuer, authorization_endpoint=f"{self.issuer}/authorize",
                token_endpoint=f"{self.issuer}/token", jwks_uri=f"{self.issuer}/jwks",
                response_types_supported=["code"], subject_types_supported=["public"],
                id_token_signing_alg_values_supported=["RS256"], code_challenge_methods_supported=["S256"],
            )  # fmt: skip

        @app.get("/jwks")
        def keys():
            return jsonify(keys=[self.key.as_dict(private=False)])

        @app.get("/authorize")
        def authorize():
            return server.create_authorization_response(grant_user=dict(self.person))

        @app.post("/token")
        def token():
            return server.create_token_response()

        return app
