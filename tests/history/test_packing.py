from __future__ import annotations

import zlib
from itertools import compress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.history import packing
from ci_orchestrator.history.base import DamagedHistoryError, Observation
from ci_orchestrator.results.model import Outcome

IDS = [f"t{number}" for number in range(12)]
ONE = st.builds(
    Observation,
    test=st.just(""),
    outcome=st.sampled_from(Outcome),
    duration=st.floats(0, 1e9),
    attempts=st.integers(0, 255),
    usable=st.booleans(),
    flaky=st.booleans(),
)
COLUMNS = st.dictionaries(st.integers(0, len(IDS) - 1), ONE)


def packed(column: dict[int, Observation]) -> packing.Packed:
    return packing.pack(list(column.values()), list(column))


@given(COLUMNS)
def test_what_is_packed_comes_back(column: dict[int, Observation]) -> None:
    build = packed(column)
    for number, test in enumerate(IDS):
        back = packing.cell(build, test, number)
        if number not in column:
            assert back is None
            continue
        one = column[number]
        assert back == Observation(
            test, one.outcome, pytest.approx(one.duration, rel=2**-24, abs=1e-44), one.attempts, one.usable, one.flaky
        )


@pytest.mark.parametrize("milliseconds", [0, 1, 7, 123, 59_999, 3_600_001, 14_400_001])
def test_milliseconds_are_exact_up_to_four_hours(milliseconds: int) -> None:
    build = packed({0: Observation("", Outcome.PASSED, milliseconds / 1000)})
    assert round(packing.unpack_durations(build.durations)[0] * 1000) == milliseconds


@given(builds=st.lists(COLUMNS, max_size=12), wanted=st.sets(st.integers(0, len(IDS) - 1)), last=st.integers(0, 4))
def test_newest_is_what_looking_at_every_build_finds(
    builds: list[dict[int, Observation]], wanted: set[int], last: int
) -> None:
    expected: dict[str, tuple[float, ...]] = {}
    for number in wanted:
        seen = [column[number].duration for column in builds if number in column and column[number].usable][:last]
        if seen:
            expected[IDS[number]] = tuple(pytest.approx(value, rel=1e-6, abs=1e-44) for value in seen)
    stored = [(build.marks, build.durations) for build in map(packed, builds)]
    assert packing.newest(stored, IDS, packing.mask(wanted, len(IDS)), last) == expected


@given(column=COLUMNS, dropped=st.sets(st.integers(0, len(IDS) - 1)))
def test_renumbering_keeps_every_cell_of_the_tests_that_stay(column: dict[int, Observation], dropped: set[int]) -> None:
    kept = bytes(number not in dropped for number in range(len(IDS)))
    before, after = packed(column), packing.renumber(packed(column), kept)
    for number, test in enumerate(compress(IDS, kept)):
        assert packing.cell(after, test, number) == packing.cell(before, test, IDS.index(test))


@given(COLUMNS)
def test_masks_say_who_is_there_and_who_is_usable(column: dict[int, Observation]) -> None:
    marks = packing.unpack_bytes(packed(column).marks)
    assert packing.present(marks) == packing.mask(column, len(IDS))
    assert packing.usable(marks) == packing.mask((n for n, one in column.items() if one.usable), len(IDS))
    assert packing.present(marks) & ~packing.everything(len(IDS)) == 0


def test_a_few_tests_of_a_large_suite_cost_little() -> None:
    build = packed({number: Observation("", Outcome.PASSED, 1.5) for number in (3, 50_000, 99_999)})
    assert len(build.marks) + len(build.attempts) + len(build.durations) < 5_000


def test_every_changed_byte_is_noticed_or_changes_nothing() -> None:
    build = packed({number: Observation("", Outcome.PASSED, number / 7) for number in range(50)})
    truth = packing.unpack_durations(build.durations)
    for place in range(len(build.durations)):
        broken = bytearray(build.durations)
        broken[place] ^= 0x40
        try:
            said = packing.unpack_durations(bytes(broken))
        except DamagedHistoryError:
            continue
        assert said == truth


def test_columns_that_contradict_each_other_are_damage() -> None:
    build = packed({0: Observation("", Outcome.PASSED, 1), 1: Observation("", Outcome.PASSED, 1)})
    short = packing.Packed(build.marks, zlib.compress(b"\1"), build.durations)
    with pytest.raises(DamagedHistoryError, match="contradicts"):
        packing.cell(short, "t", 0)
    unknown = packing.Packed(zlib.compress(b"\7\7"), build.attempts, build.durations)
    with pytest.raises(DamagedHistoryError, match="contradicts"):
        packing.cell(unknown, "t", 0)


def test_what_unpacks_to_more_than_it_may_is_refused() -> None:
    whole = zlib.compress(bytes(100))
    assert packing.inflate(whole, 100) == bytes(100)
    for blob, most in ((whole, 99), (whole, 0), (whole, -1), (whole[:-1], 100)):
        with pytest.raises(zlib.error, match="cut short, or longer"):
            packing.inflate(blob, most)
