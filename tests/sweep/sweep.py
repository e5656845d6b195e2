"""Asks, reads what comes back against the table, and keeps account of what was met where."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ckanext.shopendata.policy.visibility import Identity, Place, may_appear

#: Permitted, but not to be expected: the identifier by which rows are asked for, and names that few of those ask for.
NOT_EXPECTED = {("table_id", Place.OPEN_TABLE), ("staff", Place.PAGE)}


@dataclass(frozen=True)
class Finding:
    """A value where it may not be (or is not, though it should): its place, field and dataset, who met it, and how."""

    place: Place
    field: str
    dataset: str
    who: str
    where: str

    def __str__(self):
        return f"{self.place.value}: {self.field} of {self.dataset} to {self.who or 'anybody'} by {self.where}"


class Sweep:
    """One pass over a world."""

    def __init__(self, world):
        self.world = world
        self.met = {}  # (canary's text, place, who) -> the first question by which
        self.asked = Counter()  # who -> questions
        self.statuses = Counter()
        self.paths = set()
        self.broken = []

    def ask(self, client, who, question, headers=None, environ=None):
        """Asks one thing for one person (of the gateway: for the holder of a dataset's key); returns what is wrong."""
        sent = dict(headers if headers is not None else self.world.headers[who]) | dict(question.headers)
        more = {"data": question.body, "content_type": "application/json"} if question.body is not None else {}
        answer = client.open(question.path, method=question.method, headers=sent, **(environ or {}), **more)
        self.asked[who] += 1
        self.paths.add(question.path.partition("?")[0])
        self.statuses[answer.status_code] += 1
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        body = answer.get_data()
        answer.close()
        if answer.status_code >= 500:
            self.broken.append(f"{answer.status_code} {question.method} {question.path} {question.body or ''} to {who}")
        return self.judge(question, who, f"{answer.status}\n{head}\n", body)

    def judge(self, question, who, head, body):
        """What in an answer may not be there. What the question said itself proves nothing."""
        found = self.world.canaries.found_in(head) | self.world.canaries.found_in(body)
        wrong = []
        for canary in found:
            if canary.text in question.sent or canary.text in question.sent.lower():
                continue
            where = f"{question.method} {question.path} {question.body or ''}".strip()
            self.met.setdefault((canary.text, question.place, who), where)
            if not self._allowed(canary, who, question.place):
                wrong.append(Finding(question.place, canary.field, canary.dataset, who, where))
        return wrong

    def read(self, contents):
        """What is stored where it may not be."""
        wrong = set()
        for place, where, content in contents:
            self.asked[place.value] += 1
            for canary in self.world.canaries.found_in(content):
                self.met.setdefault((canary.text, place, ""), where)
                if not self._allowed(canary, "", place):
                    wrong.add(Finding(place, canary.field, canary.dataset, "", where))
        return sorted(wrong, key=str)

    def missing(self, places, people):
        """What the table allows at these places and nobody met there."""
        return [
            Finding(place, canary.field, canary.dataset, who, f"nothing; others: {self._others(canary, place)}")
            for canary in self.world.canaries.texts.values()
            for place in places
            for who in people
            if (canary.field, place) not in NOT_EXPECTED
            and self._allowed(canary, who, place)
            and (canary.text, place, who) not in self.met
        ]

    def _others(self, canary, place):
        """By what somebody else met it there."""
        met = (where for (text, at, _), where in self.met.items() if (text, at) == (canary.text, place))
        return next(met, "nobody")

    def _allowed(self, canary, who, place):
        dataset = self.world.datasets[canary.dataset]
        identity = self.world.identity(who, canary.dataset) if who else Identity.ANONYMOUS
        return may_appear(canary.field, dataset.tier, dataset.stage, identity, place)
