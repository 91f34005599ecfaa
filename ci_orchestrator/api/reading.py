"""Files that tools wrote, read on all CPUs when there are enough of them to be worth it.

A process that reads hands on plain tuples, by marshal: they cost a tenth of pickled objects, so that what is gained by
reading at the same time is not lost again on the way (benchmarks/reading.py).
"""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from ci_orchestrator.api.opening import open_regular
from ci_orchestrator.api.own import is_results
from ci_orchestrator.errors import ResultsError, Where
from ci_orchestrator.results.benchmark import Benchmark, Better
from ci_orchestrator.results.coverage import Branches, FileCoverage
from ci_orchestrator.results.formats import HEAD, detect, load, read
from ci_orchestrator.results.formats.base import Case, Kind, ReadWarning, to_results
from ci_orchestrator.results.formats.begun import about, doubt
from ci_orchestrator.results.model import Attempt, Cause, Outcome, TestResult

BATCH = 8
"""Files that a process reads at a time: what small ones tell fits into a pipe, so that nobody waits to hand it on."""
HEAD_START = 32
"""Batches that this process reads by itself at first: the others start meanwhile, which takes as long."""

_SIZE = 8  # bytes in which the length of a batch is told


@dataclass(slots=True, kw_only=True)
class FileRead:
    """What one file told. `kind`: None when it is of no known format. `ours`: it is results that we wrote ourselves.

    `warnings`: what could not be read; in a file about tests each of them means that the proof has a hole. `notes`:
    what could not be taken as it is, and harms nothing.
    """

    path: Path
    kind: Kind | None = None
    results: list[TestResult] = field(default_factory=list)
    coverage: list[FileCoverage] = field(default_factory=list)
    benchmarks: list[Benchmark] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ours: bool = False


def read_file(path: Path, *, named: bool = False) -> FileRead:
    """One file. `named`: somebody asked for it, so that it must be of a known format, and readable.

    Raises `ResultsError` for that. What was only come across and cannot be read at all is a warning, as is one that may
    have been torn before it could be told what it is; what is ours is not read at all then.
    """
    told = FileRead(path=path)
    try:
        with open_regular(path) as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            told.ours = is_results(head)
            if told.ours and not named:
                return told
            name = detect(head)
            if name is None and not named:
                if why := doubt(head, path.name, whole=len(head) < HEAD):
                    told.kind = about(head, path.name)
                    told.warnings.append(f"{path}: {why}")
                return told
            told.kind = load(name).kind if name else None
            told.results = list(to_results(_cases(read(stream, str(path), name=name), told)))
    except (OSError, ResultsError) as error:
        if isinstance(error, OSError):
            error = ResultsError(f"cannot be read: {error.strerror}", where=Where(str(path)))
        if named:
            raise error from None
        told.warnings.append(str(error))
    return told


def read_files(files: Sequence[tuple[Path, bool]], *, width: int, head_start: int = HEAD_START) -> Iterator[FileRead]:
    """Each `(path, named)`, in this order; by as many as `width` processes, this one among them.

    It pays when there are some times as many batches as it reads alone. Raises as `read_file` does.
    """
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    if width < 2 or len(batches) < 4 * head_start:
        width, head_start = 1, 0
    with ExitStack() as stack:
        shares = [batches[head_start + number :: width] for number in range(1, width)]
        workers = [stack.enter_context(_Worker(share)) for share in shares]
        for number, batch in enumerate(batches, -head_start):
            mine = number < 0 or number % width == 0
            rows = None if mine else workers[number % width - 1].next()
            if rows is None:  # this process reads too, and what one that died left
                yield from (read_file(path, named=named) for path, named in batch)
            else:
                yield from (_unpack(path, row) for (path, _), row in zip(batch, rows, strict=True))


class _Worker:
    """A process that reads batches of files, one after another. It is no `multiprocessing`: that would run the main
    module of whoever uses this as a library once more.
    """

    def __init__(self, batches: Sequence[Sequence[tuple[Path, bool]]]) -> None:
        code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        asked = [[(os.fspath(path), named) for path, named in batch] for batch in batches]
        assert self._process.stdin is not None  # noqa: S101 - pipes, as asked for
        assert self._process.stdout is not None  # noqa: S101
        self._pipe = self._process.stdout
        with self._process.stdin as stdin:
            stdin.write(marshal.dumps(asked))

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # when all was read it has ended by itself
        self._pipe.close()
        self._process.wait()

    def next(self) -> list[tuple[Any, ...]] | None:
        """What the files of the next batch told; None when the process is no more."""
        size = int.from_bytes(self._pipe.read(_SIZE), "little")
        told = self._pipe.read(size)
        if not size or len(told) < size:
            return None
        rows: list[tuple[Any, ...]] = marshal.loads(told)  # noqa: S302 - from a process of our own
        return rows


