"""Reads a sharing platform: pages of raw records, pages of rows. Knows nothing of what they mean.

Whatever the platform says is checked for size and shape before anybody looks at it. An answer that breaks the protocol
is a reason to distrust the whole source: a page that is silently short would look like records that disappeared.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from ..errors import MissingError, SourceError, TransportError
from ..http import Answer, GuardedSession
from . import signing

#: The platform may be busy or restarting.
_PASSING = frozenset({408, 429, 502, 503, 504})
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_CATALOGUE_SIZE = 200
_ROWS_SIZE = 10_000


@dataclass(frozen=True)
class Limits:
    """How much patience and trust a platform gets.

    ``backoff`` is the wait in seconds before the second attempt; it doubles with each one. A ``Retry-After`` longer
    than ``longest_wait`` seconds ends the run.
    """

    attempts: int = 4
    backoff: float = 0.5
    longest_wait: float = 60
    body_bytes: int = 32 * 1024 * 1024
    depth: int = 16
    records: int = 200_000
    rows: int = 20_000_000


@dataclass(frozen=True)
class RowPage:
    """Some rows of a table: codes of the columns, rows of cells, and how many rows there are in all."""

    columns: list[str]
    rows: list[list[Any]]
    total: int


class SharingPlatformClient:
    """One application's view of one platform.

    Args:
        base_url: address of the platform; ``/api/v1/...`` is appended.
        app_id: name of the application.
        secret: its secret.
        allow_private: whether the platform may have a private or loopback address.
        ca_file: certificates to trust instead of the usual ones.
        limits: see :class:`Limits`.
        session: what fetches, in place of a guarded session made from the arguments above.
        clock: unix seconds.
        nonce: a text never returned before.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        base_url: str,
        app_id: str,
        secret: str,
        *,
        allow_private: bool = False,
        ca_file: str | None = None,
        limits: Limits | None = None,
        session: GuardedSession | None = None,
        clock: Callable[[], float] = time.time,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = limits or Limits()
        self._session = session or GuardedSession(
            base_url, allow_private=allow_private, ca_file=ca_file, max_bytes=self._limits.body_bytes
        )
        self._base_path = urlsplit(self._session.base_url).path
        self._app_id = app_id
        self._secret = secret
        self._clock = clock
        self._nonce = nonce
        self._sleep = sleep

    def catalogue(
        self, changed_since: datetime | None = None, size: int = _CATALOGUE_SIZE
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of raw records; the first without any, if there are none.

        Args:
            changed_since: only records changed at or after this moment (with time zone).
            size: records a page, at most 200.

        Raises:
            SourceError: the platform cannot be read to the end.
            ValueError: ``changed_since`` has no time zone.
        """
        parameters: list[tuple[str, str]] = []
        if changed_since:
            if changed_since.tzinfo is None:
                raise ValueError("changed_since needs a time zone")
            parameters.append(("changedSince", changed_since.isoformat()))
        pages = self._pages(
            "/api/v1/catalogue", parameters, min(size, _CATALOGUE_SIZE), "records", self._limits.records
        )
        for page in pages:
            if not all(isinstance(record, dict) for record in page["records"]):
                raise SourceError("catalogue: a record is not an object")
            yield page["records"]

    def record(self, resource_id: str) -> dict[str, Any]:
        """One raw record.

        Raises:
            MissingError: the platform does not know it.
            SourceError: the platform cannot be read.
        """
        return self._call(f"/api/v1/resources/{_checked(resource_id)}", [])

    def rows(self, resource_id: str, size: int = 5_000) -> Iterator[RowPage]:
        """Pages of a table's rows; one without rows, if it is empty.

        Args:
            resource_id: the record.
            size: rows a page, at most 10,000.

        Raises:
            MissingError: no such record, or it has no table.
            SourceError: the platform cannot be read to the end.
        """
        path = f"/api/v1/resources/{_checked(resource_id)}/rows"
        columns: list[str] | None = None
        for page in self._pages(path, [], min(size, _ROWS_SIZE), "rows", self._limits.rows):
            found = page.get("columns")
            if not isinstance(found, list) or not found or not all(isinstance(code, str) for code in found):
                raise SourceError(f"{path}: no columns")
            if columns not in (None, found):
                raise SourceError(f"{path}: columns changed between two pages")
            columns = found
            if not all(isinstance(row, list) and len(row) == len(columns) for row in page["rows"]):
                raise SourceError(f"{path}: a row does not fit the columns")
            yield RowPage(columns, page["rows"], page["total"])

    def _pages(
        self, path: str, parameters: list[tuple[str, str]], size: int, content: str, most: int
    ) -> Iterator[dict[str, Any]]:
        """Answers page by page until ``total`` is reached; fewer entries than announced are an error."""
        number, seen, announced = 1, 0, 0
        while True:
            page = self._call(path, [*parameters, ("page", str(number)), ("size", str(size))])
            total, entries = page.get("total"), page.get(content)
            if type(total) is not int or not announced <= total <= most:
                raise SourceError(f"{path}: total is missing, shrinks or is above {most}")
            announced = total
            if page.get("page") != number or page.get("size") != size or not isinstance(entries, list):
                raise SourceError(f"{path}: answered another page than was asked for")
            seen += len(entries)
            if len(entries) > size or (len(entries) < size and seen < total):
                raise SourceError(f"{path}: page {number} has {len(entries)} entries")
            yield page
            if seen >= total:
                return
            number += 1

    def _call(self, path: str, parameters: list[tuple[str, str]]) -> dict[str, Any]:
        """One signed request, repeated while repeating makes sense."""
        attempt, failure = 0, None
        while True:
            attempt += 1
            wait = self._limits.backoff * 2 ** (attempt - 1)
            try:
                answer = self._get(path, parameters)
                if answer.status not in _PASSING:
                    return self._content(path, answer)
                failure = TransportError(f"{path}: status {answer.status}")
                wait = max(wait, _retry_after(answer, self._clock()))
            except TransportError as error:
                failure = error
            if attempt >= self._limits.attempts or wait > self._limits.longest_wait:
                raise SourceError(f"gave up after {attempt} attempts: {failure}") from failure
            self._sleep(wait)

    def _get(self, path: str, parameters: list[tuple[str, str]]) -> Answer:
        path = self._base_path + path
        query = signing.canonical_query(parameters)
        request = signing.Request(self._app_id, int(self._clock()), self._nonce(), "GET", path, query)
        return self._session.get(f"{path}?{query}" if query else path, request.headers(self._secret))

    def _content(self, path: str, answer: Answer) -> dict[str, Any]:
        """The object in a good answer.

        Raises:
            MissingError: status 404.
            TransportError: not JSON, as when an answer is cut off.
            SourceError: another status, not an object, nested too deeply.
        """
        if answer.status == 404:
            raise MissingError(path)
        if answer.status != 200:
            raise SourceError(f"{path}: status {answer.status} {_error_code(answer.body)}".rstrip())
        try:
            content = json.loads(answer.body, parse_constant=_refuse_constant)
        except RecursionError as error:
            raise SourceError(f"{path}: nested too deeply") from error
        except ValueError as error:
            raise TransportError(f"{path}: not JSON") from error
        if not isinstance(content, dict):
            raise SourceError(f"{path}: not an object")
        if _deeper_than(content, self._limits.depth):
            raise SourceError(f"{path}: nested too deeply")
        return content


def _checked(resource_id: str) -> str:
    """The id, if it can stand in a path; ids come from records, which nobody has vouched for."""
    if not _ID.fullmatch(resource_id):
        raise MissingError("not an id")
    return resource_id


def _retry_after(answer: Answer, now: float) -> float:
    """Seconds that the platform asks to wait; 0 where it does not say."""
    told = answer.headers.get("Retry-After", "")
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        moment = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return 0.0
    return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() - now)


def _error_code(body: bytes) -> str:
    """The error's code in a refusal, if it is a plain word."""
    try:
        code = json.loads(body)["error"]["code"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else ""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _deeper_than(content: Any, depth: int) -> bool:
    """Whether containers are nested more than ``depth`` deep."""
    level = [content]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
