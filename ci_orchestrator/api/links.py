"""Where things can be opened: as the build tells it, and as a command line does, which wins."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace

from ci_orchestrator.errors import UserError
from ci_orchestrator.results.report import Links

KINDS = tuple(one.name for one in fields(Links))
_ADDRESS = re.compile(r"https?://(?P<host>[^\s<>\"'`\\/?#]+)(?:[/?#][^\s<>\"'`\\]*)?")


def with_links(known: Links, told: Iterable[str]) -> Links:
    """`known`, with each ``KIND=URL`` of `told` in its place. Raises `UserError` for what is none."""
    values: dict[str, str] = {}
    for one in told:
        kind, _, address = one.partition("=")
        found = _ADDRESS.fullmatch(address)
        if found and "@" in found["host"]:  # which is not said again here: messages end up in logs
            raise UserError(f"--link {kind}=… has a user or a password in it", fix="a report is no place for secrets")
        if kind not in KINDS or not found:
            raise UserError(
                f"--link takes KIND=URL, not {one!r}",
                fix=f"KIND is one of {', '.join(KINDS)}; the URL begins with https:// or http://",
            )
        if kind == "source" and "{path}" not in address:
            raise UserError("--link source=… has no {path} in it", fix="…/blob/REVISION/{path}#L{line}")
        if values.setdefault(kind, address) != address:
            raise UserError(f"--link {kind}=… is given twice, with two addresses", fix="keep one of them")
    return replace(known, **values)


def of_another(links: Links, own: Links, build: str) -> Links:
    """The addresses for another build than this one, which can be opened at `build`: what a command line told stays,
    what this build told of itself (`own`) does not.
    """
    told = {name: value for name in KINDS if (value := getattr(links, name)) != getattr(own, name)}
    return Links(**{"build": build, **told})