def serve() -> None:
    """What such a process does: read what it is asked for, and hand on each batch."""
    gc.disable()  # nothing that is made here holds itself in a circle
    for batch in marshal.loads(sys.stdin.buffer.read()):  # noqa: S302 - from a process of our own
        rows = marshal.dumps([_packed(Path(path), named) for path, named in batch])
        size = len(rows).to_bytes(_SIZE, "little")  # to load from a pipe asks it for each value
        sys.stdout.buffer.write(size + rows)
        sys.stdout.buffer.flush()


def _cases(items: Iterable[object], told: FileRead) -> Iterator[Case]:
    """The cases; everything else is noted."""
    for item in items:
        if isinstance(item, Case):
            yield item
        elif isinstance(item, ReadWarning):
            (told.notes if item.harmless else told.warnings).append(str(item))
        elif isinstance(item, FileCoverage):
            told.coverage.append(item)
        elif isinstance(item, Benchmark):
            told.benchmarks.append(item)


# -- what crosses from one process to another: the fields of `FileRead` but its path, or what an error says ------------

_ATTEMPT = tuple(one.name for one in fields(Attempt) if one.name not in ("outcome", "cause"))
_BENCHMARK = tuple(one.name for one in fields(Benchmark))
_of_attempt, _of_benchmark = attrgetter(*_ATTEMPT), attrgetter(*_BENCHMARK)
_OUTCOMES = {one.value: one for one in Outcome}
_CAUSES = {one.value: one for one in Cause}


def _packed(path: Path, named: bool) -> tuple[Any, ...]:
    try:
        told = read_file(path, named=named)
    except ResultsError as error:
        where = error.where
        return (error.what, error.fix, (where.file, where.line, where.column) if where else None)
    return (
        told.kind,
        [_pack_result(one) for one in told.results],
        [_pack_coverage(one) for one in told.coverage],
        [tuple(map(_plain, _of_benchmark(one))) for one in told.benchmarks],
        told.warnings,
        told.notes,
        told.ours,
    )


def _unpack(path: Path, row: tuple[Any, ...]) -> FileRead:
    if len(row) == 3:
        what, fix, where = row
        raise ResultsError(what, fix=fix, where=Where(*where) if where else None)
    kind, results, coverage, benchmarks, warnings, notes, ours = row
    return FileRead(
        path=path,
        kind=kind,
        results=[_unpack_result(*one) for one in results],
        coverage=[_unpack_coverage(*one) for one in coverage],
        benchmarks=[_unpack_benchmark(one) for one in benchmarks],
        warnings=warnings,
        notes=notes,
        ours=ours,
    )


def _plain(value: object) -> object:
    """Enumerations as the texts that they are: marshal knows the built-in types only."""
    return str(value) if isinstance(value, Better) else value


def _pack_result(one: TestResult) -> tuple[Any, ...]:
    return (
        one.id,
        str(one.outcome),
        tuple(map(_pack_attempt, one.attempts)),
        one.flaky,
        one.reason,
    )


def _pack_attempt(one: Attempt) -> tuple[Any, ...]:
    return (str(one.outcome), str(one.cause), *_of_attempt(one))


def _unpack_result(
    test: str, outcome: str, attempts: tuple[tuple[Any, ...], ...], flaky: bool, reason: str
) -> TestResult:
    return TestResult(
        id=test, outcome=_OUTCOMES[outcome], attempts=_unpack_attempts(attempts), flaky=flaky, reason=reason
    )


@lru_cache(maxsize=8_192)  # they are shared here as they were there: see `Case.result`
def _unpack_attempts(rows: tuple[tuple[Any, ...], ...]) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(outcome=_OUTCOMES[outcome], cause=_CAUSES[cause], **dict(zip(_ATTEMPT, values, strict=True)))
        for outcome, cause, *values in rows
    )


def _unpack_benchmark(row: tuple[Any, ...]) -> Benchmark:
    values = dict(zip(_BENCHMARK, row, strict=True))
    return Benchmark(**{**values, "better": Better(values["better"])})


def _pack_coverage(one: FileCoverage) -> tuple[Any, ...]:
    branches = {number: (found.total, found.covered, found.taken) for number, found in one.branches.items()}
    return (one.path, dict(one.lines), branches, one.module)


def _unpack_coverage(
    path: str, lines: dict[int, int], branches: dict[int, tuple[Any, ...]], module: str
) -> FileCoverage:
    return FileCoverage(path, lines, {number: Branches(*found) for number, found in branches.items()}, module)
