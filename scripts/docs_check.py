"""Check the documentation: links and anchors resolve, everything a user can meet is documented, no machine's paths.

python scripts/docs_check.py      # prints each problem; exit code 1 when there is one
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ci_orchestrator.cli.table import COMMANDS
from ci_orchestrator.errors import ExitCode

PROJECT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
# An absolute path under somebody's home, or one that a checkout here would have.
PRIVATE = re.compile(r"(?<![\w.~])/(?:home|Users|root)/\w+|" + re.escape(str(PROJECT.parent) + "/"))


def documents(project: Path = PROJECT) -> list[Path]:
    """Every page: those of docs/, and the Markdown beside the README."""
    return sorted([*project.glob("*.md"), *(project / "docs").rglob("*.md")])


def problems(project: Path = PROJECT) -> Iterator[str]:
    """One line for each problem, with the page it is on."""
    pages = {path: path.read_text(encoding="utf-8") for path in documents(project)}
    for path, text in pages.items():
        name = path.relative_to(project).as_posix()
        yield from (f"{name}: {problem}" for problem in _links(path, text, project))
        yield from (f"{name}: path of one machine: {found}" for found in PRIVATE.findall(text))
    yield from _undocumented(pages, project)
    yield from _unreachable(pages, project)


def _links(path: Path, text: str, project: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        if not to.exists():
            yield f"broken link: {target}"
        elif project not in to.parents:
            yield f"link out of the project: {target}"
        elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text(encoding="utf-8")):
            yield f"no such heading: {target}"


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number, anchor = 0, slug
        while anchor in found:
            number += 1
            anchor = f"{slug}-{number}"
        found.add(anchor)
    return found


def _undocumented(pages: dict[Path, str], project: Path) -> Iterator[str]:
    reference = pages.get(project / "docs/reference/cli.md", "")
    for command in COMMANDS:
        if f"\n## {command.name}\n" not in reference:
            yield f"docs/reference/cli.md: the command `{command.name}` is not documented"
    codes = pages.get(project / "docs/reference/exit-codes.md", "")
    for code in ExitCode:
        if f"| {int(code)} |" not in codes:
            yield f"docs/reference/exit-codes.md: the exit code {int(code)} is not documented"


def _unreachable(pages: dict[Path, str], project: Path) -> Iterator[str]:
    """Pages of docs/ that no other page leads to."""
    linked = {
        (path.parent / target.partition("#")[0]).resolve()
        for path, text in pages.items()
        for target in LINK.findall(text)
        if not re.match(r"[a-z][a-z0-9+.-]*:", target)
    }
    for path in pages:
        if project / "docs" in path.parents and path not in linked:
            yield f"{path.relative_to(project).as_posix()}: no page links here"


def main() -> int:
    """Print the problems; 1 when there is one."""
    found = list(problems())
    print("\n".join(found) if found else f"{len(documents())} pages are sound")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
