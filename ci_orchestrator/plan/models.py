"""The plan: what the user wrote, validated. Frozen and strict; keys are kebab-case in YAML, snake_case here.

Durations are seconds, sizes are bytes. The attributes' docstrings are the field reference of the documentation.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ci_orchestrator.capabilities.units import RefusedError
from ci_orchestrator.plan.defaults import fold
from ci_orchestrator.plan.environment import Alias, Coverage, Image, Service, Setup
from ci_orchestrator.plan.fields import (
    Command,
    Duration,
    EnvName,
    JobCount,
    Label,
    Listed,
    Model,
    Name,
    Need,
    Priority,
    ProjectPath,
    Provides,
    Requires,
    RetryCause,
    RunCommand,
    StagePercent,
    Text,
    ToolName,
)
from ci_orchestrator.plan.gates import Gate
from ci_orchestrator.plan.pipeline_options import PipelineOptions
from ci_orchestrator.plan.report_options import ReportOptions
from ci_orchestrator.plan.result_pipelines import ResultOptions
from ci_orchestrator.plan.scalars import check_stages, parse_shards
from ci_orchestrator.plan.secret_names import SecretVariable
from ci_orchestrator.plan.sharing import Notify, Quota


class Shards(Model):
    """Into how many jobs a suite is divided: a fixed `count`, a `target` time that picks it, or neither (auto)."""

    count: JobCount | None = None
    """A fixed number of jobs; `shards: 4` is short for it."""
    target: Duration | None = None
    """The wall time that a job should take; the number of jobs follows from the history."""
    max: JobCount | None = None
    """With `target`: never more jobs than this."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.count is not None and (self.target is not None or self.max is not None):
            raise RefusedError("shards have a fixed count and a target at once", "keep one of them")
        if self.max is not None and self.target is None:
            raise RefusedError("`max` stands without `target`", "add the time a job should take, such as target: 8m")
        return self

    @property
    def auto(self) -> bool:
        """One job for each runner of the suite's class (its `count`; one when that is unknown)."""
        return self.count is None and self.target is None


class Retries(Model):
    """How often a test is tried again, and after what."""

    max: Annotated[int, Field(ge=0, le=100)] = 1
    """Further attempts after the first."""
    when: Listed[RetryCause] = ("worker-lost", "infrastructure")
    """Causes that are tried again. A test that passes after a `failure` or `timeout` is reported as flaky."""


class Artifacts(Model):
    """Files that a job keeps, also when it fails."""

    paths: dict[Name, ProjectPath] = {}
    """A name for each set of files, and the glob that finds them, relative to the suite's `cwd`."""
    retain: Duration = 14 * 86_400.0
    """How long they are kept."""


class SuiteSettings(Model):
    """The fields that may also stand under `defaults`."""

    args: Listed[Text] = ()
    """Arguments handed to the tool as they are."""
    cwd: ProjectPath = "."
    """The directory in which the tool starts, relative to the project."""
    python: Label | None = None
    """The interpreter that runs the tests; by default the active virtual environment's, else `python` on the PATH."""
    requires: Requires = {}
    """What the runner must have: a capability and a condition such as `">=40GiB"`; a list means any of."""
    shards: Annotated[
        Shards, BeforeValidator(parse_shards, json_schema_input_type=JobCount | Literal["auto"] | Shards)
    ] = Shards(count=1)
    """How many jobs: a number, `auto` (one for each runner of the class), or a target time with a maximum."""
    keep_together: Literal["file", "none"] = "none"
    """`file` never divides a file's tests (of Go: a package's) over jobs."""
    allow_empty: bool = False
    """Whether finding no tests is fine. Otherwise it is an error."""
    timeout: Duration = 1800.0
    """The longest a job may take."""
    deadline: Duration | None = None
    """The suite must be done this long after the build began."""
    test_timeout: Duration | None = 600.0
    """The longest a test may take; empty for no limit of its own."""
    retries: Retries = Retries()
    """Which attempts are made again."""
    priority: Priority = 0
    """Higher starts earlier: `low` (-10), `normal` (0), `high` (10), or a number from -100 to 100."""
    env: dict[EnvName, Text] = {}
    """Environment variables of the tests. A suite's are added to the defaults'. None begins with `CI_ORCHESTRATOR_`."""
    artifacts: Artifacts = Artifacts()
    """Files to keep."""
    setup: Setup = Setup()
    """How a CI job gets ready, before its tests."""
    secrets: Listed[SecretVariable] = ()
    """Names of secrets that the tests read from their environment; the values come from the provider. Not the names
    that `pipeline: secrets` may not have either."""
    services: dict[Alias, Service] = {}
    """Containers beside the tests, by name. On this machine they must already run."""
    container: Image | None = None
    """The image in which a CI job runs. On this machine it is not used."""
    coverage: Coverage | None = None
    """The coverage that the suite's tool writes."""
    stages: Annotated[Listed[StagePercent], AfterValidator(check_stages)] = ()
    """Canary: percent of the suite that has run before each gate, such as [10, 25, 50, 75, 100]."""
    gate: Name | None = None
    """The gate that decides after each of the `stages`."""
    group: Label | None = None
    """A word to select suites by."""
    owner: Label | None = None
    """Who answers for the suite."""


