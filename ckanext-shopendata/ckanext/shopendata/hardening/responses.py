"""Headers of every answer of CKAN: what may be stored, and what a browser may run.

CKAN calls answers of authenticated requests ``public`` (a shared cache may then keep a private dataset) and serves
uploaded files inline from the portal's own address. nginx adds the headers that are the same for all answers.
"""

from __future__ import annotations

from ckan.types import CKANApp
from flask import Response, request

_RULES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}


def _policy(**changes: str) -> str:
    rules = _RULES | {name.replace("_", "-"): value for name, value in changes.items()}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


PAGE_POLICY = _policy()
#: CKAN's previews start with a script in the page; they run in a frame without the portal's menus.
PREVIEW_POLICY = _policy(script_src="'self' 'unsafe-inline'")
#: CKAN's forms for resources and tokens have handlers in their attributes; scripts in the page stay forbidden.
FORM_POLICY = _policy(script_src_attr="'unsafe-inline'")
#: Files that people uploaded: nothing in them runs, whatever they claim to be.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

_FORMS = ("resource.new", "resource.edit", "dataset_resource.new", "dataset_resource.edit", "user.api_tokens")
_PREVIEWS = ("resource.view", "dataset_resource.view")
_FILES = (
    "resource.download",
    "dataset_resource.download",
    "file.download",
    "file.public_download",
    "file.trusted_download",
)


def install(app: CKANApp) -> None:
    """Registers the hook so that it has the last word: Flask runs these hooks last to first, CKAN's own among them."""
    app.after_request_funcs.setdefault(None, []).insert(0, set_headers)


def set_headers(response: Response) -> Response:
    """Sets caching and content policy of one answer."""
    known = "Authorization" in request.headers or request.cookies or "Set-Cookie" in response.headers
    if known or response.status_code >= 400 or request.method not in {"GET", "HEAD"}:
        response.cache_control.clear()
        response.cache_control.private = True
        response.cache_control.no_store = True
    response.vary.update(["Authorization", "Cookie"])
    if _is_upload():
        response.headers["Content-Security-Policy"] = FILE_POLICY
        if not response.headers.get("Content-Disposition", "").startswith("attachment"):
            response.headers["Content-Disposition"] = "attachment"
    elif request.endpoint in _PREVIEWS:
        response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    elif request.endpoint in _FORMS:
        response.headers["Content-Security-Policy"] = FORM_POLICY
    else:
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _is_upload() -> bool:
    return request.endpoint in _FILES or (request.endpoint == "static" and request.path.startswith("/uploads/"))
