"""The engine's program, corrected in three places where it is not GitLab.

Which job starts next: scheduling.js says how it should be. The line that a job's log shows of a command: the engine has
a shell print it, and leaves out to escape backticks, so that what stands in them is run. And the caches of a job: one
that is not to be fetched, or kept, keeps the engine from the others after it.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from engine_tools import EngineError

RULE = Path(__file__).with_name("scheduling.js")
SCHEDULING = re.compile(r"static getStartCandidates\(.*?return Z\}(?=static isPastFailed)")
PRINTED = re.compile(r'(?<=\.replaceAll\("\$",String\.raw`\\\$`\))(?=;if\(this\.interactive\))')
CACHES = re.compile(
    r"""(?:(?<=\.includes\(\w\.policy\)\))
    |(?<=\.when==="on_success"&&this\.jobStatus!=="success"\))
    |(?<=\.when==="on_failure"&&this\.jobStatus==="success"\))
    )return(?=;)""",
    re.VERBOSE,
)


def corrected(package: Path, folder: Path) -> Path:
    """A copy of the package's program in `folder`; EngineError when it is not the version that we know."""
    text = (package / "dist" / "index.js").read_text(encoding="utf-8")
    rule = RULE.read_text(encoding="utf-8")
    for theirs, ours, often in (
        (SCHEDULING, rule[rule.index("static ") :], 1),
        (PRINTED, r'.replaceAll("\x60","\\\x60")', 1),
        (CACHES, "continue", 4),
    ):
        text, times = theirs.subn(lambda _, ours=ours: ours, text)
        if times != often:
            raise EngineError("an unknown version of gitlab-ci-local: npm ci --prefix tests/engines")
    program = folder / "dist" / "index.js"
    program.parent.mkdir(parents=True)
    program.write_text(text, encoding="utf-8")
    shutil.copy(package / "package.json", folder)
    return program
