"""Write docs/reference/cli.md and docs/reference/exit-codes.md from the code.

python scripts/reference_cli.py            # write them
python scripts/reference_cli.py --check    # exit with 1 when they are not what the code says
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from generated import PROJECT, settle

from ci_orchestrator.cli.parser import PROGRAM, CommandParser, Parser, build
from ci_orchestrator.cli.table import COMMANDS, Command
from ci_orchestrator.errors import EXIT_MEANING, PRECEDENCE

REFERENCE = PROJECT / "docs" / "reference"
GENERATED = "<!-- Made by scripts/reference_cli.py from the code. Do not edit. -->\n"


def pages() -> dict[Path, str]:
    """The generated pages: path and text."""
    return {REFERENCE / "cli.md": _cli(), REFERENCE / "exit-codes.md": _exit_codes()}


def _cli() -> str:
    program, parsers = build()
    parts = [
        GENERATED,
        "# Commands\n",
        program.description or "",
        "\nWhat they exit with: [exit codes](exit-codes.md). With `--json`, standard output holds one JSON value;",
        'an error is `{"error": {"what": …, "where": …, "fix": …, "exit_code": …}}`.\n',
        "| command | what it does |\n|---|---|",
        *(f"| [`{command.name}`](#{command.name}) | {command.help} |" for command in COMMANDS),
        "\n## Everywhere\n",
        "These may stand before or after the command.\n",
        *_table(program, skip=()),
    ]
    common = {option for action in program._actions for option in action.option_strings}
    for command in COMMANDS:
        parsers[command.name].fill()
        parts.extend(_command(command, parsers[command.name], common))
    return "\n".join(parts).rstrip() + "\n"


def _command(command: Command, parser: CommandParser, common: set[str]) -> Iterator[str]:
    yield f"\n## {command.name}\n"
    yield f"{parser.description}\n"
    yield from _table(parser, skip=tuple(common))
    yield "```console"
    for typed, does in command.examples:
        yield f"$ {PROGRAM} {typed}    # {does}"
    yield "```"


def _table(parser: Parser, skip: tuple[str, ...]) -> Iterator[str]:
    rows = [
        f"| {_name(action)} | {_cell(action.help or '')} |"
        for action in parser._actions
        if action.help is not argparse.SUPPRESS
        and not isinstance(action, argparse._SubParsersAction)
        and not set(action.option_strings) & set(skip)
    ]
    if rows:
        yield "| argument | meaning |\n|---|---|"
        yield from rows
        yield ""


def _name(action: argparse.Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        many = {"*": f"[{value} …]", "+": f"{value} …", "?": f"[{value}]"}.get(str(action.nargs), value)
        return f"`{_cell(many)}`"
    takes = "" if action.nargs == 0 else f" {value}"
    return ", ".join(f"`{_cell(option + takes)}`" for option in action.option_strings)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _exit_codes() -> str:
    rows = [f"| {int(code)} | {code.name.lower().replace('_', ' ')} | {EXIT_MEANING[code]} |" for code in EXIT_MEANING]
    order = ", ".join(str(int(code)) for code in PRECEDENCE)
    return (
        f"{GENERATED}\n# Exit codes\n\n| code | name | when |\n|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nWhen several apply, the first of these wins: {order}.\n"
    )


if __name__ == "__main__":
    sys.exit(settle(pages(), sys.argv[1:], "reference_cli.py"))
