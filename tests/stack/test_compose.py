"""Holds docker-compose.yml and config/docker against what runs natively: no engine, no service, no CKAN.

A check returns what is wrong. Each is also shown spoilt copies, of which it must complain: see SPOILT.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack import place, render, secrets, settings
from stack.settings import ROOT, VARIABLES

HOME = "/srv/shopendata"
BACKENDS = {"postgres", "redis", "solr"}
OUTSIDE = "${SHOPENDATA_PUBLIC_LISTEN:-127.0.0.1}:${SHOPENDATA_PORT:-5000}"

#: Volume -> the services that mount it. What is not here is made anew at each start.
VOLUMES = {
    "postgres": {"postgres"},
    "redis": {"redis"},
    "solr": {"solr"},
    "nginx": {"nginx", "sealer"},
    "audit": {"sealer"},
    "storage": {"web", "worker", "harvest_gather", "prepare"},
    "webassets": {"web", "worker", "prepare", "nginx"},
    "mail": {"web", "worker", "notifier"},
}

#: Folders of which nothing has to last, but for secrets, which are mounted elsewhere.
MEMORY = {"etc", "run", "secrets"}

#: Packages whose programs and headers no running container needs, and what stands in for one of them there.
BUILD_ONLY = {"python3-venv", "python3-dev", "gcc", "libc6-dev", "libpq-dev", "maven"}
STAND_IN = {"libpq5": "libpq-dev"}


@dataclass
class World:
    """What is checked, as texts and plain data, so that a copy of it can be spoilt."""

    compose: dict[str, Any]
    dockerfile: str
    ignore: str

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        return self.compose["services"]

    def environment(self, service: str) -> dict[str, str]:
        """What is set for a service; variables that only pass through are not."""
        return {key: str(value) for key, value in self.given(service).items() if value is not None}

    def given(self, service: str) -> dict[str, Any]:
        return self.services[service].get("environment", {})

    def settings(self, service: str) -> settings.Settings:
        """What the process in the container reads from it, as if its code lay where the image has it."""
        native = settings.read("portal", self.environment(service))
        return settings.Settings("portal", {key: at_home(value) for key, value in native.values.items()})

    def stages(self) -> dict[str, tuple[str, list[tuple[str, str]]]]:
        """Stage -> (what it starts from, its instructions)."""
        lines = "\n".join(line for line in self.dockerfile.splitlines() if not line.startswith("#"))
        stages: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        steps: list[tuple[str, str]] = []
        for line in lines.replace("\\\n", " ").splitlines():
            if not line.strip():
                continue
            instruction, rest = line.split(None, 1)
            if instruction == "FROM":
                source, _, name = rest.partition(" AS ")
                stages[name] = (source, steps := [])
            else:
                steps.append((instruction, " ".join(rest.split())))
        return stages

    def steps(self, stage: str) -> list[tuple[str, str]]:
        """All instructions that made a stage, those it starts from first."""
        stages = self.stages()
        source, own = stages[stage]
        return [*(self.steps(source) if source in stages else ()), *own]

    def packages(self, stage: str, *, inherited: bool = True) -> set[str]:
        steps = self.steps(stage) if inherited else self.stages()[stage][1]
        runs = [part for kind, text in steps if kind == "RUN" for part in text.split(" && ")]
        return {name for run in runs if run.startswith("config/docker/packages ") for name in run.split()[1:]}

    def uid(self, service: str) -> str:
        target = self.services[service]["build"]["target"]
        return str(self.services[service].get("user") or last(self.steps(target), "USER"))

    def mounts(self, service: str) -> dict[str, dict[str, Any]]:
        """Folder in the container -> volume (``source``) or tmpfs (``options``) that is mounted there."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.services[service].get("volumes", []):
            if isinstance(entry, dict):
                found[entry["target"]] = entry
            else:
                *source, target = entry.split(":")
                found[target] = {"source": source[0] if source else None}
        for entry in self.services[service].get("tmpfs", []):
            target, _, options = entry.partition(":")
            found[target] = {"options": dict(option.split("=") for option in options.split(",") if option)}
        return found


