"""What an analysis says of a build beside its results: what changed against a base, and what history knows.

Only values stand here; `analysis` makes them, `report` shows them. Lists of tests are sorted ids unless said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.coverage import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The build that this one is compared with. `complete`: all its tests were there, so that missing ones were
    removed rather than not run."""

    title: str = ""
    revision: str = ""
    branch: str = ""
    started: float = 0.0
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Tests whose outcome differs from the base's. Each is in at most one list.

    `newly_failing`: failed or errored now, and did not. `fixed`: the other way round. `added`, `removed`: in one of
    the two builds only (an added test that fails is *newly failing*). `newly_skipped`: skipped now, and was not.
    `newly_unproven`: not proven now, and was proven. `still_failing`: in both.
    """

    newly_failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    newly_skipped: tuple[str, ...] = ()
    newly_unproven: tuple[str, ...] = ()
    still_failing: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything changed; what fails as before is no change."""
        return bool(
            self.newly_failing or self.fixed or self.added or self.removed or self.newly_skipped or self.newly_unproven
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """The coverage of one file of the change, or of one whose coverage moved.

    `before`: None when the base does not have it. `changed`: executable lines that the diff adds or changes; `missed`:
    those of them that nothing executed, as (first, last).
    """

    path: str
    now: Counts
    before: Counts | None = None
    changed: Counts = field(default_factory=Counts)
    missed: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageChange:
    """Coverage against the base and the diff. `before`: lines of the base, None when it is missing; `before_partial`:
    they are not all of the base's. `changed`: the executable lines of the diff, None without one or with an empty one
    (`empty_diff`); a total of 0 means that it has none, or that none of its files was measured (`none_measured`).
    `files`: sorted. `unmeasured`: changed files, sorted, of which nothing is known although others
    with their ending are measured: tests themselves, or code that no test ever loads."""

    before: Counts | None = None
    before_partial: bool = False
    changed: Counts | None = None
    files: tuple[FileChange, ...] = ()
    unmeasured: tuple[str, ...] = ()
    none_measured: bool = False
    empty_diff: bool = False


class Shift(StrEnum):
    """What a difference between two measurements amounts to."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkChange:
    """One benchmark against the base. `worse`: the relative change, positive when it is for the worse (0.1 = 10 %).

    `shift` says whether that means anything, `why` by which rule.
    """

    group: str
    name: str
    unit: str
    better: Better
    now: float
    before: float
    worse: float
    shift: Shift
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationChange:
    """A test that takes longer than it used to: seconds now, and the median of the last `samples` builds."""

    test: str
    now: float
    before: float
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyTest:
    """A test that passes and fails without a reason in the source.

    `retried`: it passed at a later attempt in this build. `contradictions`: revisions in the history on which it both
    passed and failed. `transitions`: turns between pass and fail in the last `builds` that ran it. `new`: nothing
    before this build told so.
    """

    test: str
    retried: bool = False
    contradictions: int = 0
    transitions: int = 0
    builds: int = 0
    new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All of it. None: there was nothing to compare with. `flaky` and `slower`: the worst first.

    `benchmarks_gone`: those of the base that this build does not have, as they were measured there, without their raw
    values. `time_before`: seconds of test time of the base build.
    """

    base: Base | None = None
    changes: Changes | None = None
    coverage: CoverageChange | None = None
    benchmarks: tuple[BenchmarkChange, ...] = ()
    benchmarks_gone: tuple[Benchmark, ...] = ()
    flaky: tuple[FlakyTest, ...] = ()
    slower: tuple[DurationChange, ...] = ()
    time_before: float | None = None
