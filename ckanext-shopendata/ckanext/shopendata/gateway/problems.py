"""Errors of the gateway as ``application/problem+json`` (RFC 9457): a Chinese title, an English code."""

from __future__ import annotations

from flask import Response, json

TITLES = {
    "not_found": (404, "未找到所请求的资源"),
    "method_not_allowed": (405, "不支持该请求方法"),
    "internal_error": (500, "服务内部错误"),
    "temporary-reduced-capacity": (503, "服务暂时不可用"),
}


def problem(code: str, **members: object) -> Response:
    """The answer for an error code of :data:`TITLES`."""
    status, title = TITLES[code]
    body = json.dumps({"type": "about:blank", "status": status, "title": title, "code": code, **members})
    response = Response(body, status, content_type="application/problem+json; charset=utf-8")
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response