def at_home(path: str) -> str:
    """A path below this checkout, as it is in a container."""
    return path.replace(str(ROOT), HOME, 1) if path.startswith(str(ROOT)) else path


def last(steps: list[tuple[str, str]], instruction: str) -> str:
    return next((rest for kind, rest in reversed(steps) if kind == instruction), "")


def supervised() -> dict[str, configparser.SectionProxy]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "config" / "supervisord.conf")
    return {name.partition(":")[2]: parser[name] for name in parser.sections() if name.startswith("program:")}


def native_patience() -> dict[str, int]:
    """Process that is asked whether it serves -> patience in seconds, from stack/services.py without its imports."""
    tree = ast.parse((ROOT / "stack" / "services.py").read_text())
    patience = next(
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "patience"
    )
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Process":
            name, question, *rest = node.args
            if getattr(question, "id", "") != "_running":
                found[name.value] = rest[0].value if rest else patience
    return found


def templates(service: str) -> str:
    """The templates of what is rendered for a service."""
    return "\n".join((ROOT / "config" / render.TEMPLATES[target][0]).read_text() for target in render.NEEDS[service])


def readers(service: str) -> str:
    """The scripts and settings that read a service's environment."""
    files = [ROOT / "config" / "processes" / service, ROOT / "config" / "processes" / "common.sh"]
    files += [path for path in [ROOT / "config" / "gunicorn" / f"{service}.py"] if path.exists()]
    return "\n".join(path.read_text() for path in files)


def read_by(service: str) -> set[str]:
    """The variables that a service reads somewhere."""
    placeholders = [match[1] for match in render.PLACEHOLDER.finditer(templates(service))]
    found = {"SHOPENDATA_VAR", *re.findall(r"SHOPENDATA_[A-Z_]+", readers(service))}
    found |= {name for name in placeholders if name.startswith("SHOPENDATA_")}
    if any(service in holders for holders in secrets.HOLDERS.values()):
        found.add("SHOPENDATA_SECRETS")
    if service == "prepare":
        code = "".join((ROOT / "stack" / name).read_text() for name in ("prepare.py", "databases.py"))
        found |= {f"SHOPENDATA_{name}" for name in re.findall(r'settings\["([A-Z_]+)"\]', code)}
        found |= {f"SHOPENDATA_{name.upper()}_PORT" for name in re.findall(r'\.port\("(\w+)"\)', code)}
    return found


def strings(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for value in data.values():
            yield from strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value)
    elif isinstance(data, str):
        yield data


# Checks ##############################################################################################################


def processes(world: World) -> Iterator[str]:
    """Services are the supervised programs and `prepare`; each runs the script of its name."""
    for name in {*world.services} ^ {*supervised(), "prepare"}:
        yield f"{name} is a service or a supervised program, but not both"
    for name, service in world.services.items():
        if service.get("command") != [name]:
            yield f"{name} runs {service.get('command')}"
        entrypoint = last(world.steps(service["build"]["target"]), "ENTRYPOINT").strip('[]"')
        for path in (entrypoint.removeprefix(f"{HOME}/"), f"config/processes/{name}"):
            if not os.access(ROOT / path, os.X_OK) or not (ROOT / path).is_file():
                yield f"{name}: {path} is not an executable file"


def variables(world: World) -> Iterator[str]:
    """Every variable is one of the table and read by what it is given to."""
    for name in world.services:
        for variable in world.given(name):
            if variable not in VARIABLES:
                yield f"{name}: {variable} is no variable of stack/settings.py"
            elif variable not in read_by(name):
                yield f"{name}: nothing reads {variable}"
    for text in strings(world.compose):
        for variable in re.findall(r"\$\{(\w+)", text):
            if variable not in VARIABLES:
                yield f"{text} asks for {variable}, which is no variable of stack/settings.py"


