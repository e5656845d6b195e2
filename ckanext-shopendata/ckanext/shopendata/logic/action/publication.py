"""Suspending and resuming what is public."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model
from ckan.types import DataDict

from ckanext.shopendata import clock
from ckanext.shopendata.logic import command as c
from ckanext.shopendata.logic import schema as s
from ckanext.shopendata.model import Dataset, Entry, OpenList, OpenListItem
from ckanext.shopendata.policy.classification import DatasetState, step
from ckanext.shopendata.policy.openlist import ListState
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.publish import block, outbox

__all__ = ["dataset_resume", "dataset_suspend"]

#: Why a person may suspend.
REASONS = ("wrong_data", "infringement", "security", "other")


@c.command(s.fields(id=s.filled, reason=s.one_of(*REASONS), note=s.filled))
def dataset_suspend(actor: c.Actor, data: DataDict) -> dict[str, str]:
    """暂停开放: refuses a dataset at every door from this moment; cleaning up follows.

    :param reason: wrong_data, infringement, security, other; ``note`` says what happened
    """
    dataset, entry = _locked(data["id"])
    role = actor.require_inside("dataset.suspend", entry.agency_id)
    if dataset.state == DatasetState.DECIDED.value and dataset.published_tier is None:
        raise Refused("not_in_this_state", state=dataset.state)
    if not block.put(dataset.id, data["reason"], actor.id, data["note"]):
        raise Refused("already_suspended")
    dataset.state = step(DatasetState(dataset.state), "suspend").value
    dataset.updated_at = clock.now()
    outbox.put("conceal", dataset.id)
    body = {"reason": data["reason"], "note": data["note"]}
    c.events("dataset.suspend", "dataset", actor, role, [(dataset.id, entry.agency_id, body)])
    return {"state": dataset.state}


@c.command(s.fields(id=s.filled, note=s.filled))
def dataset_resume(actor: c.Actor, data: DataDict) -> dict[str, str]:
    """恢复开放: what stands on the current list is published again; what was decided anew waits for the next list.

    Until then it stands as before, unless the new decision opens less: then it stays refused, and leaves.
    """
    dataset, entry = _locked(data["id"])
    role = actor.require_inside("dataset.resume", entry.agency_id)
    if block.reason_of(dataset.id) in {None, *block.LASTING} or not block.lift(dataset.id, actor.id):
        raise Refused("not_suspended")
    # What was not decided yet when its source took it back is blocked, but has another state.
    suspended = dataset.state == DatasetState.SUSPENDED.value
    on_list = (
        sa.select(OpenListItem.decision_id)
        .join(OpenList, OpenList.id == OpenListItem.list_id)
        .where(OpenListItem.dataset_id == dataset.id, OpenList.state == ListState.PUBLISHED.value)
    )
    listed = model.Session.scalar(on_list)
    if listed is not None and listed == dataset.decision_id:
        dataset.state = step(DatasetState.SUSPENDED, "resume").value if suspended else dataset.state
        outbox.put("publish", dataset.id)
    else:
        dataset.state = DatasetState.DECIDED.value if suspended else dataset.state
        outbox.put("withdraw", dataset.id)
        outbox.put("index", dataset.id)
    block.tighten(dataset, actor.id)
    dataset.updated_at = clock.now()
    c.events("dataset.resume", "dataset", actor, role, [(dataset.id, entry.agency_id, {"note": data["note"]})])
    return {"state": dataset.state}


def _locked(reference: str) -> tuple[Dataset, Entry]:
    match = sa.or_(Dataset.id == reference, Dataset.name == reference)
    dataset = c.found(model.Session.scalar(sa.select(Dataset).where(match).with_for_update()))
    return dataset, c.found(model.Session.get(Entry, dataset.entry_id))
