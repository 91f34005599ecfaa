"""Coverage reports in bytes, read as the product reads them: by what they hold."""

from __future__ import annotations

import io

from ci_orchestrator.results import formats
from ci_orchestrator.results.coverage import FileCoverage, merge_coverage
from ci_orchestrator.results.formats.base import ReadWarning


class Told:
    """What a report tells: `files` by path, united; `parts` as they come; `warnings` in words."""

    def __init__(self, data: bytes | str, name: str | None = None) -> None:
        data = data.encode() if isinstance(data, str) else data
        items = list(formats.read(io.BytesIO(data), "report", name=name))
        self.format = formats.detect(data[: formats.HEAD])
        self.parts = [item for item in items if isinstance(item, FileCoverage)]
        self.files = {one.path: one for one in merge_coverage(self.parts)}
        self.warnings = [item.what for item in items if isinstance(item, ReadWarning)]

    def lines(self) -> dict[str, dict[int, int]]:
        return {path: dict(one.lines) for path, one in self.files.items()}

    def branches(self, path: str) -> dict[int, tuple[int, int]]:
        return {line: (found.covered, found.total) for line, found in self.files[path].branches.items()}
