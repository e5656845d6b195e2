"""What sources delivered, in the vault's database: written once, read by the loader. CKAN's web processes cannot."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

__all__ = ["Original", "columns", "connect", "forget", "rows", "store"]

#: Rows of one chunk.
CHUNK = 5000


@dataclass(frozen=True)
class Original:
    """A table as delivered."""

    id: str
    row_count: int
    digest: str


def connect() -> psycopg.Connection[Any]:
    """The loader's connection to the vault. Raises ``KeyError`` in a process that was not given its address."""
    return psycopg.connect(os.environ["SHOPENDATA_LOADER_URL"], connect_timeout=5)


def store(vault: psycopg.Connection[Any], entry_id: str, names: list[str], delivered: Iterable[list[Any]]) -> Original:
    """Stores a table's rows under a new identifier and commits; a source that breaks off leaves nothing."""
    key, digest, count = str(uuid.uuid4()), hashlib.sha256(json.dumps(names).encode()), 0
    with vault.transaction():
        vault.execute(
            "INSERT INTO intake.original (id, entry_id, columns, fetched_at) VALUES (%s, %s, %s, now())",
            (key, entry_id, json.dumps(names)),
        )
        for position, chunk in enumerate(_chunks(delivered)):
            lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in chunk]
            body = "\n".join(lines).encode() + b"\n"
            digest.update(body)
            count += len(chunk)
            vault.execute(
                "INSERT INTO intake.chunk (original_id, position, body) VALUES (%s, %s, %s)",
                (key, position, gzip.compress(body, compresslevel=3, mtime=0)),
            )
        vault.execute(
            "UPDATE intake.original SET row_count = %s, digest = %s WHERE id = %s", (count, digest.hexdigest(), key)
        )
    return Original(key, count, digest.hexdigest())


def digest_of(vault: psycopg.Connection[Any], original_id: str | None) -> str | None:
    """The digest of a stored table; ``None`` when there is none."""
    found = vault.execute("SELECT digest FROM intake.original WHERE id = %s", (original_id,)).fetchone()
    return found[0] if found else None


def columns(vault: psycopg.Connection[Any], original_id: str) -> list[str]:
    """Codes of a table's columns. Raises ``LookupError`` for an unknown one."""
    found = vault.execute("SELECT columns FROM intake.original WHERE id = %s", (original_id,)).fetchone()
    if found is None:
        raise LookupError(original_id)
    return found[0]


def rows(vault: psycopg.Connection[Any], original_id: str) -> Iterator[list[Any]]:
    """The rows as delivered, in their order, a chunk at a time in memory."""
    query = "SELECT position FROM intake.chunk WHERE original_id = %s ORDER BY position"
    for (position,) in vault.execute(query, (original_id,)).fetchall():
        chunk = "SELECT body FROM intake.chunk WHERE original_id = %s AND position = %s"
        found = vault.execute(chunk, (original_id, position)).fetchone()
        if found is None:
            raise LookupError(original_id)
        for line in gzip.decompress(found[0]).splitlines():
            yield json.loads(line)


def forget(vault: psycopg.Connection[Any], original_ids: Iterable[str]) -> None:
    """Removes tables that nothing refers to any more; commits."""
    with vault.transaction():
        vault.execute("DELETE FROM intake.original WHERE id = ANY(%s)", (list(original_ids),))


def _chunks(delivered: Iterable[list[Any]]) -> Iterator[list[list[Any]]]:
    chunk: list[list[Any]] = []
    for row in delivered:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
