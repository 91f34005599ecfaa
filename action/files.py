"""The files by which a step speaks to GitHub, and its last words. Standard library only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import NoReturn

MOST_SUMMARY = 1_048_576 - 1_000
"""Bytes of a step's summary that GitHub keeps: with more than a MiB it keeps nothing."""


def write_output(name: str, value: str) -> None:
    """Set an output of this step, whatever is in the value."""
    mark = secrets.token_hex(16)
    append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def write_summary(text: str) -> None:
    """Add to the job's summary; what would be too long is cut between lines."""
    data = text.encode("utf-8", "replace")
    if len(data) > MOST_SUMMARY:
        whole = data[:MOST_SUMMARY].rpartition(b"\n")[0].decode("utf-8", "ignore")
        text = f"{whole}\n\n… cut here: GitHub shows a MiB. The whole is in the report's artifact.\n"
    append("GITHUB_STEP_SUMMARY", text)


def append(variable: str, text: str) -> None:
    """Add to the file that a variable names; without that variable, nobody is listening."""
    place = os.environ.get(variable)
    if place:
        with Path(place).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)


def fail(message: str) -> NoReturn:
    """End the step as the user's mistake."""
    escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    sys.stdout.write(f"::error title=ci-orchestrator::{escaped}\n")
    sys.exit(2)
