"""The three standard streams, as a parent left them: closed ones get a stand-in, broken ones are let go."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TextIO

NOWHERE = Path(os.devnull)


def stand_in_for_closed() -> None:
    """Make sure that descriptors 0, 1 and 2 are open and that `sys` has its streams.

    A descriptor that is closed (``>&-``) would be given to the next file that anybody opens, and what is printed,
    here or in a worker, would land in that file.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            _point_at_nothing(descriptor)
    # not `with`: they live as long as the process
    sys.stdin = sys.stdin or NOWHERE.open(encoding="utf-8")
    sys.stdout = sys.stdout or NOWHERE.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or NOWHERE.open("w", encoding="utf-8")


def let_go(stream: TextIO) -> None:
    """Point `stream` at nothing, so that what is left in its buffer is no error when the process ends."""
    try:
        descriptor = stream.fileno()
    except (io.UnsupportedOperation, ValueError):  # a stream of a program that uses us: no business of the process
        return
    _point_at_nothing(descriptor)


def _point_at_nothing(descriptor: int) -> None:
    nowhere = os.open(NOWHERE, os.O_RDWR)
    if nowhere == descriptor:
        os.set_inheritable(nowhere, True)
        return
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
