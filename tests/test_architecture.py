"""The house rules that no linter knows: budgets, lazy doors, docstrings, and how rarely tests pretend."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from parts import PROJECT

PACKAGE = PROJECT / "ci_orchestrator"
DEMO = PACKAGE / "demo"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if DEMO not in path.parents)
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}

# The two lazy doors (docs/explanation/architecture.md): the command table, and the package's own `__getattr__`.
LAZY_DOORS = {PACKAGE / "cli" / "table.py", PACKAGE / "__init__.py"}
# The only discovery of backends imports what a table of built-ins names.
DISCOVERY = {PACKAGE / "plugins.py"}
HEAVY = {
    "pydantic",
    "yaml",
    "psutil",
    "rich",
    "shtab",
    "matplotlib",
    "numpy",
    "lxml",
    "sqlite3",
    "asyncio",
    "subprocess",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}
    assert median(lines for lines in lengths.values() if lines) <= 120


def test_no_function_is_longer_than_80_lines() -> None:
    sizes = {f"{name(path)}:{f.lineno} {f.name}": length(f) for path, tree in TREES.items() for f in functions(tree)}
    assert {place: lines for place, lines in sizes.items() if lines > 80} == {}
    assert median(sizes.values()) <= 10


def internal(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").split(".")[0] == "ci_orchestrator"
    return isinstance(node, ast.Import) and any(each.name.split(".")[0] == "ci_orchestrator" for each in node.names)


def test_no_internal_import_is_deferred() -> None:
    deferred = [
        f"{name(path)}:{node.lineno}"
        for path, tree in TREES.items()
        if path not in LAZY_DOORS
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and internal(node)
    ]
    assert deferred == []


def test_only_the_lazy_doors_and_discovery_import_by_name() -> None:
    users = {
        name(path)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"import_module", "importlib.import_module", "__import__"}
    }
    assert users <= {name(path) for path in LAZY_DOORS | DISCOVERY}


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "ci_orchestrator", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "ci_orchestrator.cli.main" in imported
    assert {module for module in imported if module.split(".")[0] in HEAVY} == set()
    inside = {module.split(".")[1] for module in imported if module.startswith("ci_orchestrator.")}
    assert inside <= {"cli", "errors", "__main__"}


def test_everything_public_has_a_docstring() -> None:
    """Module by module; of methods, those that say more than their name (the others are the words of a Protocol)."""
    in_protocols = {method.name for tree in TREES.values() for holder in classes(tree) for method in documented(holder)}
    bare = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path, tree in TREES.items()
        for holder in (tree, *(each for each in classes(tree) if not each.name.startswith("_")))
        for node in holder.body
        if isinstance(node, Function | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
        and (holder is tree or (length(node) > 8 and node.name not in in_protocols))
    ]
    assert not bare, "\n".join(bare)


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def documented(holder: ast.ClassDef) -> Iterator[Function]:
    return (node for node in holder.body if isinstance(node, Function) and ast.get_docstring(node))


def test_every_module_says_what_it_is() -> None:
    silent = [name(path) for path, tree in TREES.items() if tree.body and ast.get_docstring(tree) is None]
    assert silent == []


def test_at_most_one_test_in_ten_pretends() -> None:
    tests, pretending = 0, []
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            if function.name.startswith("test_"):
                tests += 1
                if pretends(function):
                    pretending.append(f"{name(path)}::{function.name}")
    assert len(pretending) * 10 <= tests, pretending


def pretends(function: Function) -> bool:
    """True when the test replaces a part of the program (setting the environment or a directory is not that)."""
    for node in ast.walk(function):
        words = ast.unparse(node.func) if isinstance(node, ast.Call) else node.id if isinstance(node, ast.Name) else ""
        if words.split(".")[0] in {"mock", "Mock", "MagicMock", "patch", "mocker"} or words == "monkeypatch.setattr":
            return True
    return False
