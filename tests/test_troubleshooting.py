"""docs/how-to/troubleshooting.md: each message there is one of the code's, and no refusal of a provider is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import PROJECT

from ci_orchestrator.providers.http import FIXES

PACKAGE = PROJECT / "ci_orchestrator"
PAGE = (PROJECT / "docs" / "how-to" / "troubleshooting.md").read_text("utf-8")
ROWS = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `")]
MESSAGES = [message for row in ROWS for message in re.findall("`([^`]+)`", row)]
LEAST = 4
"""Letters of the code's own, beside what is put between them, that make a text one that can be told from others."""
ERRORS = {"ProviderError", "ForbiddenError", "UnreachableError"}
TREES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def templates(tree: ast.AST) -> Iterator[str]:
    """Texts of the code, with ``…`` for what is put into them."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield re.sub(r"\{\w+\}", "…", node.value)


def words(template: str) -> int:
    """Letters that are the code's own: what has few can become anything."""
    return len(re.sub("…|[^A-Za-z]", "", template))


def pattern(template: str) -> re.Pattern[str]:
    """What a text of the code can become, where something stands for each ``…``, and behind a colon at its end."""
    end = ".+" if template.endswith(": ") else ""
    return re.compile(".+".join(map(re.escape, template.split("…"))) + end, re.DOTALL)


def shown(message: str) -> str:
    """The message with something in place of each ``…``."""
    return message.replace("…", "x y")


@pytest.fixture(scope="module")
def every() -> list[re.Pattern[str]]:
    found = {one for tree in TREES.values() for one in templates(tree) if words(one) >= LEAST}
    return [pattern(one) for one in sorted(found)]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_page_is_one_of_the_code(message: str, every: list[re.Pattern[str]]) -> None:
    assert any(one.fullmatch(shown(message)) for one in every)


def refusals(path: Path) -> Iterator[str]:
    """What the errors of a file say, where it is no more than what others said."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            yield from (one for one in templates(node.args[0]) if words(one) >= LEAST)


ROOMS = [PACKAGE / "api", *sorted((PACKAGE / "providers").glob("*"))]
ONLINE = [
    path
    for path in TREES
    if (path.parent in ROOMS or path in ROOMS) and path.parent.name != "local" and any(refusals(path))
]


def test_these_are_files_with_refusals() -> None:
    assert {"collecting.py", "sticky.py", "transfer.py", "line.py", "host.py"} <= {path.name for path in ONLINE}


@pytest.mark.parametrize("path", ONLINE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_refusal_is_on_the_page(path: Path) -> None:
    said = [shown(message) for message in MESSAGES]
    assert [one for one in refusals(path) if not any(map(pattern(one).fullmatch, said))] == []


def test_so_is_each_status_and_each_way_not_to_be_reached() -> None:
    for status in FIXES:
        assert f"HTTP {status} …" in MESSAGES
    tree = TREES[PACKAGE / "providers" / "http" / "errors.py"]
    [troubles] = [
        node.value for node in tree.body if isinstance(node, ast.AnnAssign) and "TROUBLES" in ast.dump(node.target)
    ]
    assert isinstance(troubles, ast.Tuple)
    for trouble in troubles.elts:
        assert isinstance(trouble, ast.Tuple)
        assert next(templates(trouble.elts[1])) in MESSAGES


def test_what_nobody_says_is_found(every: list[re.Pattern[str]]) -> None:
    assert not any(one.fullmatch("the moon is in the wrong house for x") for one in every)
