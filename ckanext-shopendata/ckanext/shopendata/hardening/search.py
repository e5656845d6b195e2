"""What a search may ask for: fields that describe a dataset, by name; nothing else of what the index holds.

CKAN hands raw parameters to Solr. By them anybody could read whole stored documents (``fl``), count the values of any
field (``facet.field``), order by it, or find out a value letter by letter (``q=res_url:*x*``). Here a query about
another field finds nothing, whatever is asked of it, and every other parameter that names one is refused.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchError, SearchQueryError
from ckan.types import Action, CKANApp, Context, DataDict
from werkzeug.exceptions import BadRequest

__all__ = ["FIELDS", "install", "package_search", "restrict"]

log = logging.getLogger(__name__)

#: Extras of our packages (publish/projection.py): public, and indexed by their own names.
_EXTRAS = {
    "tier", "conditions", "catalogue_code", "data_domain", "update_frequency", "high_value", "catalogue_level",
    "division", "contact", "issued", "modified", "open_list",
}  # fmt: skip
#: What may be searched, counted, listed and sorted by: the public description.
FIELDS = frozenset(
    _EXTRAS
    | {
        "id", "name", "title", "notes", "tags", "groups", "organization", "owner_org", "license_id", "res_format",
        "res_name", "metadata_created", "metadata_modified", "title_string", "title_ngram", "name_ngram",
        "title_pinyin", "views_recent",
    }
)  # fmt: skip
#: What CKAN's own pages put into their filters; what they find is limited by the permission labels all the same.
_FILTERS = FIELDS | {
    "state", "capacity", "dataset_type", "entity_type", "creator_user_id", "harvest_source_id", "frequency",
    "source_type", "text", "*",
}  # fmt: skip
#: The last two are facets of harvest sources.
_COUNTED = FIELDS | {"frequency", "source_type"}
_SORTED = FIELDS | {"score"}
#: Parameters that name no field, besides those that are looked at.
_HARMLESS = {
    "rows", "start", "facet", "facet.limit", "facet.mincount", "extras", "include_private", "include_drafts",
    "include_deleted", "use_default_schema", "df", "mm", "tie",
}  # fmt: skip
_LOOKED_AT = {"q", "fq", "fq_list", "fl", "facet.field", "sort", "defType"}

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_QUOTED = re.compile(r'"[^"]*"')
#: Characters of a query; nobody types more.
_LONGEST = 2000
#: Another parser, which names its fields elsewhere; a comment, in which anything may stand.
_FOREIGN = re.compile(r"\{!|/\*")
#: What Solr's parser takes whole where it stands, quotation marks inside it and all: phrase, regular expression, range;
#: and a word, in which a slash begins nothing.
_WHOLE = re.compile(
    r'(?P<held>"[^"]*"|/[^/]*/|[\[{](?:"[^"]*"|[^\s\]}"][^\s\]}]*+|\s++)*+[\]}])'
    r'|[^\s+\-!():^\[\]"{}~/][^\s!():^\[\]"{}~]*'
)
_RANGE = re.compile(r"[\[{][^\[\]{}]*[\]}]")
#: Whatever stands before a colon, as Solr reads a field's name.
_NAMED = re.compile(r"([^\s:()+\-!&|\"^~\[\]{}/]*)\s*:")
_ORDER = re.compile(r"\s*([a-z_]+)\s+(?:asc|desc)\s*", re.IGNORECASE)


def install(app: CKANApp) -> None:
    """Gives feeds, which leave a search that Solr cannot read to chance, a refusal instead of a 500."""
    app.register_error_handler(SearchError, lambda error: app.handle_http_exception(BadRequest()))


@tk.chained_action
@tk.side_effect_free
def package_search(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """CKAN's search. Its errors repeat the whole query that Solr got, our own filters and their values with it."""
    try:
        return next_action(context, data_dict)
    except SearchQueryError:
        raise
    except SearchError as error:
        log.info("Solr refused a search: %s", error)
        # Untranslated, as CKAN says such things.
        raise SearchError("The query cannot be read") from None


def restrict(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a search, if they name nothing else. Raises ``SearchQueryError``, which is a 400."""
    for name in parameters:
        if name not in _LOOKED_AT | _HARMLESS:
            raise SearchQueryError(f'Invalid search parameter "{name[:40]}"')
    more = parameters.get("fq_list") or []
    if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
        raise SearchQueryError('Invalid "fq_list" parameter')
    _only(parameters.get("fl"), "fl", FIELDS)
    _only(parameters.get("facet.field"), "facet.field", _COUNTED)
    _only(parameters.get("defType"), "defType", frozenset({"dismax", "edismax"}))
    _sorted(parameters.get("sort"))
    if any(named - _FILTERS for named in map(fields_in, [parameters.get("q"), parameters.get("fq"), *more])):
        # As if the field were empty everywhere: the answer is the same whatever stands in it.
        parameters["abort_search"] = True
    return parameters


def fields_in(query: Any) -> set[str]:
    """The fields that a query names. What cannot be told apart from a field counts as one."""
    if not isinstance(query, str):
        return set()
    if len(query) > _LONGEST:
        # To take one apart costs the square of its length.
        return {"..."}
    if foreign := _FOREIGN.search(query):
        return {foreign[0]}
    bare = _ESCAPED.sub("x", query)
    # What Solr cannot parse it reads again, by its quotation marks alone: both readings count.
    strictly = _WHOLE.sub(lambda found: '""' if found["held"] else found[0], bare)
    leniently = _RANGE.sub(" ", _QUOTED.sub('""', bare))
    return set(_NAMED.findall(strictly)) | set(_NAMED.findall(leniently))


def _only(given: Any, parameter: str, allowed: frozenset[str]) -> None:
    names = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(name, str) and name in allowed for name in names):
        raise SearchQueryError(f'Invalid "{parameter}" parameter')


def _sorted(given: Any) -> None:
    if given in (None, "", "rank", "none"):
        return
    for part in str(given).split(","):
        match = _ORDER.fullmatch(part)
        if match is None or match[1].lower() not in _SORTED:
            raise SearchQueryError('Invalid "sort" parameter')
