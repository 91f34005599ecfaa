"""Where things can be opened: as the build tells it, and as a command line does, which wins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace

from ci_orchestrator.errors import UserError
from ci_orchestrator.results.report import Links

KINDS = tuple(one.name for one in fields(Links))
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\]+")


def with_links(known: Links, told: Iterable[str]) -> Links:
    """`known`, with each ``KIND=URL`` of `told` in its place. Raises `UserError` for what is none."""
    values: dict[str, str] = {}
    for one in told:
        kind, _, address = one.partition("=")
        if kind not in KINDS or not _ADDRESS.fullmatch(address):
            raise UserError(
                f"--link takes KIND=URL, not {one!r}",
                fix=f"KIND is one of {', '.join(KINDS)}; the URL begins with https:// or http://",
            )
        if kind == "source" and "{path}" not in address:
            raise UserError("--link source=… has no {path} in it", fix="…/blob/REVISION/{path}#L{line}")
        values[kind] = address
    return replace(known, **values)
