"""Globs over paths of the project: `*`, `?` and `[…]` within a directory, `**` for any directories."""

from __future__ import annotations

from fnmatch import fnmatchcase

ANY = "**"


def matches(glob: str, path: str) -> bool:
    """Whether a path (with ``/``) is one that the glob means: ``src/**`` is all below src, ``**/a.py`` any a.py."""
    parts = path.split("/")
    # reached[n]: the glob so far can take the first n parts
    reached = [True] + [False] * len(parts)
    for step in glob.split("/"):
        if step == ANY:
            first = reached.index(True) if True in reached else len(reached)
            reached = [number >= first for number in range(len(reached))]
        else:
            taken = (was and fnmatchcase(part, step) for was, part in zip(reached, parts, strict=False))
            reached = [False, *taken]
    return reached[-1]