def hosts(world: World) -> Iterator[str]:
    """What a service reads about another one leads there."""
    for name, service in world.services.items():
        given = {other: world.given(name).get(f"SHOPENDATA_{other.upper()}_HOST") for other in settings.LISTENING}
        if given.get(name):
            yield f"{name} would ask itself at another address than its own"
        for other in given.keys() - {name}:
            if f"SHOPENDATA_{other.upper()}_HOST" not in read_by(name):
                continue
            if given[other] != other:
                yield f"{name} looks for {other} at {given[other]}"
            if not {*service.get("networks", [])} & {*world.services[other].get("networks", [])}:
                yield f"{name} and {other} share no network"


def ports(world: World) -> Iterator[str]:
    """A port is the same for who listens there, who asks there and who looks after its health."""
    for other in settings.LISTENING:
        known = {name: world.settings(name).port(other) for name in world.services}
        if {*known.values()} != {known[other]}:
            yield f"the port of {other} is {known}"
        if world.settings(other)["LISTEN"] != "0.0.0.0":
            yield f"{other} is not reached from other containers"
    if world.settings("nginx")["PUBLIC_LISTEN"] != "0.0.0.0":
        yield "nginx is not reached from the host"


def published(world: World) -> Iterator[str]:
    """Only nginx is reached from outside, on loopback unless told otherwise, at the port where it listens."""
    for name, service in world.services.items():
        if name != "nginx" and (service.get("ports") or service.get("network_mode")):
            yield f"{name} publishes a port"
    wanted = f"{OUTSIDE}:{world.settings('nginx').port('nginx')}"
    if world.services["nginx"].get("ports") != [wanted]:
        yield f"nginx publishes {world.services['nginx'].get('ports')}, not {wanted}"


def networks(world: World) -> Iterator[str]:
    """Solr asks for no password, the vault is the gateway's: who cannot reach them cannot try."""
    declared = {name: bool((options or {}).get("internal")) for name, options in world.compose["networks"].items()}
    members = {name: {*service.get("networks", ["default"])} for name, service in world.services.items()}
    for name in {*declared} ^ set().union(*members.values()):
        yield f"network {name} is declared or used, but not both"
    for one, other in [("gateway", "solr"), ("gateway", "worker"), *(("nginx", name) for name in BACKENDS)]:
        if members[one] & members[other]:
            yield f"{one} reaches {other}"
    for name in BACKENDS | {"gateway", "prepare"}:
        if not all(declared.get(network) for network in members[name]):
            yield f"{name} reaches the outside"
    if [name for name in members if "door" in members[name]] != ["nginx"]:
        yield "nginx shares its door"


def stopping(world: World) -> Iterator[str]:
    """Signals and patience are the supervisor's."""
    for name, program in supervised().items():
        service = world.services.get(name, {})
        if service.get("stop_signal") != "SIG" + program["stopsignal"]:
            yield f"{name} is stopped by {service.get('stop_signal')}"
        if service.get("stop_grace_period") != program["stopwaitsecs"] + "s":
            yield f"{name} has {service.get('stop_grace_period')} to end"


def logs(world: World) -> Iterator[str]:
    """Logs grow as far as the supervisor's do."""
    for name, program in supervised().items():
        options = world.services[name].get("logging", {}).get("options", {})
        if options.get("max-size") != program["stdout_logfile_maxbytes"].lower().removesuffix("b"):
            yield f"{name}: a log of {options.get('max-size')}"
        if options.get("max-file") != str(int(program["stdout_logfile_backups"]) + 1):
            yield f"{name}: {options.get('max-file')} logs"


