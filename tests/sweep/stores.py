"""What is stored where CKAN's processes can read it, looked at without any door in between."""

from __future__ import annotations

import psycopg
import redis
import requests
from ckan.common import config
from ckanext.shopendata.policy.visibility import Place
from psycopg import sql

#: Kinds of fields of the index whose terms can be listed.
_WORDS = ("string", "text", "text_general", "text_ngram", "text_pinyin")


def contents(stack, since):
    """(place, where exactly, content) of everything; ``since``: log file -> its length when the world began."""
    yield from index()
    yield from tables(config["sqlalchemy.url"], Place.TABLES, "NOT starts_with(tablename, 'shopendata_')")
    yield from tables(config["ckan.datastore.write_url"], Place.STORE, "true")
    yield from files(stack)
    yield from memory()
    yield from logs(stack, since)


def index():
    """All documents of Solr with all stored fields, then all terms of documents that are there."""
    address = config["solr_url"].rstrip("/")
    found = requests.get(f"{address}/select", {"q": "*:*", "fl": "*", "rows": 1000, "wt": "json"}, timeout=30)
    for document in found.json()["response"]["docs"]:
        yield Place.INDEX, f"document {document.get('name')}", str(document)
    fields = requests.get(f"{address}/admin/luke", {"numTerms": 0, "wt": "json"}, timeout=30).json()["fields"]
    words = [name for name, about in fields.items() if about["type"] in _WORDS and about["schema"].startswith("I")]
    assert "text" in words
    asked = {"q": "*:*", "rows": 0, "facet": "true", "facet.limit": -1, "facet.mincount": 1, "wt": "json"}
    counted = requests.post(f"{address}/select", {**asked, "facet.field": words}, timeout=60).json()
    for name, terms in counted["facet_counts"]["facet_fields"].items():
        yield Place.INDEX, f"terms of {name}", " ".join(map(str, terms[::2]))


def tables(url, place, which):
    """Every table of a database's public schema, row by row, with its comments and its columns' names."""
    with psycopg.connect(url.replace("+psycopg2", ""), autocommit=True) as connection:
        query = f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND {which}"
        for (name,) in connection.execute(query).fetchall():
            head = "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = %s::regclass"
            columns = connection.execute(head, (f'public."{name}"',)).fetchall()
            yield place, f"table {name}", f"{name} {columns}"
            rows = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier("public", name))
            for (row,) in connection.execute(rows):
                yield place, f"table {name}", row


def files(stack):
    """Names and contents of the files below CKAN's storage folder."""
    storage = stack.var / "storage"
    for path in storage.rglob("*"):
        yield Place.ELSEWHERE, f"file {path.relative_to(storage)}", str(path.relative_to(storage))
        if path.is_file():
            yield Place.ELSEWHERE, f"file {path.relative_to(storage)}", path.read_bytes()


def memory():
    """Every key of Redis in every database, with its value."""
    url = config["ckan.redis.url"].rpartition("/")[0]
    read = {
        b"string": lambda store, key: store.get(key),
        b"hash": lambda store, key: store.hgetall(key),
        b"list": lambda store, key: store.lrange(key, 0, -1),
        b"set": lambda store, key: store.smembers(key),
        b"zset": lambda store, key: store.zrange(key, 0, -1),
        b"stream": lambda store, key: store.xrange(key),
    }
    for database in range(4):
        store = redis.Redis.from_url(f"{url}/{database}")
        for key in store.scan_iter(count=1000):
            yield Place.ELSEWHERE, f"Redis {key!r}", f"{key!r} {read[store.type(key)](store, key)!r}"


def logs(stack, since):
    """What the stack's processes have logged since the world began."""
    for path in sorted((stack.var / "log").glob("*.log")):
        with path.open("rb") as log:
            log.seek(since.get(path.name, 0))
            yield Place.ELSEWHERE, f"log {path.name}", log.read()


def lengths(stack):
    """Log file -> its length now."""
    return {path.name: path.stat().st_size for path in (stack.var / "log").glob("*.log")}
