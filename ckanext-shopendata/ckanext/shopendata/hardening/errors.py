"""What visitors see when something fails: pages that tell nothing, and JSON below ``/api/``.

CKAN answers errors of its API's neighbourhood with pages, and with nothing at all when the page of the error fails as
well, because PostgreSQL, which fails it, is asked for the header.
"""

from __future__ import annotations

import logging
from typing import Any

import ckan.plugins.toolkit as tk
import redis
from ckan.lib.search import SearchError, SolrConnectionError
from ckan.types import CKANApp
from flask import Response, json, request
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, default_exceptions

from ckanext.shopendata.publish import doors

__all__ = ["fallback", "install", "is_api", "refusal"]

log = logging.getLogger(__name__)

#: What fails without being wrong: it is gone for the moment.
_GONE_FOR_NOW = (
    exc.OperationalError, exc.InterfaceError, exc.TimeoutError, redis.ConnectionError, redis.TimeoutError,
    SolrConnectionError, SearchError,
)  # fmt: skip
#: As CKAN's API calls them.
_TYPES = {400: "Bad Request", 403: "Authorization Error", 404: "Not Found Error", 409: "Validation Error"}

_LAST = """<!doctype html>
<html lang="zh-Hans">
<meta charset="utf-8">
<title>服务暂时不可用</title>
<h1>服务暂时不可用</h1>
<p>平台暂时无法完成您的请求，请几分钟后再试。</p>
<p lang="en">The portal could not answer. Please try again in a few minutes.</p>
</html>
"""


def install(app: CKANApp) -> None:
    """Replaces CKAN's handlers; while testing, what nobody caught goes on to the test, as with CKAN's."""
    for code in default_exceptions:
        app.register_error_handler(code, answer)
    if not app.debug and not app.testing:
        app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Any:
    """The answer to what was raised."""
    if isinstance(error, HTTPException):
        status = error.code or 500
    else:
        status = 503 if isinstance(error, _GONE_FOR_NOW) else 500
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    try:
        if is_api():
            return refusal(status, _told(error, status) or _title(status))
        if status == 404 and doors.is_gone():
            status = 410
        shown = {
            "code": status,
            "title": _title(status),
            "content": _told(error, status),
            "show_login_redirect_link": status in {401, 403} and tk.current_user.is_anonymous,
        }
        response = Response(tk.render("error_document_template.html", shown), status, mimetype="text/html")
    except Exception:
        log.exception("the page of error %s failed", status)
        return fallback(503 if status >= 500 else status)
    if isinstance(error, HTTPException):
        _keep_headers(error, response)
    if status == 503:
        response.headers.setdefault("Retry-After", "30")
    return response


def refusal(status: int, message: str, **members: Any) -> Response:
    """An error in the shape of CKAN's action API."""
    error = {"__type": _TYPES.get(status, "Server Error" if status >= 500 else "Error"), "message": message}
    body = json.dumps({"success": False, "error": error | members}, ensure_ascii=False)
    response = Response(body, status, content_type="application/json;charset=utf-8")
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response


def fallback(status: int) -> Response:
    """A page that needs nothing but this process."""
    if is_api():
        return refusal(status, "服务暂时不可用 Temporarily unavailable")
    headers = {"Retry-After": "30"} if status == 503 else None
    return Response(_LAST, status, headers, content_type="text/html;charset=utf-8")


def is_api() -> bool:
    """Whether a program asks."""
    return request.path.startswith("/api/")


def _title(status: int) -> str:
    titles = {
        400: tk._("The request was not understood"),
        401: tk._("Please sign in first"),
        403: tk._("Not allowed"),
        404: tk._("Page not found"),
        405: tk._("This cannot be done here"),
        410: tk._("No longer available"),
        413: tk._("Too much at once"),
        414: tk._("Address too long"),
        429: tk._("Too many requests"),
    }
    return titles.get(status, tk._("Something went wrong"))


def _told(error: Exception, status: int) -> str:
    """What the view itself says of it; of what is missing or broken nothing is said."""
    if isinstance(error, CSRFError):
        return tk._("The form has been open for too long. Please go back, reload the page and send it again.")
    if not isinstance(error, HTTPException) or error.code == 404 or status >= 500:
        return ""
    said = error.description or ""
    return "" if said == type(error).description else str(said)


def _keep_headers(error: HTTPException, response: Response) -> None:
    """What belongs to the error beside its page: which methods would do, when to come back."""
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
