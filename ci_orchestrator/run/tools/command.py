"""Any test tool that can be put into two commands: one lists the tests, one runs those that it is handed.

`list` prints one id a line (see `listing`). `run` is started with the ids where its `{tests}` stands, each an argument
of its own, and may leave result files of a known format in ``$CI_ORCHESTRATOR_RESULTS``, which is new for every run.

Tests run one by one until a run has left a report; from then on as many as were handed over run at once (see
`session`). When the command never writes reports, the exit code of a test alone is its result: 0 passed, anything else
failed, unless a signal ended it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_orchestrator.errors import DiscoveryError, UserError
from ci_orchestrator.plan.models import Suite
from ci_orchestrator.plan.scalars import PLACEHOLDER
from ci_orchestrator.results.model import Cause, Outcome
from ci_orchestrator.run.capture import bounded_text, tail_text
from ci_orchestrator.run.process import describe_exit
from ci_orchestrator.run.tools.base import Collected, Finished, Workspace
from ci_orchestrator.run.tools.calls import EVIDENCE, Call, Listed
from ci_orchestrator.run.tools.learned import Learned
from ci_orchestrator.run.tools.listing import argument_room, parse_list, split_batches, to_listed
from ci_orchestrator.run.tools.reported import Reported, read_reports
from ci_orchestrator.run.tools.session import BatchTool


class CommandTool(BatchTool):
    """See the module."""

    name = "command"

    def commands(self, suite: Suite, workspace: Workspace, env: Mapping[str, str], learned: Learned) -> PlainCommands:
        """Raises `UserError` when the suite lacks one of them."""
        if suite.list_command is None or suite.run_command is None:
            raise UserError(
                f"suite {suite.name}: the tool `command` needs both `list` and `run`",
                fix="add the command that prints the test ids, and the one that runs `{tests}`",
            )
        room = argument_room(suite.run_command, env)
        return PlainCommands(suite.list_command, suite.run_command, room, learned)


@dataclass(frozen=True, slots=True)
class PlainCommands:
    """See `calls.Commands`. `room`: bytes that the ids of one run may take."""

    list_command: Sequence[str]
    run_command: Sequence[str]
    room: int
    learned: Learned
    streams: bool = False
    start_up: float = 0.0
    coverage: str = ""

    def listing(self, results: Path, only: frozenset[str] | None) -> Call:
        """See `calls.Commands.listing`."""
        return Call(argv=self.list_command)

    def collected(self, listed: Listed) -> Collected:
        """See `calls.Commands.collected`."""
        place = self.list_command[0]
        if listed.code != 0:
            return Collected(errors=((place, f"the list command failed: {listed.evidence()}"),))
        try:
            return Collected(tests=parse_list(listed.output))
        except DiscoveryError as error:
            return Collected(errors=((place, str(error)),))

    def together(self, tests: Sequence[str]) -> int:
        """See `calls.Commands.together`."""
        return len(next(split_batches(tests, self.room))) if self.learned.reports else 1

    def running(self, tests: Sequence[str], results: Path, coverage: Path) -> Call:
        """See `calls.Commands.running`."""
        at = self.run_command.index(PLACEHOLDER)
        return Call(argv=[*self.run_command[:at], *map(to_listed, tests), *self.run_command[at + 1 :]])

    def read(self, tests: Sequence[str], results: Path, *, started: float) -> Reported:
        """See `calls.Commands.read`."""
        return read_reports(results, tests, started=started)

    def judge(self, test: str, code: int, log: Path) -> Finished | None:
        """See `calls.Commands.judge`. Its stdout and stderr are one stream, kept as stdout."""
        if code < 0 or self.learned.reports:
            return None
        passed = code == 0
        return Finished(
            test=test,
            outcome=Outcome.PASSED if passed else Outcome.FAILED,
            cause=Cause.NONE if passed else Cause.FAILURE,
            message="" if passed else describe_exit(code),
            details="" if passed else tail_text(log, EVIDENCE),
            stdout=bounded_text(log),
        )
