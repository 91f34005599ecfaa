"""What the sources of Go tests tell: where in the project a test stands, and which functions a package has.

Go names packages by import path, and files by their last name only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_LINE = re.compile(r"(?:^\s*|/)([^\s/:]+_test\.go):([0-9]{1,7})", re.MULTILINE)  # as logged, or in a panic's trace
_BETWEEN = r"(?>\s|//[^\n]*+|/\*.{0,2000}?\*/)"  # what may stand between two words of Go
_MAIN = r"TestMain\s*\([^)]{0,200}\bM\s*\)"  # with a *testing.T it would be a test
_FUNCTION = re.compile(rf"\bfunc{_BETWEEN}++(?!{_MAIN})((?:Test|Example|Fuzz)\w*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the project: its import `path`, and its `directory`, relative to the project (``a/b/``, or empty).

    `root`: the same directory, resolved.
    """

    path: str
    directory: str
    root: Path

    @classmethod
    def around(cls, directory: Path, project: Path) -> Module | None:
        """The module that `directory` is in, by the nearest ``go.mod``; None when there is none in the project."""
        inside, project = directory.resolve(), project.resolve()
        for place in (inside, *inside.parents):
            if not place.is_relative_to(project):
                return None
            try:
                found = _MODULE.search((place / "go.mod").read_text("utf-8", "replace"))
            except OSError:
                continue
            relative = place.relative_to(project).as_posix()
            return cls(found[1], "" if relative == "." else f"{relative}/", place) if found else None
        return None

    def place(self, package: str, text: str) -> tuple[str, int]:
        """File (relative to the project) and line of the first line of a test's source that `text` names.

        ``("", 0)`` when it names none, or `package` is another module's.
        """
        found = _LINE.search(text)
        inner = self._inner(package)
        if found is None or inner is None:
            return "", 0
        return f"{self.directory}{inner}/{found[1]}" if inner else f"{self.directory}{found[1]}", int(found[2])

    def functions(self, package: str) -> frozenset[str] | None:
        """The names of all functions in the test files of `package` that could be tests, whatever is built of them.

        None when that cannot be known: `package` is another module's, or has no such files where they should be.
        """
        inner = self._inner(package)
        files = [path for path in (self.root / inner).glob("*_test.go") if path.is_file()] if inner is not None else []
        found: set[str] = set()
        try:
            for path in files:
                found.update(_FUNCTION.findall(path.read_text("utf-8", "replace")))
        except OSError:
            return None
        return frozenset(found) if files else None

    def _inner(self, package: str) -> str | None:
        """The directory of `package` below the module's; None when it is another module's."""
        if not f"{package}/".startswith(f"{self.path}/"):
            return None
        return package[len(self.path) :].lstrip("/")
