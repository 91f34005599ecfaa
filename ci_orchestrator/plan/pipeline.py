"""A pipeline that is no provider's yet, and the walls that a provider puts around it. Both are values.

`translate.pipelines` makes it from a plan; a provider's renderer writes it in the provider's own words and adds nothing
of its own but how things are said there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from ci_orchestrator.errors import PlanError
from ci_orchestrator.plan.environment import Coverage, Service, Setup
from ci_orchestrator.plan.models import Labels
from ci_orchestrator.plan.pipeline_options import Trigger


class Shape(StrEnum):
    """`STATIC`: the committed pipeline fixes the jobs. `DYNAMIC`: its first job plans them, with today's history."""

    STATIC = "static"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Wall:
    """A limit of a provider: `value` in `unit`; `source` is where the provider says so, read on `date`."""

    value: int
    unit: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The walls of one provider, by name.

    Every provider has `matrix` (cells of one matrix), `jobs` (test jobs of one pipeline whose bundles can be collected)
    and `bytes` (of one rendered file); the others are its own.
    """

    provider: str
    walls: Mapping[str, Wall]

    def __getitem__(self, name: str) -> int:
        return self.walls[name].value


@dataclass(frozen=True, slots=True)
class Cell:
    """One CI job: the `job` of the lock that it runs, and the name that people see."""

    job: str
    name: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Cells that the provider makes from one definition: at most as many as it allows.

    `cells` are empty in a dynamic pipeline before it has planned; `most` is how many they can be.
    """

    id: str
    most: int
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageJobs:
    """The jobs of one stage: all alike but for their tests.

    `id`: `[a-z][a-z0-9_]*`, unique. `needs`: ids of the stages whose jobs must all have passed. `after`: id of the gate
    that must have said *proceed*, or empty; what is before that gate need not have passed. `behind`: id of a stage that
    must have ended, however it did, or empty. `at_once`: the most cells that run at the same time, None for all.
    `most`: how many cells it can have before anything is planned, the same when it has been, so that what a plan job
    emits fits what was rendered. `labels` are None without runner classes. `timeout`, `retain`: seconds.
    """

    id: str
    name: str
    suite: str
    level: int
    runner: str
    labels: Labels | None
    most: int
    matrices: tuple[Matrix, ...]
    needs: tuple[str, ...]
    after: str
    behind: str
    at_once: int | None
    timeout: float
    retain: float
    cwd: str
    setup: Setup
    env: Mapping[str, str]
    secrets: tuple[str, ...]
    services: Mapping[str, Service]
    container: str | None
    coverage: Coverage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateJob:
    """The job that decides after a stage, however that stage's jobs ended. Its exit code is 0 for *proceed* alone.

    `stage`: what ``gate --stage`` is told. `of`: id of the stage's jobs. `on_hold`, `on_rollback`: commands of a job
    that runs at that verdict; none, no such job. `secrets`: names of those that these commands read.
    """

    id: str
    name: str
    stage: str
    of: str
    level: int
    secrets: tuple[str, ...]
    on_hold: tuple[tuple[str, ...], ...]
    on_rollback: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Plan job → stages of test jobs, with gates between them → report job, which always runs.

    `plan_file`: relative to the repository. `tool_version`: of ci-orchestrator. `pins`: stage → its number of jobs, in
    a static pipeline. `control`: labels of the runner class that plans, decides and reports, None without classes.
    `planning`: what the plan job gets ready, so that every suite can be listed. `retain`: seconds that the lock, the
    bundles and the report are kept. `judged`: the plan's final gates decide whether the build is green. `publish`: the
    report is told to the forge, which is at `forge` (``KIND=URL``) where that is not empty. `memory`: where the history
    is kept between builds, empty for the provider's own cache. `secrets`: names of those that fetching the history and
    reporting read, and no test. `images`: what is told shows charts as images, which a forge may have to keep in the
    repository.
    """

    name: str
    plan_file: str
    tool_version: str
    shape: Shape
    trigger: Trigger
    concurrency: str
    fail_fast: bool
    sequential: bool
    pins: Mapping[str, int]
    control: Labels | None
    planning: Setup
    planning_env: Mapping[str, str]
    planning_secrets: tuple[str, ...]
    retain: float
    stages: tuple[StageJobs, ...]
    gates: tuple[GateJob, ...] = ()
    judged: bool = False
    publish: bool = True
    forge: str = ""
    memory: str = ""
    secrets: tuple[str, ...] = ()
    images: bool = False

    @property
    def root(self) -> str:
        """The project's directory, relative to the repository (``.`` is that itself): where all commands run."""
        return self.plan_file.rpartition("/")[0] or "."

    @property
    def shared_container(self) -> str | None:
        """The image in which every suite runs, so that its tests can be listed in it too; None where they differ."""
        images = {stage.container for stage in self.stages}
        return images.pop() if len(images) == 1 else None

    def stage(self, name: str) -> StageJobs:
        """The stage with this id."""
        return next(stage for stage in self.stages if stage.id == name)

    def gate(self, name: str) -> GateJob:
        """The gate with this id."""
        return next(gate for gate in self.gates if gate.id == name)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Files of a provider: path, relative to the repository → text. `main` is the one that the provider starts from."""

    main: str
    files: Mapping[str, str] = field(default_factory=dict)


def refuse(limits: Limits, wall: str, number: int, what: str, ways: Sequence[str]) -> NoReturn:
    """Raises the `PlanError` of what cannot fit: the number, the wall, and three ways out."""
    limit = limits.walls[wall]
    options = "; or ".join(ways)
    raise PlanError(
        f"{what}: {number:,} {limit.unit}, and {limits.provider} takes {limit.value:,} ({limit.source})", fix=options
    )
