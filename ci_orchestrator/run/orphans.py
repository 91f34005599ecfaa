"""Workers of a run that was killed: found by the mark in their environment, ended with all that they started."""

from __future__ import annotations

from contextlib import suppress

import psutil

from ci_orchestrator.run.tree import MARK

_PATIENCE = 5.0


def end_orphans(marker: str) -> int:
    """Kill every process that carries a mark which begins with `marker`, but ourselves; returns how many there were.

    The run that started them is gone and nobody reads what they say: there is nothing to wait for.
    """
    found = [process for process in psutil.process_iter() if _carries(process, marker)]
    for process in found:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(found, timeout=_PATIENCE)
    return len(found)


def _carries(process: psutil.Process, marker: str) -> bool:
    try:
        marks = process.environ().get(MARK, "").split(":")
        return process != psutil.Process() and any(mark.startswith(f"{marker}-") for mark in marks)
    except (psutil.Error, OSError):
        return False
