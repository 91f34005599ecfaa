"""Where a test tool's program is, and which of its options the suite has set itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci_orchestrator.errors import UserError

NODE_PACKAGES = {"jest": "jest", "playwright": "@playwright/test", "vitest": "vitest"}
"""Programs of Node.js that are test tools, and the packages that bring them."""


def find_go(env: Mapping[str, str]) -> str:
    """Go's own program. Raises `UserError` when it is not on the PATH of `env`."""
    return find_program("go", env, remedy="install Go; in CI, `setup: {toolchain: {go: …}}` of the plan does it")


def find_program(name: str, env: Mapping[str, str], *, remedy: str) -> str:
    """The absolute path of a program on the PATH of `env`. Raises `UserError`, with the `remedy`."""
    found = shutil.which(name, path=env.get("PATH", os.defpath))
    if found is None:
        raise UserError(f"there is no `{name}` on the PATH", fix=remedy)
    return str(Path(found).absolute())


def find_node_program(name: str, cwd: Path, env: Mapping[str, str]) -> str:
    """A program of `NODE_PACKAGES`, as Node.js finds packages: in `cwd` or above it; else on the PATH of `env`.

    Never downloaded, as `npx` would. Raises `UserError` when it is not installed.
    """
    remedy = f"install it where the suite runs: npm ci, or npm install --save-dev {NODE_PACKAGES[name]}"
    find_program("node", env, remedy="install Node.js")
    for directory in (cwd, *cwd.parents):
        program = directory / "node_modules" / ".bin" / name
        if program.is_file():
            return str(program)
    return find_program(name, env, remedy=remedy)


def mentions(arguments: Sequence[str], *options: str) -> bool:
    """Whether one of `options` is among the arguments, as `--option`, or as `--option=value`."""
    return any(argument.partition("=")[0] in options for argument in arguments)
