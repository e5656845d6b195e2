"""One record of a source becomes one entry, or says why not. Pure: no CKAN, no database, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from ckanext.shopendata.policy.classification import Tier

from . import cleaning
from .proposals import grounds
from .providers import Providers
from .record import Invalid, ItemSpec, Mapped, Refuse
from .rules import PUBLISHED, Rules

__all__ = ["declared", "guid_of", "hidden_guid", "map_record", "raw_digest", "value_at"]

_LONGEST_TITLE = 300
#: Real abstracts have some hundred characters. Cutting one would lose what a person wrote, so it is held back whole.
_LONGEST_ABSTRACT = 10_000
_LONGEST_TEXT = 2_000
_LONGEST_GUID = 300
_ITEM_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NOTED = re.compile(r"(?P<code>[^(（]+)[(（](?P<note>.*)[)）]")
_FLAG = {"1": True, "0": False, "True": True, "False": False}


def guid_of(rules: Rules, raw: Any) -> str:
    """The record's identity at its source. One that lacks it goes by its content."""
    try:
        values = [cleaning.clean(value_at(raw, path)) for path in rules.identity]
    except cleaning.Malformed:
        values = [""]
    if not all(values):
        return f"unidentified:{raw_digest(raw)[:32]}"
    if len(values) > 1:
        return hashlib.sha256("\n".join(values).encode()).hexdigest()[:32]
    return values[0] if len(values[0]) <= _LONGEST_GUID else hashlib.sha256(values[0].encode()).hexdigest()[:32]


def hidden_guid(guid: str) -> str:
    """Under which a refused record is remembered: it tells nothing, and is the same the next time."""
    return f"refused:{hashlib.sha256(guid.encode()).hexdigest()[:32]}"


