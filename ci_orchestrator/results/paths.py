"""The paths that tools write into coverage reports → paths of the repository.

A report names a file as the machine saw it that ran the tests: ``/builds/app/src/a.py``, ``C:\\agent\\1\\src\\a.cs``, a
JaCoCo package (``com/example/A.java``), a Go import path (``example.com/app/pkg/a.go``). In this order:

1. a prefix that the plan maps (``{/builds/app: .}``), the longest first: believed as it is;
2. the project's root on this machine;
3. a file of the repository that is called just so: within `home` first, the directory in which the tests ran;
4. a prefix that other paths of the report have proven (`PathMap.learned`);
5. the longest end of the path that is a file of the repository, of at least two parts: there is a ``setup.py``
   everywhere;
6. the one file of the repository that ends in the whole path.

Nothing is guessed between two files. What remains is kept when it is relative (generated code), and is not the
project's when it is absolute (a system's header).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass

from ci_orchestrator.errors import ResultsError
from ci_orchestrator.results.coverage import FileCoverage, merge_coverage

DEEP = 100
"""Directories within each other that are looked into; what lies deeper is no file that anybody wrote."""

_DRIVE = re.compile(r"[A-Za-z]:/")


@dataclass(frozen=True, slots=True)
class Placed:
    """Coverage by paths of the repository, merged and sorted; `outside`: paths of files that are not the project's."""

    files: tuple[FileCoverage, ...]
    outside: tuple[str, ...] = ()


class PathMap:
    """Finds the project's files. `prefixes`: of the plan, from report to repository. `files`: all of the repository,
    by paths with ``/``; empty when they are not known. `root`: where the project lies on this machine. `home`: the
    directory of the project that relative paths begin in.

    Raises `ResultsError` when a prefix leads out of the project.
    """

    def __init__(
        self, prefixes: Mapping[str, str], files: Collection[str] = (), root: str = "", *, home: str = ""
    ) -> None:
        self._given = {tidy(old): _target(old, new) for old, new in prefixes.items()}
        self._root = tidy(root) if root else ""
        self._home = tidy(home)
        self._files = frozenset(files)
        self._learned: dict[str, str] = {}
        self._ends: dict[str, list[str]] = {}
        for file in sorted(self._files):
            parts = file.split("/")
            self._ends.setdefault(parts[-1], []).append(file)
            if len(parts) > 1:
                self._ends.setdefault("/".join(parts[-2:]), []).append(file)

    def place(self, files: Iterable[FileCoverage]) -> Placed:
        """The coverage of one report, or of all that one suite wrote, by the repository's paths."""
        told = list(files)
        paths = self.learned(_within(one) for one in told)
        found: list[FileCoverage] = []
        outside: set[str] = set()
        for one in told:
            path = paths.find(one.path, one.module)
            if path:
                found.append(FileCoverage(path, one.lines, one.branches))
            else:
                outside.add(one.path)
        return Placed(merge_coverage(found), tuple(sorted(outside)))

    def learned(self, paths: Iterable[str]) -> PathMap:
        """This map, and the prefixes that most paths of a report prove: what follows them are the repository's files.

        Of two that hold the shorter one is taken: a generated ``app/gen/main.go`` is no ``main.go``.
        """
        told = {clean for path in paths if (clean := tidy(path)).count("/") <= DEEP}
        hits, all_below = Counter[str](), Counter[str]()
        for path in sorted(told):
            parts = path.split("/")
            for end in range(1, len(parts)):
                prefix = "/".join(parts[:end])
                all_below[prefix] += 1
                hits[prefix] += path not in self._files and "/".join(parts[end:]) in self._files
        proven = {prefix for prefix, count in hits.items() if count * 2 > all_below[prefix]}
        other = copy(self)
        other._learned = {prefix: "" for prefix in sorted(proven) if proven.isdisjoint(_parents(prefix))}
        return other

    def find(self, path: str, module: str = "") -> str:
        """The repository's path of `path`, or "" when it is none of the project's.

        `module`: the first part of `path` when it names a module of the report and perhaps no directory.
        """
        clean = tidy(path)
        if clean.count("/") > DEEP:
            return ""
        bare = clean.removeprefix(f"{tidy(module)}/") if module else clean
        for one in (clean, bare):
            given = _rebased(one, self._given)
            if given is not None:
                return given
        if self._root and clean.startswith(f"{self._root}/"):
            return _inside(clean[len(self._root) + 1 :])
        for exact in (self._at_home(bare), clean, bare):
            if exact in self._files:
                return exact
        return self._end(bare, tidy(module)) or self._unknown(clean)

    def _at_home(self, path: str) -> str:
        return path if is_absolute(path) else tidy(f"{self._home}/{path}") if self._home else path

    def _end(self, path: str, module: str) -> str:
        learned = _rebased(path, self._learned)
        return learned or self._within_path(path) or self._ending_in(path, module)

    def _unknown(self, path: str) -> str:
        """What to call a file that is none of those known; a machine's own is not the project's."""
        if not self._files:
            return _inside(self._at_home(path))
        at_home = self._at_home(path)
        return "" if is_absolute(path) or _above(at_home) else at_home

    def _within_path(self, path: str) -> str:
        parts = path.split("/")
        ends = ("/".join(parts[start:]) for start in range(1, len(parts) - 1))
        return next((end for end in ends if end in self._files), "")

    def _ending_in(self, path: str, module: str) -> str:
        """The one file that ends in `path`; of several the one within a directory called like the innermost module."""
        path = _inside(path)
        end = f"/{path}"
        found = [file for file in self._ends.get("/".join(path.split("/")[-2:]), ()) if file.endswith(end)]
        if len(found) > 1 and module:
            inner = module.rpartition("/")[2]
            found = [file for file in found if inner in file.removesuffix(end).split("/")]
        return found[0] if len(found) == 1 else ""


