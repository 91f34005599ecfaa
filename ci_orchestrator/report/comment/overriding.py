"""Sections for which the user has a template, in the place of the built-in ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ci_orchestrator.errors import OrchestratorError
from ci_orchestrator.report import figures
from ci_orchestrator.report.comment.block import SHOWN, Block
from ci_orchestrator.report.comment.head import verdict_line
from ci_orchestrator.report.comment.media import Medium
from ci_orchestrator.report.comment.options import CommentOptions
from ci_orchestrator.report.comment.sections import sections
from ci_orchestrator.report.comment.templates import Markdown, render_template
from ci_orchestrator.report.markdown import code
from ci_orchestrator.results.report import Report


def blocks(report: Report, medium: Medium, options: CommentOptions) -> Iterator[Block]:
    """What `options` asks for and has something to say, in the order of the sections."""
    known = values(report) if options.templates else {}
    for name, section in sections(medium, options.images).items():
        if name in options.sections:
            block = section(report)
            if template := options.templates.get(name):
                block = _templated(name, template, known, block)
            if block:
                yield block


def values(report: Report) -> Mapping[str, object]:
    """What templates see: the values of `results.report`; of lists, as many entries as a comment shows."""
    analysis = report.analysis
    return {
        "analysis": analysis,
        "benchmarks": analysis.benchmarks[:SHOWN],
        "branch": report.branch,
        "certificate": report.certificate,
        "changes": analysis.changes,
        "coverage": report.coverage,
        "failures": figures.failures(report)[:SHOWN],
        "flaky": analysis.flaky[:SHOWN],
        "gates": report.gates,
        "links": report.links,
        "not_proven": figures.unproven(report)[:SHOWN],
        "quality": report.quality,
        "revision": report.revision,
        "slowest": figures.slowest(report, SHOWN),
        "started": report.started,
        "tables": report.tables,
        "title": report.title,
        "totals": report.totals,
        "trend": figures.with_this_build(report)[-SHOWN:],
        "verdict": Markdown(verdict_line(report)),
        "wall": report.wall,
    }


def template_problems(report: Report, options: CommentOptions) -> Iterator[str]:
    """Of each template that cannot be used, why. The comment itself says so where the section stands."""
    known = values(report) if options.templates else {}
    for name, template in sorted(options.templates.items()):
        if name in options.sections:
            try:
                render_template(template, {**known, "built_in": Markdown("")})
            except OrchestratorError as error:
                yield f"report.comment.templates.{name} cannot be used: {error.what}"


def _templated(name: str, template: str, known: Mapping[str, object], built_in: Block | None) -> Block | None:
    """What the template says; when it cannot, the built-in section and why. News is news in any words."""
    ready = Markdown("\n".join([built_in.head, *(item.short for item in built_in.items)]) if built_in else "")
    try:
        text = render_template(template, {**known, "built_in": ready})
    except OrchestratorError as error:
        said = f"> The template of {code(name)} cannot be used: {code(error.what)}\n"
        if built_in is None:
            return Block(name=name, head=said, news=True)
        return replace(built_in, head=f"{said}\n{built_in.head}", news=True)
    return Block(name=name, head=text, news=built_in is not None and built_in.news) if text else None
