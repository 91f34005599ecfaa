"""The engine's program with GitLab's own rule of which job starts next (scheduling.js) in the place of the engine's."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from engine_tools import EngineError

RULE = Path(__file__).with_name("scheduling.js")
THEIRS = re.compile(r"static getStartCandidates\(.*?return Z\}(?=static isPastFailed)")


def corrected(package: Path, folder: Path) -> Path:
    """A copy of the package's program in `folder`; EngineError when it is not the version that we know."""
    text = (package / "dist" / "index.js").read_text(encoding="utf-8")
    ours = RULE.read_text(encoding="utf-8")
    changed, times = THEIRS.subn(lambda _: ours[ours.index("static ") :], text)
    if times != 1:
        raise EngineError(
            "gitlab-ci-local is not of the version whose scheduling we know: npm ci --prefix tests/engines"
        )
    program = folder / "dist" / "index.js"
    program.parent.mkdir(parents=True)
    program.write_text(changed, encoding="utf-8")
    shutil.copy(package / "package.json", folder)
    return program