class Defaults(SuiteSettings):
    """Fields for every suite that does not set them itself."""

    tool: ToolName | None = None
    """The test tool."""


class Suite(SuiteSettings):
    """A set of tests that run in the same way."""

    name: Name = Field(exclude=True)
    """The key under `suites`."""
    tool: ToolName
    """The test tool; `command` stands for a pair of commands that list and run tests."""
    paths: Listed[ProjectPath] = ()
    """Where the tests are, relative to `cwd`; none leaves it to the tool's own configuration."""
    list_command: Command | None = None
    """For `command`: prints one test id a line. One line, or a list of arguments; no shell runs it."""
    run_command: RunCommand | None = None
    """For `command`: runs the tests that stand where `{tests}` is written."""
    needs: Listed[Need] = ()
    """Suites, or tests of theirs (`suite::path`, `suite::path::name`), that must have passed before."""


class AzureLabels(Model):
    """Where a job runs on Azure Pipelines."""

    pool: Label
    """The agent pool."""
    demands: Listed[Label] = ()
    """What the agent must have, such as `Agent.OS -equals Linux`."""


class Labels(Model):
    """A runner class in each provider's own words."""

    github: Listed[Label] = ()
    """GitHub Actions: `runs-on`."""
    gitlab: Listed[Label] = ()
    """GitLab CI: `tags`."""
    jenkins: Label | None = None
    """Jenkins: the label expression."""
    azure: AzureLabels | None = None
    """Azure Pipelines: the pool and its demands."""


class RunnerClass(Model):
    """Runners that are alike: the same labels, capabilities and price."""

    name: Name = Field(exclude=True)
    """The key under `runners`."""
    labels: Labels = Labels()
    """How to ask each provider for one."""
    provides: Provides = {}
    """What such a runner has: capabilities and their values."""
    count: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many there are."""
    price: Annotated[float, Field(ge=0, le=1e9)] | None = None
    """Cost of one minute; the cheapest class that fits is taken, one without a price last."""

    @property
    def rank(self) -> tuple[float, str]:
        """Cheaper ones first, those without a price last, the first by name among equals."""
        return (float("inf") if self.price is None else self.price, self.name)


class Plan(Model):
    """The whole plan. `defaults` are already folded into the suites, and no part of what is written out."""

    version: Literal[1] = 1
    """The version of this format."""
    name: Label | None = None
    """What to call the plan in reports."""
    defaults: Defaults = Field(default=Defaults(), exclude=True, repr=False)
    """Any suite field but `paths`, `list`, `run` and `needs`, for every suite that does not set it itself."""
    pipeline: PipelineOptions = PipelineOptions()
    """How the whole plan is run."""
    runners: dict[Name, RunnerClass] = {}
    """Runner classes by name. Without any, this machine is the only one, called `local`."""
    gates: dict[Name, Gate] = {}
    """Decisions between stages and at the end, by name. Without a final gate none may fail or be without a result."""
    suites: Annotated[dict[Name, Suite], Field(min_length=1, max_length=10_000)]
    """Suites by name: a letter, then letters, digits, `_` and `-`; 40 at most."""
    quotas: dict[Label, Quota] = {}
    """Shares of runners, by the `owner` of suites."""
    results: ResultOptions = ResultOptions()
    """What is made of the results beside the report."""
    report: ReportOptions = ReportOptions()
    """What the report reads and shows."""
    notify: Notify = Notify()
    """Who is told what."""

    @model_validator(mode="before")
    @classmethod
    def _fold(cls, document: object) -> object:
        return fold(document) if isinstance(document, dict) else document

    @model_validator(mode="after")
    def _names(self) -> Self:
        suites = [(key, suite.name) for key, suite in self.suites.items()]
        runners = [(key, runner.name) for key, runner in self.runners.items()]
        gates = [(key, gate.name) for key, gate in self.gates.items()]
        for key, name in suites + runners + gates:
            if key != name:
                raise ValueError(f"{name!r} stands under the key {key!r}")
        return self
