"""Where in the project a Go test stands: Go names packages by import path, and files by their last name only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)
_LINE = re.compile(r"(?:^\s*|/)([^\s/:]+_test\.go):([0-9]{1,7})", re.MULTILINE)  # as logged, or in a panic's trace


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the project: its import `path`, and its `directory`, relative to the project (``a/b/``, or empty)."""

    path: str
    directory: str

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
            return cls(found[1], "" if relative == "." else f"{relative}/") if found else None
        return None

    def place(self, package: str, text: str) -> tuple[str, int]:
        """File (relative to the project) and line of the first line of a test's source that `text` names.

        ``("", 0)`` when it names none, or `package` is another module's.
        """
        found = _LINE.search(text)
        if found is None or not f"{package}/".startswith(f"{self.path}/"):
            return "", 0
        inner = package[len(self.path) :].lstrip("/")
        return f"{self.directory}{inner}/{found[1]}" if inner else f"{self.directory}{found[1]}", int(found[2])
