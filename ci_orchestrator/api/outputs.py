"""The files of a report, and what of them cannot be made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from ci_orchestrator.api.opening import read_regular
from ci_orchestrator.errors import MissingPartError
from ci_orchestrator.plan.models import Plan
from ci_orchestrator.plan.report_options import ReportOptions
from ci_orchestrator.report.badges import render_badges
from ci_orchestrator.report.charts import render_charts
from ci_orchestrator.report.comment import render_comment
from ci_orchestrator.report.comment.media import COMMENTS
from ci_orchestrator.report.comment.options import KEY_LIMIT, SECTIONS, CommentOptions
from ci_orchestrator.report.html import stream_html
from ci_orchestrator.report.report_json import stream_json
from ci_orchestrator.report.summary import render_summary
from ci_orchestrator.results.formats.junit_writer import write_junit
from ci_orchestrator.results.report import Report
from ci_orchestrator.run.bundle import atomically, write_atomically

CHARTS = "charts"
"""Below the report: where the images are."""
TEMPLATE_LIMIT = 1 << 20
"""Bytes of a template."""


def write_outputs(report: Report, out: Path, comment: CommentOptions, *, charts: bool) -> Iterator[Path]:
    """Write everything below `out`, the page last: whoever sees it sees the rest. Raises `OSError`.

    `charts`: images too. They take seconds to draw, and the page has its own.
    """
    try:
        for name, image in render_charts(report) if charts else ():
            yield _put(out / CHARTS / name, image)
    except MissingPartError:
        pass  # an extra
    for name, badge in sorted(render_badges(report).items()):
        yield _put(out / "badges" / name, badge)
    with atomically(out / "merged.xml") as file:
        write_junit(report.results, file, strict=True)  # for others; what we read again is results.json
    yield out / "merged.xml"
    with atomically(out / "results.json") as file:
        file.writelines(stream_json(report))
    yield out / "results.json"
    yield _put(out / "summary.md", render_summary(report).encode("utf-8", "replace"))
    yield _put(out / "comment.md", render_comment(report, comment).encode("utf-8", "replace"))
    with atomically(out / "report.html") as file:
        file.writelines(stream_html(report))
    yield out / "report.html"


def comment_options(plan: Plan | None, root: Path, forge: str, warn: Callable[[str], None]) -> CommentOptions:
    """What the plan wants the comment to be like. Its templates are read below `root`; `warn` is told of one that
    cannot be read: the results are worth more than it. `forge`: where it will stand; an unknown one is the smallest.
    """
    options = plan.report if plan else ReportOptions()
    templates: dict[str, str] = {}
    for section, path in sorted(options.comment.templates.items()):
        try:
            templates[section] = _template(root, path)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            warn(f"the template {path} of the comment cannot be read: {why}")
    return CommentOptions(
        provider=forge if forge in COMMENTS else "github",
        sections=options.comment.sections or SECTIONS,
        key=_key((plan.name if plan else None) or "report"),
        templates=templates,
    )


def _key(name: str) -> str:
    """What tells the comment of one plan from that of another on the same change."""
    return name if len(name) <= KEY_LIMIT else f"{name[: KEY_LIMIT - 17]} {sha256(name.encode()).hexdigest()[:16]}"


def _template(root: Path, path: str) -> str:
    place = root / path
    if not place.resolve().is_relative_to(root.resolve()):
        raise ValueError("it is outside the project")
    try:
        return read_regular(place, TEMPLATE_LIMIT).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _put(path: Path, data: bytes) -> Path:
    write_atomically(path, data)
    return path
