"""Turns the templates of ``config/`` into the files that processes read.

``@SHOPENDATA_PORT@`` stands for a variable of :mod:`stack.settings`, ``@secret:redis@`` for a secret. An unknown name
is an error: a service must never start with a hole in its configuration.
"""

from __future__ import annotations

import re
from pathlib import Path

from stack import secrets
from stack.console import StackError
from stack.settings import ROOT, Settings

PLACEHOLDER = re.compile(r"@(secret:[a-z_]+|SHOPENDATA_[A-Z_]+|ROOT)@")

#: Rendered file (below the stack's folder) -> template, and the process whose account owns it.
TEMPLATES: dict[str, tuple[str, str]] = {
    "ckan.ini": ("ckan.ini", "web"),
    "etc/supervisord.conf": ("supervisord.conf", "supervisor"),
    "etc/nginx.conf": ("nginx.conf", "nginx"),
    "etc/redis.conf": ("redis.conf", "redis"),
    "etc/postgresql.conf": ("postgres/postgresql.conf", "postgres"),
    "etc/pg_hba.conf": ("postgres/pg_hba.conf", "postgres"),
    "etc/gateway.env": ("gateway.env", "gateway"),
    "etc/loader.ini": ("ckan.ini", "publisher"),
    "etc/loader.env": ("loader.env", "publisher"),
    "etc/sealer.ini": ("ckan.ini", "sealer"),
    "etc/sealer.env": ("sealer.env", "sealer"),
    "etc/sandbox.env": ("sandbox.env", "sandbox"),
}

#: Only the test stacks have this one: CKAN's test runner reads it.
TEST_TEMPLATE = {"test.ini": ("test.ini", "web")}

#: Which rendered files a process needs: in a container each is rendered where it is used, with that process's secrets.
NEEDS: dict[str, tuple[str, ...]] = {
    "postgres": ("etc/postgresql.conf", "etc/pg_hba.conf"),
    "redis": ("etc/redis.conf",),
    "solr": (),
    "nginx": ("etc/nginx.conf",),
    "web": ("ckan.ini",),
    "worker": ("ckan.ini",),
    "harvest_gather": ("ckan.ini",),
    "harvest_run": ("ckan.ini",),
    "harvest_work": ("etc/loader.ini", "etc/loader.env"),
    "publisher": ("etc/loader.ini", "etc/loader.env"),
    "sealer": ("etc/sealer.ini", "etc/sealer.env"),
    "notifier": ("ckan.ini",),
    "sandbox": ("etc/sandbox.env",),
    "gateway": ("etc/gateway.env",),
    "prepare": ("ckan.ini",),
}


def text(template: Path, settings: Settings) -> str:
    """The template with every placeholder replaced. Raises :class:`StackError` for a name that has no value."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        try:
            if name == "ROOT":
                return str(ROOT)
            if name.startswith("secret:"):
                return secrets.read(Path(settings["SECRETS"]), name.removeprefix("secret:"))
            return settings.values[name]
        except KeyError:
            raise StackError(f"{template.name} asks for {name}, which has no value here") from None

    return PLACEHOLDER.sub(value, template.read_text())


def write(target: str, settings: Settings) -> bool:
    """Renders one file with mode 0600; tells whether its content changed."""
    source = (TEMPLATES | TEST_TEMPLATE)[target][0]
    path = settings.var / target
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text(ROOT / "config" / source, settings)
    changed = not path.exists() or path.read_text() != content
    if changed:
        draft = path.with_name(path.name + ".new")
        draft.touch(mode=0o600)
        draft.write_text(content)
        draft.rename(path)
    return changed