def raw_digest(raw: Any) -> str:
    """Of a record as it came."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()


def map_record(rules: Rules, raw: Any, providers: Providers, today: dt.date) -> Mapped:
    """Maps. Raises :class:`Invalid` or :class:`Refuse`, and nothing else whatever the record holds."""
    if not isinstance(raw, dict):
        raise Invalid("record_malformed", "", type(raw).__name__)
    _refuse_secrets(rules, raw)
    read = _Reader(rules, raw, today)
    guid = guid_of(rules, raw)
    title = read.title()
    provider, code, agency = read.provider(providers)
    if guid.startswith("unidentified:"):
        raise Invalid("guid_missing", rules.identity[0])
    tier = Tier(read.code("tier", required=rules.tier_required) or Tier.UNDECIDED.value)
    entry = {"title": title, **read.columns()}
    return Mapped(
        guid=guid,
        provider=provider,
        provider_code=code,
        agency=agency,
        entry=entry,
        items=read.items(),
        tier=tier,
        grounds=grounds(rules, tier, {key: read.text(path, key) for key, path in rules.tier_grounds.items()}),
        state=read.code("state", required=True) if "state" in rules.fields else PUBLISHED,
        changed=read.text(rules.fields["modified"], "modified") if "modified" in rules.fields else "",
    )


def declared(rules: Rules, raw: Any) -> tuple[str, str]:
    """State and tier of a record that cannot be mapped; empty where it does not say, or says what nobody knows."""
    words = []
    for column in ("state", "tier"):
        try:
            known = isinstance(raw, dict) and column in rules.fields
            words.append(_Reader(rules, raw, dt.date.max).code(column) if known else "")
        except Invalid:
            words.append("")
    return words[0], words[1]


def _refuse_secrets(rules: Rules, raw: dict[str, Any]) -> None:
    """First of all, so that no other fault of such a record puts a word of it anywhere."""
    if not rules.secret:
        return
    flag = _FLAG.get(str(value_at(raw, rules.secret)))
    if flag:
        raise Refuse
    if flag is None:
        raise Invalid("secret_flag_unknown", "secret", value_at(raw, rules.secret))


def value_at(raw: Any, path: str) -> Any:
    """The value at a dotted path, ``None`` where there is none."""
    for part in path.split("."):
        if not isinstance(raw, dict):
            return None
        raw = raw.get(part)
    return raw


class _Reader:
    """Reads the fields of one record."""

    def __init__(self, rules: Rules, raw: dict[str, Any], today: dt.date) -> None:
        self._rules, self._raw, self._today = rules, raw, today

    def title(self) -> str:
        title = self.text(self._rules.fields["title"], "title", longest=_LONGEST_TITLE)
        if not title:
            raise Invalid("title_empty", "title")
        return title

    def provider(self, providers: Providers) -> tuple[str, str, str]:
        name = self.text(self._rules.provider, "provider")
        code = self.text(self._rules.provider_code, "provider") if self._rules.provider_code else ""
        if not name and not code:
            raise Invalid("provider_missing", "provider")
        agency = providers.find(name, code)
        if agency is None:
            raise Invalid("provider_unknown", "provider", name or code)
        return name, code, agency

    def columns(self) -> dict[str, Any]:
        """All other columns that the record delivers."""
        found: dict[str, Any] = {}
        for column, path in self._rules.fields.items():
            if column in {"title", "tier", "state"}:
                continue
            if column == "domain":
                found |= self._domain()
            elif column == "update_frequency":
                found |= self._frequency()
            elif column in self._rules.tables:
                found[column] = self.code(column)
            else:
                found[column] = _READERS.get(column, _Reader.text)(self, path, column)
        labels = list(dict.fromkeys([*found.get("labels", []), *found.pop("more_labels", [])]))
        return {column: value for column, value in (found | {"labels": labels}).items() if value not in (None, "", [])}

    def text(self, path: str, column: str, longest: int = _LONGEST_TEXT) -> str:
        value = self._given(cleaning.clean, path, column)
        if len(value) > longest:
            raise Invalid(f"{column}_too_long", column, len(value))
        return value

    def code(self, column: str, value: str | None = None, required: bool = False) -> str:
        """Our word for a coded field; empty where the record says nothing."""
        if value is None:
            value = self.text(self._rules.fields[column], column)
        if not value:
            if required:
                raise Invalid(f"{column}_missing", column)
            return ""
        table = self._rules.tables[column]
        if value not in table.mapped:
            raise Invalid(f"{column}_unknown", column, value)
        return table.mapped[value]

    def items(self) -> tuple[ItemSpec, ...]:
        given = value_at(self._raw, self._rules.items) if self._rules.items else None
        if given is None:
            return ()
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise Invalid("items_malformed", "items")
        items = tuple(self._item(one, position) for position, one in enumerate(given, 1))
        if len({item.code for item in items}) < len(items):
            raise Invalid("item_repeated", "items")
        return items

    def _item(self, given: dict[str, Any], position: int) -> ItemSpec:
        inner = _Reader(self._rules, given, self._today)
        code = inner.text("nameEn", "item_code")
        if not _ITEM_CODE.fullmatch(code):
            raise Invalid("item_code_malformed", "items", code)
        name = inner.text("nameCn", "item_name")
        if not name:
            raise Invalid("item_name_missing", "items", code)
        return ItemSpec(
            position=position,
            code=code,
            name=name,
            type=self.code("item_type", inner.text("type", "item_type"), required=True),
            unit=inner.text("unit", "item_unit"),
            is_key=given.get("key") is True,
            sensitivity=self.code("sensitivity", inner.text("sensitivity", "sensitivity"), required=True),
            mask=self.code("mask", inner.text("mask", "mask"), required=True),
            description=inner.text("description", "item_description"),
        )

    def _given(self, kind: Callable[[Any], Any], path: str, column: str) -> Any:
        value = value_at(self._raw, path)
        try:
            return kind(value)
        except cleaning.Malformed:
            raise Invalid(f"{column}_malformed", column, value) from None

    def _abstract(self, path: str, column: str) -> str:
        try:
            text = cleaning.plain_text(value_at(self._raw, path))
        except cleaning.Malformed:
            raise Invalid("abstract_malformed", column) from None  # not a value but a text: nothing of it is kept
        if len(text) > _LONGEST_ABSTRACT:
            raise Invalid("abstract_too_long", column, len(text))
        return text

    def _past(self, path: str, column: str) -> dt.date | None:
        day = self._given(cleaning.date, path, column)
        if day is not None and day > self._today:
            raise Invalid("date_in_future", column, day.isoformat())
        return day

    def _future(self, path: str, column: str) -> dt.date | None:
        return self._given(cleaning.date, path, column)

    def _number(self, path: str, column: str) -> int | None:
        return self._given(cleaning.number, path, column)

    def _words(self, path: str, column: str) -> list[str]:
        return self._given(cleaning.words, path, column)

    def _flag(self, path: str, column: str) -> bool:
        value = value_at(self._raw, path)
        if value is not None and not isinstance(value, bool):
            raise Invalid(f"{column}_malformed", column, value)
        return bool(value)

    def _contact(self, path: str, column: str) -> str:
        value = value_at(self._raw, path)
        if isinstance(value, dict):
            return " ".join(filter(None, (self.text(f"{path}.{part}", column) for part in ("office", "phone"))))
        return self.text(path, column)

    def _frequency(self) -> dict[str, str]:
        """``每月(更新说明:…)`` is monthly, with a note."""
        value = self.text(self._rules.fields["update_frequency"], "update_frequency")
        table = self._rules.tables["update_frequency"]
        noted = None if table.knows(value) else _NOTED.fullmatch(value)
        word = noted["code"].strip() if noted else value
        code = self.code("update_frequency", word, required=True)
        # What our coarser word leaves out is kept beside it.
        notes = (word if table.reasons[word] else "", noted["note"].strip() if noted else "")
        return {"update_frequency": code, "frequency_note": "; ".join(filter(None, notes))}

    def _domain(self) -> dict[str, Any]:
        """Of several, the first is the domain and the others are labels."""
        parts = self._words(self._rules.fields["domain"], "domain")
        found = [self.code("domain", part) for part in parts]
        return {"domain": found[0], "more_labels": found[1:]} if found else {}


_READERS: dict[str, Callable[[_Reader, str, str], Any]] = {
    "abstract": _Reader._abstract,
    "issued": _Reader._past,
    "modified": _Reader._past,
    "planned_open": _Reader._future,
    "row_count_declared": _Reader._number,
    "labels": _Reader._words,
    "formats": _Reader._words,
    "has_data": _Reader._flag,
    "contact": _Reader._contact,
}
