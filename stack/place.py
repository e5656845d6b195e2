"""Which operating-system account runs what, and where it may write.

Started by root, the services run as accounts of their own, the gateway apart from CKAN so that neither can read the
other's environment or files. PostgreSQL never runs as root. A checkout that other accounts cannot enter (below a home
folder of mode 0700, say) leaves two ways out: PostgreSQL's data moves to ``/var/lib/shopendata``, the rest stays with
root, and the doctor says so. Started by anybody else, everything runs as that person.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.settings import ROOT, Settings

APP, GATEWAY, LOADER, DATABASE = "shopendata", "shopendata-gateway", "shopendata-loader", "postgres"
SEALER = "shopendata-sealer"

#: Processes that hold the vault's loader role or the secrets of sources: apart from the web processes.
LOADING = ("publisher", "harvest_work")


@dataclass(frozen=True)
class Place:
    """The account of each process and the folder of PostgreSQL's data."""

    app: str
    gateway: str
    loader: str
    sealer: str
    database: str
    postgres_data: Path
    note: str = ""

    def account(self, process: str) -> str:
        """The account under which a process runs."""
        special = {"gateway": self.gateway, "sealer": self.sealer, "postgres": self.database} | dict.fromkeys(
            LOADING, self.loader
        )
        return special.get(process, self.app)

    def known_findings(self) -> list[str]:
        """What the doctor finds in every installation of this kind: its operator has chosen where it lies."""
        return ["account.root"] if self.app == "root" else []


def open_to_others(path: Path) -> bool:
    """Whether any account can enter ``path``: every folder above it lets others pass, and it can be read itself."""
    for folder in [path, *path.parents]:
        wanted = stat.S_IXOTH | (stat.S_IROTH if folder == path else 0)
        if folder.stat().st_mode & wanted != wanted:
            return False
    return True


def choose(settings: Settings, *, root: bool | None = None, reachable: bool | None = None) -> Place:
    """The accounts for this machine; ``root`` and ``reachable`` are looked up unless given."""
    data = Path(settings["POSTGRES_DATA"])
    if not (os.geteuid() == 0 if root is None else root):
        me = getpass.getuser()
        return Place(me, me, me, me, me, data)
    if open_to_others(ROOT) if reachable is None else reachable:
        return Place(APP, GATEWAY, LOADER, SEALER, DATABASE, data)
    # The folder's name must not collide with another checkout's.
    key = hashlib.sha256(str(settings.var).encode()).hexdigest()[:12]
    note = f"other accounts cannot enter {ROOT}: services run as root, PostgreSQL's data lies below /var/lib/shopendata"
    return Place("root", "root", "root", "root", DATABASE, Path("/var/lib/shopendata") / key / "postgres", note)


def make_accounts(place: Place) -> None:
    """Creates the service accounts that are missing (root only; no login, no home).

    The loader and the sealer belong to the app's group: CKAN wants to read the front-end bundles that the app keeps.
    """
    for name in (place.app, place.gateway, place.loader, place.sealer):
        if name == "root":
            continue
        try:
            pwd.getpwnam(name)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "--user-group", name]
                + (["--groups", place.app] if name in (place.loader, place.sealer) else []),
                check=True,
            )


def give(path: Path, account: str, *, deep: bool = False) -> None:
    """Makes ``account`` the owner of ``path`` (root only; a no-op for anybody else)."""
    if os.geteuid() != 0:
        return
    for entry in [path, *(path.rglob("*") if deep else ())]:
        if not entry.is_symlink():
            shutil.chown(entry, account, pwd.getpwnam(account).pw_gid)


def folder(path: Path, account: str, mode: int = 0o750) -> Path:
    """A folder that belongs to ``account``."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    give(path, account)
    return path
