"""What varies from plan to plan, as JSON in text constants: no literal grows, and no method."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from ci_orchestrator.plan.pipeline import GateJob, Pipeline, StageJobs, refuse
from ci_orchestrator.providers.jenkins.limits import LIMITS

_WIDTH = 110
_CHUNK = 60_000
"""Bytes of one text constant; the data are ASCII, a line is at most `_WIDTH` and what one entry is longer."""

VERDICTS = ("on_hold", "on_rollback")
T = TypeVar("T")


def cells(pipeline: Pipeline) -> Mapping[str, Mapping[str, str]]:
    """Stage → job → its name."""
    return {
        stage.id: {cell.job: cell.name for matrix in stage.matrices for cell in matrix.cells}
        for stage in pipeline.stages
    }


def cells_json(pipeline: Pipeline) -> Iterator[str]:
    """Lines of JSON: `cells`, as many jobs on a line as fit."""
    yield "{"
    stages = cells(pipeline)
    for last, (stage, jobs) in _marked(stages.items()):
        entries = [f"{json.dumps(job)}: {json.dumps(name)}" for job, name in jobs.items()]
        yield from _packed(f"  {json.dumps(stage)}: {{", entries, "}" if last else "},")
    yield "}"


def levels_json(
    pipeline: Pipeline, functions: Mapping[str, str], verdicts: Mapping[tuple[str, str], str]
) -> Iterator[str]:
    """Lines of JSON: a list of levels, each a list of stages.

    `functions`: stage → the function that runs its jobs. `verdicts`: gate and verdict → the function that follows.
    """
    gates = {gate.of: gate for gate in pipeline.gates}
    yield "["
    for last, level in _marked(_levels(pipeline)):
        yield "  ["
        for end, stage in _marked(level):
            value = json.dumps(_stage(stage, gates.get(stage.id), functions[stage.id], verdicts))
            yield f"    {value}" if end else f"    {value},"
        yield "  ]" if last else "  ],"
    yield "]"


def constants(lines: Iterable[str]) -> str:
    """Groovy: one text of these lines, or several put together where one would be too long for a class file.

    The lines have neither quotes of Groovy nor backslashes: ids, and names that a plan restricts to a few letters.
    """
    chunks: list[list[str]] = [[]]
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > _CHUNK:
            chunks.append([])
            size = len(line) + 1
        chunks[-1].append(line)
    if len(chunks) > LIMITS["list"]:
        ways = ("fewer `shards`", "fewer suites", "several plans, each with a pipeline of its own")
        refuse(LIMITS, "bytes", len(chunks) * _CHUNK, "the jobs cannot be written down", ways)
    texts = ["'''\n" + "\n".join(chunk) + "\n'''" for chunk in chunks]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}].join('')"


def _levels(pipeline: Pipeline) -> Sequence[Sequence[StageJobs]]:
    """Stages that may start together; each alone where they are to run one after another."""
    levels: dict[int, list[StageJobs]] = {}
    for number, stage in enumerate(pipeline.stages):
        levels.setdefault(number if pipeline.sequential else stage.level, []).append(stage)
    return list(levels.values())


def _stage(
    stage: StageJobs, gate: GateJob | None, function: str, verdicts: Mapping[tuple[str, str], str]
) -> Mapping[str, object]:
    value: dict[str, object] = {"id": stage.id, "name": stage.name, "run": function}
    value["needs"] = [*stage.needs, *([stage.after] if stage.after else [])]
    if stage.at_once is not None:
        value["lanes"] = stage.at_once
    if gate is not None:
        value |= {"gate": gate.id, "gate_name": gate.name}
        value |= {verdict: verdicts[gate.id, verdict] for verdict in VERDICTS if (gate.id, verdict) in verdicts}
    return value


def _packed(start: str, entries: Sequence[str], end: str) -> Iterator[str]:
    line = start
    for last, entry in _marked(entries):
        word = entry if last else f"{entry},"
        if len(line) + len(word) >= _WIDTH:
            yield line.rstrip()
            line = "    "
        line += word if line.endswith(("{", "    ")) else f" {word}"
    yield line + end


def _marked(values: Iterable[T]) -> Iterator[tuple[bool, T]]:
    """Each value, and whether it is the last."""
    every = list(values)
    return ((number == len(every), value) for number, value in enumerate(every, start=1))
