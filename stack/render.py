"""Turns the templates of ``config/`` into the files that processes read.

``@SHOPENDATA_PORT@`` stands for a variable of :mod:`stack.settings`, ``@secret:redis@`` for a secret,
``@secret:options@`` for the operator's own options, which win over those of the template, ``@secret:sources@`` for the
secrets of sources. An unknown name is an error: a service must never start with a hole in its configuration.
"""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

from stack import secrets
from stack.console import StackError
from stack.settings import ROOT, Settings

PLACEHOLDER = re.compile(r"@(secret:[a-z_]+|SHOPENDATA_[A-Z_]+|ROOT)@")

#: Where templates take in what the operator has written.
OPTIONS, SOURCES = "@secret:options@", "@secret:sources@"

_SOURCE = re.compile(r"SHOPENDATA_SOURCE_[A-Z0-9_]{1,60}")

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
    source, folder = template.read_text(), Path(settings["SECRETS"])
    own = written(folder, "options") if OPTIONS in source else {}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        try:
            if name == "ROOT":
                return str(ROOT)
            if match[0] == OPTIONS:
                return "\n".join(f"{option} = {_in_ini(worth)}" for option, worth in own.items())
            if match[0] == SOURCES:
                return "\n".join(f"{variable}={shlex.quote(worth)}" for variable, worth in sources(folder).items())
            if name.startswith("secret:"):
                return secrets.read(folder, name.removeprefix("secret:"))
            return settings.values[name]
        except KeyError:
            raise StackError(f"{template.name} asks for {name}, which has no value here") from None

    return PLACEHOLDER.sub(value, _without(source, own))


def sources(folder: Path) -> dict[str, str]:
    """The secrets of sources: variable -> secret. Raises :class:`StackError`."""
    found = written(folder, "sources")
    if not all(_SOURCE.fullmatch(name) for name in found):
        raise StackError(f"{folder / 'sources'}: there is a name that does not begin with SHOPENDATA_SOURCE_")
    return found


def written(folder: Path, name: str) -> dict[str, str]:
    """What the operator has written into a file of theirs, ``name = value`` a line. Raises :class:`StackError`."""
    path, section = folder / name, "app:main"
    parser = configparser.RawConfigParser(comment_prefixes=("#", ";"), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign] - CKAN's options differ by their case
    try:
        parser.read_string(f"[{section}]\n{secrets.read(folder, name)}\n")
    except KeyError:
        raise StackError(f"{folder} has no {name}: run `python3 -m stack.container secrets`") from None
    except configparser.Error as error:
        # The line's number alone: what stands in it may be a password.
        line = error.errors[0][0] if isinstance(error, configparser.ParsingError) else getattr(error, "lineno", 1)
        wrong = "set twice" if isinstance(error, configparser.DuplicateOptionError) else "not `name = value`"
        raise StackError(f"{path}, line {line - 1}: {wrong}") from None
    if parser.sections() != [section] or parser.defaults():
        raise StackError(f"{path} has sections; it is to have only lines of `name = value`")
    return dict(parser.items(section))


def _in_ini(value: str) -> str:
    return value.replace("%", "%%").replace("\n", "\n  ")


def _without(source: str, own: dict[str, str]) -> str:
    """A template without the options that the operator sets: an INI file has each once."""
    main, mark, loggers = source.partition("\n[loggers]")
    lines = (line for line in main.splitlines(keepends=True) if line.partition("=")[0].strip() not in own)
    return "".join(lines) + mark + loggers


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
