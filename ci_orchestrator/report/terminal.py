"""The report on a terminal: what happened, first; one screen; nothing from a test acts on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_orchestrator.errors import worst
from ci_orchestrator.report import cells, figures, final_gates, gates
from ci_orchestrator.report.escape import one_line
from ci_orchestrator.report.verdict import certificate_sentence, verdict
from ci_orchestrator.report.wording import (
    CHANGES,
    FLAKY_SYMBOL,
    JUDGED,
    SHIFTS,
    SYMBOLS,
    WORDS,
    count,
    counted,
    listed,
    over,
    percent,
    points,
    seconds,
)
from ci_orchestrator.results.coverage import CoverageSummary
from ci_orchestrator.results.findings import Changes, CoverageChange
from ci_orchestrator.results.model import TestResult, shown_id
from ci_orchestrator.results.report import Report

UNPROVEN_SHOWN = 3
SLOWEST_SHOWN = 5
LONGEST_WARNING = 12
"""Lines. What a test, a file or a provider says is as long as it likes."""

_ANSI: Mapping[str, str] = {
    "passed": "32",
    "failed": "31",
    "errored": "35",
    "skipped": "2",
    "not-proven": "33",
    "flaky": "36",
    "bold": "1",
    "dim": "2",
}


def render_terminal(
    report: Report, *, width: int = 80, colour: bool = False, limit: int = 5, location: str = ""
) -> str:
    """The summary, ending in a newline: with the default `limit` at most 24 lines of at most `width` cells, and
    those of the warning, which is wrapped: its reason stands at its end.

    Only the location is never shortened: it is there to be opened.

    `limit`: how many failures are listed (0: none). `location`: where the full report is.
    """
    screen = _Screen(max(width, 40), _ANSI if colour else {})
    lines = [
        *_verdict(report, screen),
        _counts(report, screen),
        *_failures(report, screen, limit),
        *_unproven(report, screen),
        *_flaky(report, screen),
        *_slowest(report, screen),
        *_effort(report, screen),
        *_measured(report, screen),
        *_gates(report, screen),
        *_proof(report, screen),
        *_warnings(report, screen),
        *([screen.paint(cells.pad("report", 12), "bold") + one_line(location)] if location else []),
    ]
    return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class _Screen:
    """Lays lines out in `width` cells; `styles` is empty when colours are off."""

    width: int
    styles: Mapping[str, str]

    def paint(self, text: str, *names: str) -> str:
        codes = ";".join(self.styles[name] for name in names if name in self.styles)
        return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text

    def heading(self, text: str, note: str = "") -> str:
        said = f" ({cells.keep_start(note, self.width - cells.width(text) - 3)})" if note else ""
        return self.paint(text, "bold") + self.paint(said, "dim")

    def row(self, label: str, text: str) -> str:
        """A fact: its label in a column of its own."""
        return self.paint(cells.pad(label, 12), "bold") + cells.keep_start(text, self.width - 12)

    def rows(self, label: str, text: str) -> Iterator[str]:
        """A fact that is of no use when it is cut: as many lines as it takes."""
        for number, line in enumerate(cells.wrap(text, self.width - 12, LONGEST_WARNING)):
            yield self.row("" if number else label, line)

    def item(self, one: TestResult, place: str, name: str, message: str) -> str:
        """A test and what is to say of it. The place stays whole while it can, so that terminals open it by a click;
        place and name together give way to the message down to two thirds of the line."""
        room = self.width - 4
        most = max(room * 2 // 3, room - cells.width(message) - 2) if message else room
        if place:
            place = f"{cells.keep_end(place, most - 12)} "
        shown = place + (cells.keep_start if place else cells.keep_end)(name, most - cells.width(place))
        said = f"  {cells.keep_start(message, room - cells.width(shown) - 2)}" if message else ""
        return f"  {self.paint(SYMBOLS[one.outcome], one.outcome.value, 'bold')} {shown}{self.paint(said, 'dim')}"


def _verdict(report: Report, screen: _Screen) -> Iterator[str]:
    said = verdict(report)
    head = f"{said.symbol} {said.word}"
    if not report.certificate.certified:
        head += " (uncertified)"
    room = screen.width - cells.width(head) - 2
    yield f"{screen.paint(head, said.tone, 'bold')}  {cells.keep_start(said.sentence, room)}"


def _counts(report: Report, screen: _Screen) -> str:
    totals = report.totals
    parts = [
        (f"{count(number)} {WORDS[outcome]}", outcome.value)
        for outcome, number in figures.numbers(totals).items()
        if number
    ]
    sums = " + ".join(text for text, _ in parts) or "0"
    plain = f"{counted(totals.tests, 'test')} = {sums}"
    tail = f"; {counted(totals.flaky, 'flaky test')}" if totals.flaky else ""
    if cells.width(plain + tail) + 2 > screen.width:
        return f"  {cells.keep_start(plain, screen.width - 2)}"
    painted = " + ".join(screen.paint(text, tone) for text, tone in parts) or "0"
    return f"  {counted(totals.tests, 'test')} = {painted}{screen.paint(tail, 'flaky')}"


def _failures(report: Report, screen: _Screen, limit: int) -> Iterator[str]:
    bad = figures.failures(report)
    if not bad or limit <= 0:
        return
    yield screen.heading("failures", _first(limit, len(bad)))
    for one in bad[:limit]:
        place = _place(one)
        yield screen.item(one, place, one_line(one.name if place else shown_id(one.id)), one_line(figures.why(one)))


def _unproven(report: Report, screen: _Screen) -> Iterator[str]:
    missing = figures.unproven(report)
    if not missing:
        return
    dead = frozenset(report.certificate.dead)
    note = _first(UNPROVEN_SHOWN, len(missing))
    if dead:
        note = f"{note}, {counted(len(dead), 'dead letter')}".removeprefix(", ")
    yield screen.heading("not proven", note)
    for one in missing[:UNPROVEN_SHOWN]:
        said = one_line(figures.why(one))
        yield screen.item(one, "", one_line(shown_id(one.id)), said)


def _flaky(report: Report, screen: _Screen) -> Iterator[str]:
    found = figures.known_flaky(report)
    if not found:
        return
    more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
    first = cells.keep_end(one_line(shown_id(found[0])), screen.width - 12 - 2 - cells.width(more))
    mark = screen.paint(FLAKY_SYMBOL, "flaky", "bold")
    yield f"{screen.paint(cells.pad('flaky', 12), 'bold')}{mark} {first}{more}"


def _slowest(report: Report, screen: _Screen) -> Iterator[str]:
    others = len(list(_measured(report, screen))) + len(list(_gates(report, screen)))
    slow = figures.slowest(report, SLOWEST_SHOWN - others)  # it all fits on one screen
    if not slow:
        return
    yield screen.heading("slowest")
    times = [seconds(one.duration) for one in slow]
    column = max(map(len, times))
    for one, time in zip(slow, times, strict=True):
        yield f"  {time.rjust(column)}  {cells.keep_end(one_line(shown_id(one.id)), screen.width - column - 4)}"


def _effort(report: Report, screen: _Screen) -> Iterator[str]:
    facts = []
    if report.jobs:
        facts.append(counted(len(report.jobs), "job"))
    spent = figures.effort(report)
    if spent:
        lost = sum(job.workers_lost for job in report.jobs)
        facts.append(counted(spent.at_once, "worker") + (f" ({lost:,} lost)" if lost else ""))
    what, time = figures.took(report)
    if time > 0:
        facts.append(f"{what} {seconds(time)}")
    if spent:
        facts.append(f"lower bound {seconds(spent.bound)} ({over(spent.gap)})")
    if facts:
        yield screen.row("run", " · ".join(facts))


def _measured(report: Report, screen: _Screen) -> Iterator[str]:
    """One line each on what changed, on coverage and on benchmarks, where there is something to say."""
    if report.analysis.changes is not None:
        yield screen.row("changes", _changes(report.analysis.changes))
    if report.coverage is not None:
        yield screen.row("coverage", _coverage(report.coverage, report.analysis.coverage))
    elif gone := figures.coverage_gone(report):
        yield screen.row("coverage", f"not measured; the base has {percent(gone.share)} of lines")
    if report.benchmarks or report.analysis.benchmarks_gone:
        yield screen.row("benchmarks", _benchmarks(report))


def _changes(found: Changes) -> str:
    lists = {words: getattr(found, name) for name, words in CHANGES.items()}
    return ", ".join(f"{len(tests):,} {words}" for words, tests in lists.items() if tests) or "none"


def _benchmarks(report: Report) -> str:
    shifts = [one.shift for one in report.analysis.benchmarks]
    said = [f"{shifts.count(shift):,} {shift}" for shift in SHIFTS if shift in shifts]
    gone = len(report.analysis.benchmarks_gone)
    said += [f"{gone:,} of the base gone"] if gone else []
    return ", ".join(said) or f"{len(report.benchmarks):,}, none to compare with"


def _coverage(found: CoverageSummary, change: CoverageChange | None) -> str:
    said = f"{percent(found.lines.share)} of lines"
    before = change.before.share if change and change.before else None
    if before is not None and found.lines.share is not None:
        said += f" ({points(found.lines.share - before)})"
    if change and change.changed is not None:
        share = f"{percent(change.changed.share)} of the changed lines"
        none = "no changed file was measured" if change.none_measured else "no executable line changed"
        said += f", {share if change.changed.total else none}"
    elif change and change.empty_diff:
        said += ", the diff is empty"
    return said + (", partial" if found.partial else "")


def _gates(report: Report, screen: _Screen) -> Iterator[str]:
    """One line: the gate that speaks loudest against the build, or that all of them let it pass."""
    against = [(one.exit_code, gates.symbol(one), gates.sentence(one)) for one in gates.barring(report.gates)]
    against += (
        (o.exit_code, JUDGED[o.verdict][0], final_gates.sentence(o)) for o in final_gates.barring(report.quality)
    )
    number = len(report.gates) + len(report.quality)
    if against:
        loudest = worst([code for code, _, _ in against])
        symbol, said = next((symbol, said) for code, symbol, said in against if code is loudest)
        more = f" (and {len(against) - 1:,} more)" if len(against) > 1 else ""
        first = cells.keep_start(one_line(said), screen.width - 14 - len(more))
        yield screen.row("gates", f"{symbol} {first}{more}")
    elif number:
        words = [*(["proceed"] if report.gates else []), *(["pass"] if report.quality else [])]
        yield screen.row("gates", f"✓ {counted(number, 'gate')}: {listed(words)}")


def _proof(report: Report, screen: _Screen) -> Iterator[str]:
    certificate = report.certificate
    yield screen.row("certificate", cells.keep_words(certificate_sentence(report), screen.width - 12))
    if certificate.withheld:
        reasons = sorted({reason for _, reason in certificate.withheld})
        said = f"{counted(len(certificate.withheld), 'test')}: {one_line(', '.join(reasons))}"
        yield screen.row("withheld", said)


def _warnings(report: Report, screen: _Screen) -> Iterator[str]:
    if report.warnings:
        more = f" (and {len(report.warnings) - 1:,} more)" if len(report.warnings) > 1 else ""
        yield from screen.rows("warning", one_line(report.warnings[0]) + more)


def _first(shown: int, total: int) -> str:
    return f"first {shown:,} of {total:,}" if total > shown else ""


def _place(result: TestResult) -> str:
    """``file:line``, as editors and terminals open it; empty when it is unknown."""
    last = result.last
    if last is None or not last.file:
        return ""
    return one_line(f"{last.file}:{last.line}" if last.line else last.file)
