"""Files without secrets: what tools wrote by themselves, and what a job is asked to keep."""

from __future__ import annotations

from pathlib import Path

from ci_orchestrator.masking import Mask
from ci_orchestrator.run.bundle import atomically

_CHUNK = 1 << 20


def holds_secret(path: Path, mask: Mask) -> bool:
    """Whether a secret stands somewhere in a file."""
    if not mask:
        return False
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            piece = tail + chunk
            if mask.data(piece) != piece:
                return True
            tail = piece[-mask.longest :]
    return False


def mask_file(path: Path, mask: Mask) -> None:
    """Write the file anew without secrets, where it holds any. Memory stays bounded."""
    if not holds_secret(path, mask):
        return
    with path.open("rb") as source, atomically(path) as target:
        held = b""
        while chunk := source.read(_CHUNK):
            held = mask.data(held + chunk)
            keep = min(len(held), mask.longest)  # a secret may go on in the next piece
            target.write(held[: len(held) - keep])
            held = held[len(held) - keep :]
        target.write(held)
