"""Write docs/reference/limits.md from the providers' walls (``--check``: only say whether it is up to date)."""

from __future__ import annotations

import sys

from generated import PROJECT, settle

from ci_orchestrator.api.rendering import providers, renderer_of

TARGET = PROJECT / "docs" / "reference" / "limits.md"
_HEAD = """\
# Limits of the providers

What each provider allows, with its source and the day on which that was read. A pipeline is rendered within all of
them: what does not fit one matrix is divided over several, what would need too much is chained, and what cannot fit at
all is refused before anything is written, with the number, the wall and three ways out. Providers move their walls;
this table is the one place where they stand, and this page is made from it.
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD]
    for provider in providers():
        limits = renderer_of(provider).limits
        lines += [f"## {limits.provider}", "", "| wall | limit | source | read |", "|---|---|---|---|"]
        for name, wall in limits.walls.items():
            lines.append(f"| `{name}` | {wall.value:,} {wall.unit} | <{wall.source}> | {wall.date} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(settle({TARGET: page()}, sys.argv[1:], "reference_limits.py"))
