"""Renders ``docs/reference.md`` and ``docs/permissions.md`` from the tables in the code: ``make docs``.

A test holds the pages against them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ckanext.shopendata.policy import people, role  # noqa: E402

from stack import databases, secrets, settings  # noqa: E402

PAGE = ROOT / "docs" / "reference.md"
PERMISSIONS = ROOT / "docs" / "permissions.md"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return [*lines, *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows), ""]


def inventory_tables(inventory: dict[str, Any]) -> list[str]:
    """A table for each part of the inventory."""
    lines: list[str] = []
    for part, classes in inventory.items():
        if part != "projections":
            lines += [f"### {part.capitalize()}", ""]
            rows = [[f"`{kind}`", str(len(names)), ", ".join(f"`{name}`" for name in names)]
                    for kind, names in classes.items()]  # fmt: skip
            lines += table(["class", "number", "names"], rows)
    return lines


def page() -> str:
    """The whole page."""
    declared = yaml.safe_load(
        (ROOT / "ckanext-shopendata" / "ckanext" / "shopendata" / "config_declaration.yaml").read_text()
    )
    inventory = yaml.safe_load(
        (ROOT / "ckanext-shopendata" / "ckanext" / "shopendata" / "hardening" / "inventory.yaml").read_text()
    )
    options = [option for group in declared["groups"] for option in group["options"]]
    portal = settings.read("portal", {})
    ports = [["nginx (the front door)", portal["PORT"]]]
    ports += [[service, portal[f"{service.upper()}_PORT"]] for service in settings.LISTENING]
    lines = [
        "# Reference",
        "",
        "Rendered by `make docs` from the tables in the code; do not edit.",
        "",
        "## Variables of an installation",
        "",
        "Read from the environment by `make portal` and by the containers; kept in `stack/settings.py`. A second stack",
        "has its name in them: `SHOPENDATA_TEST_PORT`.",
        "",
        *table(
            ["variable", "meaning", "default"],
            [[f"`{n}`", v.meaning, "derived" if v.default is None else f"`{v.default}`" if v.default else "empty"]
             for n, v in settings.VARIABLES.items()],
        ),
        "## Ports",
        "",
        "All on 127.0.0.1; the test stack has its own from 5100, the fault stack from 5200.",
        "",
        *table(["service", "port"], ports),
        "## Secrets",
        "",
        "One file each below `var/secrets`, made once. Who holds which:",
        "",
        *table(["secret", "processes"], [[f"`{n}`", ", ".join(holders)] for n, holders in secrets.HOLDERS.items()]),
        "## Databases and roles",
        "",
        *table(
            ["database", "owner", "roles that may connect"],
            [[f"`{n}`", f"`{owner}`", ", ".join(f"`{g}`" for g in guests)]
             for n, (owner, guests) in databases.DATABASES.items()],
        ),
        *table(
            ["role", "schema", "privileges on tables"],
            [[f"`{role}`", f"`{db}.{schema}`", privileges] for db, schema, _, role, privileges in databases.GRANTS],
        ),
        "## Options of the plugins",
        "",
        *table(
            ["option", "default", "meaning"],
            [[f"`{o['key']}`", f"`{o['default']}`", " ".join(o["description"].split())] for o in options],
        ),
        "## What can be asked of the portal",
        "",
        "From `hardening/inventory.yaml`. `metadata` and `data` are public, `staff` is for people who are signed in,",
        "`off` answers like an address that does not exist, and so does whatever is not listed.",
        "",
        *inventory_tables(inventory),
        f"{len(inventory['projections'])} actions write what only the publisher writes (`publish/gate.py`):",
        ", ".join(f"`{name}`" for name in sorted(inventory["projections"])) + ".",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def permissions_page() -> str:
    """Who may do what: role x verb, and which roles one person may not hold together."""
    roles = list(people.Role)
    verbs = [
        [f"`{verb}`", "code" if verb in people.DECISIONS else "", *("●" if one in able else "" for one in roles)]
        for verb, able in people.PERMISSIONS.items()
    ]
    apart = [
        [f"`{one.value}`", *("×" if frozenset({one, other}) in people.EXCLUSIVE else "" for other in roles)]
        for one in roles
    ]
    heads = [f"`{one.value}`" for one in roles]
    of_agency = ", ".join(f"`{one.value}`" for one in roles if one.of_agency)
    kept = ", ".join(f"`{one.value}`" for one in roles if one in role.NOT_DELEGABLE)
    lines = [
        "# Who may do what",
        "",
        "Rendered by `make docs` from `policy/people.py`; do not edit. `tests/people/test_permissions.py` tries every",
        "cell by HTTP.",
        "",
        f"Held in one agency, and reaching no further: {of_agency}. The district authority reaches the bodies below",
        "its district too. All others are held in the whole portal. Being an administrator of CKAN is no role.",
        "",
        "## Role and verb",
        "",
        *table(["verb", "decides", *heads], verbs),
        "A role without a verb may nothing yet.",
        "",
        "**code**: a decision. It opens, closes or ends something for others, binds the agency, gives or takes power,",
        "or destroys a content; preparing, asking, checking, declining and reading do not. Deciding needs the holder's",
        "own session in a browser and a code of their device (TOTP) typed in that session a short while ago",
        "(`ckanext.shopendata.totp.minutes`). A token for the API never carries a decision, whoever's it is.",
        "",
        "## Not held together",
        "",
        "By one person, wherever, and neither in somebody's stead:",
        "",
        *table(["", *heads], apart),
        "## How a role comes and goes",
        "",
        f"- The console (`ckan shopendata people grant`) makes the first {role.FROM_CONSOLE} security administrators.",
        "- One security administrator asks for a role, another confirms it; neither is the holder. Both type the",
        "  number of the person's identity document; only a keyed hash of it is kept. A person has one account with",
        "  roles.",
        f"- A role has a term, can be renewed in its last {role.RENEWABLE.days} days, and is revoked by one person.",
        "- Whoever is away names a substitute from the same agency. While that runs, the two count as one person; what",
        "  the substitute did in the holder's stead the holder has done.",
        f"- Not lent: {kept}.",
        "- Nobody sets or replaces the password, address or device of somebody who holds a role, administrators and",
        "  the command line included. Who lost them gets a link at the word of two security administrators, neither of",
        "  them the holder; a link by mail alone (forgotten password) asks for a code of the device too, and is not",
        "  sent to who holds a role and has none.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
    PERMISSIONS.write_text(permissions_page())
