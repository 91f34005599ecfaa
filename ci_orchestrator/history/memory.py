"""A history that lives as long as its process: for what must not touch the disk, and when the disk's cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from ci_orchestrator.history.base import (
    ABSENT,
    BuildRecord,
    BuildSummary,
    Observation,
    cleaned,
    letter,
    storable,
    summarise,
)


class MemoryHistory:
    """`history.base.Store` over a dict."""

    def __init__(self) -> None:
        self._builds: dict[tuple[str, str], tuple[BuildSummary, dict[str, Observation]]] = {}

    def record(self, build: BuildRecord) -> None:
        build, tests = cleaned(build)
        seen = dict(zip(tests, build.observations, strict=True))
        self._builds[build.build, build.runner] = (summarise(build), seen)

    def durations(
        self, tests: Collection[str] | None = None, *, last: int = 5, runner: str | None = None, but: str = ""
    ) -> Mapping[str, tuple[float, ...]]:
        wanted = None if tests is None else frozenset(tests)
        found: dict[str, list[float]] = {}
        for summary, seen in self._newest(but):
            if runner is not None and summary.runner != storable(runner):
                continue
            for test, one in seen.items():
                if one.usable and (wanted is None or test in wanted):
                    found.setdefault(test, []).append(one.duration)
        return {test: tuple(values[:last]) for test, values in found.items() if last > 0}

    def outcomes(self, test: str, *, last: int = 20) -> Sequence[tuple[BuildSummary, Observation]]:
        said = ((summary, seen[test]) for summary, seen in self._newest() if test in seen)
        return tuple(islice(said, max(last, 0)))

    def patterns(self, *, last: int = 50, but: str = "") -> Mapping[str, str]:
        columns = [seen for _, seen in islice(self._newest(but), max(last, 0))]
        tests = sorted({test for seen in columns for test in seen})
        return {test: "".join(letter(seen[test]) if test in seen else ABSENT for seen in columns) for test in tests}

    def builds(self, *, last: int = 20, but: str = "") -> Sequence[BuildSummary]:
        return tuple(summary for summary, _ in islice(self._newest(but), max(last, 0)))

    def forget(self, *, keep: int) -> int:
        names = list(dict.fromkeys(summary.build for summary, _ in self._newest()))
        gone = frozenset(names[max(keep, 0) :])
        self._builds = {key: value for key, value in self._builds.items() if key[0] not in gone}
        return len(gone)

    def close(self) -> None:
        """Nothing is held."""

    def _newest(self, but: str = "") -> Iterator[tuple[BuildSummary, dict[str, Observation]]]:
        """Newest first; of those that started together, the last by name."""
        others = (told for told in self._builds.values() if not but or told[0].build != storable(but))
        return iter(sorted(others, key=_age, reverse=True))


def _age(build: tuple[BuildSummary, dict[str, Observation]]) -> tuple[float, str, str]:
    summary, _ = build
    return summary.started, summary.build, summary.runner
