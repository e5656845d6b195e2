"""Directions that import-linter cannot watch, because harvesters/ and theme/ lie outside the package's folder."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "ckanext-shopendata" / "ckanext" / "shopendata"
OUTER = {"harvesters": ROOT / "harvesters", "theme": ROOT / "theme"}


def imports(path):
    """(level, dotted name) of every import in a file; level 0 is absolute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.level, f"{node.module or ''}.{alias.name}".strip(".")) for alias in node.names)


def sources(folder):
    return sorted(path for path in folder.rglob("*.py") if "versions" not in path.parts)


@pytest.mark.parametrize("path", sources(CORE), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_knows_neither_harvesters_nor_theme(path):
    known = {name for _, name in imports(path)}
    assert not {name for name in known if name.startswith(tuple(f"ckanext.shopendata.{outer}" for outer in OUTER))}


@pytest.mark.parametrize("outer", OUTER)
def test_the_outer_folders_know_the_core_but_not_each_other(outer):
    others = tuple(f"ckanext.shopendata.{other}" for other in OUTER)
    for path in sources(OUTER[outer]):
        for level, name in imports(path):
            assert level or not name.startswith(others), f"{path.name}: import siblings relatively, nothing of {name}"


def test_the_theme_holds_no_behaviour():
    """Looks may read: no table, no action, no policy of its own."""
    for path in sources(OUTER["theme"]):
        for _, name in imports(path):
            assert not name.startswith(("ckan.model", "sqlalchemy", "ckanext.shopendata.model")), path.name


def everything():
    return [path for folder in (CORE, *OUTER.values()) for path in sources(folder)]


def a_step(node):
    """A step of the harvesters' plan: what it calls its tier is the plan for a proposal."""
    return isinstance(node, ast.Name) and node.id == "step"


def writes_a_tier(node):
    """Whether this assigns an attribute ``tier``, or sets the column in a statement of SQLAlchemy's."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        written = [one for target in targets for one in ast.walk(target)]
        return any(isinstance(one, ast.Attribute) and one.attr == "tier" and not a_step(one.value) for one in written)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
        return any(keyword.arg == "tier" for keyword in node.keywords)
    return False


def test_a_tier_is_written_by_decisions_alone():
    """DESIGN invariant 3."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in everything()
        if any(writes_a_tier(node) for node in ast.walk(ast.parse(path.read_text())))
    }
    assert found == {"ckanext-shopendata/ckanext/shopendata/logic/action/classification.py"}


def test_only_the_demonstration_sets_the_clock():
    found = {path.relative_to(ROOT).as_posix() for path in everything() if "clock.at(" in path.read_text()}
    assert found == {"harvesters/demo/stage.py"}
