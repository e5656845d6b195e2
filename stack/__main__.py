"""``python -m stack portal | up NAME | upgrade NAME | stop [NAME] | reset [NAME] | prepare``: for the Makefile."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from stack import console, demo, place, prepare, render, secrets, services, settings
from stack.console import StackError, say, step
from stack.settings import ROOT, STACKS, Settings

#: Below ``run/``: a restore is under way here, or was killed; nothing starts on top of half an installation.
HALF_RESTORED = "half-restored"


def up(stack: Settings) -> services.Supervisor:
    """Brings a stack to the point where every process serves. Raises :class:`StackError`."""
    supervisor, reindex = ready(stack)
    update(stack, place.choose(stack), supervisor)
    if reindex:
        with step("search index (Solr's configuration changed)"):
            prepare.reindex(stack)
    serve(stack, supervisor)
    return supervisor


def serve(stack: Settings, supervisor: services.Supervisor) -> None:
    """Starts everything in front of the databases and waits until it serves."""
    with step("web, gateway, workers and front door"):
        frontends = [p for p in services.FRONTENDS if stack.name != "test" or p.name not in services.CONSUMERS]
        supervisor.begin(*frontends)
        for process in frontends:
            supervisor.ensure(process)


def ready(stack: Settings, *, restoring: bool = False) -> tuple[services.Supervisor, bool]:
    """Brings a stack to the point where its databases, Redis and Solr serve; nothing in them is changed.

    Tells too whether the index was made with another configuration of Solr's. Raises :class:`StackError`.
    """
    if (half := stack.run / HALF_RESTORED).exists() and not restoring:
        raise StackError(f"a restore of {half.read_text()} was interrupted here: begin it again")
    chosen = place.choose(stack)
    supervisor = services.Supervisor(stack)
    lay_out(stack, chosen)
    data_link(stack, chosen)
    jars(stack)
    changed = {target for target in templates(stack) if render.write(target, stack)}
    for target, (_, process) in templates(stack).items():
        place.give(stack.var / target, "root" if process == "supervisor" else chosen.account(process))
    environ = environment(stack, chosen)
    begin(stack, supervisor, environ)
    reindex = stale(stack, supervisor, changed)
    supervisor.begin(*services.BACKENDS)
    for process in services.BACKENDS:
        with step(process.name):
            supervisor.ensure(process)
    settings.remember(stack)
    return supervisor, reindex


def update(stack: Settings, chosen: place.Place, supervisor: services.Supervisor) -> None:
    """Brings tables, translations and bundles up to date with the code, unless they are."""
    stamp = stack.run / "prepared"
    if not stamp.exists() or stamp.read_text() != preparation(stack):
        # New tables, words or bundles: whoever loaded the old ones starts again.
        supervisor.stop(*services.PYTHON)
        prepare.prepare(stack)
        for folder in ("storage", "webassets"):
            place.give(stack.var / folder, chosen.app, deep=True)
        stamp.write_text(preparation(stack))


def templates(stack: Settings) -> dict[str, tuple[str, str]]:
    """The files rendered for a stack."""
    return render.TEMPLATES if stack.name == "portal" else render.TEMPLATES | render.TEST_TEMPLATE


def lay_out(stack: Settings, chosen: place.Place) -> None:
    """Accounts, folders and secrets; refuses a disk that is nearly full before anything is half written."""
    stack.var.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(stack.var).free // 2**20
    if free < int(stack["MIN_FREE_MB"]):
        raise StackError(f"only {free} MB free at {stack.var}: {stack['MIN_FREE_MB']} MB are needed")
    if os.geteuid() == 0:
        place.make_accounts(chosen)
    if chosen.note:
        say(f"  ! {chosen.note}")
    try:
        superuser, data = Path(stack["SECRETS"]) / "postgres_superuser", chosen.postgres_data
        if not superuser.exists() and (data / "PG_VERSION").exists():
            raise StackError(
                f"{data} holds databases whose secrets are gone (a checkout that stood here before?): put the secrets"
                f" back into {superuser.parent}, or remove {data} to begin anew"
            )
        for folder in (stack.etc, stack.run, stack.log, stack.cache):
            folder.mkdir(parents=True, exist_ok=True)
        for process in services.PROCESSES:
            place.folder(stack.run / process.name, chosen.account(process.name))
        for name in ("storage", "webassets", "mail", "redis", "solr", "nginx"):
            place.folder(stack.var / name, chosen.app)
        place.folder(stack.var / "audit", chosen.account("sealer"))
        # What an earlier start by another account wrote must stay writable.
        for name in ("redis", "solr"):
            place.give(stack.var / name, chosen.app, deep=True)
        secrets.make(Path(stack["SECRETS"]))
    except OSError as error:
        raise StackError(f"cannot write below {stack.var}: {error.strerror}") from error


def environment(stack: Settings, chosen: place.Place) -> dict[str, str]:
    """What the supervisor and all processes but the gateway see: variables and accounts, no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
    values = dict(stack.values) | {"SHOPENDATA_POSTGRES_DATA": str(chosen.postgres_data)}
    accounts = {f"SHOPENDATA_ACCOUNT_{p.name}": chosen.account(p.name) for p in services.PROCESSES}
    return kept | {"LANG": "C.UTF-8"} | values | accounts


