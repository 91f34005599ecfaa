from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import any_text

from ci_orchestrator.results import events
from ci_orchestrator.results.model import Cause, Outcome, Verdict

VALUES = {
    "str": any_text(),
    "int": st.integers(-(2**70), 2**70),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "Outcome": st.sampled_from(Outcome),
    "Cause": st.sampled_from(Cause),
    "Verdict": st.sampled_from(Verdict),
}
KINDS = {"str": str, "int": int, "float": float, "Outcome": Outcome, "Cause": Cause, "Verdict": Verdict}
every = st.one_of(
    *(
        st.builds(kind, **{field.name: VALUES[str(field.type)] for field in fields(kind)})
        for kind in events.TYPES.values()
    )
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

FINISHED = events.TestFinished(ts=1.0, job="unit", test="unit::a.py::t", number=1, outcome=Outcome.PASSED)


@given(every)
def test_what_is_written_is_read_again(event: events.Event) -> None:
    line = events.encode(event)
    assert "\n" not in line
    assert "\r" not in line
    assert events.decode(line) == event
    stored = line.encode("utf-8", "backslashreplace")
    assert events.decode(stored) == event
    assert json.loads(stored)["type"] == event.type


@given(st.lists(every, max_size=5))
def test_a_log_is_read_in_order(log: list[events.Event]) -> None:
    assert list(events.read(events.encode(event) + "\n" for event in log)) == log


@given(st.lists(every | st.sampled_from(["", "{", "null", "[]", "\x00\x00", '{"v":2}', "no"]), max_size=8))
def test_unreadable_lines_are_told_never_dropped(log: list[events.Event | str]) -> None:
    lines = [one if isinstance(one, str) else events.encode(one) for one in log]
    out = list(events.read(lines))
    assert len(out) == sum(line != "" for line in lines)
    bad = [number for number, one in enumerate(log, 1) if isinstance(one, str) and one]
    assert [one.line for one in out if isinstance(one, events.Unreadable)] == bad
    assert all(one.why for one in out if isinstance(one, events.Unreadable))


@given(every, st.data())
def test_a_line_that_was_cut_is_no_event(event: events.Event, data: st.DataObject) -> None:
    stored = events.encode(event).encode("utf-8", "backslashreplace")
    cut = stored[: data.draw(st.integers(1, len(stored) - 1))]
    [one] = events.read([cut])
    assert isinstance(one, events.Unreadable)


@given(every, st.data(), json_values)
def test_a_field_of_another_type_is_refused_not_passed_on(
    event: events.Event, data: st.DataObject, value: object
) -> None:
    raw = json.loads(events.encode(event))
    field = data.draw(st.sampled_from(sorted(raw)))
    raw[field] = value
    try:
        read = events.decode(json.dumps(raw))
    except ValueError:
        return
    for one in fields(read):
        assert type(getattr(read, one.name)) is KINDS[str(one.type)]


@given(st.binary() | st.text() | json_values.map(json.dumps))
def test_anything_at_all_is_an_event_or_told_as_unreadable(line: str | bytes) -> None:
    assert all(isinstance(one, events.Unreadable) for one in events.read([line]))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[]", "not an object"),
        ("{}", "version is not 1"),
        ('{"v":2,"type":"worker.started"}', "version is not 1"),
        ('{"v":true,"type":"worker.started"}', "version is not 1"),
        ('{"v":1,"type":"test.exploded"}', "unknown event type"),
        ('{"v":1,"type":["test.started"]}', "unknown event type"),
        ('{"v":1,"type":"worker.started","ts":1,"job":"a"}', "pid"),
        ('{"v":1,"type":"worker.started","ts":1,"job":"a","pid":"1"}', "pid: not of its type"),
        ('{"v":1,"type":"worker.started","ts":1e999,"job":"a","pid":1}', "ts: not of its type"),
        ('{"v":1,"type":"worker.started","ts":NaN,"job":"a","pid":1}', "ts: not of its type"),
        ('{"v":1,"type":"test.finished","outcome":"great"}', "outcome: not of its type"),
        ("[" * 100_000, "nested too deeply"),
        (b'{"v":1,"job":"\xff"}', "can't decode"),
    ],
)
def test_why_a_line_is_no_event(line: str | bytes, why: str) -> None:
    [one] = events.read([line])
    assert isinstance(one, events.Unreadable)
    assert why in one.why


def test_fields_that_a_later_version_may_add_are_ignored() -> None:
    raw = {**json.loads(events.encode(FINISHED)), "mood": {"good": True}}
    assert events.decode(json.dumps(raw)) == FINISHED
    started = {"v": 1, "type": "worker.started", "ts": 1, "job": "a", "pid": 1, "outcome": "a field of its own"}
    assert events.decode(json.dumps(started)) == events.WorkerStarted(ts=1.0, job="a", pid=1)


def test_whole_numbers_are_good_enough_where_a_fraction_may_stand() -> None:
    read = events.decode(events.encode(FINISHED).replace('"ts":1.0', '"ts":1'))
    assert read == FINISHED
    assert type(read.ts) is float


def test_what_is_empty_is_not_written() -> None:
    assert json.loads(events.encode(FINISHED)).keys() == {
        *("v", "seq", "ts", "job", "attempt", "worker", "type"),
        *("test", "number", "outcome"),
    }


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), float("-inf")])
def test_a_measurement_that_is_no_number_does_not_spoil_the_line(nonsense: float) -> None:
    event = replace(FINISHED, duration=nonsense, cpu=2.0)
    assert events.decode(events.encode(event)) == replace(FINISHED, duration=0.0, cpu=2.0)


def test_every_type_has_its_own_name() -> None:
    assert len(events.TYPES) == len({kind.__name__ for kind in events.TYPES.values()})
    assert all("." in name for name in events.TYPES)