def tidy(path: str) -> str:
    """`path` with ``/`` between parts, without empty parts, ``.``, or ``..`` that can be resolved; drives are small."""
    path = path.replace("\\", "/")
    if _DRIVE.match(path):
        path = path[0].lower() + path[1:]
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part == ".." and path.startswith("/"):
            continue  # above the root is the root
        elif part not in ("", "."):
            parts.append(part)
    return ("/" if path.startswith("/") else "") + "/".join(parts)


def is_absolute(path: str) -> bool:
    """Whether a path, with ``/`` between its parts, begins at a root or on a drive."""
    return path.startswith("/") or bool(_DRIVE.match(path))


def _above(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] == ".."


def _inside(path: str) -> str:
    """A path that nothing is known about, such that it stays in the project."""
    while _above(path):
        path = path[3:]
    return _DRIVE.sub("", path, count=1).lstrip("/")


def _target(old: str, new: str) -> str:
    target = tidy(new)
    if is_absolute(target) or _above(target):
        raise ResultsError(f"{old!r} is mapped to {new!r}, which is outside the project", fix="map it to a path in it")
    return target


def _rebased(path: str, prefixes: Mapping[str, str]) -> str | None:
    """`path` with the longest prefix that is mapped replaced; None when none is, or when that led out of the project:
    ``../../etc/a`` below the prefix ``..``.
    """
    for prefix in (path, *_parents(path)):
        if prefix in prefixes:
            rest = path[len(prefix) :].strip("/")
            found = "/".join(part for part in (prefixes[prefix], rest) if part)
            return None if _above(tidy(found)) else tidy(found)
    return None


def _parents(path: str) -> Iterable[str]:
    """The directories around `path`, the nearest first, without the root."""
    while "/" in path:
        path = path.rpartition("/")[0]
        if path:
            yield path


def _within(one: FileCoverage) -> str:
    return one.path.removeprefix(f"{one.module}/") if one.module else one.path
