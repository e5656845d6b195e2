"""The chain: whatever is done to a sealed event is found, at its place and by its name; what is sound is left alone."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from ckanext.shopendata.policy import chain
from ckanext.shopendata.policy.audit import canonical, payload_digest
from ckanext.shopendata.policy.chain import GENESIS, Anchor, Check, Columns, Fault, Payload, Record
from ckanext.shopendata.policy.redaction import ASK, CONFIRM
from hypothesis import given, settings
from hypothesis import strategies as st

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words
bodies = st.dictionaries(words, st.recursive(scalars, lambda one: st.lists(one, max_size=3), max_leaves=5), max_size=3)


def event(number, body=None, *, verb="dataset.decide", actor="alice", kind="dataset", object_id="d", salt="s"):
    """An event and its payload, not sealed."""
    body = {"number": number} if body is None else body
    columns = Columns(
        id=f"event-{number}", seq=number, at="2026-11-22T08:00:00.000000+00:00", actor=actor, role="reviewer",
        agency=None, verb=verb, object_type=kind, object_id=object_id, request_id="-",
        digest=payload_digest(salt, body),
    )  # fmt: skip
    return Record(columns=columns, link=None, payload=Payload(salt=salt, body=body))


def sealed(*events):
    """A chain over events."""
    records, previous = [], GENESIS
    for position, one in enumerate(events, start=1):
        link = chain.seal(one.columns, position, previous, "2026-11-22T08:00:01.000000+00:00")
        records.append(replace(one, link=link))
        previous = link.digest
    return records


def found(records, **how):
    return [(one.fault, one.position, one.last) for one in Check(**how).run(records)]


def forge(record, **changed):
    return replace(record, columns=replace(record.columns, **changed))


@pytest.fixture
def ten():
    return sealed(*(event(number) for number in range(1, 11)))


chains = st.builds(
    lambda count, body: sealed(*(event(number, {"n": number, **body}) for number in range(1, count + 1))),
    st.integers(1, 6), st.dictionaries(words, words, max_size=1),
)  # fmt: skip
longer = st.integers(3, 7).map(lambda count: sealed(*(event(number) for number in range(1, count + 1))))
few = settings(max_examples=25, deadline=None)


@few
@given(chains)
def test_what_is_sound_is_left_alone(records):
    check = Check(anchors=[Anchor(position=records[-1].link.position, digest=records[-1].link.digest)])
    assert list(check.run(records)) == []
    assert check.count == check.head.position == len(records)


@few
@given(chains, st.data())
def test_any_column_of_any_event(records, data):
    place = data.draw(st.integers(0, len(records) - 1))
    name = data.draw(st.sampled_from([*vars(records[0].columns)]))
    kept = getattr(records[place].columns, name)
    records[place] = forge(records[place], **{name: kept + 1 if name == "seq" else f"{kept}x"})
    faults = found(records)
    assert (Fault.ALTERED, place + 1, None) in faults
    assert {position for _, position, _ in faults} == {place + 1}


@few
@given(chains, st.data())
def test_any_part_of_any_link(records, data):
    place = data.draw(st.integers(0, len(records) - 1))
    name = data.draw(st.sampled_from(["sealed_at", "previous", "digest"]))
    records[place] = replace(records[place], link=replace(records[place].link, **{name: "f" * 64}))
    assert found(records) == [(Fault.ALTERED, place + 1, None)]


@few
@given(chains, st.data())
def test_any_payload(records, data):
    place = data.draw(st.integers(0, len(records) - 1))
    other = {**records[place].payload.body, "n": data.draw(words)}
    records[place] = replace(records[place], payload=Payload(salt="s", body=other))
    assert found(records) == [(Fault.PAYLOAD_ALTERED, place + 1, None)]


@few
@given(longer, st.data())
def test_any_event_that_is_dropped(records, data):
    place = data.draw(st.integers(0, len(records) - 2))
    assert found(records[:place] + records[place + 1 :]) == [(Fault.MISSING, place + 1, place + 1)]


@few
@given(longer, st.data())
def test_any_two_lines_that_change_places(records, data):
    place = data.draw(st.integers(0, len(records) - 2))
    records[place : place + 2] = reversed(records[place : place + 2])
    assert found(records) == [(Fault.REORDERED, place + 1, None)]


@few
@given(longer, st.data())
def test_any_end_that_is_cut_off(records, data):
    left = data.draw(st.integers(0, len(records) - 1))
    anchor = Anchor(position=len(records), digest=records[-1].link.digest)
    assert found(records[:left], anchors=[anchor]) == [(Fault.TRUNCATED, left + 1, len(records))]
    assert found(records[:left]) == [], "without an anchor nobody could tell"


@few
@given(bodies)
def test_numbers_and_keys_come_back_from_postgresql_with_the_same_digest(body):
    # jsonb keeps numbers by their value: 1e3 becomes 1000, 1.0 stays 1.0, 1e-7 becomes 0.0000001
    stored = json.loads(json.dumps(body), parse_float=_plain)
    assert payload_digest("s", body) == payload_digest("s", stored)


def _plain(text):
    from decimal import Decimal

    shown = f"{Decimal(text):f}"
    return int(shown) if "." not in shown else float(shown)


@pytest.mark.parametrize(("one", "same"), [({"a": 1e23}, {"a": 10**23}), ({"a": -0.0}, {"a": 0}), ({1: 2}, {"1": 2})])
def test_values_that_are_equal_have_one_text(one, same):
    assert canonical(one) == canonical(same)


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": float("inf")}, {"a": b"x"}, {"a": dt.date(2026, 1, 1)}])
def test_what_is_no_json_is_refused(body):
    with pytest.raises((ValueError, TypeError)):
        payload_digest("s", body)


class TestForgeries:
    def test_events_that_change_places_below_their_links(self, ten):
        ten[3], ten[6] = replace(ten[3], columns=ten[6].columns), replace(ten[6], columns=ten[3].columns)
        assert [(fault, place) for fault, place, _ in found(ten) if fault is not Fault.PAYLOAD_ALTERED] == [
            (Fault.REORDERED, 4),
            (Fault.REORDERED, 7),
        ]

    def test_links_that_change_positions(self, ten):
        ten[3], ten[4] = (
            replace(ten[4], link=replace(ten[4].link, position=4)),
            replace(ten[3], link=replace(ten[3].link, position=5)),
        )
        assert found(ten) == [(Fault.REORDERED, 4, None), (Fault.REORDERED, 5, None)]

    def test_an_altered_event_with_a_link_made_to_fit(self, ten):
        """Its successor knew it otherwise."""
        forged = forge(ten[4], actor="nobody")
        ten[4] = replace(forged, link=chain.seal(forged.columns, 5, ten[3].link.digest, ten[4].link.sealed_at))
        assert found(ten) == [(Fault.ALTERED, 5, None)]

    def test_a_chain_made_anew_from_there_on(self, ten):
        """Nothing in it is wrong: only what was written down elsewhere knows."""
        anchors = [Anchor(position=number, digest=ten[number - 1].link.digest) for number in (3, 6, 9)]
        anew = sealed(*(replace(forge(one, actor="x") if one is ten[4] else one, link=None) for one in ten))
        assert found(anew) == []
        assert found(anew, anchors=anchors) == [(Fault.REWRITTEN, 6, None), (Fault.REWRITTEN, 9, None)]

    def test_a_link_whose_event_is_gone(self, ten):
        ten[4] = replace(ten[4], columns=None, payload=None)
        assert found(ten) == [(Fault.MISSING, 5, None)]

    def test_a_beginning_that_is_gone(self, ten):
        assert found(ten[4:]) == [(Fault.MISSING, 1, 4)]

    def test_an_extract_is_checked_event_by_event(self, ten):
        assert found([ten[1], ten[7]], whole=False) == []
        assert found([ten[1], forge(ten[7], verb="x")], whole=False) == [(Fault.ALTERED, 8, None)]

    def test_waiting_is_no_fault_and_forgotten_is(self, ten):
        fresh, old = event(11), forge(event(12), at="2026-11-01T00:00:00.000000+00:00")
        due = "2026-11-22T00:00:00.000000+00:00"
        assert [one[0] for one in found([*ten, fresh, old], due=due)] == [Fault.WAITING, Fault.UNSEALED]


class TestRedactions:
    def chain(self, asked="bob", confirmed="carol", verb="dataset.decide", order=(1, 2, 3)):
        wanted = event(1, actor="alice", verb=verb)
        ask = event(2, actor=asked, verb=ASK, kind="event", object_id="event-1")
        confirm = event(3, actor=confirmed, verb=CONFIRM, kind="redaction", object_id="event-2")
        records = sealed(*([wanted, ask, confirm][number - 1] for number in order))
        return [
            replace(one, payload=Payload(salt=None, body=None)) if one.columns.id == "event-1" else one
            for one in records
        ]

    def test_the_chain_stays_whole(self):
        assert found(self.chain()) == [(Fault.REDACTED, 1, None)]
        assert all(one.fault.harmless for one in Check().run(self.chain()))

    @pytest.mark.parametrize(
        "how",
        [
            {"confirmed": "bob"},
            {"asked": "alice"},
            {"confirmed": "alice"},
            {"verb": "role.grant"},
            {"verb": ASK},
            {"order": (1, 3, 2)},
            {"order": (2, 1, 3)},
        ],
    )
    def test_what_two_others_did_not_record_is_missing(self, how):
        records = self.chain(**how)
        place = next(one.link.position for one in records if one.payload.body is None)
        assert (Fault.PAYLOAD_MISSING, place, None) in found(records)

    def test_asking_alone_erases_nothing(self):
        assert found(self.chain()[:2]) == [(Fault.PAYLOAD_MISSING, 1, None)]

    def test_a_payload_that_is_not_there_at_all(self, ten):
        ten[4] = replace(ten[4], payload=None)
        assert found(ten) == [(Fault.PAYLOAD_MISSING, 5, None)]
