"""The use case *history*: fetch what is remembered elsewhere, and say what is known here."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from ci_orchestrator.api import wire
from ci_orchestrator.api.project import Project
from ci_orchestrator.history.base import BuildSummary, HistoryError
from ci_orchestrator.history.blobs.opening import open_blobs
from ci_orchestrator.history.carrying import pull

_ALL = 99_999
"""More builds than any history keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """`fetched`: builds that came and were not known here. `builds`: all that are known now, the newest first.
    `warnings`: why it is less than it could be: no build fails for want of memory.
    """

    fetched: int
    builds: tuple[BuildSummary, ...]
    warnings: tuple[str, ...] = ()


def fetch_history(project: Project, memory: str = "") -> Remembered:
    """Merge what `memory` keeps (`history.blobs.opening`; empty: nothing is fetched) into the project's history.

    Raises `UserError` for an address that cannot be understood, `MissingPartError` for an extra that is not installed.
    """
    fetched, warnings = 0, list[str]()
    if memory:
        carried = pull(project.history_file, open_blobs(memory, project.root))
        fetched, warnings = carried.builds, [*carried.warnings]
    opened = wire.open_history(project.history_file)
    with closing(opened.store) as store:
        if opened.warning and opened.warning not in warnings:
            warnings.append(opened.warning)
        try:
            return Remembered(fetched=fetched, builds=tuple(store.builds(last=_ALL)), warnings=tuple(warnings))
        except HistoryError as error:
            return Remembered(fetched=fetched, builds=(), warnings=(*warnings, f"no history: {error}"))
