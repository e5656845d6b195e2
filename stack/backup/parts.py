"""What a backup holds and what it leaves out, each with its reason: nothing below ``var/`` is in neither table."""

from __future__ import annotations

from stack import databases, secrets

__all__ = ["BOUND", "EMPTIED", "FOLDERS", "LEFT_OUT", "SECRETS", "WRITTEN"]

#: Folder below ``var/`` -> what it holds and whose account owns it. Each becomes one part of the archive.
FOLDERS: dict[str, tuple[str, str]] = {
    "storage": ("uploads: logos, and what else CKAN stores as files", "web"),
    "audit": ("heads of the audit chain, written outside of the databases", "sealer"),
    "nginx/access": ("the access log, which the law wants kept for six months", "nginx"),
}

#: What else lies below ``var/``, and why it is not saved.
LEFT_OUT: dict[str, str] = {
    "backups": "the backups themselves",
    "before-restore": "what a restore has set aside",
    "cache": "downloads",
    "ckan.ini": "rendered from config/, the settings and the secrets",
    "demo.json": "passwords of the demonstration in clear",
    "etc": "rendered from config/, the settings and the secrets",
    "fault": "another stack",
    "log": "what processes said; sent to a log server where it matters",
    "mail": "mails of the demonstration; with a mail server the folder is empty",
    "nginx": "working folders of the front door (the access log below it is saved)",
    "postgres": "the databases' own files: they are saved as dumps",
    "redis": "queues and counters: what has to be done stands in the outbox (shopendata_task), not here",
    "run": "working folders and stamps",
    "secrets": "one part of its own, in a locked archive only",
    "solr": "the index: rebuilt from the databases",
    "test": "another stack",
    "test.ini": "as ckan.ini",
    "webassets": "front-end bundles: built from the code",
}

#: Tables whose rows stay behind: what opens an account without its password ends where it was made.
EMPTIED: dict[str, tuple[str, ...]] = {
    "ckan": (
        "public.shopendata_session", "public.shopendata_link", "public.shopendata_tries",
    )
}  # fmt: skip

#: Tables to which everybody writes who has written to the vault or the DataStore before: held while the moment is
#: chosen, they make it one in which all such work looks as if it had been killed (see :mod:`moment`).
WRITTEN = ("shopendata_task", "shopendata_resource", "shopendata_harvest_run")

#: All secrets, whatever is added later.
SECRETS = tuple(secrets.HOLDERS)

#: Those that the data depend on: an archive without secrets can only be restored where these are the same.
BOUND = tuple(
    name
    for name in SECRETS
    if name not in {*databases.LOGINS, *secrets.WRITTEN, "postgres_superuser", "redis", "admin_password"}
)
