"""The coverage of a suite whose tool writes a part in each run: one file that grows, beside the parts themselves.

Parts of LCOV, and of a Go profile under one heading, put one after another are a valid file; whoever reads it adds up
what it says of the same line.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

_HEADING = b"mode:"  # the first line of a Go profile (cmd/cover), which may stand there only


class CoverageReport:
    """The file `path`, for all workers of a suite: what an earlier run left there is gone with the first part.

    So it is when a run is resumed: what it had put together until then was kept in its bundle before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begun = False
        self._adding = threading.Lock()

    def add(self, part: Path) -> None:
        """Put what the file `part` holds at the end."""
        with self._adding, part.open("rb") as source:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab" if self._begun else "wb") as target:
                heading = source.readline()
                if not (self._begun and heading.startswith(_HEADING)):
                    target.write(heading)
                shutil.copyfileobj(source, target)
            self._begun = True
