from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_orchestrator.capabilities.matching import mismatches, parse_provided, parse_requirement
from ci_orchestrator.capabilities.units import RefusedError, format_size, parse_size

RUNNER = {
    name: parse_provided(name, value)
    for name, value in {
        "cpu": 4,
        "memory": "16GiB",
        "os": "Linux",
        "gpu": [{"vendor": "amd", "memory": "64GiB"}, {"vendor": "nvidia", "memory": "16GiB", "driver": "535.104"}],
        "browser": [{"engine": "chromium", "version": "150.0.7"}, {"engine": "firefox", "webgpu": True, "version": 99}],
        "device": {"fpga": 2, "bench": True, "board": "rev-b"},
    }.items()
}


@pytest.mark.parametrize(
    "requires",
    [
        {},
        {"cpu": 4},
        {"cpu": "4"},
        {"cpu": ">=2, <8"},
        {"memory": "8GiB"},
        {"memory": "==16GiB"},
        {"os": "linux"},
        {"os": ["windows", "linux"]},
        {"kvm": False},
        {"gpu.vendor": "nvidia", "gpu.memory": "<20GiB"},
        {"gpu.driver": "535"},
        {"gpu.driver": ">=535.99"},
        {"browser.engine": "chromium", "browser.version": ">99"},
        {"browser.engine": ["chromium", "firefox"], "browser.webgpu": True},
        {"browser.engine": "!=chromium"},
        {"device.fpga": ">=2"},
        {"device.bench": True},
        {"device.board": "REV-B"},
    ],
)
def test_a_runner_that_has_it_fits(requires: dict[str, object]) -> None:
    assert mismatches(requires, RUNNER) == ()


@pytest.mark.parametrize(
    ("requires", "reasons"),
    [
        ({"cpu": 8}, ("cpu must be 8, has 4",)),
        ({"memory": ">16GiB"}, ("memory must be >16GiB, has 16GiB",)),
        ({"kvm": True}, ("kvm must be true, has none",)),
        ({"arch": ["arm64", "riscv"]}, ("arch must be arm64 or riscv, has none",)),
        # 535.104 is newer than 535.99: numbers, not letters, are compared
        ({"gpu.driver": "<535.99", "gpu.vendor": "nvidia"}, ("gpu.driver must be <535.99, has 535.104",)),
        # each is there, but not in one entry; the nearest entry explains
        ({"gpu.vendor": "nvidia", "gpu.memory": ">=40GiB"}, ("gpu.vendor must be nvidia, has amd",)),
        ({"browser.engine": "chromium", "browser.webgpu": True}, ("browser.webgpu must be true, has none",)),
        ({"browser.engine": "webkit"}, ("browser.engine must be webkit, has chromium",)),
        ({"device.fpga": ">2", "cpu": "<4"}, ("cpu must be <4, has 4", "device.fpga must be >2, has 2")),
        ({"device.board": "rev-c"}, ("device.board must be rev-c, has rev-b",)),
    ],
)
def test_a_runner_that_lacks_it_says_so(requires: dict[str, object], reasons: tuple[str, ...]) -> None:
    assert mismatches(requires, RUNNER) == reasons


def test_a_runner_that_provides_nothing_lacks_everything() -> None:
    assert mismatches({"gpu.vendor": "nvidia", "cpu": 1}, {}) == (
        "cpu must be 1, has none",
        "gpu.vendor must be nvidia, has none",
    )


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("gpu.vender", "nvidia", "'gpu.vender' is not a capability"),
        ("cpu", "four", "'four' is not a number"),
        ("cpu", -1, "-1 is not a number"),
        ("cpu", True, "True is not a number"),
        ("kvm", "true", "'true' is not true or false"),
        ("kvm", ">=true", "'>=true' compares a true or false by size"),
        ("os", ">linux", "'>linux' compares a word by size"),
        ("os", 7, "7 is not a word"),
        ("os", "linux, windows", "'linux, windows' cannot be two things at once"),
        ("browser.version", 3.10, "3.1 is not a version"),
        ("memory", "16GB!", "'16GB!' is not a size"),
        ("memory", None, "None is not a size"),
        ("cpu", [], "a list of alternatives must have 1 to 100 entries"),
    ],
)
def test_a_requirement_that_means_nothing_is_refused(name: str, value: object, what: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_requirement(name, value)
    assert caught.value.what == what
    assert caught.value.fix


@pytest.mark.parametrize(
    ("name", "value", "at"),
    [
        ("gpu.vendor", "nvidia", ()),
        ("gpu", "nvidia", ()),
        ("gpu", {"vendor": 1}, ("vendor",)),
        ("browser", [{"engine": "firefox"}, {"version": 3.1}], (1, "version")),
        ("browser", [], ()),
        ("browser", [{}], (0,)),
        ("speed", 9, ()),
    ],
)
def test_what_cannot_be_provided_is_refused_where_it_stands(
    name: str, value: object, at: tuple[str | int, ...]
) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_provided(name, value)
    assert caught.value.at == at


@given(st.integers(0, 2**62))
def test_sizes_survive_being_written_and_read(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=4), st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
def test_versions_are_ordered_by_their_numbers(one: list[int], other: list[int]) -> None:
    one_text, other_text = (".".join(map(str, parts)) for parts in (one, other))
    provides = {"gpu": parse_provided("gpu", {"driver": one_text})}
    holding = [sign for sign in ("<", "==", ">") if not mismatches({"gpu.driver": f"{sign}{other_text}"}, provides)]
    padded = (one + [0] * len(other))[: len(other)]
    assert holding == ["<" if padded < other else ">" if padded > other else "=="]
