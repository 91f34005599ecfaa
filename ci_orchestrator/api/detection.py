"""What test suites a project seems to have, read from its files. Nothing of the project is run or imported."""

from __future__ import annotations

import configparser
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 1_000_000  # of a configuration file
MAX_DEPTH = 4
MAX_ENTRIES = 50_000
_SKIPPED = {"__pycache__", "build", "dist", "env", "node_modules", "site-packages", "target", "vendor", "venv"}
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py")
_NODE_TOOLS = {"jest": "jest", "vitest": "vitest", "@playwright/test": "playwright"}
_NODE_CONFIG = re.compile(r"(jest|vitest|playwright)\.config\.[cm]?[jt]s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A suite that seems to be there. `because`: the file that says so; `cwd` and `paths` are relative to the project.

    `paths` may be empty: the tool's own configuration says where its tests are.
    """

    tool: str
    because: str
    cwd: str = "."
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Folder:
    """One directory of the project, with the names of its files."""

    path: Path
    relative: str
    files: frozenset[str]


def detect(project: Path) -> tuple[Found, ...]:
    """The suites of `project`: pytest first, then others by folder. Files that cannot be read say nothing."""
    folders = list(_walk(project))
    found = [suite for suite in (_pytest(project, folders),) if suite]
    for folder in folders:
        if "go.mod" in folder.files:
            found.append(Found(tool="go", because=_in(folder, "go.mod"), cwd=folder.relative, paths=("./...",)))
        found.extend(_node(folder))
    if _has_make_test(project):
        found.append(Found(tool="make", because="Makefile"))
    return tuple(found)


def interpreter(project: Path) -> str | None:
    """The project's own virtual environment, relative to it, if there is one in a usual place."""
    usual = (".venv/bin/python", "venv/bin/python")
    return next((path for path in usual if (project / path).exists()), None)


def _walk(project: Path) -> Iterator[_Folder]:
    seen = 0
    for root, directories, files in os.walk(project):
        relative = Path(root).relative_to(project)
        directories[:] = sorted(name for name in directories if name[0] != "." and name not in _SKIPPED)
        if len(relative.parts) >= MAX_DEPTH:
            directories.clear()
        yield _Folder(Path(root), relative.as_posix(), frozenset(files))
        seen += len(files) + len(directories)
        if seen > MAX_ENTRIES:
            return


def _pytest(project: Path, folders: list[_Folder]) -> Found | None:
    configured, testpaths = _pytest_configuration(project)
    if testpaths:
        return Found(tool="pytest", because=configured)
    holders = [folder.relative for folder in folders if any(map(_TEST_FILE.fullmatch, folder.files))]
    tops = tuple(sorted({holder.split("/")[0] for holder in holders if holder != "."}))
    if holders:
        because = configured or f"test files in {', '.join(tops) or 'the project'}"
        return Found(tool="pytest", because=because, paths=() if "." in holders else tops)
    return Found(tool="pytest", because=configured) if configured else None


def _pytest_configuration(project: Path) -> tuple[str, bool]:
    """The file that configures pytest (or nothing), and whether it says where the tests are."""
    for name in ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"):
        if (project / name).is_file():
            return name, "testpaths" in _text(project / name)
    options = _table(_table(_toml(project / "pyproject.toml"), "tool"), "pytest")
    if options:
        return "pyproject.toml", "testpaths" in {**options, **_table(options, "ini_options")}
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        parser = _ini(project / name)
        if parser.has_section(section):
            return name, parser.has_option(section, "testpaths")
    return ("conftest.py", False) if (project / "conftest.py").is_file() else ("", False)


def _node(folder: _Folder) -> Iterator[Found]:
    """Jest, vitest and playwright, by their configuration file or as a dependency of the package."""
    because = {match[1]: name for name in sorted(folder.files) if (match := _NODE_CONFIG.fullmatch(name))}
    if "package.json" in folder.files:
        package = _json(folder.path / "package.json")
        wanted = _table(package, "dependencies") | _table(package, "devDependencies")
        for name, tool in _NODE_TOOLS.items():
            if name in wanted:
                because.setdefault(tool, "package.json")
    for tool, name in sorted(because.items()):
        yield Found(tool=tool, because=_in(folder, name), cwd=folder.relative)


def _has_make_test(project: Path) -> bool:
    return re.search(r"^test\s*:(?!=)", _text(project / "Makefile"), re.MULTILINE) is not None


def _in(folder: _Folder, name: str) -> str:
    return name if folder.relative == "." else f"{folder.relative}/{name}"


def _text(path: Path) -> str:
    """The file's text; empty when it is absent, unreadable or too big to be a configuration."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(_text(path))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(_text(path))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _table(values: Mapping[str, object], key: str) -> dict[str, object]:
    """The table at `key`; empty when something else is there."""
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _ini(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        parser.clear()
    return parser
