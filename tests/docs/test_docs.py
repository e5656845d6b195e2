"""The rendered page is the code's; links and paths in the documents exist."""

import importlib.util
import re
from pathlib import Path

import pytest
from ckanext.shopendata.gateway.problems import TITLES
from ckanext.shopendata.policy.scope import Mask

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "README.zh.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def test_the_reference_is_current():
    spec = importlib.util.spec_from_file_location("render", ROOT / "docs" / "render.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.page(), "run `make docs`"
    assert module.PERMISSIONS.read_text() == module.permissions_page(), "run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", [ROOT / "README.md", ROOT / "README.zh.md"], ids=lambda path: path.name)
def test_the_map_names_what_is_there(document):
    """Every folder of the map exists, and every folder at the top is on the map."""
    block = document.read_text().split("```text\n")[1].split("```")[0]
    named = {line.split()[0] for line in block.splitlines() if line and not line.startswith(" ")}
    for name in named:
        assert (ROOT / name).exists(), name
    tracked = {"ckanext-shopendata/", "harvesters/", "theme/", "stack/", "config/", "tests/", "docs/"}
    assert tracked <= named


def test_the_data_interface_names_every_error_and_mask():
    text = (ROOT / "docs" / "data-api.md").read_text()
    told = {code: int(status) for status, code in re.findall(r"^\| (\d{3}) \| `([\w-]+)` \|", text, re.MULTILINE)}
    assert told == {code: status for code, (status, _) in TITLES.items()}
    assert set(re.findall(r"^\| `(\w+)` \| [`nt]", text, re.MULTILINE)) >= {mask.value for mask in Mask} - {"none"}
