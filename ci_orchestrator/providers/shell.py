"""Lines of POSIX shell that every provider's jobs have in common. What comes from a plan is quoted, nothing expands."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

STATE = ".ci-orchestrator"
LOCK = f"{STATE}/plan.lock.json"
BUNDLES = f"{STATE}/bundles"
REPORT = f"{STATE}/report"
TOOL = f"{STATE}/bin/ci-orchestrator"
"""Where `install` leaves the command, relative to the project's directory."""

SPEC = "CI_ORCHESTRATOR_SPEC"
"""A variable that says what pip is to install instead of the release: a wheel, a URL or another version."""


def install(version: str, extras: Sequence[str] = ()) -> tuple[str, ...]:
    """Leaves ci-orchestrator at `TOOL`: the PATH's if it is of this version, else one in an environment of its own,
    with these extras.

    Its Python never comes before the user's on the PATH, and takes no module from the project, in which this runs. pip
    obeys its own variables (``PIP_NO_INDEX``, ``PIP_FIND_LINKS``), so that a wheelhouse is enough; its cache is left to
    the plan's own `setup`, which may want to link it elsewhere first.
    """
    with_ = f"[{','.join(extras)}]" if extras else ""
    spec = f'"${{{SPEC}:-ci-orchestrator{with_}=={version}}}"'
    return (
        f"mkdir -p {STATE}/bin",
        f'if [ "$(ci-orchestrator --version 2>/dev/null)" = "ci-orchestrator {version}" ]; then',
        f'  ln -sf "$(command -v ci-orchestrator)" {TOOL}',
        "else",
        "  for python in python3 python3.14 python3.13 python3.12 python3.11; do",
        "    \"$python\" -Ic 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break",
        "    python=",
        "  done",
        '  if [ -z "$python" ]; then',
        f'    echo "this job needs Python 3.11 or newer with venv, or ci-orchestrator {version} on its PATH" >&2',
        "    exit 1",
        "  fi",
        f'  "$python" -Im venv --clear {STATE}/tool',
        f"  {STATE}/tool/bin/python -Im pip install --quiet --no-cache-dir --disable-pip-version-check {spec}",
        f"  ln -sf ../tool/bin/ci-orchestrator {TOOL}",
        "fi",
    )


def commands(lines: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each argument list as one line, quoted."""
    return tuple(shlex.join(words) for words in lines)
