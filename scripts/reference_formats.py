"""Write docs/reference/formats.md from the table of formats (``--check``: only say whether it is up to date)."""

from __future__ import annotations

import sys
from pathlib import Path
from string import Template

from generated import PROJECT, settle

from ci_orchestrator.results import formats
from ci_orchestrator.results.formats.base import Kind
from ci_orchestrator.results.formats.text import NAME_LIMIT, TEXT_LIMIT
from ci_orchestrator.results.formats.xmlfeed import TAG_LIMIT

TARGET = PROJECT / "docs" / "reference" / "formats.md"
TEMPLATE = Path(__file__).with_name("reference_formats.md.in")


def page() -> str:
    """The whole page."""
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        head=formats.HEAD >> 10,
        name=f"{NAME_LIMIT:,}",
        half=f"{TEXT_LIMIT // 2:,}",
        tag=TAG_LIMIT >> 20,
        tests=_table("tests"),
        coverage=_table("coverage"),
        benchmarks=_table("benchmarks"),
    )


def _table(kind: Kind) -> str:
    loaded = (formats.load(name) for name in sorted(formats.FORMATS))
    rows = [f"| `{one.name}` | {one.about.replace('|', chr(92) + '|')} |" for one in loaded if one.kind == kind]
    return "\n".join(["| format | written by |", "|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(settle({TARGET: page()}, sys.argv[1:], "reference_formats.py"))
