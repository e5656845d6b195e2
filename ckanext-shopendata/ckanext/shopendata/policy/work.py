"""待办: what waits for whom. One table says which verb a kind of work needs, and who sees it once its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["KINDS", "Kind", "order"]


@dataclass(frozen=True)
class Kind:
    """A kind of work. ``verb`` of policy.people: whose it is; ``None``: the applicant's own.

    ``overseen_by``: whoever may this sees it too, once its last day is over.
    """

    verb: str | None = None
    overseen_by: str | None = None


KINDS: dict[str, Kind] = {
    "correct": Kind(),  # mend an application and submit it again
    "agree": Kind(),  # confirm an agreement as applicant
    "mend_organisation": Kind(),  # an organisation that the data centre returned
    "verify_organisation": Kind("organisation.verify"),
    "take_in": Kind("application.intake", "intake.oversee"),
    "decide_case": Kind("case.decide", "case.oversee"),
    "confirm_agreement": Kind("agreement.confirm"),
    "confirm_entries": Kind("entry.confirm"),
    "check_entries": Kind("entry.check"),
    "decide_datasets": Kind("dataset.decide"),
    "sign_list": Kind("openlist.sign"),
    "publish_list": Kind("openlist.publish"),
}


def order(due: date | None, since: str, *, limited: bool) -> tuple[int, str]:
    """Sorts work: by its last day; then what has one that is not known; then what has none, the oldest first."""
    if due is not None:
        return 0, due.isoformat()
    return (1 if limited else 2), since