def data_link(stack: Settings, chosen: place.Place) -> None:
    """Remembers where PostgreSQL's data lies, for ``stop`` and ``reset``."""
    link = stack.run / "postgres-data"
    link.unlink(missing_ok=True)
    link.symlink_to(chosen.postgres_data)


def jars(stack: Settings) -> None:
    """Solr's jars, through Maven, once for each version of the list."""
    folder, pom = Path(stack["SOLR_JARS"]), ROOT / "config" / "solr" / "pom.xml"
    stamp = folder / ".pom"
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with step("Solr (through Maven)"):
        draft = folder.with_name("solr.new")
        shutil.rmtree(draft, ignore_errors=True)
        console.command(
            ["mvn", "-B", "-q", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={draft}"],
            stack.log / "maven.log",
            "Maven could not fetch Solr",
        )
        (draft / ".pom").write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)


def begin(stack: Settings, supervisor: services.Supervisor, environ: dict[str, str]) -> None:
    """A supervisor with this environment, nothing left of an earlier one, and free ports."""
    fingerprint = stack.run / "environment"
    known = json.dumps(environ, sort_keys=True) + (stack.etc / "supervisord.conf").read_text()
    wanted = hashlib.sha256(known.encode()).hexdigest()
    if supervisor.alive():
        if fingerprint.exists() and fingerprint.read_text() == wanted:
            return
        with step("stopping the processes of another configuration"):
            supervisor.shutdown()
    if ended := services.end_leftovers(stack):
        say(f"  ! ended {ended} processes that had lost their supervisor")
    for name in ("nginx", "internal", *settings.LISTENING):
        if holder := services.holder(stack.port(name)):
            variable = "SHOPENDATA_PORT" if stack.name == "portal" else f"SHOPENDATA_{stack.name.upper()}_PORT"
            raise StackError(f"port {stack.port(name)} ({name}) is taken by {holder}; choose others with {variable}=…")
    supervisor.start(environ)
    fingerprint.write_text(wanted)


def stale(stack: Settings, supervisor: services.Supervisor, changed: set[str]) -> bool:
    """Stops the processes whose configuration or code changed; they are started again in their turn.

    Tells whether Solr gets another configuration than the one its index was made with.
    """
    readers = [name for name, needed in render.NEEDS.items() if changed & set(needed) and name != "prepare"]
    if renew(stack.run / "code", code()):
        readers += services.PYTHON
    indexed = (stack.run / "solr-configuration").exists()
    if schema := renew(stack.run / "solr-configuration", fingerprint_of((ROOT / "config" / "solr").rglob("*"))):
        readers.append("solr")
    supervisor.stop(*dict.fromkeys(readers))
    return schema and indexed