def health(world: World) -> Iterator[str]:
    """What is asked, and how long a start may take, is as in stack/services.py."""
    questions = native_patience()
    for name, service in world.services.items():
        check = service.get("healthcheck")
        if name not in questions:
            if check:
                yield f"{name} is asked, natively it is not"
        elif not check or check["test"] != ["CMD", "python3", "-m", "stack.container", "healthy", name]:
            yield f"{name} is not asked what it is asked natively"
        elif check.get("start_period") != f"{questions[name]}s":
            yield f"{name} may take {check.get('start_period')} to start"


def order(world: World) -> Iterator[str]:
    """Databases, then prepare, then what needs it, then nginx; no condition that can never hold."""
    graph = {name: service.get("depends_on", {}) for name, service in world.services.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        yield f"a circle: {error}"
    ready, done = {"condition": "service_healthy"}, {"condition": "service_completed_successfully"}
    wanted = {name: {"prepare": done} for name in world.services}
    wanted |= {name: {} for name in BACKENDS} | {"prepare": dict.fromkeys(BACKENDS, ready)}
    wanted["nginx"] = {"web": ready, "gateway": ready}
    for name, needed in graph.items():
        if needed != wanted[name]:
            yield f"{name} waits for {needed}"
        for other, how in needed.items():
            if how == ready and "healthcheck" not in world.services[other]:
                yield f"{name} waits for the health of {other}, which is never asked"


def secret_files(world: World) -> Iterator[str]:
    """A service gets the secrets that it may hold, no other."""
    if world.compose["secrets"] != {name: {"file": f"./var/secrets/{name}"} for name in secrets.HOLDERS}:
        yield "the files are not those that stack/secrets.py makes"
    for name, service in world.services.items():
        given = service.get("secrets", [])
        allowed = [secret for secret, holders in secrets.HOLDERS.items() if name in holders]
        if sorted(given) != sorted(allowed):
            yield f"{name} gets {given}, may hold {allowed}"
        if given and world.given(name).get("SHOPENDATA_SECRETS") != "/run/secrets":
            yield f"{name} looks for its secrets elsewhere"


def memory(world: World) -> Iterator[str]:
    """What is made anew at each start belongs to the account that makes it."""
    for name in world.services:
        mounts, uid = world.mounts(name), world.uid(name)
        options = mounts.get(f"{HOME}/var", {}).get("options", {})
        if (options.get("uid"), options.get("gid"), options.get("mode")) != (uid, uid, "0750"):
            yield f"{name}: {HOME}/var is not memory of its own"
        if "/tmp" not in mounts:
            yield f"{name} cannot write to /tmp"


def volumes(world: World) -> Iterator[str]:
    """What lasts lies in volumes: each where its process writes, each owned by who writes."""
    used: dict[str, set[str]] = {}
    for name, service in world.services.items():
        made = [text.split() for kind, text in world.steps(service["build"]["target"]) if kind == "RUN"]
        folders = {word for words in made if words[:3] == ["install", "-d", "-o"] for word in words[4:]}
        for target, mount in world.mounts(name).items():
            if volume := mount.get("source"):
                used.setdefault(volume, set()).add(name)
                if target != f"{HOME}/var/{volume}":
                    yield f"{name}: {volume} is mounted at {target}"
                if (f"var/{volume}" in folders) == bool(mount.get("volume", {}).get("nocopy")):
                    yield f"{name}: an empty volume {volume} would not get its owner from the image"
                if bool(mount.get("read_only")) != ((name, volume) == ("nginx", "webassets")):
                    yield f"{name}: {volume} can be written, or cannot"
    if used != VOLUMES or {*world.compose["volumes"]} != {*VOLUMES}:
        yield f"volumes are {used}"
    if Path(world.settings("postgres")["POSTGRES_DATA"]).parent != Path(HOME, "var", "postgres"):
        yield "a cluster is made beside its data folder: that has to lie one level below the volume"


def hardening(world: World) -> Iterator[str]:
    """A container can change nothing but its state and gain no rights."""
    for name, service in world.services.items():
        if service.get("read_only") is not True or service.get("init") is not True:
            yield f"{name}: a root file system that can be written, or no init"
        if service.get("cap_drop") != ["ALL"] or service.get("cap_add") or service.get("privileged"):
            yield f"{name} keeps capabilities"
        if service.get("security_opt") != ["no-new-privileges:true"]:
            yield f"{name} can gain rights"
        if service.get("restart") != ("no" if name == "prepare" else "unless-stopped"):
            yield f"{name} is restarted: {service.get('restart')}"


def accounts(world: World) -> Iterator[str]:
    """The accounts are the native ones, with fixed numbers; nothing runs as root."""
    made = re.findall(r"account (\d+) ([\w-]+)", " ".join(text for _, text in world.steps("base")))
    names = dict(made)
    native = place.choose(settings.read(environ={}), root=True, reachable=True)
    for name in world.services:
        if names.get(world.uid(name)) != native.account(name):
            yield f"{name} runs as {names.get(world.uid(name))} ({world.uid(name)}), natively as {native.account(name)}"
    for stage in {service["build"]["target"] for service in world.services.values()}:
        if last(world.steps(stage), "WORKDIR") != HOME:
            yield f"{stage} does not stand in {HOME}"
        if not last(world.stages()[stage][1], "USER").isdecimal():
            yield f"{stage} has no account"


def images(world: World) -> Iterator[str]:
    """One pinned base, one tag, which is our version; every target exists."""
    stages = world.stages()
    base = re.search(r"^ARG BASE=(\S+)$", world.dockerfile, re.MULTILINE)
    if not base or not re.fullmatch(r"debian:12\.\d+-slim", base[1]):
        yield "the base is not a pinned Debian 12"
    for number, (name, (source, _)) in enumerate(stages.items()):
        if source not in [*stages][:number] and (name, source) != ("base", "${BASE}"):
            yield f"{name} starts from {source}"
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    for name, service in world.services.items():
        build = service["build"]
        if build["target"] not in stages or not (ROOT / build["context"] / build["dockerfile"]).is_file():
            yield f"{name} is built from {build}"
        if service["image"] != f"shopendata-{build['target']}:{version and version[1]}":
            yield f"{name} has the image {service['image']}"


def packages(world: World) -> Iterator[str]:
    """Debian's packages are those of stack/bootstrap.sh, and nothing that only builds is in an image that runs."""
    listed = re.search(r"^packages=\((.*?)\)$", (ROOT / "stack" / "bootstrap.sh").read_text(), re.MULTILINE | re.DOTALL)
    assert listed
    native = set(shlex.split(listed[1], comments=True))
    ours = set().union(*(world.packages(stage) for stage in world.stages()))
    if ours - {*STAND_IN} != native:
        yield f"packages here or there only: {(ours - {*STAND_IN}) ^ native}"
    for name, real in STAND_IN.items():
        if name in ours and real not in ours:
            yield f"{name} stands in for {real}, which nothing is built with"
    for name, service in world.services.items():
        if wrong := world.packages(service["build"]["target"]) & BUILD_ONLY:
            yield f"{name} holds {wrong}"
    for text in (text for stage in world.stages() for kind, text in world.steps(stage) if kind == "RUN"):
        if "apt-get" in text:
            yield f"packages past config/docker/packages: {text}"


def building(world: World) -> Iterator[str]:
    """Python packages, Solr's jars and translations come by the commands that stack/ uses."""
    ours = " ".join(text for stage in world.stages() for kind, text in world.steps(stage) if kind == "RUN")
    native = (ROOT / "stack" / "bootstrap.sh").read_text()
    commands = [line.strip().replace('"$1"', "requirements.lock") for line in native.splitlines() if " pip " in line]
    commands += [line.strip() for line in native.splitlines() if line.strip().startswith(".venv/bin/pip install")]
    for command in commands:
        if command.replace('"$1"', "requirements.lock") not in ours:
            yield f"missing: {command}"
    maven = re.search(r'\["mvn", .*?\]', (ROOT / "stack" / "__main__.py").read_text(), re.DOTALL)
    assert maven
    for word in re.findall(r'"([\w:=-]+)', maven[0]):
        if word not in ours:
            yield f"missing in the call of Maven: {word}"
    if "config/translate compile" not in ours:
        yield "nobody compiles the translations"


def elsewhere(world: World) -> Iterator[str]:
    """What only one image holds lies where the process looks for it."""
    for name, variable, copied in (("solr", "SOLR_JARS", "jars"), ("nginx", "CKAN_PUBLIC", "public/base")):
        made = [text.split()[-1] for kind, text in world.stages()[name][1] if kind == "COPY" and "--from=" in text]
        if made != [copied]:
            yield f"{name} copies from other stages to {made}"
        if world.settings(name)[variable] != f"{HOME}/{copied.partition('/')[0]}":
            yield f"{name} looks for {copied} in {world.settings(name)[variable]}"


def ignored(path: str, patterns: str) -> bool:
    """Whether a path of the repository stays out of the build: the last pattern that fits decides."""
    verdict = False
    for line in patterns.splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        translated = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{translated}(/.*)?", path):
            verdict = not line.startswith("!")
    return verdict


def copies(world: World) -> Iterator[str]:
    """Everything that is copied is there; nothing secret, foreign or built here comes along."""
    stages = world.stages()
    for stage, (_, steps) in stages.items():
        for words in (text.split() for kind, text in steps if kind in {"COPY", "ADD"}):
            if words[0].startswith("--from="):
                if words[0].removeprefix("--from=") not in [*stages][: [*stages].index(stage)]:
                    yield f"{stage} copies from {words[0]}"
                continue
            for source in words[:-1]:
                # A source with an asterisk may be missing: Docker only asks that one of a line's sources is there.
                if "*" not in source and not (ROOT / source).exists():
                    yield f"{stage} copies {source}, which does not exist"
                if ignored(source, world.ignore):
                    yield f"{stage} copies {source}, which is ignored"
    outside = [".git/config", ".venv/bin/python", ".env", "var/secrets/redis", "var/ckan.ini"]
    for path in [*outside, "config/__pycache__/x.pyc", "theme/i18n/x.mo", "stack.key"]:
        if not ignored(path, world.ignore):
            yield f"{path} is sent to the engine"


CHECKS: tuple[Callable[[World], Iterator[str]], ...] = (
    processes, variables, hosts, ports, published, networks, stopping, logs, health, order, secret_files, memory,
    volumes, hardening, accounts, images, packages, building, elsewhere, copies,
)  # fmt: skip


# Spoilt copies #######################################################################################################


def put(*path: Any, to: Any = None) -> Callable[[World], None]:
    """Sets one place of docker-compose.yml."""

    def spoil(world: World) -> None:
        at: Any = world.compose
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = to

    return spoil


def cut(*path: Any) -> Callable[[World], None]:
    """Removes one place of docker-compose.yml."""

    def spoil(world: World) -> None:
        at: Any = world.compose
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return spoil


def write(old: str, new: str, where: str = "dockerfile") -> Callable[[World], None]:
    """Replaces a text of the Dockerfile (or of what is ignored)."""

    def spoil(world: World) -> None:
        text = getattr(world, where)
        assert old in text
        setattr(world, where, text.replace(old, new))

    return spoil


def service(name: str, *path: Any, to: Any) -> Callable[[World], None]:
    return put("services", name, *path, to=to)


def environment(name: str, variable: str, to: Any = "x") -> Callable[[World], None]:
    return put("services", name, "environment", f"SHOPENDATA_{variable}", to=to)


SPOILT: tuple[tuple[Callable[[World], Iterator[str]], Callable[[World], None]], ...] = (
    (processes, cut("services", "harvest_run")),
    (processes, lambda world: world.services.update(mail=world.services["worker"])),
    (processes, service("web", "command", to=["worker"])),
    (processes, write("/config/docker/entrypoint", "/config/docker/Dockerfile")),
    (variables, environment("web", "WEB_WORKER", to="4")),
    (variables, environment("worker", "WEB_WORKERS", to="4")),
    (variables, environment("redis", "SOLR_HEAP", to=None)),
    (variables, service("nginx", "ports", to=["${PORT:-5000}:5000"])),
    (hosts, environment("web", "REDIS_HOST", to="localhost")),
    (hosts, cut("services", "gateway", "environment", "SHOPENDATA_POSTGRES_HOST")),
    (hosts, environment("web", "REDIS_HOST", to=None)),
    (hosts, environment("redis", "REDIS_HOST", to="redis")),
    (ports, environment("redis", "REDIS_PORT", to="6379")),
    (published, environment("nginx", "PORT", to="80")),
    (ports, cut("services", "solr", "environment", "SHOPENDATA_LISTEN")),
    (ports, cut("services", "nginx", "environment", "SHOPENDATA_PUBLIC_LISTEN")),
    (hosts, service("worker", "networks", to=["outside"])),
    (published, service("postgres", "ports", to=["5432:5432"])),
    (published, service("redis", "network_mode", to="host")),
    (published, service("nginx", "ports", to=["5000:5000"])),
    (published, service("nginx", "ports", to=[f"{OUTSIDE}:80"])),
    (networks, service("gateway", "networks", to=["front", "vault", "data"])),
    (networks, service("nginx", "networks", to=["door", "front", "vault"])),
    (networks, service("postgres", "networks", to=["data", "vault", "outside"])),
    (networks, service("web", "networks", to=["front", "data", "door"])),
    (networks, put("networks", "vault", "internal", to=False)),
    (networks, put("networks", "spare", to=None)),
    (networks, cut("services", "worker", "networks")),
    (stopping, service("postgres", "stop_signal", to="SIGTERM")),
    (stopping, cut("services", "nginx", "stop_grace_period")),
    (logs, service("web", "logging", "options", "max-size", to="1g")),
    (logs, cut("services", "web", "logging")),
    (health, service("web", "healthcheck", "test", -1, to="gateway")),
    (health, service("redis", "healthcheck", "start_period", to="1s")),
    (health, cut("services", "nginx", "healthcheck")),
    (health, service("worker", "healthcheck", to={"test": ["CMD", "true"]})),
    (order, service("web", "depends_on", to={"prepare": {"condition": "service_started"}})),
    (order, service("prepare", "depends_on", "web", to={"condition": "service_healthy"})),
    (order, cut("services", "solr", "healthcheck")),
    (secret_files, service("nginx", "secrets", to=["redis"])),
    (secret_files, service("web", "secrets", to=["ckan_web"])),
    (secret_files, put("secrets", "redis", "file", to="./redis")),
    (secret_files, cut("secrets", "admin_password")),
    (secret_files, cut("services", "gateway", "environment", "SHOPENDATA_SECRETS")),
    (volumes, service("redis", "volumes", to=[])),
    (volumes, service("web", "volumes", 1, to="webassets:/srv/shopendata/webassets")),
    (volumes, service("web", "volumes", 2, to="spare:/srv/shopendata/var/spare")),
    (volumes, put("volumes", "spare", to=None)),
    (volumes, service("nginx", "volumes", 1, to="webassets:/srv/shopendata/var/webassets")),
    (memory, service("gateway", "tmpfs", to=["/srv/shopendata/var:uid=10000,gid=10000,mode=0750", "/tmp"])),
    (memory, service("harvest_run", "tmpfs", to=["/tmp"])),
    (memory, service("web", "volumes", to=["storage:/srv/shopendata/var/storage"])),
    (volumes, environment("postgres", "POSTGRES_DATA", to="/srv/shopendata/var/postgres")),
    (volumes, write("-m 0700 var/postgres", "-m 0700 var/data")),
    (hardening, service("web", "read_only", to=False)),
    (hardening, service("solr", "cap_add", to=["NET_ADMIN"])),
    (hardening, cut("services", "redis", "security_opt")),
    (hardening, service("prepare", "restart", to="always")),
    (accounts, cut("services", "gateway", "user")),
    (accounts, service("worker", "user", to="root")),
    (accounts, write("account 10002 postgres", "account 999 postgres")),
    (accounts, write('USER 10000\nCMD ["nginx"]', 'CMD ["nginx"]')),
    (images, write("debian:12.12-slim", "debian:latest")),
    (images, write("FROM base AS redis", "FROM redis AS redis")),
    (images, service("redis", "image", to="redis")),
    (images, service("redis", "build", "target", to="base-redis")),
    (packages, write("packages redis-server", "packages redis-tools")),
    (packages, write("packages libmagic1 libpq5", "packages libmagic1 libpq5 gcc")),
    (packages, write(" libpq-dev", "")),
    (packages, write("RUN config/docker/packages nginx-light", "RUN apt-get install -y nginx-light")),
    (building, write("--require-hashes ", "")),
    (building, write("dependency:copy-dependencies", "dependency:resolve")),
    (building, write("&& config/translate compile", "")),
    (elsewhere, cut("services", "solr", "environment", "SHOPENDATA_SOLR_JARS")),
    (elsewhere, environment("nginx", "CKAN_PUBLIC", to="/srv/shopendata/public/base")),
    (elsewhere, write("ckan/public/base public/base", "ckan/public public/base/public")),
    (copies, write("COPY theme theme", "COPY themes themes")),
    (copies, write("--from=jars", "--from=app")),
    (copies, write("!theme\n", "", where="ignore")),
    (copies, write("*\n!ckanext-shopendata", "!ckanext-shopendata", where="ignore")),
)


# Tests ###############################################################################################################


@pytest.fixture(scope="module")
def read() -> World:
    folder = ROOT / "config" / "docker"
    return World(
        yaml.safe_load((ROOT / "docker-compose.yml").read_text()),
        (folder / "Dockerfile").read_text(),
        (folder / "Dockerfile.dockerignore").read_text(),
    )


@pytest.fixture
def world(read: World) -> World:
    return deepcopy(read)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_containers_agree_with_the_native_stack(world, check):
    assert [*check(world)] == []


@pytest.mark.parametrize(
    ("check", "spoil"), SPOILT, ids=[f"{check.__name__}-{number}" for number, (check, _) in enumerate(SPOILT)]
)
def test_a_check_notices_what_was_spoilt(world, check, spoil):
    spoil(world)
    try:
        complaints = [*check(world)]
    except (KeyError, IndexError) as error:  # what is missing altogether need not be put into words
        complaints = [repr(error)]
    assert complaints


def test_every_check_is_tried():
    assert {check for check, _ in SPOILT} == {*CHECKS}


def test_a_variable_that_a_script_reads_is_known():
    """Scripts read the environment past stack/settings.py: their names must be in its table as well."""
    unknown = set()
    for name in render.NEEDS:
        unknown |= set(re.findall(r"\$\{(SHOPENDATA_[A-Z_]+)", readers(name))) - {*VARIABLES}
    assert {name for name in unknown if not name.startswith("SHOPENDATA_ACCOUNT_")} == set()


def test_a_folder_that_is_written_lasts_or_is_known_not_to():
    text = "\n".join(part for name in render.NEEDS for part in (templates(name), readers(name)))
    assert {*re.findall(r"(?:@SHOPENDATA_VAR@|\$VAR)/([a-z]+)\b(?!\.)", text)} == {*VOLUMES, *MEMORY}


def test_compose_itself_reads_the_file():
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], check=False, capture_output=True).returncode:
        pytest.skip("needs `docker compose`, a parser is enough")
    command = [docker, "compose", "-f", ROOT / "docker-compose.yml", "config", "-q"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
