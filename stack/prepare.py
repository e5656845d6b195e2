"""Brings an installation's data up to date: roles, tables, the first account, static bundles. Safe to repeat."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from alembic import command
from alembic.config import Config

from stack import console, databases, secrets
from stack.settings import ROOT, Settings

ADMIN = "admin"
MIGRATIONS = ROOT / "ckanext-shopendata" / "ckanext" / "shopendata" / "migration"


def ckan(settings: Settings, *arguments: str, environ: dict[str, str] | None = None) -> None:
    """Runs one ``ckan`` command of this installation; its output goes to ``log/prepare.log``."""
    console.command(
        [ROOT / ".venv" / "bin" / "ckan", "-c", settings.var / "ckan.ini", *arguments],
        settings.log / "prepare.log",
        f"`ckan {' '.join(arguments[:2])}` failed",
        cwd=ROOT,
        env=os.environ | (environ or {}),
    )


def reindex(settings: Settings) -> None:
    """Makes the search index anew."""
    ckan(settings, "shopendata", "publish", "reindex")


def migrator_url(settings: Settings, database: str = "ckan") -> str:
    """The address by which migrations reach a database: a role of their own, not that of any other process."""
    role = f"{database}_migrator"
    password = quote(secrets.read(Path(settings["SECRETS"]), role))
    return f"postgresql://{role}:{password}@{settings['POSTGRES_HOST']}:{settings['POSTGRES_PORT']}/{database}"


def migrate_vault(settings: Settings) -> None:
    """Brings the vault's tables up to date."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS / "vault"))
    url = migrator_url(settings, "vault").replace("postgresql://", "postgresql+psycopg://", 1)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


def prepare(settings: Settings) -> None:
    """Needs a running PostgreSQL, Redis and Solr."""
    with console.step("databases and roles"):
        databases.prepare(settings)
    with console.step("tables (migrations)"):
        ckan(settings, "db", "upgrade", environ={"CKAN_SQLALCHEMY_URL": migrator_url(settings)})
        migrate_vault(settings)
    with console.step("translations, front-end bundles and the first account"):
        compile_translations(settings)
        ckan(
            settings,
            "shopendata",
            "prepare",
            "--admin",
            ADMIN,
            environ={"SHOPENDATA_ADMIN_PASSWORD": secrets.read(Path(settings["SECRETS"]), "admin_password")},
        )
        # The browser's messages; CKAN's own server would make them at start, gunicorn does not.
        shutil.rmtree(settings.var / "storage" / "i18n", ignore_errors=True)
        ckan(settings, "translation", "js")


def compile_translations(settings: Settings) -> None:
    """Compiles the Chinese catalogue when its source is newer (images hold it compiled)."""
    folder = ROOT / "ckanext-shopendata" / "ckanext" / "shopendata" / "i18n" / "zh_Hans_CN" / "LC_MESSAGES"
    source, compiled = folder / "ckanext-shopendata.po", folder / "ckanext-shopendata.mo"
    if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
        console.command(
            [ROOT / "config" / "translate", "compile"], settings.log / "prepare.log", "the translations do not compile"
        )
