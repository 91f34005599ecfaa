"""Files that several processes read and change: written whole, named safely, under a lock."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from ci_orchestrator.errors import ProviderError
from ci_orchestrator.providers.access import Access, Right, granted

_LONGEST = 200
"""Bytes of a file's name, without endings."""


def file_name(name: str) -> str:
    """A name of anything as one of a file. A very long one ends in its digest, and cannot be read back."""
    safe = quote(name, safe=" +,=@")
    safe = f"%2E{safe[1:]}" if safe.startswith(".") else safe
    if len(safe) <= _LONGEST:
        return safe or "%"
    return f"{safe[: _LONGEST - 33].rstrip('%')}~{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def name_of(path: Path) -> str:
    """The name that `file_name` made that of `path` (without its ending) from."""
    return unquote(path.stem)


def write(path: Path, data: bytes) -> None:
    """Make `data` the content of a file, at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """The same for a JSON object."""
    write(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def read_json(path: Path) -> Mapping[str, Any]:
    """A JSON object; an empty one where there is none, or something else."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_bytes())
        return found if isinstance(found, dict) else {}
    return {}


def access(root: Path, rights: Iterable[Right]) -> tuple[Access, ...]:
    """Whether a folder, or the one that it is to be made in, can be written: there is nothing else to be allowed."""
    there = next(one for one in (root, *root.absolute().parents) if one.exists())
    allowed = os.access(there, os.W_OK | os.X_OK)
    return tuple(granted(one, allowed, f"make {there} writable for this user") for one in rights)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """One process at a time, and one thread."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def said(what: str) -> Iterator[None]:
    """What the file system refuses is said as what a provider refuses."""
    try:
        yield
    except OSError as error:
        raise ProviderError(
            f"{what}: {error.strerror or error}", fix="see the folder's permissions, and the room on its disk"
        ) from error
