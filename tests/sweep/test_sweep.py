"""Every question that can be asked, by everybody: what is forbidden is nowhere, what is permitted is there."""

import json
import time
from collections import Counter

import requests
from ckanext.shopendata.policy.visibility import Place

from tests.sweep import questions, stores

#: ckanext-harvest asks a source's last job without looking whether it is a source.
KNOWN_TO_BREAK = "/job/last"


def told(findings):
    """Findings, each once and the first of many like it."""
    kinds = {}
    for one in findings:
        kinds.setdefault((one.place, one.field, one.dataset, one.who), one)
    return "\n".join(f"{one}" for one in list(kinds.values())[:60]) + f"\n{len(findings)} in all"


def test_nothing_forbidden_is_anywhere_and_everything_permitted_is_there(
    sweep, planted, portal, client, doors, keys, test_stack, since
):
    began, wrong, marks = time.monotonic(), [], {}

    def ask(part, door, who, asked, headers=None, environ=None):
        start, count = time.monotonic(), 0
        for question in asked:
            wrong.extend(sweep.ask(door, who, question, headers, environ))
            count += 1
        seconds, number = marks.get(part, (0.0, 0))
        marks[part] = (seconds + time.monotonic() - start, number + count)

    plain = {"follow_redirects": False}
    for who in planted.people:
        with portal.flask_app.test_request_context():
            addresses = list(questions.routes(portal, planted, who))
            calls = list(questions.actions(planted, who))
        ask("pages", client, who, addresses, environ=plain)
        ask("actions", client, who, calls, environ=plain)
        if not who:
            ask("search", client, who, questions.search(planted), environ=plain)
            ask("variants", client, who, questions.variants(planted), environ=plain)
    for who, headers in keys.items():
        ask("gateway", doors, who, questions.gateway(doors, planted, who), headers)
    wrong += sweep.read(stores.contents(test_stack, since))
    wrong += through_the_front_door(sweep, planted, test_stack)

    report = {
        "questions": dict(sweep.asked), "addresses": len(sweep.paths), "answers": dict(sweep.statuses),
        "actions": len({path for path in sweep.paths if "/action/" in path}),
        "canaries": len(planted.canaries.texts), "identities": len(planted.people) + len(keys),
        "identifiers": len(questions.Identifiers(planted).everything), "seconds": round(time.monotonic() - began, 1),
        "parts": {part: {"seconds": round(seconds, 1), "questions": count} for part, (seconds, count) in marks.items()},
    }  # fmt: skip
    (test_stack.run / "sweep.json").write_text(json.dumps(report, indent=2))
    print(json.dumps(report, indent=2))

    assert not wrong, told(wrong) + "\n".join(sweep.broken[:5])
    broken = [one for one in sweep.broken if KNOWN_TO_BREAK not in one]
    assert not broken, "\n".join(broken[:20])
    ours = (Place.PAGE, Place.SEARCH, Place.OPEN_LIST, Place.OPEN_TABLE, Place.DESK)
    absent = sweep.missing(ours, planted.people) + sweep.missing((Place.GATEWAY,), keys)
    absent += sweep.missing((Place.INDEX, Place.TABLES, Place.STORE, Place.ELSEWHERE), ("",))
    assert not absent, told(absent)


def through_the_front_door(sweep, planted, stack):
    """A sample of it all through nginx and the processes behind it; last, for addresses are logged."""
    wrong, statuses = [], Counter()
    for one in planted.datasets.values():
        for place, path in (
            (Place.PAGE, f"/dataset/{one.id}"), (Place.PAGE, f"/api/3/action/package_show?id={one.id}"),
            (Place.OPEN_TABLE, f"/api/3/action/datastore_search?resource_id={one.resource}"),
            (Place.OPEN_TABLE, f"/datastore/dump/{one.resource}"),
            (Place.GATEWAY, f"/gateway/v1/datasets/{one.id}/resources/{one.resource}/rows"),
        ):  # fmt: skip
            answer = requests.get(stack.url + path, timeout=30, allow_redirects=False)
            statuses[answer.status_code] += 1
            head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
            wrong += sweep.judge(questions.Question(place, path), "", head, answer.content)
    assert statuses[200] >= 5, statuses
    assert not [status for status in statuses if status >= 500], statuses
    return wrong
