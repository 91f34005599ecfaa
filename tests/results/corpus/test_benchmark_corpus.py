"""Real output of benchmark tools, against what github-action-benchmark recorded for it.

`benchmark_disagreements.json`, beside this file, lists each benchmark on which we do not agree, in which fields, and
why. The list is exact: an entry that no longer disagrees fails too.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from parts import SHARED, need

from ci_orchestrator.results import formats
from ci_orchestrator.results.benchmark import Benchmark, Better, merge_benchmarks

CORPUS = SHARED / "corpus" / "benchmarks"
LABELS: dict[str, Any] = json.loads((CORPUS / "expected.json").read_text()) if CORPUS.exists() else {}
DISAGREEMENTS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("benchmark_disagreements.json").read_text())

TOOLS = {
    "benchmarkdotnet": "benchmarkdotnet",
    "benchmarkjs": "benchmarkjs",
    "benchmarkluau": "benchmarkluau",
    "cargo": "cargo_bench",
    "catch2": "catch2",
    "customBiggerIsBetter": "custom",
    "customSmallerIsBetter": "custom",
    "go": "go_bench",
    "googlecpp": "google_benchmark",
    "jmh": "jmh",
    "julia": "julia",
    "pytest": "pytest_benchmark",
}
"""The peer's name of a tool → our format."""

BIGGER = ("benchmarkjs", "customBiggerIsBetter", "jmh")
"""Tools of which the peer takes a bigger value for the better one, in these files."""

FACTORS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


@pytest.fixture(autouse=True)
def here() -> None:
    need(CORPUS.exists(), "the corpus of real benchmark output (../shared/corpus) is not here")


def read(file: str) -> tuple[Benchmark, ...]:
    with (CORPUS / file).open("rb") as stream:
        items = list(formats.read(stream, file))
    assert [item for item in items if not isinstance(item, Benchmark)] == []
    return merge_benchmarks(item for item in items if isinstance(item, Benchmark))


def name_of(label: dict[str, Any]) -> str:
    """The peer appends the unit (go), the package where several are in one file (go), and parameters as JSON (JMH)."""
    name = re.sub(rf" - {re.escape(label['unit'])}$", "", label["name"])
    name = re.sub(r"^(Benchmark\S*) \((\S+)\)$", r"\2::\1", name)
    found = re.match(r"(.*) \( (\{.*\}) \)$", name)
    if found:
        told = json.loads(found[2])
        name = f"{found[1]}({', '.join(f'{key}={told[key]}' for key in sorted(told))})"
    return name


def ours(tool: str, group: str, name: str) -> str:
    """Our name as the peer would have it."""
    if not group or tool in ("catch2", "benchmarkluau") or (tool == "go" and group.count("/") < 3):
        return name
    return group + {"pytest": "::", "go": "::", "julia": "/"}.get(tool, ".") + name


def spread_of(label: dict[str, Any]) -> float | None:
    """One standard deviation in the label's unit, for the tools that mean this by their range."""
    said = str(label.get("range", ""))
    found = re.search(r"[\d.]+(?:e-?\d+)?", said)
    if label["tool"] == "benchmarkluau":
        return float(found[0]) / 100 * label["value"] if found else None
    return float(found[0]) if found and label["tool"] in ("benchmarkdotnet", "catch2", "pytest") else None


def differing(label: dict[str, Any], found: Benchmark) -> set[str]:
    unit, value, spread = label["unit"], label["value"], spread_of(label)
    if label["tool"] == "pytest":  # the peer tells rounds a second; we the time of one
        unit, value = "s", 1 / value
    if label["tool"] == "googlecpp":
        unit = unit.removesuffix("/iter")
    if label["tool"] == "catch2":  # its unit changes with the value; we tell ns
        factor = FACTORS[unit]
        unit, value, spread = "ns", value * factor, spread and spread * FACTORS.get(label["range_unit"], factor)
    better = Better.BIGGER if label["tool"] in BIGGER or unit.endswith("/s") else Better.SMALLER
    return {
        field
        for field, same in (
            ("unit", found.unit == unit),
            ("value", found.value == pytest.approx(value, rel=1e-9)),
            ("spread", spread is None or found.spread == pytest.approx(spread, rel=1e-9)),
            ("better", found.better is better),
        )
        if not same
    }


def with_units_of_ranges(file: str, label: dict[str, Any]) -> dict[str, Any]:
    """Catch2 tells a deviation in a unit of its own, which the label drops."""
    text = (CORPUS / file).read_text("utf-8", errors="replace")
    number = str(label.get("range", "")).removeprefix("± ")
    found = re.search(rf"^ +{re.escape(number)} (ns|us|ms|s) ", text, re.MULTILINE)
    return {**label, "range_unit": found[1] if found else label["unit"]}


@pytest.mark.parametrize("file", sorted(LABELS) or ["absent"])
def test_agrees_with_the_recorded_expectation_or_the_disagreement_is_listed(file: str) -> None:
    tool = LABELS[file]["tool"]
    found = {(ours(tool, one.group, one.name), one.unit): one for one in read(file)}
    by_name = {name: one for (name, _), one in found.items()}
    wrong: dict[str, set[str]] = {}
    for told in LABELS[file]["benches"]:
        if "\t" in told["unit"]:  # the peer tells a line with several values once more as a whole
            continue
        label = {"tool": tool, **with_units_of_ranges(file, told)}
        name = name_of(label)
        one = found.get((name, told["unit"])) or by_name.get(name)
        fields = differing(label, one) if one else {"missing"}
        if fields:
            wrong[told["name"]] = fields
    listed = {entry["name"]: set(entry["fields"]) for entry in DISAGREEMENTS if entry["file"] == file}
    assert wrong == listed
    assert len(found) == len(
        {(told["name"], told["unit"]) for told in LABELS[file]["benches"] if "\t" not in told["unit"]}
    )


@pytest.mark.parametrize("file", sorted(LABELS) or ["absent"])
def test_the_format_is_told_from_the_content(file: str) -> None:
    assert formats.detect((CORPUS / file).read_bytes()[: formats.HEAD]) == TOOLS[LABELS[file]["tool"]]


def test_every_disagreement_has_a_file_and_a_reason() -> None:
    assert {entry["file"] for entry in DISAGREEMENTS} <= set(LABELS)
    assert all(entry["reason"] for entry in DISAGREEMENTS)
