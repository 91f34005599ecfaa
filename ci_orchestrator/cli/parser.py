"""The tree of argument parsers: one for the program, one for each command, filled when it is first used."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from ci_orchestrator import __version__
from ci_orchestrator.cli.table import COMMANDS, Command
from ci_orchestrator.errors import UserError

PROGRAM = "ci-orchestrator"
COLORS = ("auto", "always", "never")
_UNKNOWN_COMMAND = "argument COMMAND: invalid choice:"


class Parser(argparse.ArgumentParser):
    """A parser that raises our errors, with a suggestion, instead of leaving the process."""

    def __init__(self, *, examples: Iterable[tuple[str, str]] = (), **settings: Any) -> None:
        super().__init__(
            **settings,
            epilog=_examples(examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        what = message.split(" (choose from", maxsplit=1)[0].replace(_UNKNOWN_COMMAND, "unknown command")
        raise UserError(what, fix=_nearest_choice(message) or f"see {self.prog} --help")

    def refuse(self, extra: list[str]) -> NoReturn:
        """Refuse arguments that nobody took, naming the nearest option."""
        near = get_close_matches(extra[0], self._option_string_actions, n=1)
        fix = f"did you mean {near[0]}?" if near else f"see {self.prog} --help"
        raise UserError(f"unrecognized arguments: {' '.join(extra)}", fix=fix)


class CommandParser(Parser):
    """The parser of one command; the command's module is imported when arguments really reach it."""

    def __init__(self, *, command: Command, **settings: Any) -> None:
        # its -h comes with the other arguments: each one costs a millisecond of every command's `--help`
        super().__init__(description=_sentence(command.help), examples=command.examples, add_help=False, **settings)
        self._command: Command | None = command
        self.set_defaults(json=False)

    def fill(self) -> None:
        """Add the command's arguments, once."""
        command, self._command = self._command, None
        if command is None:
            return
        self.add_argument("-h", "--help", action="help", help="show this help and exit")
        command.add_arguments(self)
        if command.data:
            self.add_argument("--json", action="store_true", help="print JSON instead of text (errors, too)")
        add_global_options(self)
        self.set_defaults(command=command, parser=self)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse has it; this is where a command's arguments arrive first."""
        self.fill()
        return super().parse_known_args(args, namespace)


def build() -> tuple[Parser, dict[str, CommandParser]]:
    """The program's parser, and those of the commands by name (not filled yet)."""
    parser = Parser(
        prog=PROGRAM,
        description="One test plan, run as native CI pipelines or on this machine, certified complete.",
        examples=[command.examples[0] for command in COMMANDS],
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    add_global_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    by_name = {
        command.name: commands.add_parser(command.name, help=command.help, command=command) for command in COMMANDS
    }
    return parser, by_name


def add_global_options(parser: argparse.ArgumentParser) -> None:
    """Options that may stand before or after the command.

    Absent ones leave no attribute, so that neither place hides what was said in the other.
    """
    group = parser.add_argument_group("everywhere")
    group.add_argument("-C", dest="directory", metavar="DIR", default=argparse.SUPPRESS, help="work in DIR")
    group.add_argument(
        "--color",
        choices=COLORS,
        default=argparse.SUPPRESS,
        help="colour: auto (the default) means on a terminal only; NO_COLOR and FORCE_COLOR are respected",
    )
    group.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the whole traceback of an unexpected error",
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _examples(examples: Iterable[tuple[str, str]]) -> str | None:
    rows = [(f"{PROGRAM} {typed}", does) for typed, does in examples]
    if not rows:
        return None
    width = min(44, max(len(typed) for typed, _ in rows))
    return "\n".join(["examples:", *(f"  {typed:<{width}}  # {does}" for typed, does in rows)])


def _nearest_choice(message: str) -> str:
    """What argparse's ``invalid choice: 'x' (choose from …)`` may have meant; empty when nothing is near."""
    wrong = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
    if wrong is None:
        return ""
    choices = [choice.strip("' ") for choice in wrong[2].split(",")]
    near = get_close_matches(wrong[1], choices, n=1)
    return f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(choices)}"
