"""What a caller may not see is not there: the same answer as for an id that nobody ever gave out.

CKAN answers 403 for what is hidden and 404 for what is not, so that anybody can try out names. Harvest sources are
hidden datasets; so is whatever an administrator makes private.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Action, ChainedAction, CKANApp, Context, DataDict
from werkzeug.exceptions import Forbidden, NotFound

#: Actions that show one thing by its id.
SHOWING = (
    "datastore_info",
    "datastore_search",
    "package_show",
    "resource_show",
    "resource_view_list",
    "resource_view_show",
)


def install(app: CKANApp) -> None:
    """Gives pages that leave a refusal of an action to chance (CKAN's table previews do) its page instead of a 500."""
    app.register_error_handler(tk.ObjectNotFound, lambda error: app.handle_http_exception(NotFound()))
    app.register_error_handler(tk.NotAuthorized, lambda error: app.handle_http_exception(Forbidden(str(error) or None)))


def chained_actions() -> dict[str, ChainedAction]:
    """What ``IActions`` asks for."""
    shown: dict[str, ChainedAction] = dict.fromkeys(SHOWING, show)
    return shown | {"follow_dataset": follow_dataset}


@tk.chained_action
@tk.side_effect_free
def show(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """The thing, or one and the same "not found" without the words by which CKAN's own differ."""
    try:
        return next_action(context, data_dict)
    except (tk.NotAuthorized, tk.ObjectNotFound) as error:
        raise tk.ObjectNotFound from error


@tk.chained_action
def follow_dataset(next_action: Action, context: Context, data_dict: DataDict) -> Any:
    """Follows a dataset that the caller may see; CKAN looks only whether it exists."""
    if isinstance(data_dict.get("id"), str):
        try:
            tk.get_action("package_show")(tk.fresh_context(context), {"id": data_dict["id"]})
        except tk.ObjectNotFound:
            # What CKAN's own validator says, in CKAN's words.
            message = f"{tk._('Not found')}: {tk._('Dataset')}"
            raise tk.ValidationError({"id": [message]}) from None
    return next_action(context, data_dict)
