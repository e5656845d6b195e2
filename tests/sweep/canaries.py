"""Values that occur nowhere else, one a field of one dataset, and the search for them in whatever came back."""

import json
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from ckanext.shopendata.policy.classification import Tier
from ckanext.shopendata.policy.visibility import FIELDS, Stage

ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|&#x([0-9a-fA-F]+);|&#([0-9]+);")


@dataclass(frozen=True)
class Canary:
    """A value, the field it was planted in, and the key of the dataset."""

    text: str
    field: str
    dataset: str


@dataclass
class Planted:
    """One dataset: what it is, its identifiers, and whose it is as an application's."""

    key: str
    tier: Tier
    stage: Stage
    entry: str = ""
    id: str = ""
    name: str = ""
    resource: str = ""
    applicant: str = ""  # the account that has a grant
    grant: str = ""
    access_key: str = ""

    @property
    def vault_table(self):
        return "r_" + self.resource.replace("-", "")


@dataclass
class Canaries:
    """All of a world's. Lower-case letters only: names, tags, columns and search terms take them as they are."""

    run: str = field(default_factory=lambda: "".join(secrets.choice("bcdfghjk") for _ in range(5)))
    texts: dict = field(default_factory=dict)  # text -> Canary

    def __post_init__(self):
        self.pattern = re.compile(f"zq{self.run}[a-z]+?qz")

    def plant(self, dataset, name, what=""):
        """A new value for a field; ``what`` tells several of one field apart."""
        text = re.sub(r"[^a-z]", "", f"zq{self.run}{dataset}{what or name}".lower()) + "qz"
        assert text not in self.texts, f"{text} is planted already"
        self.add(text, name, dataset)
        return text

    def add(self, text, name, dataset):
        """A value that somebody else made, such as an identifier."""
        assert name in FIELDS, f"policy/visibility.py does not know the field {name}"
        assert len(text) >= 8
        self.texts[text] = Canary(text, name, dataset)

    def found_in(self, content):
        """The canaries in text or bytes: as it is, percent-decoded, and with the escapes of JSON and HTML undone."""
        if isinstance(content, bytes):
            content = content.decode("utf-8", "replace")
        versions = {content}
        if "%" in content:
            versions.add(unquote_plus(content))
        if "\\" in content or "&#" in content:
            versions.add(ESCAPE.sub(_character, content))
        found = set()
        for version in versions:
            lowered = version.lower()
            if "zq" + self.run in lowered:
                found |= {self.texts[text] for text in self.pattern.findall(lowered) if text in self.texts}
            found |= {self.texts[text] for text in self._others() if text in version or text in lowered}
        return found

    def _others(self):
        """Identifiers and keys, which no pattern finds. The list is made anew when one was added."""
        if len(self.texts) != getattr(self, "_counted", 0):
            self._counted = len(self.texts)
            self._rest = [text for text in self.texts if not self.pattern.fullmatch(text)]
        return self._rest


def _character(match):
    hexadecimal = match[1] or match[2] or match[3]
    code = int(hexadecimal, 16) if hexadecimal else int(match[4])
    return chr(code) if code < 0x110000 else ""


def as_text(value):
    """Whatever was sent, as text in which to look for canaries."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
