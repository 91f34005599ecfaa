"""From an address to the place that keeps the history between builds."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ci_orchestrator import plugins
from ci_orchestrator.history.blobs import BACKENDS
from ci_orchestrator.history.blobs.base import BlobStore
from ci_orchestrator.plan.memory_place import parts


def open_blobs(address: str, root: Path) -> BlobStore:
    """The place at ``SCHEME:REST`` or, without a scheme, in the folder of that path. `root`: the project's directory.

    Nothing is read yet. Raises `UserError` for a scheme that nothing is registered for and for a rest that names no
    place, `MissingPartError` for an extra that is not installed.
    """
    scheme, rest = parts(address)
    return cast(BlobStore, plugins.load("blobs", scheme or "folder", BACKENDS)(rest, root))
