"""The one entrance and the one exit of the command line."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ci_orchestrator import __version__
from ci_orchestrator.cli.output import Output, ReaderGoneError
from ci_orchestrator.cli.parser import CommandParser, Parser, build
from ci_orchestrator.cli.streams import stand_in_for_closed
from ci_orchestrator.errors import ExitCode, OrchestratorError, UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (see `errors.ExitCode`). Never raises."""
    words = list(sys.argv[1:] if argv is None else argv)
    stand_in_for_closed()
    output = Output.for_streams(json="--json" in words)
    try:
        code = _ended(words, output)
        output.flush()  # an error, too, may have been told on standard output
    except ReaderGoneError:
        return ExitCode.INTERRUPTED
    except UserError as error:
        output.error(error)
        return error.exit_code
    return code


def _ended(words: list[str], output: Output) -> int:
    """Run one command and tell how it failed, if it did. Raises `ReaderGoneError`."""
    try:
        code = _run(words, output)
        output.flush()
    except ReaderGoneError:
        raise
    except OrchestratorError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.note("interrupted; what had finished is kept")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one exit: whatever gets here becomes an exit code
        return _unexpected(error, output, debug="--debug" in words)
    return code


def _run(words: list[str], output: Output) -> int:
    parser, commands = build()
    try:
        args = _parse(parser, commands, words)
    except SystemExit as ended:  # how argparse ends --help and --version
        return ExitCode(int(ended.code or 0))
    output.json_wanted = args.json
    output.set_color(getattr(args, "color", "auto"))
    args.output = output
    with contextlib.ExitStack() as stack:
        if "directory" in args:
            _enter(args.directory, output, stack)
        return int(args.command.run(args))


def _parse(parser: Parser, commands: dict[str, CommandParser], words: list[str]) -> argparse.Namespace:
    if not words:
        parser.print_help()
        raise UserError("no command was given", fix=f"one of: {', '.join(commands)}")
    args, extra = parser.parse_known_args(words)
    if extra:
        args.parser.refuse(extra)
    return args


def _enter(directory: str, output: Output, stack: contextlib.ExitStack) -> None:
    try:
        output.base = Path.cwd()
        stack.enter_context(contextlib.chdir(directory))
    except OSError as error:
        raise UserError(
            f"-C: cannot work in {directory!r}: {error.strerror}", fix="name a folder that exists"
        ) from None


def _unexpected(error: Exception, output: Output, *, debug: bool) -> ExitCode:
    story = _story(error)
    if debug:
        output.note(story)
    what = f"unexpected {type(error).__name__}: {error}"
    bug = OrchestratorError(
        f"{what} (a bug in ci-orchestrator)", fix=f"please report it, with {_keep(story, debug=debug)}"
    )
    output.error(bug)
    return bug.exit_code


def _story(error: Exception) -> str:
    import platform  # noqa: PLC0415 - only a crash needs these
    import traceback  # noqa: PLC0415

    where = f"ci-orchestrator {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return f"{where}\n\n{''.join(traceback.format_exception(error))}"


def _keep(story: str, *, debug: bool) -> str:
    """Where the traceback is: above, or in a file that only this user can read."""
    if debug:
        return "the traceback above"
    import tempfile  # noqa: PLC0415 - only a crash needs it

    try:
        handle, path = tempfile.mkstemp(prefix="ci-orchestrator-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(story)
    except OSError:
        return "what `--debug` prints"
    return f"the file {path}"
