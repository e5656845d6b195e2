"""Errors of the gateway as ``application/problem+json`` (RFC 9457): a Chinese title, an English code."""

from __future__ import annotations

from flask import Response, json

__all__ = ["TITLES", "Refusal", "clean", "problem", "with_headers"]

#: Code -> (status, title). The table of docs/data-api.md.
TITLES = {
    "bad_request": (400, "请求格式错误"),
    "key_in_query": (400, "访问密钥不得放在网址中"),
    "unknown_parameter": (400, "未知参数"),
    "repeated_parameter": (400, "参数重复"),
    "unknown_column": (400, "数据项不存在或未获授权"),
    "bad_fields": (400, "返回数据项参数错误"),
    "bad_filters": (400, "筛选条件错误"),
    "bad_sort": (400, "排序参数错误"),
    "bad_limit": (400, "返回条数错误"),
    "bad_offset": (400, "起始位置错误"),
    "bad_value": (400, "参数取值错误"),
    "key_invalid": (401, "访问密钥无效"),
    "key_expired": (401, "访问密钥已过期"),
    "key_revoked": (401, "访问密钥已吊销"),
    "grant_suspended": (403, "访问权限已暂停"),
    "grant_ended": (403, "访问权限已终止"),
    "scope_dataset": (403, "访问密钥不适用于该数据集"),
    "scope_unreadable": (403, "授权范围无法识别，已拒绝访问"),
    "dataset_suspended": (403, "数据集已暂停开放"),
    "not_found": (404, "未找到所请求的资源"),
    "method_not_allowed": (405, "不支持该请求方法"),
    "too_large": (413, "请求内容过大"),
    "internal_error": (500, "服务内部错误"),
    "query_timeout": (503, "查询超时，请缩小范围后重试"),
    "temporary-reduced-capacity": (503, "服务暂时不可用"),
}


class Refusal(Exception):  # noqa: N818 - an answer, not a defect
    """The gateway says no: a code of :data:`TITLES`, which parameter it is about, and what would have been right."""

    def __init__(self, code: str, detail: str = "", parameter: str = "", **members: object) -> None:
        super().__init__(code)
        self.code, self.detail, self.parameter, self.members = code, detail, parameter, members

    @property
    def status(self) -> int:
        """The answer's HTTP status."""
        return TITLES[self.code][0]

    @property
    def title(self) -> str:
        """The code in Chinese."""
        return TITLES[self.code][1]


def problem(refusal: Refusal) -> Response:
    """A refusal in the form of RFC 9457."""
    body: dict[str, object] = {"type": "about:blank", "status": refusal.status, "title": refusal.title}
    body["code"] = refusal.code
    if refusal.detail:
        body["detail"] = refusal.detail
    if refusal.parameter:
        body["parameter"] = refusal.parameter
    answer = Response(
        json.dumps(body | refusal.members), refusal.status, content_type="application/problem+json; charset=utf-8"
    )
    return with_headers(answer, refusal)


def clean(text: str) -> str:
    """A caller's own word, fit to be repeated."""
    return text[:100].encode("utf-8", "replace").decode()


def with_headers(answer: Response, refusal: Refusal) -> Response:
    """Adds what a client may act on: how to show a key, when to come back."""
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="ShopenData", error="invalid_token"'
    if refusal.status == 503:
        answer.headers["Retry-After"] = "1"
    return answer
