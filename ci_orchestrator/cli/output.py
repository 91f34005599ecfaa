"""What commands print: styled text on a terminal, plain text elsewhere, or JSON.

Nothing from a test reaches a terminal raw, and nothing from one is a command to the CI system that reads the job's log.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from ci_orchestrator.cli.streams import let_go
from ci_orchestrator.errors import OrchestratorError, PlanError, UserError

STYLES: Mapping[str, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


_ORDER = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)
_ORDER_OF_LINE = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


def inert(text: str) -> str:
    """`text` in which GitHub and Azure, who read commands from the log of a job, find none.

    Those begin with ``::`` at the start of a line, or with ``##[`` or ``##vso[`` anywhere.
    """
    return _ORDER_OF_LINE.sub(r"\1: ", _ORDER.sub("# #", text))


def printable(text: str) -> str:
    """`text` with control characters (but tab and newline) and direction overrides written as escapes, and `inert`.

    Names and messages come from tests; on a terminal they must not move the cursor, set its title or hide other text.
    """
    return inert(_CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text))


class ReaderGoneError(Exception):
    """Nobody reads our standard output any more (``| head``): there is no point in going on, and nothing to tell."""


class Output:
    """Where a command writes: data to standard output, everything about it (errors, notes) to standard error.

    `base`: the directory in which the user stands, whatever ``-C`` says; None: the working directory.
    """

    def __init__(self, out: TextIO, err: TextIO, *, json: bool = False) -> None:
        self.out = out
        self.err = err
        self.json_wanted = json
        self._lost = False
        self.base: Path | None = None
        self.set_color("auto")

    @classmethod
    def for_streams(cls, *, json: bool) -> Output:
        """The process's own streams; a character that they cannot encode is escaped instead of being an error."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return cls(sys.stdout, sys.stderr, json=json)

    def near(self, path: Path) -> Path:
        """`path` as the user can open it: relative to where they stand, if it is below, else absolute."""
        whole, base = path.absolute(), self.base or Path.cwd()
        return whole.relative_to(base) if whole.is_relative_to(base) else whole

    def set_color(self, choice: str) -> None:
        """`choice`: always, never, or auto: FORCE_COLOR and NO_COLOR decide, else whether the stream is a terminal."""
        self._color = {stream: _colored(choice, stream) for stream in (self.out, self.err)}

    def colored(self, stream: TextIO) -> bool:
        """True when `stream` (`out` or `err`) shows colours."""
        return self._color[stream]

    @property
    def interactive(self) -> bool:
        """True when a person watches standard error: a live display makes sense."""
        return self.err.isatty() and os.environ.get("TERM") != "dumb"

    def style(self, text: str, *styles: str) -> str:
        """`text` in the styles, if standard output shows any. Escape what comes from tests first (`printable`)."""
        return _styled(text, styles, on=self._color[self.out])

    def print(self, text: str = "") -> None:
        """One line (or more) of the command's result. Not escaped: it may hold styles."""
        self._write(f"{text}\n")

    def json(self, value: object) -> None:
        """The command's result as JSON: sorted keys, so that equal results are equal bytes."""
        import json  # noqa: PLC0415 - `--help` needs none of it

        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
        self._write(_ORDER.sub(r"#\\u0023", text) + "\n")  # the same JSON

    def table(self, rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), right: Sequence[int] = ()) -> None:
        """Aligned columns; cells are escaped. `right`: indices of columns to align right (numbers)."""
        cells = [[printable(cell).replace("\n", " ") for cell in row] for row in (header, *rows) if row]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for index, row in enumerate(cells):
            parts = [
                cell.rjust(width) if at in right else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            line = "  ".join(parts).rstrip()
            self.print(self.style(line, "bold") if header and index == 0 else line)

    def flush(self) -> None:
        """Hand everything over. Raises `ReaderGoneError` when nobody takes it, `UserError` when there is no room."""
        self._write("", flush=True)

    def note(self, text: str) -> None:
        """A line for the person, beside the result. When it cannot be written, the result is no other for that."""
        self._say(printable(text))

    def error(self, error: OrchestratorError) -> None:
        """An error: what, where and fix; as JSON on standard output when that was asked for, and it can be written."""
        if self.json_wanted and not self._lost:
            self.json({"error": _described(error)})
            return
        label = _styled("error:", ("red", "bold"), on=self._color[self.err])
        self._say(f"{label} {printable(str(error))}")

    def _say(self, text: str) -> None:
        try:
            self.err.write(f"{text}\n")
            self.err.flush()
        except OSError:
            let_go(self.err)

    def _write(self, text: str, *, flush: bool = False) -> None:
        try:
            self.out.write(text)
            if flush:
                self.out.flush()
        except BrokenPipeError:
            let_go(self.out)
            raise ReaderGoneError from None
        except OSError as error:
            let_go(self.out)
            self._lost = True
            raise UserError(
                f"standard output cannot be written: {error.strerror}", fix="send it to a place that takes it"
            ) from None


def _described(error: OrchestratorError) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "what": error.what,
        "where": str(error.where) if error.where else None,
        "fix": error.fix or None,
        "exit_code": int(error.exit_code),
    }
    if isinstance(error, PlanError) and error.problems != (error,):
        described["problems"] = [_described(problem) for problem in error.problems]
    return described


def _colored(choice: str, stream: TextIO) -> bool:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _styled(text: str, styles: Sequence[str], *, on: bool) -> str:
    if not on or not styles:
        return text
    return f"\x1b[{';'.join(STYLES[style] for style in styles)}m{text}\x1b[0m"