def renew(stamp: Path, wanted: str) -> bool:
    """Writes a fingerprint to its stamp; tells whether it was another one before."""
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    stamp.write_text(wanted)
    return True


def code() -> str:
    """A fingerprint of everything the Python processes load from this checkout."""
    return fingerprint_of(
        path
        for folder in ("ckanext-shopendata", "harvesters", "theme", "config/gunicorn", "config/processes")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo"
    )


def preparation(stack: Settings) -> str:
    """A fingerprint of what decides whether databases, bundles and translations are up to date."""
    kinds = {".po", ".css", ".js", ".yml", ".yaml"}
    own = [
        path
        for folder in ("ckanext-shopendata", "harvesters", "theme")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in kinds or "versions" in path.parts
        if "__pycache__" not in path.parts
    ]
    rest = [ROOT / "requirements.lock", ROOT / "stack" / "databases.py", stack.var / "ckan.ini"]
    return fingerprint_of([*own, *rest])


def fingerprint_of(paths: object) -> str:
    """Names, sizes and times of files as one hash."""
    digest = hashlib.sha256()
    for path in sorted(paths):  # type: ignore[call-overload]
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def portal() -> None:
    """``make portal``."""
    stack = settings.read()
    say("ShopenData: starting the portal")
    supervisor = up(stack)
    demo.play(stack, supervisor)
    password = Path(stack["SECRETS"]) / "admin_password"
    say(f"""
The portal answers.
  portal          {stack.url}
  data gateway    {stack.url}/gateway/
  administrator   {prepare.ADMIN} (password in {password})
  demonstration   {demo.told(stack)}
  try             curl -s {stack.url}/api/3/action/status_show
  check           .venv/bin/ckan -c var/ckan.ini shopendata doctor
  logs            {stack.log}
  stop            make stop""")


def stop(name: str) -> None:
    """Stops a stack; nothing of it runs afterwards."""
    stack = settings.read(name)
    if not stack.var.exists():
        return
    supervisor = services.Supervisor(stack)
    if supervisor.alive():
        with step(f"stopping {name}"):
            supervisor.shutdown()
    services.end_leftovers(stack)


def reset(name: str) -> None:
    """Stops a stack and removes everything it stored, except downloads."""
    stop(name)
    stack = settings.read(name)
    data = stack.run / "postgres-data"
    if data.is_symlink() and not data.resolve().is_relative_to(stack.var):
        shutil.rmtree(data.resolve().parent, ignore_errors=True)
    keep = {"cache", "backups", *STACKS} if name == "portal" else set()
    for path in stack.var.iterdir() if stack.var.exists() else ():
        if path.name not in keep:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def hint(name: str, error: StackError) -> str:
    """The one cause that hides behind many symptoms, and that may keep a log from saying so: a full disk."""
    var = settings.read(name).var
    nothing_left = var.exists() and shutil.disk_usage(var).free < 16 * 2**20
    complained = error.log is not None and "No space left on device" in console.tail(error.log)
    return f"the disk that holds {var} is full" if nothing_left or complained else ""


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    parser.add_argument("verb", choices=["portal", "up", "upgrade", "stop", "reset", "prepare"])
    parser.add_argument("name", nargs="?", default="portal")
    given = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        match given.verb:
            case "portal":
                portal()
            case "up":
                up(settings.read(given.name))
            case "upgrade":
                from stack.upgrade import upgrade  # noqa: PLC0415 - it is built upon this module

                upgrade(settings.read(given.name))
            case "stop":
                stop(given.name)
            case "reset":
                reset(given.name)
            case "prepare":
                prepare.prepare(settings.read())
    except StackError as error:
        return console.fail(error, hint(given.name, error))
    except KeyboardInterrupt:
        return console.fail(StackError("interrupted; run the same command again to go on"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
