"""What a person sees while tests run: a live display on a terminal, few plain lines elsewhere (a CI log)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ci_orchestrator.cli.output import Output, printable
from ci_orchestrator.clock import Clock, SystemClock
from ci_orchestrator.report.wording import counted

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

QUIET_SECONDS = 10.0  # a plain log gets a line of counts at most this often
SHOWN_RUNNING = 3  # names of running tests that fit on a line


class Progress(Protocol):
    """Told what the run does; shows it."""

    def start(self, total: int, jobs: int, *, resumed: bool = False) -> None:
        """`total` tests in `jobs` jobs are about to run; `resumed`: those of them that have no good result yet."""

    def update(self, done: int, failed: int, flaky: int, lost: int, running: Sequence[str]) -> None:
        """Tests with a final outcome, those of them that failed, that passed late; workers lost; what runs now."""

    def line(self, text: str) -> None:
        """Something happened that is worth a line of its own (a failure, a lost worker)."""

    def finish(self) -> None:
        """The run is over, however it ended."""


def progress_for(output: Output) -> Progress:
    """The display that fits: live where a person watches, plain lines elsewhere, nothing beside JSON."""
    if output.json_wanted:
        return SilentProgress()
    return LiveProgress(output) if output.interactive else PlainProgress(output)


class SilentProgress:
    """Shows nothing."""

    def start(self, total: int, jobs: int, *, resumed: bool = False) -> None:
        pass

    def update(self, done: int, failed: int, flaky: int, lost: int, running: Sequence[str]) -> None:
        pass

    def line(self, text: str) -> None:
        pass

    def finish(self) -> None:
        pass


class PlainProgress:
    """Lines without control characters: failures as they happen, counts now and then and at the end."""

    def __init__(self, output: Output, clock: Clock | None = None) -> None:
        self._output = output
        self._clock = clock or SystemClock()
        self._total = 0
        self._last = 0.0
        self._counts = ""
        self._shown = ""

    def start(self, total: int, jobs: int, *, resumed: bool = False) -> None:
        self._total = total
        self._last = self._clock.monotonic()
        does = "going on with" if resumed else "running"
        self._output.note(f"{does} {counted(total, 'test')} in {counted(jobs, 'job')}")

    def update(self, done: int, failed: int, flaky: int, lost: int, running: Sequence[str]) -> None:
        self._counts = f"{done}/{self._total} done" + counts(failed, flaky, lost)
        if self._clock.monotonic() - self._last >= QUIET_SECONDS:
            self._show()

    def line(self, text: str) -> None:
        self._output.note(text)

    def finish(self) -> None:
        self._show()

    def _show(self) -> None:
        self._last = self._clock.monotonic()
        if self._counts != self._shown:
            self._shown = self._counts
            self._output.note(self._counts)


class LiveProgress:
    """A bar with counts and the tests that run now, redrawn by rich (imported here: only a terminal needs it)."""

    def __init__(self, output: Output) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        console = Console(file=output.err, markup=False, highlight=False, no_color=not output.colored(output.err))
        columns = (
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        self._progress: RichProgress = Progress(*columns, console=console, transient=True)
        self._task: TaskID | None = None

    def start(self, total: int, jobs: int, *, resumed: bool = False) -> None:
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def update(self, done: int, failed: int, flaky: int, lost: int, running: Sequence[str]) -> None:
        if self._task is None:
            return
        now = ", ".join(printable(test).rpartition("/")[2] for test in running[:SHOWN_RUNNING])
        more = f" +{len(running) - SHOWN_RUNNING}" if len(running) > SHOWN_RUNNING else ""
        text = f"{counts(failed, flaky, lost).removeprefix(', ')}  {now}{more}".strip()
        self._progress.update(self._task, completed=done, description=text)

    def line(self, text: str) -> None:
        self._progress.console.print(printable(text))

    def finish(self) -> None:
        self._progress.stop()


def counts(failed: int, flaky: int, lost: int) -> str:
    """What went wrong so far, with a leading comma; empty when nothing did."""
    named = ((failed, "failed"), (flaky, "flaky"), (lost, "workers lost"))
    return "".join(f", {number} {name}" for number, name in named if number)
