"""What every door of CKAN asks before it opens: is this dataset suspended? The answer needs PostgreSQL alone.

The publisher passes: it cleans up behind blocks and publishes what ends them.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Action, AuthFunction, AuthResult, ChainedAction, ChainedAuthFunction, Context, DataDict
from flask import abort, request

from ckanext.shopendata.model import Dataset, Resource
from ckanext.shopendata.policy.classification import DatasetState
from ckanext.shopendata.publish import block
from ckanext.shopendata.publish.gate import is_publishing
from ckanext.shopendata.slugs import pinyin

__all__ = [
    "actions", "auth_functions", "guard_request", "hide_from_search", "is_gone", "pinyin_title", "refuse_shown",
]  # fmt: skip

#: Names under which routes carry a dataset's or resource's name or identifier.
_ARGUMENTS = ("id", "package_id", "dataset_id", "resource_id")
#: Groups of routes whose pages are datasets'.
_PAGES = {"dataset", "dataset_resource", "datastore", "resource"}

#: What reads rows, or names a resource past CKAN's hooks as its views do: each asks for the resource, this asks first.
_DATA = ("datastore_search", "datastore_info", "datastore_search_sql", "resource_show")

#: Identifiers in one filter: Solr takes no more than 1,024 clauses.
_CLAUSES = 1000


def guard_request() -> Any:
    """Refuses pages of blocked datasets before any view looks anything up."""
    named = [str(value) for name, value in (request.view_args or {}).items() if name in _ARGUMENTS]
    if named and any(block.blocked(name) for name in named):
        if is_gone():
            abort(410)
        return tk.render("shopendata/suspended.html"), 403
    return None


def is_gone() -> bool:
    """Whether the page is of a dataset that was public once and has been withdrawn, so that old lists name it."""
    if (request.endpoint or "").partition(".")[0] not in _PAGES:
        return False
    named = [str(value) for name, value in (request.view_args or {}).items() if name in _ARGUMENTS]
    called = sa.or_(Dataset.id.in_(named), Dataset.name.in_(named), Resource.id.in_(named))
    left = sa.or_(Dataset.published_tier.is_(None), Dataset.state == DatasetState.WITHDRAWN.value)
    rows = sa.select(Dataset.id).join(Resource, Resource.dataset_id == Dataset.id, isouter=True)
    return bool(named) and bool(
        model.Session.execute(rows.where(called, left, Dataset.first_published_at.is_not(None))).first()
    )


def hide_from_search(parameters: dict[str, Any]) -> dict[str, Any]:
    """Leaves blocked datasets out of every search, feed, listing and count."""
    if blocked := sorted(f'"{key}"' for key in block.standing()):
        # Filters of their own: behind the caller's, an open comment or quotation mark there would take them in.
        hidden = [
            f"-id:({' OR '.join(blocked[start : start + _CLAUSES])})" for start in range(0, len(blocked), _CLAUSES)
        ]
        parameters["fq_list"] = [*parameters.get("fq_list", ()), *hidden]
    return parameters


def refuse_shown(package: dict[str, Any]) -> None:
    """Refuses to show a blocked dataset, to whomever and by whatever name. Raises ``NotAuthorized``."""
    if not is_publishing() and block.blocked(package["id"]):
        raise tk.NotAuthorized(tk._("This dataset is suspended"))


def pinyin_title(document: dict[str, Any]) -> dict[str, Any]:
    """Lets a title be found by its sound."""
    document["title_pinyin"] = pinyin(document.get("title") or "")
    return document


@tk.chained_action
@tk.side_effect_free
def package_list(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Names without the blocked ones: CKAN reads them from its tables."""
    hidden = block.standing()
    return [name for name in next_action(context, data_dict) if name not in hidden.values() and name not in hidden]


@tk.chained_action
@tk.side_effect_free
def package_autocomplete(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Suggestions without the blocked ones: CKAN asks the index past every hook, and the index follows later."""
    hidden = set(block.standing().values())
    return [found for found in next_action(context, data_dict) if found["name"] not in hidden]


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
@tk.auth_sysadmins_check
def read_rows(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Nobody reads rows of a blocked dataset. Looks at nothing of the request: dumps go on after it has ended."""
    # Which of the two an action goes by is its own affair, and the other one may be anything.
    references = [str(value) for name, value in (data_dict or {}).items() if name in ("resource_id", "id")]
    if not is_publishing() and any(block.blocked(reference) for reference in references):
        return {"success": False, "msg": tk._("This dataset is suspended")}
    return next_auth(context, data_dict or {})


def actions() -> dict[str, ChainedAction]:
    """Actions that answer from CKAN's tables or index without asking a hook."""
    return {"package_autocomplete": package_autocomplete, "package_list": package_list}


def auth_functions() -> dict[str, ChainedAuthFunction]:
    """For everything that reads rows."""
    return dict.fromkeys(_DATA, read_rows)
